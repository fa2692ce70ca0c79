package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestEveryKindAtEveryDoor_TK14_TK30_T11 presents each thing that the house gives out at each place that takes one, in the name of each client: what is
// for this place and this client is accepted, and nothing else is.
func TestEveryKindAtEveryDoor_TK14_TK30_T11(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	nobody, billing, printer := registered{}, register(t, h, "billing"), register(t, h, "printer")
	askers := map[string]registered{"cloakroom": nobody, "billing": billing, "printer": printer}
	proof := func(who registered) []string {
		if who == nobody {
			return nil
		}
		return []string{who.basic()}
	}
	// A thing is "kind" or "kind of client"; each is made anew, since what is accepted may be used up.
	things := map[string]func(t *testing.T) string{
		"access of cloakroom":   func(t *testing.T) string { return program(t, h, anna).Access },
		"access of billing":     func(t *testing.T) string { return billing.program(t, h, anna).Access },
		"access of printer":     func(t *testing.T) string { return printer.program(t, h, anna).Access },
		"refresh of cloakroom":  func(t *testing.T) string { return program(t, h, anna).Refresh },
		"refresh of billing":    func(t *testing.T) string { return billing.program(t, h, anna).Refresh },
		"refresh of printer":    func(t *testing.T) string { return printer.program(t, h, anna).Refresh },
		"session cookie":        func(t *testing.T) string { c := h.Client(); c.SignIn(anna); return c.Cookie(sessionCookie) },
		"visit cookie":          func(t *testing.T) string { c := h.Client(); c.SignIn(anna); return c.Cookie(visitCookie) },
		"form token":            func(t *testing.T) string { c := h.Client(); c.SignIn(anna); return c.FormToken("/account") },
		"handle":                func(t *testing.T) string { c := h.Client(); c.SignIn(anna); return h.Public(handleOf(t, c)) },
		"secret of billing":     func(*testing.T) string { return billing.secret },
		"message of the feed":   func(t *testing.T) string { return feedMessage(t, h, billing) },
		"link":                  func(t *testing.T) string { return inviteToken(t, h) },
		"nonsense":              func(*testing.T) string { return "nonsense" },
		"a random text":         func(*testing.T) string { return strings.Repeat("A", 43) },
		"an unsigned token":     func(*testing.T) string { return "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30." },
		"a token of three dots": func(*testing.T) string { return "..." },
	}
	people := 0
	doors := map[string]struct {
		opens func(who string) string // the only thing that is accepted; "" if it is more than one
		kind  string                  // or a kind, whosever it is
		knock func(t *testing.T, who registered, thing string) bool
	}{
		"POST /oauth/token": {
			opens: func(who string) string { return "refresh of " + who },
			knock: func(t *testing.T, who registered, thing string) bool {
				a := post(h.Client(), "/oauth/token", refreshForm(thing), proof(who)...)
				return a.StatusCode == http.StatusOK
			},
		},
		"POST /oauth/introspect": {
			kind: "access",
			knock: func(t *testing.T, who registered, thing string) bool {
				a := post(h.Client(), "/oauth/introspect", url.Values{"token": {thing}}, proof(who)...)
				return a.StatusCode == http.StatusOK && a.Body != inactive
			},
		},
		"Authorization: Bearer": {
			kind: "access",
			knock: func(t *testing.T, _ registered, thing string) bool {
				return h.Client().Get("/api/me", bearer(thing)).StatusCode == http.StatusOK
			},
		},
		"Cookie: __Host-session": {
			kind: "session cookie",
			knock: func(t *testing.T, _ registered, thing string) bool {
				return h.Client().Get("/api/me", "Cookie: __Host-session="+thing).StatusCode == http.StatusOK
			},
		},
		"Authorization: Basic, of billing": {
			kind: "secret of billing",
			knock: func(t *testing.T, _ registered, thing string) bool {
				a := post(h.Client(), "/oauth/introspect", url.Values{"token": {"x"}}, basic("billing:"+url.QueryEscape(thing)))
				return a.StatusCode == http.StatusOK
			},
		},
		"GET /signup?invitation=": {
			kind: "link",
			knock: func(t *testing.T, _ registered, thing string) bool {
				people++
				a := h.Client().JSON("/api/signup", map[string]string{"email": fmt.Sprintf("p%d@example.org", people), "password": servertest.Password, "invitation": thing})
				return a.StatusCode == http.StatusCreated
			},
		},
	}
	tried := 0
	for door, d := range doors {
		for who, asker := range askers {
			if who == "cloakroom" && door == "POST /oauth/introspect" {
				continue // is refused before anything is looked at
			}
			accepted := 0
			for thing, make := range things {
				want := thing == d.kind || d.kind != "" && strings.HasPrefix(thing, d.kind+" of ")
				if d.opens != nil {
					want = thing == d.opens(who)
				}
				tried++
				if got := d.knock(t, asker, make(t)); got != want {
					t.Errorf("%s, asked by %s: %s is accepted: %v", door, who, thing, got)
				} else if got {
					accepted++
				}
			}
			if accepted == 0 {
				t.Errorf("%s, asked by %s: nothing is accepted", door, who)
			}
		}
	}
	t.Logf("%d tried", tried)
}

// TestRevokingByAnythingElse_T11: only a token, and only its own client's, ends a session at POST /oauth/revoke.
func TestRevokingByAnythingElse_T11(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	billing := register(t, h, "billing")
	browser := h.Client()
	browser.SignIn(anna)
	tok := billing.program(t, h, anna)
	for what, thing := range map[string]string{
		"session cookie": browser.Cookie(sessionCookie), "secret": billing.secret, "message of the feed": feedMessage(t, h, billing),
		"handle": h.Public(handleOf(t, browser)), "handle of its session": h.Public(claim(t, tok.Access, "sid").(string)),
		"jti": claim(t, tok.Access, "jti").(string), "account": h.Public(claim(t, tok.Access, "sub").(string)),
	} {
		for _, header := range [][]string{nil, {billing.basic()}} {
			if a := post(h.Client(), "/oauth/revoke", url.Values{"token": {thing}}, header...); a.StatusCode != 200 {
				t.Errorf("%s: %d %s", what, a.StatusCode, a.Body)
			}
		}
	}
	want(t, browser.Get("/api/me"), 200, "")
	want(t, h.Client().Get("/api/me", bearer(tok.Access)), 200, "")
}

// feedMessage is a message of the feed: signed by this house, for everybody who follows.
func feedMessage(t testing.TB, h *servertest.House, c registered) string {
	t.Helper()
	tok := program(t, h, anna)
	want(t, post(h.Client(), "/oauth/revoke", url.Values{"token": {tok.Access}}), 200, "")
	a := h.Client().JSON("/revocations", map[string]any{"returnImmediately": true}, c.basic())
	want(t, a, 200, "")
	var got struct{ Sets map[string]string }
	a.Decode(t, &got)
	for _, set := range got.Sets {
		return set
	}
	t.Fatal("the feed is empty")
	return ""
}

// inviteToken is the secret of an invitation link.
func inviteToken(t testing.TB, h *servertest.House) string {
	t.Helper()
	link, err := h.App.Invite(t.Context(), app.Invitation{}, "test", app.Client{})
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(link, "invitation=")
	return token
}

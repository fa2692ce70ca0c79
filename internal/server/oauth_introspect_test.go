package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/session"
)

const inactive = `{"active":false}`

func introspect(c *servertest.Client, by registered, token string, header ...string) servertest.Answer {
	return post(c, "/oauth/introspect", url.Values{"token": {token}}, append(header, by.basic())...)
}

// TestIntrospectionOfAGoodToken_TK33: every member of RFC 7662 section 2.2 that we have, and what the token itself says.
func TestIntrospectionOfAGoodToken_TK33(t *testing.T) {
	h := servertest.Start(t, func(c *app.Config) { c.TokenAudience = "https://print.example.com" })
	h.Client().SignUp(anna)
	billing, printer := register(t, h, "billing"), register(t, h, "printer")
	for who, tok := range map[string]tokens{"cloakroom": program(t, h, anna), "billing": billing.program(t, h, anna)} {
		a := introspect(h.Client(), printer, tok.Access)
		want(t, a, 200, "")
		if got := keys(t, a.Body); got != "active amr aud auth_time client_id exp iat iss jti scope sid sub token_type username" {
			t.Errorf("members: %s", got)
		}
		for name, value := range map[string]string{"active": "true", "scope": `"account"`, "client_id": `"` + who + `"`, "username": `"` + anna + `"`, "token_type": `"Bearer"`} {
			if got := member(t, a.Body, name); got != value {
				t.Errorf("%s: got %s, want %s", name, got, value)
			}
		}
		_, payload, _ := strings.Cut(tok.Access, ".")
		payload, _, _ = strings.Cut(payload, ".")
		for _, name := range strings.Fields("iss sub aud exp iat jti sid client_id scope auth_time amr") {
			if got, inToken := member(t, a.Body, name), member(t, decoded(t, payload), name); got != inToken || got == "" {
				t.Errorf("%s: got %s, the token has %s", name, got, inToken)
			}
		}
		for name, value := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache", "Access-Control-Allow-Origin": ""} {
			if got := a.Header.Get(name); got != value {
				t.Errorf("%s: got %q, want %q", name, got, value)
			}
		}
	}
	// The hint is only a hint (section 2.1), and a parameter that we don't know is none.
	tok := program(t, h, anna)
	for _, hint := range []string{"access_token", "refresh_token", "nonsense", ""} {
		a := post(h.Client(), "/oauth/introspect", url.Values{"token": {tok.Access}, "token_type_hint": {hint}, "resource": {"x"}}, billing.basic())
		if member(t, a.Body, "active") != "true" {
			t.Errorf("hint %q: %s", hint, a.Body)
		}
	}
	// Whoever it is, it may take JSON, and nothing else is offered (RFC 9701).
	for accept, status := range map[string]int{
		"application/json": 200, "*/*": 200, "application/token-introspection+jwt, application/json;q=0.5": 200,
		"application/token-introspection+jwt": 406, "text/html": 406, "application/json;q=0": 406,
	} {
		want(t, introspect(h.Client(), billing, tok.Access, "Accept: "+accept), status, "")
	}
	want(t, post(h.Client(), "/oauth/introspect", url.Values{}, billing.basic()), 400, "malformed-request")
	want(t, post(h.Client(), "/oauth/introspect", url.Values{"token": {""}}, billing.basic()), 400, "malformed-request")
	want(t, post(h.Client(), "/oauth/introspect?token="+tok.Access, url.Values{"token": {tok.Access}}, billing.basic()), 400, "malformed-request")
	want(t, h.Client().Get("/oauth/introspect", billing.basic()), 405, "method-not-allowed")
}

// TestInactiveIsOneAnswer_TK33: octet for octet, whatever is wrong with a token.
func TestInactiveIsOneAnswer_TK33(t *testing.T) {
	h, elsewhere := servertest.Start(t, nil), servertest.Start(t, nil)
	printer := register(t, h, "printer")
	elsewhere.Client().SignUp(anna)
	people := 0
	fresh := func() (email string, tok tokens) {
		people++
		email = "p" + string(rune('a'+people)) + "@example.org"
		h.Client().SignUp(email)
		return email, program(t, h, email)
	}
	tests := []struct {
		what  string
		token func(t *testing.T) string
	}{
		{"nonsense", func(*testing.T) string { return "nonsense" }},
		{"not UTF-8", func(*testing.T) string { return "\xff\x00" }},
		{"long", func(*testing.T) string { return strings.Repeat("a", 9000) }},
		{"the form of a refresh token, and nobody's", func(*testing.T) string { return strings.Repeat("A", 43) }},
		{"a refresh token that is good", func(*testing.T) string { _, tok := fresh(); return tok.Refresh }},
		{"foreign: of another house", func(t *testing.T) string { return program(t, elsewhere, anna).Access }},
		{"altered", func(*testing.T) string {
			_, tok := fresh()
			return tok.Access[:len(tok.Access)-8] + "AAAAAAAA"
		}},
		{"two in one", func(*testing.T) string { _, tok := fresh(); return tok.Access + " " + tok.Access }},
		{"revoked", func(t *testing.T) string {
			_, tok := fresh()
			want(t, post(h.Client(), "/oauth/revoke", url.Values{"token": {tok.Access}}), 200, "")
			return tok.Access
		}},
		{"its refresh token is revoked", func(t *testing.T) string {
			_, tok := fresh()
			want(t, post(h.Client(), "/oauth/revoke", url.Values{"token": {tok.Refresh}}), 200, "")
			return tok.Access
		}},
		{"its session is ended by an administrator", func(t *testing.T) string {
			_, tok := fresh()
			err := h.App.EndSession(t.Context(), "", claim(t, tok.Access, "sid").(string), session.EndedByAdmin, "test", app.Client{})
			if err != nil {
				t.Fatal(err)
			}
			return tok.Access
		}},
		{"its refresh token was stolen", func(t *testing.T) string {
			_, tok := fresh()
			last := tok
			for range 3 {
				refresh(h.Client(), last.Refresh).Decode(t, &last)
			}
			wantRefused(t, refresh(h.Client(), tok.Refresh), "reused", "token-reuse")
			return last.Access
		}},
		{"its account is disabled", func(t *testing.T) string {
			email, tok := fresh()
			if _, err := h.App.DisableUser(t.Context(), email, "test"); err != nil {
				t.Fatal(err)
			}
			return tok.Access
		}},
		{"its account is deleted", func(t *testing.T) string {
			email, tok := fresh()
			if _, err := h.App.DeleteUser(t.Context(), email, "test"); err != nil {
				t.Fatal(err)
			}
			return tok.Access
		}},
		{"its password is changed", func(t *testing.T) string {
			email, tok := fresh()
			c := h.Client()
			c.SignIn(email)
			want(t, c.Form("/account/security", url.Values{"current_password": {servertest.Password}, "new_password": {"another plum gravel 48"}}), 200, "")
			return tok.Access
		}},
		{"its client is removed", func(t *testing.T) string {
			email, _ := fresh()
			tok := register(t, h, "passing").program(t, h, email)
			if _, err := h.App.RemoveClient(t.Context(), "passing", "test"); err != nil {
				t.Fatal(err)
			}
			return tok.Access
		}},
		{"its key is retired", func(t *testing.T) string {
			_, tok := fresh()
			if _, err := h.App.RetireKey(t.Context(), header(t, tok.Access, "kid"), "test"); err != nil {
				t.Fatal(err)
			}
			return tok.Access
		}},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			a := introspect(h.Client(), printer, tt.token(t))
			if a.StatusCode != 200 || a.Body != inactive {
				t.Errorf("got %d %q", a.StatusCode, a.Body)
			}
			if got := a.Header.Get("Cache-Control") + a.Header.Get("Content-Type"); got != "no-storeapplication/json" {
				t.Errorf("headers: %v", a.Header)
			}
		})
	}
}

// TestATokenIsActiveToItsLastMoment_TK33: to the second of `exp`, and not one longer.
func TestATokenIsActiveToItsLastMoment_TK33(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := servertest.StartStill(t, func(c *app.Config) { c.TokenLifetime = 10 * time.Minute })
		h.Client().SignUp(anna)
		printer := register(t, h, "printer")
		tok := program(t, h, anna)
		until := time.Unix(int64(claim(t, tok.Access, "exp").(float64)), 0)
		time.Sleep(time.Until(until) - time.Nanosecond)
		if a := introspect(h.Client(), printer, tok.Access); member(t, a.Body, "active") != "true" {
			t.Errorf("a nanosecond before: %s", a.Body)
		}
		time.Sleep(time.Nanosecond)
		if a := introspect(h.Client(), printer, tok.Access); a.Body != inactive {
			t.Errorf("expired: %s", a.Body)
		}
	})
}

// TestIntrospectionOfABrokenStore_TK33: whatever cannot be read, the answer is neither active nor inactive.
func TestIntrospectionOfABrokenStore_TK33(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	printer := register(t, h, "printer")
	tok := program(t, h, anna)
	var mu sync.Mutex
	asked := map[string]bool{} // what an introspection reads
	run := func(fail func(db.Op) error) servertest.Answer {
		h.Faults.Set(func(op db.Op) error {
			mu.Lock()
			defer mu.Unlock()
			return fail(op)
		})
		defer h.Faults.Set(nil)
		return introspect(h.Client(), printer, tok.Access)
	}
	run(func(op db.Op) error {
		if op.Kind == "query" && !strings.Contains(op.Query, "data_version") && !strings.Contains(op.Query, "feed") {
			asked[op.Query] = true
		}
		return nil
	})
	if len(asked) < 3 { // the client, the session, the account
		t.Fatalf("only %d queries: %v", len(asked), asked)
	}
	for query := range asked {
		for _, kind := range []string{"query", "next"} {
			a := run(func(op db.Op) error {
				if op.Query == query && op.Kind == kind {
					return errGone
				}
				return nil
			})
			if a.StatusCode != 503 || a.Reason() != "store-unavailable" || strings.Contains(a.Body, "active") {
				t.Errorf("%s of %.60q fails: %d %s", kind, query, a.StatusCode, a.Body)
			}
		}
	}
	if a := introspect(h.Client(), printer, tok.Access); member(t, a.Body, "active") != "true" {
		t.Errorf("mended: %s", a.Body)
	}
}

// TestIntrospectionOfEveryAlgorithm: also of tokens that only the house itself can verify.
func TestIntrospectionOfEveryAlgorithm(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	printer := register(t, h, "printer")
	for _, alg := range []jwt.Algorithm{"EdDSA", "RS256", "HS256", "ES256"} {
		if _, err := h.App.PublishKey(t.Context(), grant.TokenKey, alg, "test"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.App.RotateKey(t.Context(), grant.TokenKey, true, "test"); err != nil {
			t.Fatal(err)
		}
		tok := program(t, h, anna)
		if got := header(t, tok.Access, "alg"); got != string(alg) {
			t.Fatalf("%s: signed by %s", alg, got)
		}
		a := introspect(h.Client(), printer, tok.Access)
		if a.StatusCode != http.StatusOK || member(t, a.Body, "active") != "true" {
			t.Errorf("%s: %s", alg, a.Body)
		}
	}
}

// header is a text of a token's header, unverified.
func header(t testing.TB, token, name string) string {
	t.Helper()
	first, _, _ := strings.Cut(token, ".")
	return strings.Trim(member(t, decoded(t, first), name), `"`)
}

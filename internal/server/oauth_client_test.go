package server_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// registered is a program with a secret.
type registered struct{ id, secret string }

func register(t testing.TB, h *servertest.House, id string) registered {
	t.Helper()
	_, secret, err := h.App.AddClient(t.Context(), id, "", "test")
	if err != nil {
		t.Fatal(err)
	}
	return registered{id, secret}
}

// basic is a field of HTTP Basic of a text that is sent as it stands.
func basic(text string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(text))
}

func (c registered) basic() string { return basic(c.id + ":" + c.secret) }

// program signs a person in at a client's program.
func (c registered) program(t testing.TB, h *servertest.House, email string) tokens {
	t.Helper()
	a := h.Client().JSON("/api/token", map[string]string{"email": email, "password": servertest.Password}, c.basic())
	want(t, a, http.StatusOK, "")
	var tok tokens
	a.Decode(t, &tok)
	return tok
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

// TestClientsProveWhoTheyAre is RFC 6749 section 2.3.1 to the letter, at each address where a client may or must do so.
func TestClientsProveWhoTheyAre(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	c, other := register(t, h, "billing.2_x-yz"), register(t, h, "other")
	pair := c.id + ":" + c.secret
	every := func(s string) string { // each byte, form-urlencoded
		var b strings.Builder
		for i := range len(s) {
			b.WriteString("%" + strings.ToUpper(string("0123456789abcdef"[s[i]>>4])+string("0123456789abcdef"[s[i]&15])))
		}
		return b.String()
	}
	if len(pair)%3 == 0 {
		t.Fatal("the base64 of this name and secret has no padding to leave out")
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(pair))
	const unauthorized, bad = http.StatusUnauthorized, http.StatusBadRequest
	tests := []struct {
		what   string
		header []string
		form   url.Values
		status int
		err    string
	}{
		{"id and secret", []string{basic(pair)}, nil, 200, ""},
		{"the scheme in small letters", []string{"Authorization: basic " + encoded}, nil, 200, ""},
		{"two spaces", []string{"Authorization: BASIC  " + encoded}, nil, 200, ""},
		{"every byte form-urlencoded", []string{basic(every(c.id) + ":" + every(c.secret))}, nil, 200, ""},
		{"its own client_id beside", []string{basic(pair)}, url.Values{"client_id": {c.id}}, 200, ""},

		{"another's client_id beside", []string{basic(pair)}, url.Values{"client_id": {other.id}}, bad, "invalid_request"},
		{"the public client's id beside", []string{basic(pair)}, url.Values{"client_id": {"cloakroom"}}, bad, "invalid_request"},
		{"the secret in the body too", []string{basic(pair)}, url.Values{"client_secret": {c.secret}}, bad, "invalid_request"},
		{"an empty secret in the body too", []string{basic(pair)}, url.Values{"client_secret": {""}}, bad, "invalid_request"},
		{"a signed assertion too", []string{basic(pair)}, url.Values{"client_assertion": {"x"}}, bad, "invalid_request"},
		{"two fields", []string{basic(pair), basic(pair)}, nil, bad, "invalid_request"},
		{"a bearer token too", []string{basic(pair), "Authorization: Bearer x"}, nil, bad, "invalid_request"},
		{"the secret only in the body", nil, url.Values{"client_id": {c.id}, "client_secret": {c.secret}}, unauthorized, "invalid_client"},
		{"a signed assertion", nil, url.Values{"client_id": {c.id}, "client_assertion": {"x"}}, unauthorized, "invalid_client"},
		{"a bearer token", []string{"Authorization: Bearer " + c.secret}, nil, unauthorized, "invalid_client"},
		{"only the name", nil, url.Values{"client_id": {c.id}}, unauthorized, "invalid_client"},
		{"the name of nobody", nil, url.Values{"client_id": {"nobody"}}, unauthorized, "invalid_client"},

		{"another's secret", []string{basic(c.id + ":" + other.secret)}, nil, unauthorized, "invalid_client"},
		{"an unknown client", []string{basic("nobody:" + c.secret)}, nil, unauthorized, "invalid_client"},
		{"other capitals", []string{basic("Billing.2_x-yz:" + c.secret)}, nil, unauthorized, "invalid_client"},
		{"a secret that was cut", []string{basic(pair[:len(pair)-1])}, nil, unauthorized, "invalid_client"},
		{"a longer secret", []string{basic(pair + "A")}, nil, unauthorized, "invalid_client"},
		{"a secret with a colon", []string{basic(pair + ":")}, nil, unauthorized, "invalid_client"},
		{"no secret", []string{basic(c.id + ":")}, nil, unauthorized, "invalid_client"},
		{"no colon", []string{basic(c.id)}, nil, unauthorized, "invalid_client"},
		{"no id", []string{basic(":" + c.secret)}, nil, unauthorized, "invalid_client"},
		{"nothing", []string{basic("")}, nil, unauthorized, "invalid_client"},
		{"only the scheme", []string{"Authorization: Basic"}, nil, unauthorized, "invalid_client"},
		{"the scheme grown together", []string{"Authorization: Basic" + encoded}, nil, unauthorized, "invalid_client"},
		{"an empty field", []string{"Authorization: "}, nil, unauthorized, "invalid_client"},
		{"not base64", []string{"Authorization: Basic ###"}, nil, unauthorized, "invalid_client"},
		{"base64 without its padding", []string{strings.TrimRight(basic(pair), "=")}, nil, unauthorized, "invalid_client"},
		{"base64 with other unused bits", []string{otherBits(basic(pair))}, nil, unauthorized, "invalid_client"},
		{"a % without digits", []string{basic("%zz:" + c.secret)}, nil, unauthorized, "invalid_client"},
		{"a % at the end of the secret", []string{basic(pair + "%")}, nil, unauthorized, "invalid_client"},
		{"a NUL behind the name", []string{basic(c.id + "%00:" + c.secret)}, nil, unauthorized, "invalid_client"},
		{"too long", []string{basic(c.id + ":" + strings.Repeat("%41", 200))}, nil, unauthorized, "invalid_client"},
		{"the client without a secret", []string{basic("cloakroom:")}, nil, unauthorized, "invalid_client"},
		{"a secret for the client without one", []string{basic("cloakroom:" + c.secret)}, nil, unauthorized, "invalid_client"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			for _, path := range []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect"} {
				form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "token": {"x"}}
				for name, values := range tt.form {
					form[name] = values
				}
				a := post(h.Client(), path, form, tt.header...)
				status, code := tt.status, tt.err
				if path == "/oauth/token" && tt.err == "" {
					status, code = bad, "invalid_grant" // the client is accepted, the token is not
				}
				var got struct{ Error string }
				if path != "/oauth/revoke" || status != 200 {
					a.Decode(t, &got)
				}
				if a.StatusCode != status || got.Error != code {
					t.Errorf("%s: got %d %s, want %d %s", path, a.StatusCode, a.Body, status, code)
				}
				if got := a.Header.Get("WWW-Authenticate"); (status == unauthorized) != (got == `Basic realm="cloakroom"`) {
					t.Errorf("%s: %d with WWW-Authenticate %q", path, a.StatusCode, got)
				}
				if strings.Contains(a.Body, c.secret) || strings.Contains(a.Body, other.secret) {
					t.Errorf("%s: a secret is told: %s", path, a.Body)
				}
			}
		})
	}
	// No way that is not offered is refused without saying which one is.
	a := post(h.Client(), "/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_secret": {c.secret}})
	if !strings.Contains(a.Body, "client_secret_post") || !strings.Contains(a.Body, "client_secret_basic") {
		t.Errorf("which way is offered is not said: %s", a.Body)
	}
	// Who proves nothing introspects nothing.
	want(t, post(h.Client(), "/oauth/introspect", url.Values{"token": {"x"}}), unauthorized, "invalid-client")
	want(t, post(h.Client(), "/oauth/introspect", url.Values{"token": {"x"}, "client_id": {"cloakroom"}}), unauthorized, "invalid-client")
}

// otherBits changes the last character of a base64 with padding in bits that mean nothing.
func otherBits(line string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	text := strings.TrimRight(line, "=")
	last := len(text) - 1
	return text[:last] + string(alphabet[strings.IndexByte(alphabet, text[last])^1]) + line[len(text):]
}

// TestTokensOfAClient_TK35_CV67: whoever is not the client that a token was given to has nothing of it: neither no client nor another one, and neither
// the name without the proof.
func TestTokensOfAClient_TK35_CV67(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	billing, other := register(t, h, "billing"), register(t, h, "other")
	tok, public := billing.program(t, h, anna), program(t, h, anna)
	if got := claim(t, tok.Access, "client_id"); got != "billing" {
		t.Errorf("client_id of a client's token: %v", got)
	}
	if got := claim(t, public.Access, "client_id"); got != "cloakroom" {
		t.Errorf("client_id of everybody's token: %v", got)
	}
	strangers := []struct {
		what, token string
		form        url.Values
		header      []string
	}{
		{"no client, with a client's token", tok.Refresh, nil, nil},
		{"the public client, with a client's token", tok.Refresh, url.Values{"client_id": {"cloakroom"}}, nil},
		{"an empty name, with a client's token", tok.Refresh, url.Values{"client_id": {""}}, nil},
		{"another client, with a client's token", tok.Refresh, nil, []string{other.basic()}},
		{"a client, with the token of a program without a secret", public.Refresh, nil, []string{billing.basic()}},
	}
	for _, tt := range strangers {
		form := refreshForm(tt.token)
		for name, values := range tt.form {
			form[name] = values
		}
		wantRefused(t, post(h.Client(), "/oauth/token", form, tt.header...), "unknown", "")
		unknown := post(h.Client(), "/oauth/token", refreshForm(strings.Repeat("A", 43)), tt.header...)
		if a := post(h.Client(), "/oauth/token", form, tt.header...); a.Body != unknown.Body {
			t.Errorf("%s: %s differs from %s", tt.what, a.Body, unknown.Body)
		}
		access := tok.Access
		if tt.token == public.Refresh {
			access = public.Access
		}
		for _, token := range []string{tt.token, access} {
			form := url.Values{"token": {token}}
			for name, values := range tt.form {
				form[name] = values
			}
			// RFC 7009 section 2.1: refused, and told so; it must not believe that the token is dead.
			a := post(h.Client(), "/oauth/revoke", form, tt.header...)
			want(t, a, 400, "client-mismatch")
			if member(t, a.Body, "error") != `"invalid_grant"` {
				t.Errorf("%s: %s", tt.what, a.Body)
			}
		}
	}
	// Nothing of that has ended or used up anything.
	for _, access := range []string{tok.Access, public.Access} {
		want(t, h.Client().Get("/api/me", bearer(access)), 200, "")
	}
	var next tokens
	a := post(h.Client(), "/oauth/token", refreshForm(tok.Refresh), billing.basic())
	want(t, a, 200, "")
	a.Decode(t, &next)
	if got := claim(t, next.Access, "client_id"); got != "billing" {
		t.Errorf("client_id after a refresh: %v", got)
	}
	want(t, post(h.Client(), "/oauth/revoke", url.Values{"token": {next.Refresh}}, billing.basic()), 200, "")
	want(t, h.Client().Get("/api/me", bearer(next.Access)), 401, "signed-out")
	want(t, h.Client().Get("/api/me", bearer(tok.Access)), 401, "signed-out")
	wantRefused(t, post(h.Client(), "/oauth/token", refreshForm(next.Refresh), billing.basic()), "ended", "signed-out")
	want(t, h.Client().Get("/api/me", bearer(public.Access)), 200, "")
}

// TestTokensAreIssuedToWhoProvesIt: POST /api/token looks at the client before it looks at the password.
func TestTokensAreIssuedToWhoProvesIt(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	billing := register(t, h, "billing")
	good := map[string]string{"email": anna, "password": servertest.Password}
	for _, header := range []string{basic("billing:" + strings.Repeat("A", 43)), basic("billing"), basic("cloakroom:x"), "Authorization: Negotiate x"} {
		a := h.Client().JSON("/api/token", good, header)
		want(t, a, 401, "invalid-client")
		if a.Header.Get("Content-Type") != "application/problem+json" || a.Header.Get("WWW-Authenticate") != `Basic realm="cloakroom"` {
			t.Errorf("%s: %v", header, a.Header)
		}
	}
	want(t, h.Client().JSON("/api/token", good, billing.basic(), billing.basic()), 400, "malformed-request")
	want(t, h.Client().JSON("/api/token", map[string]string{"email": anna, "password": "wrong"}, billing.basic()), 401, "wrong-credentials")
	// Its owner knows it by its label among the devices.
	_, secret, err := h.App.AddClient(t.Context(), "b2", "Billing, 2nd floor", "test")
	if err != nil {
		t.Fatal(err)
	}
	labelled := registered{"b2", secret}.program(t, h, anna)
	if a := h.Client().Get("/api/sessions", bearer(labelled.Access)); !strings.Contains(a.Body, `"device":"Billing, 2nd floor"`) {
		t.Errorf("the label is not among the devices: %s", a.Body)
	}
	// A program that signs in again may still send its last token with every request.
	a := h.Client().JSON("/api/token", good, bearer("of-an-earlier-sign-in"))
	want(t, a, 200, "")
	var tok tokens
	a.Decode(t, &tok)
	if got := claim(t, tok.Access, "client_id"); got != "cloakroom" {
		t.Errorf("client_id: %v", got)
	}
}

// TestARemovedClientHasNothing: neither its secret nor any token of its, at once and for good; others go on.
func TestARemovedClientHasNothing(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	browser := h.Client()
	browser.SignIn(anna)
	billing, other := register(t, h, "billing"), register(t, h, "other")
	first, second, ended := billing.program(t, h, anna), billing.program(t, h, anna), billing.program(t, h, anna)
	others, public := other.program(t, h, anna), program(t, h, anna)
	want(t, post(h.Client(), "/oauth/revoke", url.Values{"token": {ended.Refresh}}, billing.basic()), 200, "")

	n, err := h.App.RemoveClient(t.Context(), "billing", "test")
	if err != nil || n != 2 {
		t.Fatalf("%d sessions ended, %v", n, err)
	}
	for _, tok := range []tokens{first, second} {
		want(t, h.Client().Get("/api/me", bearer(tok.Access)), 401, "ended-by-admin")
	}
	for _, path := range []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect"} {
		form := refreshForm(first.Refresh)
		form.Set("token", first.Access)
		want(t, post(h.Client(), path, form, billing.basic()), 401, "invalid-client")
	}
	want(t, h.Client().JSON("/api/token", map[string]string{"email": anna, "password": servertest.Password}, billing.basic()), 401, "invalid-client")

	// The next one of that name is another: it has no part in what was before.
	again := register(t, h, "billing")
	want(t, post(h.Client(), "/oauth/introspect", url.Values{"token": {first.Access}}, billing.basic()), 401, "invalid-client")
	wantRefused(t, post(h.Client(), "/oauth/token", refreshForm(first.Refresh), again.basic()), "ended", "ended-by-admin")

	want(t, post(h.Client(), "/oauth/token", refreshForm(others.Refresh), other.basic()), 200, "")
	want(t, refresh(h.Client(), public.Refresh), 200, "")
	want(t, browser.Get("/api/me"), 200, "")
}

// TestAClientIsNotGuessedWhileTheStoreIsGone: that a secret cannot be compared is 503, at every address, and neither a yes nor a no.
func TestAClientIsNotGuessedWhileTheStoreIsGone(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	billing := register(t, h, "billing")
	tok := billing.program(t, h, anna)
	ask := map[string]func(header string) servertest.Answer{
		"/oauth/token": func(h2 string) servertest.Answer {
			return post(h.Client(), "/oauth/token", refreshForm(tok.Refresh), h2)
		},
		"/oauth/revoke": func(h2 string) servertest.Answer {
			return post(h.Client(), "/oauth/revoke", url.Values{"token": {tok.Refresh}}, h2)
		},
		"/oauth/introspect": func(h2 string) servertest.Answer {
			return post(h.Client(), "/oauth/introspect", url.Values{"token": {tok.Access}}, h2)
		},
		"/api/token": func(h2 string) servertest.Answer {
			return h.Client().JSON("/api/token", map[string]string{"email": anna, "password": servertest.Password}, h2)
		},
	}
	for path, do := range ask {
		for _, header := range []string{billing.basic(), basic("nobody:" + billing.secret)} {
			h.Faults.Set(func(op db.Op) error {
				if strings.Contains(op.Query, "FROM clients") {
					return errGone
				}
				return nil
			})
			a := do(header)
			h.Faults.Set(nil)
			want(t, a, 503, "store-unavailable")
			if strings.Contains(a.Body, "disk") || strings.Contains(a.Body, "active") {
				t.Errorf("%s: %s", path, a.Body)
			}
		}
	}
	want(t, h.Client().Get("/api/me", bearer(tok.Access)), 200, "")
}

// claim is one claim of a token, unverified.
func claim(t testing.TB, token, name string) any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no token", token)
	}
	var all map[string]any
	servertest.Answer{Body: decoded(t, parts[1])}.Decode(t, &all)
	return all[name]
}

// decoded is a part of a token.
func decoded(t testing.TB, part string) string {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

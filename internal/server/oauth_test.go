package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// TestChallenges_TK31 is what RFC 6750 section 3 asks of the answers to bearer tokens, to the letter.
func TestChallenges_TK31(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	tok := program(t, h, anna)
	ended := program(t, h, anna)
	want(t, h.Client().Do("POST", "/api/signout", "", bearer(ended.Access)), 204, "")
	const realm = `Bearer realm="cloakroom"`
	tests := []struct {
		what, path string
		headers    []string
		status     int
		reason     string
		challenge  string
	}{
		{"nothing: no error code", "/api/me", nil, 401, "no-credentials", realm},
		{"another scheme", "/api/me", []string{"Authorization: Basic YTpi"}, 401, "no-credentials", realm},
		{"nonsense", "/api/me", []string{bearer("nonsense")}, 401, "invalid-token", realm + `, error="invalid_token", error_description="The token is not valid."`},
		{"signed out", "/api/me", []string{bearer(ended.Access)}, 401, "signed-out", realm + `, error="invalid_token", error_description="You signed out."`},
		{"altered", "/api/me", []string{bearer(tok.Access[:len(tok.Access)-6] + "AAAAAA")}, 401, "invalid-token", realm + `, error="invalid_token", error_description="The token is not valid."`},
		{"the refresh token", "/api/me", []string{bearer(tok.Refresh)}, 401, "invalid-token", realm + `, error="invalid_token", error_description="The token is not valid."`},
		{"no token", "/api/me", []string{"Authorization: Bearer"}, 400, "malformed-request", realm + `, error="invalid_request", error_description="The request is not well formed."`},
		{"two tokens in one field", "/api/me", []string{bearer(tok.Access + " " + tok.Access)}, 400, "malformed-request", realm + `, error="invalid_request", error_description="The request is not well formed."`},
		{"two fields", "/api/me", []string{bearer(tok.Access), bearer(tok.Access)}, 400, "duplicate-credentials", realm + `, error="invalid_request", error_description="The request names more than one token."`},
		{"a second one in the query", "/api/me?access_token=" + tok.Access, []string{bearer(tok.Access)}, 400, "duplicate-credentials", realm + `, error="invalid_request", error_description="The request names more than one token."`},
		{"only in the query: not read", "/api/me?access_token=" + tok.Access, nil, 401, "no-credentials", realm},
		{"too long", "/api/me", []string{bearer(strings.Repeat("a", 9000))}, 401, "invalid-token", realm + `, error="invalid_token", error_description="The token is not valid."`},
		{"good", "/api/me", []string{bearer(tok.Access)}, 200, "", ""},
		{"good, the scheme in small letters", "/api/me", []string{"Authorization: bearer " + tok.Access}, 200, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			a := h.Client().Get(tt.path, tt.headers...)
			want(t, a, tt.status, tt.reason)
			if got := strings.Join(a.Header["Www-Authenticate"], "\n"); got != tt.challenge {
				t.Errorf("WWW-Authenticate:\n got %s\nwant %s", got, tt.challenge)
			}
		})
	}
	// The cookie decides; a token is looked at only without one.
	c := h.Client()
	c.SignIn(anna)
	want(t, c.Get("/api/me", bearer("nonsense")), 200, "")
}

func TestRefreshing_TK35_TK36(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	first := program(t, h, anna)
	var second tokens
	a := refresh(c, first.Refresh)
	want(t, a, 200, "")
	a.Decode(t, &second)
	if second.Refresh == first.Refresh || second.Access == first.Access || second.Type != "Bearer" || second.Scope != "account" {
		t.Errorf("refreshed: %+v", second)
	}
	if a.Header.Get("Pragma") != "no-cache" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("RFC 6749 section 5.1: %v", a.Header)
	}
	// The answer was lost: the direct predecessor gets the same successor.
	var again tokens
	refresh(c, first.Refresh).Decode(t, &again)
	if again.Refresh != second.Refresh {
		t.Error("TK-37: two branches")
	}
	var third tokens
	refresh(c, second.Refresh).Decode(t, &third)
	want(t, h.Client().Get("/api/me", bearer(third.Access)), 200, "")
	refresh(c, third.Refresh)
	// first was replaced twice over: somebody has a copy.
	wantRefused(t, refresh(c, first.Refresh), "reused", "token-reuse")
	for _, token := range []string{first.Refresh, second.Refresh, third.Refresh} {
		wantRefused(t, refresh(c, token), "ended", "token-reuse")
	}
	want(t, h.Client().Get("/api/me", bearer(third.Access)), 401, "token-reuse")
	want(t, c.Get("/api/me"), 200, "") // the browser is another session
}

func TestRefreshIsRefusedInTheWordsOfRFC6749(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	tok := program(t, h, anna)
	good := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tok.Refresh}}
	form := func(change ...string) string {
		v := url.Values{}
		for name, values := range good {
			v[name] = values
		}
		for i := 0; i < len(change); i += 2 {
			v.Set(change[i], change[i+1])
		}
		return v.Encode()
	}
	const media = "Content-Type: application/x-www-form-urlencoded"
	tests := []struct {
		what, query, body, header string
		status                    int
		err, reason               string
	}{
		{"no grant type", "", "refresh_token=" + tok.Refresh, media, 400, "invalid_request", "malformed-request"},
		{"a password grant (TK-39)", "", form("grant_type", "password"), media, 400, "unsupported_grant_type", "unsupported-grant-type"},
		{"client credentials", "", form("grant_type", "client_credentials"), media, 400, "unsupported_grant_type", "unsupported-grant-type"},
		{"no token", "", "grant_type=refresh_token", media, 400, "invalid_request", "malformed-request"},
		{"an unknown token", "", form("refresh_token", strings.Repeat("A", 43)), media, 400, "invalid_grant", "unknown"},
		{"a malformed token", "", form("refresh_token", "x"), media, 400, "invalid_grant", "unknown"},
		{"an access token", "", form("refresh_token", tok.Access), media, 400, "invalid_grant", "unknown"},
		{"another client", "", form("client_id", "app"), media, 401, "invalid_client", "invalid-client"},
		{"a secret of a client that has none", "", form("client_id", "cloakroom", "client_secret", "x"), media, 401, "invalid_client", "invalid-client"},
		{"a wider scope", "", form("scope", "account admin"), media, 400, "invalid_scope", "insufficient-scope"},
		{"a malformed scope", "", form("scope", "\"account\""), media, 400, "invalid_scope", "insufficient-scope"},
		{"parameters in the query", "?" + form(), "", media, 400, "invalid_request", "malformed-request"},
		{"a token in the query beside the body", "?refresh_token=x", form(), media, 400, "invalid_request", "malformed-request"},
		{"a parameter twice", "", form() + "&refresh_token=x", media, 400, "invalid_request", "malformed-request"},
		{"an unknown parameter twice (RFC 6749 section 3.2)", "", form() + "&%22=x&%22=x", media, 400, "invalid_request", "malformed-request"},
		{"JSON", "", "{}", "Content-Type: application/json", 400, "invalid_request", "malformed-request"},
		{"not a form", "", "%zz", media, 400, "invalid_request", "malformed-request"},
		{"too large", "", form("x", strings.Repeat("a", 70<<10)), media, 413, "invalid_request", "too-large"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			a := h.Client().Do("POST", "/oauth/token"+tt.query, tt.body, tt.header)
			want(t, a, tt.status, tt.reason)
			if got := strings.Trim(member(t, a.Body, "error"), `"`); got != tt.err {
				t.Errorf("error: got %q, want %q", got, tt.err)
			}
			for _, c := range strings.Trim(member(t, a.Body, "error_description"), `"`) {
				if c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
					t.Errorf("RFC 6749 section 5.2: %q in error_description", c)
				}
			}
			if a.Header.Get("Content-Type") != "application/json" {
				t.Errorf("Content-Type: %q", a.Header.Get("Content-Type"))
			}
		})
	}
	want(t, h.Client().Do("POST", "/oauth/token", form(), media, "Authorization: Basic Y2xvYWtyb29tOng="), 401, "invalid-client")
	// None of this used the token up: it has no successor yet.
	a := h.Client().Do("POST", "/oauth/token", form("scope", "account", "client_id", "cloakroom", "unknown", "ignored"), media)
	want(t, a, 200, "")
}

// TestRefreshLooksAgainAtEverything_TK35: a refresh token is worth no more than the account and the session behind it.
func TestRefreshLooksAgainAtEverything_TK35(t *testing.T) {
	h := servertest.Start(t, nil)
	tests := []struct {
		what   string
		change func(t *testing.T, email string, tok tokens)
		reason string
	}{
		{"the account is disabled (CVE-2026-43983)", func(t *testing.T, email string, tok tokens) {
			if _, err := h.App.DisableUser(t.Context(), email, "test"); err != nil {
				t.Fatal(err)
			}
		}, "account-disabled"},
		{"the account is deleted", func(t *testing.T, email string, tok tokens) {
			if _, err := h.App.DeleteUser(t.Context(), email, "test"); err != nil {
				t.Fatal(err)
			}
		}, "account-disabled"},
		{"its session is ended from a browser", func(t *testing.T, email string, tok tokens) {
			c := h.Client()
			c.SignIn(email)
			want(t, c.Do("DELETE", "/api/sessions", ""), 200, "")
		}, "signed-out-elsewhere"},
		{"the password is changed", func(t *testing.T, email string, tok tokens) {
			c := h.Client()
			c.SignIn(email)
			a := c.Form("/account/security", url.Values{"current_password": {servertest.Password}, "new_password": {"another plum gravel 48"}})
			want(t, a, 200, "")
		}, "password-changed"},
		{"an administrator ends everybody's", func(t *testing.T, email string, tok tokens) {
			if _, err := h.App.EndEverybody(t.Context(), "test"); err != nil {
				t.Fatal(err)
			}
		}, "ended-by-admin"},
		{"it is revoked", func(t *testing.T, email string, tok tokens) {
			want(t, post(h.Client(), "/oauth/revoke", url.Values{"token": {tok.Refresh}}), 200, "")
		}, "signed-out"},
		{"its access token is revoked", func(t *testing.T, email string, tok tokens) {
			want(t, post(h.Client(), "/oauth/revoke", url.Values{"token": {tok.Access}}), 200, "")
		}, "signed-out"},
	}
	for i, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			email := "p" + string(rune('a'+i)) + "@example.org"
			h.Client().SignUp(email)
			tok := program(t, h, email)
			want(t, h.Client().Get("/api/me", bearer(tok.Access)), 200, "")
			tt.change(t, email, tok)
			wantRefused(t, refresh(h.Client(), tok.Refresh), "ended", tt.reason)
			want(t, h.Client().Get("/api/me", bearer(tok.Access)), 401, tt.reason) // TK-34
		})
	}
}

// TestRevoking_TK32: 200 also for what is not known, and never for a revocation that was not stored.
func TestRevoking_TK32(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	c := h.Client()
	for what, form := range map[string]url.Values{
		"unknown": {"token": {strings.Repeat("A", 43)}}, "nonsense": {"token": {"x"}}, "with a wrong hint": {"token": {"x"}, "token_type_hint": {"y"}},
	} {
		if a := post(c, "/oauth/revoke", form); a.StatusCode != 200 || a.Body != "" {
			t.Errorf("%s: %d %q", what, a.StatusCode, a.Body)
		}
	}
	tok := program(t, h, anna)
	want(t, post(c, "/oauth/revoke", url.Values{"token": {tok.Refresh}, "client_id": {"app"}}), 401, "invalid-client")
	want(t, post(c, "/oauth/revoke", url.Values{}), 400, "malformed-request")
	want(t, c.Do("POST", "/oauth/revoke?token="+tok.Refresh, "token="+tok.Refresh, "Content-Type: application/x-www-form-urlencoded"), 400, "malformed-request")
	want(t, h.Client().Get("/api/me", bearer(tok.Access)), 200, "")

	revokingWhileTheStoreIsGone(t, h, tok)
	want(t, post(c, "/oauth/revoke", url.Values{"token": {tok.Refresh}}), 200, "")
	want(t, h.Client().Get("/api/me", bearer(tok.Access)), 401, "signed-out")
	want(t, post(c, "/oauth/revoke", url.Values{"token": {tok.Refresh}}), 200, "") // twice is no error

	// A client's, by its own credentials.
	billing := register(t, h, "billing")
	tok = billing.program(t, h, anna)
	revokingWhileTheStoreIsGone(t, h, tok, billing.basic())
	want(t, post(c, "/oauth/revoke", url.Values{"token": {tok.Access}, "token_type_hint": {"refresh_token"}}, billing.basic()), 200, "")
	want(t, h.Client().Get("/api/me", bearer(tok.Access)), 401, "signed-out")
	wantRefused(t, post(c, "/oauth/token", refreshForm(tok.Refresh), billing.basic()), "ended", "signed-out")
}

// revokingWhileTheStoreIsGone breaks each kind of thing that is asked of the database: it is 503, and the token lives.
func revokingWhileTheStoreIsGone(t *testing.T, h *servertest.House, tok tokens, header ...string) {
	t.Helper()
	for _, kind := range []string{"begin", "commit", "exec", "query", "next"} {
		for _, token := range []string{tok.Refresh, tok.Access} {
			broke := false
			var mu sync.Mutex
			h.Faults.Set(func(op db.Op) error {
				mu.Lock()
				defer mu.Unlock()
				if op.Kind != kind || strings.Contains(op.Query, "data_version") {
					return nil
				}
				broke = true
				return errGone
			})
			a := post(h.Client(), "/oauth/revoke", url.Values{"token": {token}}, header...)
			h.Faults.Set(nil)
			if !broke {
				t.Fatalf("nothing of the kind %q was asked of the database", kind)
			}
			if a.StatusCode != 503 || a.Reason() != "store-unavailable" {
				t.Errorf("%s fails: got %d %s", kind, a.StatusCode, a.Body)
			}
			if strings.Contains(a.Body, "disk") {
				t.Errorf("the cause is told: %s", a.Body)
			}
			if a := h.Client().Get("/api/me", bearer(tok.Access)); a.StatusCode != 200 {
				t.Errorf("%s fails: the token is dead although its revocation was refused: %d %s", kind, a.StatusCode, a.Body)
			}
		}
	}
}

// TestOAuthReadsNoCookie: whoever a browser is signed in as, these endpoints do not look.
func TestOAuthReadsNoCookie(t *testing.T) {
	h := servertest.Start(t, nil)
	c := h.Client()
	c.SignUp(anna)
	tok := program(t, h, anna)
	many := "Cookie: " + strings.Repeat("a=b; ", 700) + "__Host-session=x; __Host-session=y"
	a := post(c, "/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tok.Refresh}}, many, "Sec-Fetch-Site: cross-site")
	want(t, a, 200, "")
	if len(a.Header["Set-Cookie"]) > 0 {
		t.Error("a cookie was set")
	}
	want(t, c.Get("/api/me"), 200, "")
}

// TestPublicDocuments: what programs find out by themselves (RFC 7517, RFC 8414).
func TestPublicDocuments(t *testing.T) {
	h := servertest.Start(t, nil)
	a := h.Client().Get("/.well-known/jwks.json")
	want(t, a, 200, "")
	for _, private := range []string{`"d"`, `"k"`, `"p"`, `"q"`, `"dp"`, `"dq"`, `"qi"`} {
		if strings.Contains(a.Body, private+":") {
			t.Errorf("TK-20: %s is published: %s", private, a.Body)
		}
	}
	m := h.Client().Get("/.well-known/oauth-authorization-server")
	want(t, m, 200, "")
	for _, a := range []servertest.Answer{a, m} {
		if a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Cache-Control") != "public, max-age=300" || a.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %v", a.Request.URL.Path, a.Header)
		}
	}
	if got := member(t, m.Body, "issuer"); got != `"`+h.URL+`"` {
		t.Errorf("issuer: %s", got)
	}
	for _, name := range []string{"token_endpoint", "revocation_endpoint", "jwks_uri"} {
		u, err := url.Parse(strings.Trim(member(t, m.Body, name), `"`))
		if err != nil || u.Scheme+"://"+u.Host != h.URL {
			t.Errorf("%s: %v", name, u)
			continue
		}
		if a := h.Client().Get(u.Path); a.StatusCode != 200 && a.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("nothing stands at %s: %d", u, a.StatusCode)
		}
	}
}

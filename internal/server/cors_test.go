package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// shared are the addresses that a page of every origin may use: they read no cookie, and tell nobody's secret.
var shared = map[string]string{
	"/.well-known/jwks.json": "GET", "/.well-known/oauth-authorization-server": "GET",
	"/oauth/token": "POST", "/oauth/revoke": "POST",
}

// TestOtherOriginsReadWhatIsPublic_AU36 asks every address of the table, as a page of another origin would, in every method, signed in and not: the public
// ones say that it may read them, also what they refuse, and no other does.
func TestOtherOriginsReadWhatIsPublic_AU36(t *testing.T) {
	h := servertest.Start(t, nil)
	member := h.Client()
	member.SignUp(anna)
	billing := register(t, h, "billing")
	const origin = "Origin: https://spa.example"
	asked := map[string]bool{}
	for _, r := range h.Server.Routes() {
		path := strings.ReplaceAll(r.Path, "{id}", "x")
		if asked[path] {
			continue
		}
		asked[path] = true
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"} {
			if path == "/revocations" && method == "GET" {
				continue // answers for as long as somebody listens: HEAD has its headers
			}
			for who, header := range map[string][]string{
				"a stranger": {origin}, "a client": {origin, billing.basic()},
				"a preflight": {origin, "Access-Control-Request-Method: " + method, "Access-Control-Request-Headers: content-type"},
			} {
				for _, c := range []*servertest.Client{h.Client(), member} {
					a := c.Do(method, path, "", header...)
					want := ""
					if shared[path] != "" && (method == shared[path] || method == "OPTIONS" || method == "HEAD" && shared[path] == "GET") {
						want = "*"
					}
					if got := a.Header["Access-Control-Allow-Origin"]; strings.Join(got, "|") != want {
						t.Errorf("%s, %s %s: Access-Control-Allow-Origin %q, want %q (%d)", who, method, path, got, want, a.StatusCode)
					}
					for name := range a.Header {
						if strings.HasPrefix(name, "Access-Control-") && (want == "" || name == "Access-Control-Allow-Credentials") {
							t.Errorf("%s, %s %s: %s", who, method, path, name)
						}
					}
				}
			}
		}
	}
	for path := range shared {
		if !asked[path] {
			t.Errorf("nothing stands at %s", path)
		}
	}
}

// TestPreflight: what a browser is told before it sends (Fetch Standard section 3.3).
func TestPreflight(t *testing.T) {
	h := servertest.Start(t, nil)
	for path, method := range shared {
		a := h.Client().Do("OPTIONS", path, "", "Origin: https://spa.example", "Access-Control-Request-Method: "+method, "Access-Control-Request-Headers: traceparent")
		if a.StatusCode != http.StatusNoContent || a.Body != "" {
			t.Errorf("%s: %d %q", path, a.StatusCode, a.Body)
		}
		for name, value := range map[string]string{
			"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": method, "Access-Control-Allow-Headers": "*", "Access-Control-Max-Age": "3600",
			"Access-Control-Allow-Credentials": "", "Set-Cookie": "",
		} {
			if got := a.Header.Get(name); got != value {
				t.Errorf("%s: %s %q, want %q", path, name, got, value)
			}
		}
	}
	for _, path := range []string{"/oauth/introspect", "/revocations", "/api/token", "/signin", "/oauth/nothing"} {
		a := h.Client().Do("OPTIONS", path, "", "Origin: https://spa.example", "Access-Control-Request-Method: POST")
		if a.StatusCode != http.StatusMethodNotAllowed && a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: a preflight gets %d", path, a.StatusCode)
		}
	}
}

// TestMetadata_RFC8414 holds the document against sections 2 and 3 of the RFC, and against what the endpoints do.
func TestMetadata_RFC8414(t *testing.T) {
	h := servertest.Start(t, nil)
	h.Client().SignUp(anna)
	billing := register(t, h, "billing")
	a := h.Client().Get("/.well-known/oauth-authorization-server")
	want(t, a, 200, "")
	if got := a.Header.Get("Content-Type"); got != "application/json" { // section 3.2
		t.Errorf("Content-Type: %q", got)
	}
	var m map[string]any
	a.Decode(t, &m)
	// Section 3.3: identical to the issuer that the address was made of; section 2: no query, no fragment.
	if issuer, _ := m["issuer"].(string); issuer != h.URL || strings.ContainsAny(issuer, "?#") {
		t.Errorf("issuer: %q", issuer)
	}
	for name, value := range m {
		switch v := value.(type) {
		case string:
			u, err := url.Parse(v)
			if err != nil || u.Scheme+"://"+u.Host != h.URL || u.Fragment != "" {
				t.Errorf("%s: %q", name, v)
			}
		case []any:
			// Section 3.2 has empty lists left out, and section 2 requires this one.
			if len(v) == 0 && name != "response_types_supported" {
				t.Errorf("%s is empty", name)
			}
		default:
			t.Errorf("%s: %v", name, value)
		}
	}
	for _, name := range []string{"issuer", "token_endpoint", "response_types_supported", "jwks_uri", "revocation_endpoint", "introspection_endpoint", "cloakroom_revocations_endpoint"} {
		if _, ok := m[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if _, ok := m["authorization_endpoint"]; ok {
		t.Error("authorization_endpoint: there is none")
	}
	// What is announced is so: a method that is listed is taken, one that is not listed is refused.
	credentials := map[string]func(form url.Values) (header []string){
		"none":                func(url.Values) []string { return nil },
		"client_secret_basic": func(url.Values) []string { return []string{billing.basic()} },
		"client_secret_post": func(form url.Values) []string {
			form.Set("client_id", billing.id)
			form.Set("client_secret", billing.secret)
			return nil
		},
	}
	for _, endpoint := range []string{"token", "revocation", "introspection"} {
		u, err := url.Parse(m[endpoint+"_endpoint"].(string))
		if err != nil {
			t.Fatal(err)
		}
		listed, _ := m[endpoint+"_endpoint_auth_methods_supported"].([]any)
		for method, prove := range credentials {
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "token": {"x"}}
			a := post(h.Client(), u.Path, form, prove(form)...)
			if taken, said := a.StatusCode != 401, slices.Contains(listed, any(method)); taken != said {
				t.Errorf("%s: %s is listed: %v, taken: %v", u.Path, method, said, taken)
			}
		}
	}
	for _, grant := range []string{"refresh_token", "password", "client_credentials", "authorization_code", "implicit"} {
		a := post(h.Client(), "/oauth/token", url.Values{"grant_type": {grant}, "refresh_token": {"x"}})
		if taken, said := member(t, a.Body, "error") != `"unsupported_grant_type"`, slices.Contains(m["grant_types_supported"].([]any), any(grant)); taken != said {
			t.Errorf("%s is listed: %v, taken: %v", grant, said, taken)
		}
	}
	feed, _ := url.Parse(m["cloakroom_revocations_endpoint"].(string))
	want(t, h.Client().Do("HEAD", feed.Path, "", billing.basic()), 200, "")
}

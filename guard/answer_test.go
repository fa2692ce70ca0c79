package guard_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/session"
)

// TestAnswers_TK_31 is the whole answer, octet for octet: programs are written against it.
func TestAnswers_TK_31(t *testing.T) {
	s := newSite(t, nil)
	cookie, _ := s.signIn(t, "minsu")
	dead, handle := s.signIn(t, "minsu")
	if _, err := s.sessions.EndHandle(t.Context(), nil, handle, session.SignedOut); err != nil {
		t.Fatal(err)
	}
	good := "Bearer " + s.token(t, nil)
	old := "Bearer " + s.token(t, map[string]any{"auth_time": time.Now().Add(-time.Hour).Unix()})
	expired := "Bearer " + s.token(t, map[string]any{"iat": 1000, "exp": 2000})
	narrow := "Bearer " + s.token(t, map[string]any{"scope": "mail"})
	down := fails(errors.New("disk is gone"))

	tests := []struct {
		what   string
		lines  string // of the request
		rules  []guard.Rule
		scheme guard.Scheme // instead of the site's
		want   string
	}{
		{"no credentials: a challenge without an error code (RFC 6750, 3.1)", "", nil, nil, `
401
Content-Type: application/problem+json
WWW-Authenticate: Bearer realm="cloakroom"
{"type":"about:blank","title":"Unauthorized","status":401,"detail":"You are not signed in.","reason":"no-credentials"}`},

		{"a token in the query is no credential", "?access_token=x", nil, nil, `
401
Content-Type: application/problem+json
WWW-Authenticate: Bearer realm="cloakroom"
{"type":"about:blank","title":"Unauthorized","status":401,"detail":"You are not signed in.","reason":"no-credentials"}`},

		{"a session that ended", "Cookie: " + dead, nil, nil, `
401
Content-Type: application/problem+json
WWW-Authenticate: Bearer realm="cloakroom"
{"type":"about:blank","title":"Unauthorized","status":401,"detail":"You signed out.","reason":"signed-out"}`},

		{"two session cookies", "Cookie: " + cookie + "; " + dead, nil, nil, `
400
Content-Type: application/problem+json
{"type":"about:blank","title":"Bad Request","status":400,"detail":"The browser sent two session cookies. Delete the cookies of this site and sign in again.","reason":"duplicate-cookie"}`},

		{"Bearer and nothing after it", "Authorization: Bearer", nil, nil, `
400
Content-Type: application/problem+json
WWW-Authenticate: Bearer realm="cloakroom", error="invalid_request", error_description="The request is not well formed."
{"type":"about:blank","title":"Bad Request","status":400,"detail":"The request is not well formed.","reason":"malformed-request"}`},

		{"two tokens", "Authorization: " + good + "\nAuthorization: " + good, nil, nil, `
400
Content-Type: application/problem+json
WWW-Authenticate: Bearer realm="cloakroom", error="invalid_request", error_description="The request names more than one token."
{"type":"about:blank","title":"Bad Request","status":400,"detail":"The request names more than one token.","reason":"duplicate-credentials"}`},

		{"two methods", "?access_token=x\nAuthorization: " + good, nil, nil, `
400
Content-Type: application/problem+json
WWW-Authenticate: Bearer realm="cloakroom", error="invalid_request", error_description="The request names more than one token."
{"type":"about:blank","title":"Bad Request","status":400,"detail":"The request names more than one token.","reason":"duplicate-credentials"}`},

		{"a bad token", "Authorization: Bearer garbage", nil, nil, `
401
Content-Type: application/problem+json
WWW-Authenticate: Bearer realm="cloakroom", error="invalid_token", error_description="The token is not valid."
{"type":"about:blank","title":"Unauthorized","status":401,"detail":"The token is not valid.","reason":"invalid-token"}`},

		{"an expired token", "Authorization: " + expired, nil, nil, `
401
Content-Type: application/problem+json
WWW-Authenticate: Bearer realm="cloakroom", error="invalid_token", error_description="The token has expired."
{"type":"about:blank","title":"Unauthorized","status":401,"detail":"The token has expired.","reason":"expired-token"}`},

		{"a token without the scope", "Authorization: " + narrow, []guard.Rule{guard.Scope("account", "mail")}, nil, `
403
Content-Type: application/problem+json
WWW-Authenticate: Bearer realm="cloakroom", error="insufficient_scope", error_description="The token does not allow this.", scope="account mail"
{"type":"about:blank","title":"Forbidden","status":403,"detail":"The token does not allow this.","reason":"insufficient-scope"}`},

		{"a scope that was mistyped does not break the header", "Authorization: " + narrow, []guard.Rule{guard.Scope("a\"b\r\nSet-Cookie: x")}, nil, `
403
Content-Type: application/problem+json
WWW-Authenticate: Bearer realm="cloakroom", error="insufficient_scope", error_description="The token does not allow this.", scope="abSet-Cookie: x"
{"type":"about:blank","title":"Forbidden","status":403,"detail":"The token does not allow this.","reason":"insufficient-scope"}`},

		{"a token whose sign-in is too old (RFC 9470, 3)", "Authorization: " + old, []guard.Rule{guard.MaxAge(5 * time.Minute)}, nil, `
401
Content-Type: application/problem+json
WWW-Authenticate: Bearer realm="cloakroom", error="insufficient_user_authentication", error_description="Your sign-in is too old for this. Enter your password again.", max_age="300"
{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Your sign-in is too old for this. Enter your password again.","reason":"reauthentication-required"}`},

		{"not in the group", "Cookie: " + cookie, []guard.Rule{guard.Group("board")}, nil, `
403
Content-Type: application/problem+json
{"type":"about:blank","title":"Forbidden","status":403,"detail":"You are signed in, but not in a group that may do this.","reason":"not-in-group"}`},

		{"another method", "Cookie: " + cookie, []guard.Rule{guard.Method("POST", "PUT")}, nil, `
405
Content-Type: application/problem+json
Allow: POST, PUT
{"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"This address does not take requests of that method.","reason":"method-not-allowed"}`},

		{"a rule of one's own with a reason of its own", "Cookie: " + cookie, []guard.Rule{condition{"moon", func(*http.Request, *guard.Principal) error {
			return &guard.Error{Reason: "new-moon", Detail: "secret"}
		}}}, nil, `
403
Content-Type: application/problem+json
{"type":"about:blank","title":"Forbidden","status":403,"detail":"Forbidden","reason":"new-moon"}`},

		{"a store that is down", "", nil, down, `
503
Content-Type: application/problem+json
{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"It cannot be found out now who you are, because a part of the server does not answer. Try again soon.","reason":"store-unavailable"}`},

		{"a panic", "", nil, bomb, `
500
Content-Type: application/problem+json
{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"Something went wrong in the server. It was not you.","reason":"internal-error"}`},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			g := s.guard.With(tt.rules...)
			if tt.scheme != nil {
				g, _ = guard.New([]guard.Scheme{tt.scheme})
			}
			r := request()
			for line := range strings.SplitSeq(tt.lines, "\n") {
				if query, ok := strings.CutPrefix(line, "?"); ok {
					r.URL.RawQuery = query
				} else if name, value, ok := strings.Cut(line, ": "); ok {
					r.Header.Add(name, value)
				}
			}
			w := httptest.NewRecorder()
			g.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler was reached") })).ServeHTTP(w, r)
			if got := dump(w); got != tt.want {
				t.Errorf("got%s\n\nwant%s", got, tt.want)
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Set-Cookie") != "" {
				t.Errorf("headers %v: want no-store and no cookie", w.Header())
			}
			if d := w.Body.String(); strings.Contains(d, "disk is gone") || strings.Contains(d, "boom") || strings.Contains(d, "secret") {
				t.Error("the answer tells what is for the log")
			}
		})
	}
}

func dump(w *httptest.ResponseRecorder) string {
	s := fmt.Sprintf("\n%d\n", w.Code)
	for _, name := range []string{"Content-Type", "WWW-Authenticate", "Allow"} {
		if v := w.Header().Get(name); v != "" {
			s += name + ": " + v + "\n"
		}
	}
	return s + strings.TrimSpace(w.Body.String())
}

// Whatever the reason, a refusal is no 2xx and no 3xx, its body is a problem, and a 401 has its challenge (RFC 9110, 15.5.2).
func TestEveryReasonIsAnswered_FA_01(t *testing.T) {
	for _, reason := range append(guard.Reasons(), "made-up", "") {
		g, err := guard.New([]guard.Scheme{fails(&guard.Error{Reason: reason})})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		g.Handler(http.NotFoundHandler()).ServeHTTP(w, request())
		if w.Code < 400 || w.Code == 404 {
			t.Errorf("%q: status %d", reason, w.Code)
		}
		if (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%q: status %d with WWW-Authenticate %q", reason, w.Code, w.Header().Get("WWW-Authenticate"))
		}
		var p guard.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || p.Title == "" || p.Detail == "" || p.Reason == "" {
			t.Errorf("%q: %+v, %v", reason, p, err)
		}
	}
}

// A way of ending that somebody adds to package session must be a 401 here too.
func TestEveryEndingIsUnauthorized(t *testing.T) {
	for _, reason := range guard.Reasons()[:11] {
		g, _ := guard.New([]guard.Scheme{fails(&session.EndedError{Ending: session.Ending{Reason: reason}})})
		w := httptest.NewRecorder()
		guard.Refuse(w, g.Check(request()))
		if w.Code != 401 {
			t.Errorf("%s: status %d, want 401", reason, w.Code)
		}
	}
}

package guard_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/session"
)

const (
	issuer   = "https://login.example"
	audience = "https://api.example"
)

// office issues tokens and reads them: what /api/token and a guard are in a server.
type office struct {
	key     *jwt.Key
	keys    *keyring
	revoked error // what live answers
	bearer  *guard.BearerScheme
	guard   *guard.Guard
}

// keyring counts how often it is asked, and can lose its keys.
type keyring struct {
	asked atomic.Int64
	mu    sync.Mutex
	set   jwt.KeySource
	err   error
}

func (k *keyring) Key(kid string) (*jwt.Key, error) {
	k.asked.Add(1)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil {
		return nil, k.err
	}
	return k.set.Key(kid)
}

func newOffice(t testing.TB, rules ...guard.Rule) *office {
	t.Helper()
	key, err := jwt.GenerateKey(jwt.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	set, err := jwt.NewKeySet(key)
	if err != nil {
		t.Fatal(err)
	}
	o := &office{key: key, keys: &keyring{set: set}}
	v, err := jwt.NewVerifier(issuer, audience, o.keys, []jwt.Algorithm{jwt.EdDSA}, &jwt.VerifierOptions{Type: "at+jwt"})
	if err != nil {
		t.Fatal(err)
	}
	o.bearer = guard.Bearer(v,
		func(context.Context, *guard.Principal) error { return o.revoked },
		func(_ context.Context, subject string) (guard.Principal, error) {
			if subject == "gone" {
				return guard.Principal{}, nil
			}
			return guard.Principal{ID: subject, Groups: []string{"staff"}}, nil
		})
	o.guard, err = guard.New([]guard.Scheme{o.bearer}, rules...)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// token makes an access token of ten minutes; a nil value takes a claim away.
func (o *office) token(t testing.TB, changes map[string]any) string {
	t.Helper()
	now := time.Now()
	claims := map[string]any{
		"iss": issuer, "aud": audience, "sub": "minsu", "jti": "t1", "client_id": "cloakroom", "sid": "handle",
		"scope": "account mail", "auth_time": now.Unix(), "amr": []string{"pwd"},
		"iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
	}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	typ := "at+jwt"
	if s, ok := changes["typ"].(string); ok {
		typ = s
		delete(claims, "typ")
	}
	token, err := jwt.Sign(o.key, typ, claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func request(authorization ...string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	for _, a := range authorization {
		r.Header.Add("Authorization", a)
	}
	return r
}

func TestBearerPrincipal(t *testing.T) {
	o := newOffice(t)
	now := time.Now()
	for _, round := range []string{"verified", "remembered"} {
		d := o.guard.Check(request("Bearer " + o.token(t, map[string]any{"auth_time": now.Unix()})))
		if !d.Allowed() {
			t.Fatalf("%s: %v", round, d.Err)
		}
		p := d.Principal
		got := fmt.Sprintf("%s %s %s %s %s %q %q %q", p.ID, p.Via, p.Session, p.ClientID, p.AuthTime.UTC().Format(time.RFC3339), p.Scopes, p.AMR, p.Groups)
		want := fmt.Sprintf(`minsu token handle cloakroom %s ["account" "mail"] ["pwd"] ["staff"]`, now.UTC().Format(time.RFC3339))
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", round, got, want)
		}
		if got := steps(d); got != "bearer: passed" {
			t.Errorf("%s: steps %s", round, got)
		}
	}
}

func TestAuthorizationHeader_TK_31(t *testing.T) {
	o := newOffice(t)
	good := o.token(t, nil)
	tests := []struct {
		what  string
		auth  []string
		query string
		want  guard.Reason
	}{
		{"no header", nil, "", "no-credentials"},
		{"an empty header", []string{""}, "", "no-credentials"},
		{"a good token", []string{"Bearer " + good}, "", ""},
		{"the scheme in any case (RFC 9110, 11.1)", []string{"bEARER " + good}, "", ""},
		{"more than one space", []string{"Bearer   " + good}, "", ""},
		{"another scheme", []string{"Basic bWluc3U6cGFzcw=="}, "", "no-credentials"},
		{"another scheme that begins like ours", []string{"Bearer2 " + good}, "", "no-credentials"},
		{"DPoP", []string{"DPoP " + good}, "", "no-credentials"},
		{"a token without a scheme", []string{good}, "", "no-credentials"},

		{"two good ones", []string{"Bearer " + good, "Bearer " + good}, "", "duplicate-credentials"},
		{"a good one and another scheme", []string{"Bearer " + good, "Basic bWluc3U6cGFzcw=="}, "", "duplicate-credentials"},
		{"two that a proxy joined", []string{"Bearer " + good + ", Bearer " + good}, "", "malformed-request"},
		{"no token", []string{"Bearer"}, "", "malformed-request"},
		{"no token, but spaces", []string{"Bearer  "}, "", "malformed-request"},
		{"a tab", []string{"Bearer\t" + good}, "", "malformed-request"},
		{"a colon", []string{"Bearer:" + good}, "", "malformed-request"},
		{"two words", []string{"Bearer " + good + " " + good}, "", "malformed-request"},
		{"a space at the end", []string{"Bearer " + good + " "}, "", "malformed-request"},
		{"auth-params", []string{`Bearer token="` + good + `"`}, "", "invalid-token"},
		{"a comma at the end", []string{"Bearer " + good + ","}, "", "invalid-token"},
		{"quotes", []string{`Bearer "` + good + `"`}, "", "invalid-token"},
		{"a padded token", []string{"Bearer " + good + "="}, "", "invalid-token"},
		{"nothing but padding", []string{"Bearer =="}, "", "invalid-token"},
		{"garbage", []string{"Bearer garbage"}, "", "invalid-token"},
		{"a token that was cut", []string{"Bearer " + good[:len(good)-1]}, "", "invalid-token"},
		{"not ASCII", []string{"Bearer " + good + "\u00e9"}, "", "invalid-token"},
		{"a line break", []string{"Bearer " + good + "\n"}, "", "invalid-token"},
		{"the longest token that is looked at", []string{"Bearer " + strings.Repeat("a", guard.MaxToken)}, "", "invalid-token"},
		{"a longer one", []string{"Bearer " + strings.Repeat("a", guard.MaxToken+1)}, "", "invalid-token"},

		{"a token in the query is not read", nil, "access_token=" + good, "no-credentials"},
		{"two methods at once", []string{"Bearer " + good}, "a=1&access_token=" + good, "duplicate-credentials"},
		{"two methods, the second in disguise", []string{"Bearer " + good}, "%61ccess_token=x", "duplicate-credentials"},
		{"two methods, the second empty", []string{"Bearer " + good}, "access_token", "duplicate-credentials"},
		{"another parameter", []string{"Bearer " + good}, "my_access_token=x&access_tokens=y&x=access_token", ""},
		{"a query that is none", []string{"Bearer " + good}, "%zz&;=&&", ""},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			r := request(tt.auth...)
			r.URL = &url.URL{Path: "/", RawQuery: tt.query}
			if d := o.guard.Check(r); d.Reason() != tt.want {
				t.Errorf("reason %q, want %q (%v)", d.Reason(), tt.want, d.Err)
			}
		})
	}
}

func TestTokenIsMeasuredBeforeItIsRead(t *testing.T) {
	o := newOffice(t)
	for length, want := range map[int]string{guard.MaxToken: "malformed", guard.MaxToken + 1: "token is too long"} {
		d := o.guard.Check(request("Bearer " + strings.Repeat("a", length)))
		if got := d.Steps()[0].Detail; got != want {
			t.Errorf("%d bytes: %q, want %q", length, got, want)
		}
	}
}

func TestTokens_TK_30(t *testing.T) {
	o, other := newOffice(t), newOffice(t)
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	tests := []struct {
		what   string
		token  string
		want   guard.Reason
		detail string
	}{
		{"as it should be", o.token(t, nil), "", ""},
		{"the long form of the type", o.token(t, map[string]any{"typ": "application/at+jwt"}), "", ""},
		{"expired", o.token(t, map[string]any{"iat": ago(time.Hour), "exp": ago(time.Minute)}), "expired-token", "expired"},
		{"signed by a stranger", other.token(t, nil), "invalid-token", "unknown-key"},
		{"a token of another kind", o.token(t, map[string]any{"typ": "JWT"}), "invalid-token", "type"},
		{"a log-out token", o.token(t, map[string]any{"typ": "logout+jwt"}), "invalid-token", "type"},
		{"for another audience", o.token(t, map[string]any{"aud": "https://other.example"}), "invalid-token", "audience"},
		{"from another issuer", o.token(t, map[string]any{"iss": issuer + "/"}), "invalid-token", "issuer"},
		{"no subject", o.token(t, map[string]any{"sub": nil}), "invalid-token", "claim"},
		{"an empty subject", o.token(t, map[string]any{"sub": ""}), "invalid-token", "claim"},
		{"no client_id", o.token(t, map[string]any{"client_id": nil}), "invalid-token", "claim"},
		{"no iat", o.token(t, map[string]any{"iat": nil}), "invalid-token", "claim"},
		{"no jti", o.token(t, map[string]any{"jti": nil}), "invalid-token", "claim"},
		{"a scope that is a number", o.token(t, map[string]any{"scope": 1}), "invalid-token", "claim"},
		{"an auth_time that is text", o.token(t, map[string]any{"auth_time": "now"}), "invalid-token", "claim"},
		{"an account that is gone", o.token(t, map[string]any{"sub": "gone"}), "unknown-account", ""},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			d := o.guard.Check(request("Bearer " + tt.token))
			if d.Reason() != tt.want {
				t.Errorf("reason %q, want %q (%v)", d.Reason(), tt.want, d.Err)
			}
			if s := d.Steps(); s[0].Detail != tt.detail {
				t.Errorf("detail %q, want %q", s[0].Detail, tt.detail)
			}
			if d.Err != nil && strings.Contains(d.Err.Error(), tt.token) {
				t.Error("the error holds the token")
			}
		})
	}
}

// Whatever live says holds for a token that was seen before, too.
func TestRevokedTokenKeepsItsReason(t *testing.T) {
	o := newOffice(t)
	r := request("Bearer " + o.token(t, nil))
	for _, tt := range []struct {
		what    string
		revoked error
		want    guard.Reason
		status  int
	}{
		{"not revoked", nil, "", 200},
		{"its session was ended", &session.EndedError{Ending: session.Ending{Reason: session.EndedByAdmin}}, "ended-by-admin", 401},
		{"its account was disabled", &guard.Error{Reason: session.AccountDisabled}, "account-disabled", 401},
		{"its session is not known", session.ErrNotFound, "unknown-session", 401},
		{"it cannot be found out", errors.New("disk is gone"), "store-unavailable", 503},
		{"not revoked after all", nil, "", 200},
	} {
		o.revoked = tt.revoked
		d := o.guard.Check(r)
		if d.Reason() != tt.want {
			t.Errorf("%s: reason %q, want %q", tt.what, d.Reason(), tt.want)
		}
		w := httptest.NewRecorder()
		o.guard.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("%s: status %d, want %d", tt.what, w.Code, tt.status)
		}
		if got := strings.Contains(w.Header().Get("WWW-Authenticate"), `error="invalid_token"`); got != (w.Code == 401) {
			t.Errorf("%s: WWW-Authenticate %q", tt.what, w.Header().Get("WWW-Authenticate"))
		}
	}
}

func TestTokenSeenBeforeIsNotVerifiedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		r := request("Bearer " + o.token(t, nil))
		check := func(what string, want guard.Reason, asked int64) {
			t.Helper()
			o.keys.asked.Store(0)
			if got := o.guard.Check(r).Reason(); got != want {
				t.Errorf("%s: reason %q, want %q", what, got, want)
			}
			if got := o.keys.asked.Load(); got != asked {
				t.Errorf("%s: the keys were asked %d times, want %d", what, got, asked)
			}
		}
		check("first", "", 1)
		check("again", "", 0)
		time.Sleep(10*time.Minute - time.Second - 1) // of the bubble; exp is in whole seconds
		check("just before it expires", "", 0)

		// The key is retired: the cache must not outlive it.
		set, err := jwt.NewKeySet()
		if err != nil {
			t.Fatal(err)
		}
		o.keys.set = set
		o.bearer.Flush()
		check("the key is retired", "invalid-token", 1)

		time.Sleep(time.Second + 1)
		check("expired", "invalid-token", 1)
	})
}

func TestRememberedTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t)
		exp := time.Now().Add(time.Minute)
		r := request("Bearer " + o.token(t, map[string]any{"exp": exp.Unix()}))
		for _, tt := range []struct {
			what string
			at   time.Time
			want guard.Reason
		}{
			{"new", time.Now(), ""},
			{"a nanosecond before exp", exp.Add(-1), ""},
			{"at exp (RFC 7519, 4.1.4: on or after)", exp, "expired-token"},
			{"a second after", exp.Add(time.Second), "expired-token"},
		} {
			time.Sleep(time.Until(tt.at))
			if got := o.guard.Check(r).Reason(); got != tt.want {
				t.Errorf("%s: reason %q, want %q", tt.what, got, tt.want)
			}
		}
	})
}

func TestKeysThatCannotBeReadAreNotABadToken(t *testing.T) {
	o := newOffice(t)
	o.keys.err = errors.New("disk is gone")
	d := o.guard.Check(request("Bearer " + o.token(t, nil)))
	if d.Reason() != guard.StoreUnavailable {
		t.Errorf("reason %q, want store-unavailable", d.Reason())
	}
}

func TestBearerIsSafeForConcurrentUse(t *testing.T) {
	o := newOffice(t)
	tokens := []string{o.token(t, nil), o.token(t, map[string]any{"jti": "t2"}), "bad"}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 100 {
				n := (i + j) % 3
				if got := o.guard.Check(request("Bearer " + tokens[n])).Allowed(); got != (n < 2) {
					t.Errorf("token %d: allowed %v", n, got)
				}
				if j%25 == 0 {
					o.bearer.Flush()
				}
			}
		})
	}
	wg.Wait()
}

// FuzzAuthorization: whatever the header and the query look like, nobody comes in without exactly this token.
func FuzzAuthorization(f *testing.F) {
	o := newOffice(f)
	// A token of fixed bytes cannot be in a corpus: @ stands for it.
	good := o.token(f, map[string]any{"exp": time.Now().Add(24 * time.Hour).Unix()})
	for _, s := range []string{"Bearer @", "bearer   @", "Bearer @, Bearer @", "Bearer @\x00Bearer @", "@", "Bearer", "Bearer @=",
		"Basic @", "Bearer\t@", " Bearer @", "Bearer @ ", "Bearer @.", "Bearer .@", "BEARER @@", "Bearer\u00a0@", "Bearer @\x00", "\x00"} {
		f.Add(s, "")
		f.Add(s, "access_token=@")
	}
	f.Fuzz(func(t *testing.T, header, query string) {
		r := &http.Request{Method: "GET", Header: http.Header{}, URL: &url.URL{Path: "/", RawQuery: query}}
		r.Header["Authorization"] = strings.Split(strings.ReplaceAll(header, "@", good), "\x00")
		d := o.guard.Check(r)
		if (d.Principal != nil) != d.Allowed() || (d.Reason() == "") != d.Allowed() || (d.Err == nil) != d.Allowed() {
			t.Fatalf("a decision that contradicts itself: %+v", d)
		}
		// Said another way than the parser says it.
		fields := r.Header["Authorization"]
		scheme, rest, _ := strings.Cut(fields[0], " ")
		params, _ := url.ParseQuery(strings.ReplaceAll(query, ";", "&"))
		want := len(fields) == 1 && strings.EqualFold(scheme, "bearer") && strings.TrimLeft(rest, " ") == good && !params.Has("access_token")
		if d.Allowed() != want {
			t.Fatalf("%q ? %q: allowed %v, want %v (%v)", header, query, d.Allowed(), want, d.Err)
		}
		if !want {
			w := httptest.NewRecorder()
			guard.Refuse(w, d)
			if w.Code < 400 {
				t.Fatalf("%q: status %d", header, w.Code)
			}
			if strings.Contains(w.Body.String()+w.Header().Get("WWW-Authenticate"), good) {
				t.Fatalf("%q: the answer holds the token", header)
			}
		}
	})
}

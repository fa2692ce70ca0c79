package guard_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

// site is a server with sessions and tokens: the session cookie is asked first.
type site struct {
	*office
	store    *faults
	sessions *session.Manager
	guard    *guard.Guard
}

// faults is a store that can be down.
type faults struct {
	session.Store
	err  error
	kind session.Kind // what every session is said to be
}

func (f *faults) Load(ctx context.Context, k session.Key) (session.Record, error) {
	if f.err != nil {
		return session.Record{}, f.err
	}
	rec, err := f.Store.Load(ctx, k)
	if err == nil {
		rec.Kind = f.kind
	}
	return rec, err
}

func people(_ context.Context, subject string) (guard.Principal, error) {
	switch subject {
	case "minsu":
		return guard.Principal{ID: subject, Email: "minsu@example.org", Groups: []string{"staff"},
			Via: "who says", Session: "so", Scopes: []string{"all"}, ClientID: "x"}, nil
	case "disabled":
		return guard.Principal{}, &guard.Error{Reason: session.AccountDisabled}
	case "unlucky":
		return guard.Principal{}, errors.New("disk is gone")
	case "trap":
		panic("boom")
	}
	return guard.Principal{}, nil
}

func newSite(t testing.TB, o *session.Options, rules ...guard.Rule) *site {
	t.Helper()
	s := &site{office: newOffice(t), store: &faults{Store: memstore.New()}}
	if o == nil {
		o = &session.Options{}
	}
	o.Logger = slog.New(slog.DiscardHandler)
	var err error
	if s.sessions, err = session.New(s.store, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.sessions.Close() })
	s.guard, err = guard.New([]guard.Scheme{guard.Session(s.sessions, people), s.bearer}, rules...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// signIn returns the Cookie header of a new session, and its handle.
func (s *site) signIn(t testing.TB, subject string) (cookie, handle string) {
	t.Helper()
	p, err := s.sessions.SignIn(t.Context(), session.SignIn{Subject: subject, AMR: []string{"pwd"}})
	if err != nil {
		t.Fatal(err)
	}
	c := s.sessions.Cookie(p)
	return c.Name + "=" + c.Value, p.Record.Handle
}

// check decides twice: behind the session middleware, and without it. Both must say the same.
func (s *site) check(t testing.TB, r *http.Request) guard.Decision {
	t.Helper()
	bare := s.guard.Check(r)
	behind := bare
	w := httptest.NewRecorder()
	s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { behind = s.guard.Check(r) })).ServeHTTP(w, r)
	if bare.Reason() != behind.Reason() || steps(bare) != steps(behind) {
		t.Errorf("behind the middleware: %s; without it: %s", steps(behind), steps(bare))
	}
	return bare
}

func TestTheCookieDecides(t *testing.T) {
	s := newSite(t, nil)
	cookie, _ := s.signIn(t, "minsu")
	other, handle := s.signIn(t, "minsu")
	if _, err := s.sessions.EndHandle(t.Context(), nil, handle, session.SignedOutElsewhere); err != nil {
		t.Fatal(err)
	}
	anonymous := s.anonymous(t)
	unknown := "__Host-session=" + strings.Repeat("A", 43)
	good, bad := "Bearer "+s.token(t, nil), "Bearer x"

	tests := []struct {
		what   string
		cookie string
		auth   []string
		want   guard.Reason
		steps  string
	}{
		{"a session", cookie, nil, "", "session: passed"},
		{"a session beside other cookies", "a=1; " + cookie + "; b=2", nil, "", "session: passed"},
		{"a token", "", []string{good}, "", "session: absent; bearer: passed"},
		{"neither", "", nil, "no-credentials", "session: absent; bearer: absent"},
		{"a session and a bad token: not looked at", cookie, []string{bad}, "", "session: passed"},
		{"a session that ended", other, nil, "signed-out-elsewhere", "session: refused (signed-out-elsewhere)"},
		{"a session that ended and a good token: the cookie decides", other, []string{good},
			"signed-out-elsewhere", "session: refused (signed-out-elsewhere)"},
		{"an unknown session and a good token", unknown, []string{good}, "unknown-session", "session: refused (unknown-session)"},
		{"a cookie that cannot be an id", "__Host-session=me", nil, "unknown-session", "session: refused (unknown-session)"},
		{"an empty cookie is none", "__Host-session=", []string{good}, "", "session: absent; bearer: passed"},
		{"two session cookies (SE, CK-P5)", cookie + "; " + other, []string{good}, "duplicate-cookie", "session: refused (duplicate-cookie)"},
		{"the same session cookie twice", cookie + "; " + cookie, nil, "duplicate-cookie", "session: refused (duplicate-cookie)"},
		{"a cookie whose name differs in case", strings.Replace(cookie, "Host", "HOST", 1), nil, "duplicate-cookie", "session: refused (duplicate-cookie)"},
		{"an anonymous session", anonymous, nil, "no-credentials", "session: absent; bearer: absent"},
		{"an anonymous session claims to be nobody: the token is looked at", anonymous, []string{good}, "", "session: absent; bearer: passed"},
		{"an anonymous session and a bad token", anonymous, []string{bad}, "invalid-token", "session: absent; bearer: refused (invalid-token)"},
		{"two Authorization headers", "", []string{good, good}, "duplicate-credentials", "session: absent; bearer: refused (duplicate-credentials)"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			r := request(tt.auth...)
			if tt.cookie != "" {
				r.Header.Set("Cookie", tt.cookie)
			}
			d := s.check(t, r)
			if d.Reason() != tt.want || steps(d) != tt.steps {
				t.Errorf("reason %q, %s\nwant %q, %s", d.Reason(), steps(d), tt.want, tt.steps)
			}
		})
	}
}

// anonymous returns the Cookie header of a session of nobody that holds data.
func (s *site) anonymous(t testing.TB) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := session.Set(session.FromContext(r.Context()), "language", "ko"); err != nil {
			t.Error(err)
		}
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("%d cookies, want one", len(cookies))
	}
	return cookies[0].Name + "=" + cookies[0].Value
}

func TestSessionPrincipal(t *testing.T) {
	s := newSite(t, nil)
	cookie, handle := s.signIn(t, "minsu")
	r := request()
	r.Header.Set("Cookie", cookie)
	p := s.check(t, r).Principal
	if p == nil {
		t.Fatal("refused")
	}
	// What people() says of Via, Session, Scopes and ClientID is not believed: the session knows.
	got := fmt.Sprintf("%s %s %s %v %q %q %q %q", p.ID, p.Email, p.Via, p.Session == handle, p.Groups, p.AMR, p.Scopes, p.ClientID)
	if want := `minsu minsu@example.org session true ["staff"] ["pwd"] [] ""`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if time.Since(p.AuthTime) > time.Minute {
		t.Errorf("AuthTime %v", p.AuthTime)
	}
}

func TestSessionOfSomebodyWhoMayNot_FA_01(t *testing.T) {
	s := newSite(t, nil)
	for subject, want := range map[string]guard.Reason{
		"minsu": "", "disabled": session.AccountDisabled, "unlucky": guard.StoreUnavailable, "trap": guard.InternalError, "nobody": guard.UnknownAccount,
	} {
		r := request()
		cookie, _ := s.signIn(t, subject)
		r.Header.Set("Cookie", cookie)
		if d := s.check(t, r); d.Reason() != want {
			t.Errorf("%s: reason %q, want %q", subject, d.Reason(), want)
		}
	}
}

func TestEndingReachesTheDecision(t *testing.T) {
	s := newSite(t, nil)
	cookie, handle := s.signIn(t, "minsu")
	s.sessions.EndHandle(t.Context(), nil, handle, session.EndedByAdmin)
	r := request()
	r.Header.Set("Cookie", cookie)
	d := s.check(t, r)
	if d.Ending == nil || d.Ending.Handle != handle || d.Ending.Reason != session.EndedByAdmin {
		t.Errorf("Ending = %+v, want that of %s", d.Ending, handle)
	}
}

func TestIdleSessionSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, &session.Options{Idle: 30 * time.Minute})
		defer s.sessions.Close()
		cookie, _ := s.signIn(t, "minsu")
		r := request()
		r.Header.Set("Cookie", cookie)
		time.Sleep(30 * time.Minute) // of the bubble
		if d := s.guard.Check(r); !d.Allowed() {
			t.Fatalf("at the limit: %v", d.Err)
		}
		time.Sleep(30*time.Minute + 1)
		if d := s.guard.Check(r); d.Reason() != session.Idle {
			t.Errorf("a nanosecond after the limit: reason %q, want idle", d.Reason())
		}
	})
}

func TestStoreThatIsDown_FA_01(t *testing.T) {
	s := newSite(t, &session.Options{CacheBytes: -1})
	cookie, _ := s.signIn(t, "minsu")
	good := "Bearer " + s.token(t, nil)
	for _, err := range []error{errors.New("disk is gone"), context.DeadlineExceeded, context.Canceled} {
		s.store.err = err
		r := request(good) // a token does not help somebody whose cookie cannot be read
		r.Header.Set("Cookie", cookie)
		d := s.guard.Check(r)
		if d.Reason() != guard.StoreUnavailable || !errors.Is(d.Err, err) {
			t.Errorf("%v: reason %q, error %v", err, d.Reason(), d.Err)
		}
		w := httptest.NewRecorder()
		guard.Refuse(w, d)
		if w.Code != 503 || strings.Contains(w.Body.String(), "disk") {
			t.Errorf("%v: %d %s", err, w.Code, w.Body)
		}
	}
}

// A session that /api/token opened has no cookie. Whoever brings one made it from something else.
func TestSessionOfATokenIsNoCookie(t *testing.T) {
	s := newSite(t, &session.Options{CacheBytes: -1})
	cookie, _ := s.signIn(t, "minsu")
	s.store.kind = session.Token
	r := request("Bearer " + s.token(t, nil))
	r.Header.Set("Cookie", cookie)
	if d := s.check(t, r); d.Reason() != guard.UnknownSession {
		t.Errorf("reason %q, want unknown-session", d.Reason())
	}
}

// Nobody was signed in with it, so nobody was signed out: the token is looked at.
func TestAnonymousSessionThatEndedIsAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, &session.Options{Idle: time.Minute})
		defer s.sessions.Close()
		r := request()
		r.Header.Set("Cookie", s.anonymous(t))
		time.Sleep(time.Hour) // of the bubble
		if d := s.check(t, r); d.Reason() != guard.NoCredentials || steps(d) != "session: absent; bearer: absent" {
			t.Errorf("%s, want no-credentials", steps(d))
		}
		r.Header.Set("Authorization", "Bearer "+s.token(t, nil))
		if d := s.check(t, r); !d.Allowed() {
			t.Errorf("with a token: %v", d.Err)
		}
	})
}

func TestTooManyCookies_FA_01(t *testing.T) {
	s := newSite(t, nil)
	cookie, _ := s.signIn(t, "minsu")
	r := request()
	r.Header.Set("Cookie", cookie+strings.Repeat("; a=b", 5000))
	d := s.guard.Check(r)
	w := httptest.NewRecorder()
	guard.Refuse(w, d)
	if d.Reason() != guard.TooLarge || w.Code != 431 {
		t.Errorf("reason %q, status %d; want too-large, 431", d.Reason(), w.Code)
	}
}

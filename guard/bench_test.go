package guard_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/session"
)

// BenchmarkCheck: what a decision costs above the session that it is made of, and a token that was seen before.
func BenchmarkCheck(b *testing.B) {
	s := newSite(b, nil)
	known := guard.Principal{ID: "minsu", Groups: []string{"staff"}}
	who := func(context.Context, string) (guard.Principal, error) { return known, nil }
	g, err := guard.New([]guard.Scheme{guard.Session(s.sessions, who), s.bearer}, guard.Group("staff"))
	if err != nil {
		b.Fatal(err)
	}
	cookie, _ := s.signIn(b, "minsu")
	bySession := request()
	bySession.Header.Set("Cookie", cookie)
	byToken := request("Bearer " + s.token(b, nil))

	// The request as a handler behind the session middleware has it.
	var behind *http.Request
	s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { behind = r })).ServeHTTP(nopWriter{}, bySession)

	b.Run("session load alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.sessions.Load(bySession); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, c := range []struct {
		name string
		r    *http.Request
	}{{"behind the middleware", behind}, {"by session", bySession}, {"by token", byToken}, {"nobody", request()}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d := g.Check(c.r)
				if d.Allowed() != (c.name != "nobody") {
					b.Fatal(d.Err)
				}
			}
		})
	}
}

// A decision costs at most two allocations above the session: the principal, and nothing for what went well.
func TestCheckAllocates(t *testing.T) {
	s := newSite(t, nil)
	known := guard.Principal{ID: "minsu", Groups: []string{"staff"}}
	g, err := guard.New([]guard.Scheme{guard.Session(s.sessions, func(context.Context, string) (guard.Principal, error) { return known, nil })}, guard.Group("staff"))
	if err != nil {
		t.Fatal(err)
	}
	cookie, _ := s.signIn(t, "minsu")
	r := request()
	r.Header.Set("Cookie", cookie)
	var behind *http.Request
	s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { behind = r })).ServeHTTP(nopWriter{}, r)
	if session.FromContext(behind.Context()) == nil {
		t.Fatal("no session in the context")
	}
	if got := testing.AllocsPerRun(100, func() { _ = g.Check(behind) }); got > 2 {
		t.Errorf("%v allocations, want at most 2", got)
	}
}

// A token that was seen before costs no verification, and no more allocations than a session.
func TestRememberedTokenAllocates(t *testing.T) {
	o := newOffice(t)
	known := guard.Principal{ID: "minsu"}
	v, err := jwt.NewVerifier(issuer, audience, o.keys, []jwt.Algorithm{jwt.EdDSA}, &jwt.VerifierOptions{Type: "at+jwt"})
	if err != nil {
		t.Fatal(err)
	}
	g, err := guard.New([]guard.Scheme{guard.Bearer(v, func(context.Context, *guard.Principal) error { return nil },
		func(context.Context, string) (guard.Principal, error) { return known, nil })})
	if err != nil {
		t.Fatal(err)
	}
	r := request("Bearer " + o.token(t, nil))
	if got := testing.AllocsPerRun(100, func() { _ = g.Check(r) }); got > 1 {
		t.Errorf("%v allocations, want 1: the principal", got)
	}
}

type nopWriter struct{}

func (nopWriter) Header() http.Header         { return http.Header{} }
func (nopWriter) Write(p []byte) (int, error) { return len(p), nil }
func (nopWriter) WriteHeader(int)             {}

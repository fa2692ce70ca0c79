package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/page"
	"github.com/cloakroom/cloakroom/session"
)

// maxBody is enough for every form and JSON body here: a password has at most 1,024 bytes.
const maxBody = 64 << 10

// zone is a part of the site with rules of its own: what is checked before a handler, and how its
// errors are written.
type zone struct {
	name   string
	before func(w http.ResponseWriter, r *http.Request) error // nil = nothing
	fail   func(w http.ResponseWriter, r *http.Request, err error)
	around func(http.Handler) http.Handler // nil = nothing
}

// unchecked is the zone for addresses at which nothing can be done: a form for nowhere is told that it leads nowhere, not
// what else is wrong with it.
func (z *zone) unchecked() *zone {
	u := *z
	u.before = nil
	return &u
}

// looking is the zone for addresses that look at a session without using it: none is opened for them, and none saved.
func (z *zone) looking() *zone {
	l := *z
	l.around = nil
	return &l
}

func (z *zone) wrap(h handler) http.Handler {
	var out http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if z.before != nil {
			err = z.before(w, r)
		}
		if err == nil {
			err = h(w, r)
		}
		if err != nil {
			z.fail(w, r, err)
		}
	})
	if z.around != nil {
		out = z.around(out)
	}
	return out
}

// pageZone: HTML for people. Sessions, a session-bound token in every form, no script, no frames.
func (s *Server) pageZone() *zone {
	return &zone{
		name: "page",
		before: func(w http.ResponseWriter, r *http.Request) error {
			if isSafe(r.Method) {
				return nil
			}
			if err := s.sameOrigin(r); err != nil {
				return err
			}
			return s.readForm(w, r)
		},
		fail:   s.failPage,
		around: s.withSession,
	}
}

// apiZone: JSON for programs and for scripts of our own origin. A body of another type is what an HTML form sends: it is
// refused also where no body is needed.
func (s *Server) apiZone() *zone {
	return &zone{
		name: "api",
		before: func(w http.ResponseWriter, r *http.Request) error {
			if isSafe(r.Method) {
				return nil
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			if err := s.sameOrigin(r); err != nil {
				return err
			}
			if len(r.Header["Content-Type"]) > 0 && !isJSON(r.Header) {
				return errNotJSON
			}
			return nil
		},
		fail:   s.failProblem,
		around: s.withSession,
	}
}

// oauthZone: RFC 6749 and 7009. It reads no cookie, so that no site can act through a browser.
func (s *Server) oauthZone() *zone {
	return &zone{
		name: "oauth",
		before: func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Pragma", "no-cache") // RFC 6749 section 5.1
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			return nil
		},
		fail: s.failOAuth,
	}
}

// sharedZone: what a program without a secret asks, also one that is a page of another origin.
func (s *Server) sharedZone() *zone {
	z := s.oauthZone()
	before := z.before
	z.before = func(w http.ResponseWriter, r *http.Request) error {
		everyOrigin(w.Header())
		return before(w, r)
	}
	return z
}

// feedZone: the feed of revocations, for programs with a secret. No cookie, and nothing for pages of another origin.
func (s *Server) feedZone() *zone {
	z := s.oauthZone()
	z.name = "feed"
	return z
}

// openZone: documents that everybody may read, from every origin.
func (s *Server) openZone() *zone {
	return &zone{
		name: "open",
		before: func(w http.ResponseWriter, r *http.Request) error {
			everyOrigin(w.Header())
			return nil
		},
		fail: s.failProblem,
	}
}

// forwardZone: the question of a reverse proxy. Nothing is read or written but what the answer needs.
func (s *Server) forwardZone() *zone {
	return &zone{name: "forward-auth", fail: s.failProblem}
}

// siteZone: what stands at the host of each app. Browsers are sent on from here; what is wrong with a request is a problem document.
func (s *Server) siteZone() *zone {
	return &zone{name: "site", fail: s.failProblem}
}

// everyOrigin lets pages of every origin read an answer. Only what reads no cookie may say so.
func everyOrigin(h http.Header) { h.Set("Access-Control-Allow-Origin", "*") }

// preflight answers what a browser asks before a request from another origin (Fetch Standard section 3.3). The star stands for every header but
// Authorization: a secret in a page is none.
func preflight(method string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		h := w.Header()
		h.Set("Access-Control-Allow-Methods", method)
		h.Set("Access-Control-Allow-Headers", "*")
		h.Set("Access-Control-Max-Age", "3600")
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
}

func isSafe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

func (s *Server) sameOrigin(r *http.Request) error {
	if err := s.cross.Check(r); err != nil {
		return &app.Error{Reason: guard.CrossOrigin, Err: err}
	}
	return nil
}

// plainHeaders are for answers that are data: never cached, never guessed to be something else.
func plainHeaders(h http.Header) {
	h["Cache-Control"] = noStore
	h["X-Content-Type-Options"] = nosniff
}

var (
	noStore = []string{"no-store"}
	nosniff = []string{"nosniff"}
)

// baseHeaders stand on every public answer but those to a proxy's question. They say what a browser may do with a page of
// ours: nothing but show it (AU-35, ASVS 3.4). Data has them too, for the day when a browser takes it for a page.
func baseHeaders(strict bool) http.Header {
	h := http.Header{}
	plainHeaders(h)
	h.Set("Content-Security-Policy", page.Policy())
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	if strict {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	return h
}

// withSession puts the session into the context; the change is saved before the first byte.
func (s *Server) withSession(next http.Handler) http.Handler {
	inner := s.app.Sessions().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if t := timed(r.Context()); t != nil {
			t.session = time.Since(t.start) - t.cookie
		}
		next.ServeHTTP(w, r)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if unattended(r.Header) {
			r = asUnattended(r)
		}
		if t := timed(r.Context()); t != nil {
			// Looked for twice, so that its share can be told: 50 ns.
			start := time.Now()
			_, _ = cookie.Get(r.Header, sessionCookie)
			t.cookie = time.Since(start)
		}
		inner.ServeHTTP(w, r)
	})
}

// sessionFailed answers when the session could not be read or saved.
func (s *Server) sessionFailed(w http.ResponseWriter, r *http.Request, err error) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		s.failProblem(w, r, err)
		return
	}
	s.failPage(w, r, err)
}

// member lets only people in who are signed in; others are sent to sign in and come back.
//
//go:noinline
func (s *Server) member(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		d := s.check(s.guard, r)
		if !d.Allowed() {
			if !isGone(d.Reason()) && d.Reason() != session.DuplicateCookie {
				return &refusedError{d}
			}
			return s.askToSignIn(w, r) // which explains, and takes away what it can
		}
		if d.Principal.Via != guard.ViaSession {
			return &app.Error{Reason: guard.NoCredentials} // pages are for browsers: a token opens none
		}
		timing(r)
		return next(w, r.WithContext(context.WithValue(r.Context(), principalKey{}, d.Principal)))
	}
}

// freshFor is how long after proof of the password an administrator may do what matters.
const freshFor = 10 * time.Minute

// admin lets administrators in who proved lately that they are at the keyboard.
func (s *Server) admin(next handler) handler {
	return s.member(func(w http.ResponseWriter, r *http.Request) error {
		p := principal(r)
		if !p.Admin {
			return &app.Error{Reason: guard.AdminRequired}
		}
		if time.Since(p.AuthTime) > freshFor {
			http.Redirect(w, r, page.PathConfirm+"?"+returnQuery(r.URL.Path), http.StatusSeeOther)
			return nil
		}
		return next(w, r)
	})
}

type principalKey struct{}

// principal is who made the request; only behind member.
func principal(r *http.Request) *guard.Principal {
	return r.Context().Value(principalKey{}).(*guard.Principal)
}

// check asks a guard and notes how long that took.
func (s *Server) check(g *guard.Guard, r *http.Request) guard.Decision {
	start := time.Now()
	d := g.Check(r)
	if t := timed(r.Context()); t != nil {
		t.guard = time.Since(start)
	}
	return d
}

// isGone tells the refusals that a new sign-in mends.
func isGone(reason guard.Reason) bool { return status(reason) == http.StatusUnauthorized }

// retryAfter sets the header, in whole seconds rounded up.
func retryAfter(h http.Header, err error) {
	var e *app.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((e.RetryAfter+time.Second-1)/time.Second)))
	}
}

func currentSession(r *http.Request) *session.Session { return session.FromContext(r.Context()) }

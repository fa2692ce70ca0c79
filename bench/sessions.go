package main

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
	"github.com/gorilla/sessions"
)

// writer is a ResponseWriter that costs nothing itself.
type writer struct{ header http.Header }

func (w *writer) Header() http.Header         { return w.header }
func (w *writer) Write(p []byte) (int, error) { return len(p), nil }
func (w *writer) WriteHeader(int)             {}

// serve sends the same request n times.
func serve(h http.Handler, cookies string) func(int) {
	r, err := http.NewRequest("GET", "https://example.test/", nil)
	must(err)
	r.Header.Set("Cookie", "theme=dark; lang=en; "+cookies+"; tz=UTC")
	w := &writer{header: http.Header{}}
	return func(n int) {
		for range n {
			clear(w.header)
			h.ServeHTTP(w, r)
		}
	}
}

type limitKey struct{}

// limitHandler is what nobody can do without: find the cookie, hash the id, look it up, hand it on in a copy of the request.
func limitHandler(id string) http.Handler {
	var mu sync.RWMutex
	records := map[[32]byte]*session.Record{sha256.Sum256([]byte(id)): {Subject: "anna"}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie(name)
		must(err)
		key := sha256.Sum256([]byte(c.Value))
		mu.RLock()
		rec := records[key]
		mu.RUnlock()
		w.Header().Set("Cache-Control", "no-store")
		r = r.WithContext(context.WithValue(r.Context(), limitKey{}, rec))
		if r.Context().Value(limitKey{}).(*session.Record).Subject != "anna" {
			panic("not found")
		}
	})
}

// oursWith is our middleware over memory with 10,000 live sessions; the cookie is of the last one.
func oursWith(h http.HandlerFunc) (http.Handler, string) {
	m, err := session.New(memstore.New(), &session.Options{Logger: slog.New(slog.DiscardHandler)})
	must(err)
	var c *http.Cookie
	for i := range 10_000 {
		p, err := m.SignIn(context.Background(), session.SignIn{Subject: "s" + strconv.Itoa(i), AMR: []string{"pwd"}})
		must(err)
		c = m.Cookie(p)
	}
	handler := m.Handler(h)
	first := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		must(session.Set(session.FromContext(r.Context()), "n", 1))
	}))
	serve(first, c.Name+"="+c.Value)(1)
	return handler, c.Name + "=" + c.Value
}

func scsWith(h http.HandlerFunc, m *scs.SessionManager) (http.Handler, string) {
	var token string
	for range 10_000 {
		ctx, err := m.Load(context.Background(), "")
		must(err)
		m.Put(ctx, "n", 1)
		token, _, err = m.Commit(ctx)
		must(err)
	}
	return m.LoadAndSave(h), m.Cookie.Name + "=" + token
}

func readRow() row {
	id := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	ours, oursCookie := oursWith(func(w http.ResponseWriter, r *http.Request) {
		if n, ok := session.Get[int](session.FromContext(r.Context()), "n"); !ok || n < 1 {
			panic("not found")
		}
	})
	m := scs.New()
	m.Lifetime, m.Cookie.Name = 24*time.Hour, "scs"
	peer, peerCookie := scsWith(func(w http.ResponseWriter, r *http.Request) {
		if m.GetInt(r.Context(), "n") < 1 {
			panic("not found")
		}
	}, m)
	store := sessions.NewCookieStore(make([]byte, 32))
	gorilla := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fresh := *r // it keeps what it decoded in the request
		s, err := store.Get(&fresh, "gorilla")
		must(err)
		if s.Values["n"].(int) < 1 {
			panic("not found")
		}
	})
	return row{
		budget: 2,
		limit:  subject{"cookie scan + SHA-256 + map", serve(limitHandler(id), name+"="+id)},
		ours:   subject{"session.Manager", serve(ours, oursCookie)},
		peers:  []subject{{"scs, in memory", serve(peer, peerCookie)}, {"gorilla/sessions, in a cookie", serve(gorilla, gorillaCookie(store))}},
	}
}

// gorillaCookie makes the cookie of a session with n = 1.
func gorillaCookie(store *sessions.CookieStore) string {
	r, err := http.NewRequest("GET", "https://example.test/", nil)
	must(err)
	w := &writer{header: http.Header{}}
	s, err := store.Get(r, "gorilla")
	must(err)
	s.Values["n"] = 1
	must(s.Save(r, w))
	c, err := http.ParseSetCookie(w.header.Get("Set-Cookie"))
	must(err)
	return c.Name + "=" + c.Value
}

func saveRow() row {
	id := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	ours, oursCookie := oursWith(func(w http.ResponseWriter, r *http.Request) {
		s := session.FromContext(r.Context())
		n, _ := session.Get[int](s, "n")
		must(session.Set(s, "n", n+1))
	})
	m := scs.New()
	m.Lifetime, m.Cookie.Name = 24*time.Hour, "scs"
	peer, peerCookie := scsWith(func(w http.ResponseWriter, r *http.Request) {
		m.Put(r.Context(), "n", m.GetInt(r.Context(), "n")+1)
	}, m)
	return row{
		budget: 4,
		limit:  subject{"cookie scan + SHA-256 + map", serve(limitHandler(id), name+"="+id)},
		ours:   subject{"session.Manager", serve(ours, oursCookie)},
		peers:  []subject{{"scs, in memory", serve(peer, peerCookie)}},
	}
}

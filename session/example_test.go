package session_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

func Example() {
	sessions, err := session.New(memstore.New(), nil)
	if err != nil {
		panic(err)
	}
	defer sessions.Close()

	home := func(w http.ResponseWriter, r *http.Request) {
		s := session.FromContext(r.Context())
		visits, _ := session.Get[int](s, "visits")
		if err := session.Set(s, "visits", visits+1); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "You have been here %d times before.", visits)
	}

	server := httptest.NewTLSServer(sessions.Handler(http.HandlerFunc(home)))
	defer server.Close()
	client := server.Client()
	client.Jar, _ = cookiejar.New(nil)
	for range 3 {
		res, err := client.Get(server.URL)
		if err != nil {
			panic(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		fmt.Println(string(body))
	}
	// Output:
	// You have been here 0 times before.
	// You have been here 1 times before.
	// You have been here 2 times before.
}

// Signing in and out. The id changes with both, and why a session ended is not forgotten.
func ExampleSession_SignIn() {
	sessions, err := session.New(memstore.New(), &session.Options{Logger: quiet})
	if err != nil {
		panic(err)
	}
	defer sessions.Close()

	mux := http.NewServeMux()
	mux.HandleFunc("/signin", func(w http.ResponseWriter, r *http.Request) {
		s := session.FromContext(r.Context()) // the password was checked before this
		if err := s.SignIn(r.Context(), session.SignIn{Subject: "alice", AMR: []string{"pwd"}}); err != nil {
			http.Error(w, "store-unavailable", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/signout", func(w http.ResponseWriter, r *http.Request) {
		if err := session.FromContext(r.Context()).End(r.Context(), session.SignedOut); err != nil {
			http.Error(w, "store-unavailable", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/me", func(w http.ResponseWriter, r *http.Request) {
		s := session.FromContext(r.Context())
		if why, _ := s.WhyNew(); s.Subject() == "" {
			http.Error(w, string(why), http.StatusUnauthorized)
			return
		}
		fmt.Fprintln(w, s.Subject())
	})
	h := sessions.Handler(mux)

	var cookie *http.Cookie
	request := func(path string) {
		r := httptest.NewRequest("GET", path, nil)
		if cookie != nil {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		for _, c := range w.Result().Cookies() {
			if c.MaxAge >= 0 { // a thief would keep the cookie that sign-out deletes
				cookie = c
			}
		}
		fmt.Println(strings.TrimSpace(fmt.Sprint(path, " ", w.Code, " ", w.Body)))
	}
	request("/me")
	request("/signin")
	request("/me")
	request("/signout")
	request("/me")
	// Output:
	// /me 401 no-credentials
	// /signin 200
	// /me 200 alice
	// /signout 200
	// /me 401 signed-out
}

// Limits that NIST recommends for assurance level 2; one of them changed for the worse.
func ExampleAAL2() {
	o := session.AAL2()
	o.Idle *= 2
	sessions, err := session.New(memstore.New(), o)
	if err != nil {
		panic(err)
	}
	defer sessions.Close()
	for _, w := range sessions.Warnings() {
		fmt.Println(w)
	}
	// Output:
	// session: Idle is 2h0m0s; NIST SP 800-63B-4 recommends at most 1h0m0s at AAL2
}

// A page that is left open asks by a timer, and its script says so: the session still ends when nobody has used it for Options.Idle.
func ExampleUnattended() {
	sessions, err := session.New(memstore.New(), &session.Options{Logger: quiet})
	if err != nil {
		panic(err)
	}
	defer sessions.Close()
	plan, err := sessions.SignIn(context.Background(), session.SignIn{Subject: "alice"})
	if err != nil {
		panic(err)
	}

	page := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := session.FromContext(r.Context())
		fmt.Println(s.Subject(), "used the page:", s.Record().Seen.After(plan.Record.Seen))
	}))
	site := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("poll") {
			r = r.WithContext(session.Unattended(r.Context()))
		}
		page.ServeHTTP(w, r)
	})
	for _, link := range []string{"/news?poll", "/news"} {
		r := httptest.NewRequest("GET", link, nil)
		r.AddCookie(sessions.Cookie(plan))
		site.ServeHTTP(httptest.NewRecorder(), r)
	}
	// Output:
	// alice used the page: false
	// alice used the page: true
}

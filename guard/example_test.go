package guard_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

// person is where a program looks its people up.
func person(_ context.Context, id string) (guard.Principal, error) {
	return guard.Principal{ID: id, Name: "Minsu", Groups: []string{"staff"}}, nil
}

// Pages for people who are signed in.
func Example() {
	sessions, err := session.New(memstore.New(), nil)
	if err != nil {
		panic(err)
	}
	g, err := guard.New([]guard.Scheme{guard.Session(sessions, person)})
	if err != nil {
		panic(err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "hello", guard.FromContext(r.Context()).Principal.Name)
	})
	site := sessions.Handler(g.Handler(hello))

	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest("GET", "/", nil)) // nobody signed in
	fmt.Println(w.Code, w.Body)
	// Output:
	// 401 {"type":"about:blank","title":"Unauthorized","status":401,"detail":"You are not signed in.","reason":"no-credentials"}
}

// Sessions for browsers, tokens for programs, and a page for administrators who signed in lately. A decision says why.
func ExampleGuard_Check() {
	sessions, err := session.New(memstore.New(), &session.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	key, err := jwt.GenerateKey(jwt.ES256)
	if err != nil {
		panic(err)
	}
	keys, err := jwt.NewKeySet(key)
	if err != nil {
		panic(err)
	}
	verifier, err := jwt.NewVerifier("https://login.example", "https://api.example", keys, keys.Algorithms(),
		&jwt.VerifierOptions{Type: "at+jwt"})
	if err != nil {
		panic(err)
	}
	live := func(context.Context, *guard.Principal) error { return nil } // ask here whether the token's session still lives
	bearer := guard.Bearer(verifier, live, person)
	everybody, err := guard.New([]guard.Scheme{guard.Session(sessions, person), bearer})
	if err != nil {
		panic(err)
	}
	admins := everybody.With(guard.Group("admins"), guard.MaxAge(10*time.Minute))

	plan, err := sessions.SignIn(context.Background(), session.SignIn{Subject: "u1"})
	if err != nil {
		panic(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(sessions.Cookie(plan))
	for _, g := range []*guard.Guard{everybody, admins} {
		d := g.Check(r)
		fmt.Println("allowed:", d.Allowed())
		for _, step := range d.Steps() {
			fmt.Println(" ", step)
		}
	}
	fmt.Println(guard.Sentence(guard.NotInGroup))
	// Output:
	// allowed: true
	//   session: passed
	// allowed: false
	//   session: passed
	//   group: refused (not-in-group)
	// You are signed in, but not in a group that may do this.
}

// A rule of one's own: a method with a name.
type weekday struct{}

func (weekday) Name() string { return "weekday" }

func (weekday) Check(*http.Request, *guard.Principal) error {
	if d := time.Now().Weekday(); d == time.Saturday || d == time.Sunday {
		return &guard.Error{Reason: "closed-on-weekends"}
	}
	return nil
}

func ExampleRule() {
	sessions, err := session.New(memstore.New(), nil)
	if err != nil {
		panic(err)
	}
	g, err := guard.New([]guard.Scheme{guard.Session(sessions, person)}, weekday{})
	fmt.Println(g != nil, err)
	// Output: true <nil>
}

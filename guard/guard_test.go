package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/session"
)

// door is a scheme of the test's own.
type door struct {
	name string
	open func(*http.Request) (*guard.Principal, error)
}

func (d door) Name() string                                           { return d.name }
func (d door) Authenticate(r *http.Request) (*guard.Principal, error) { return d.open(r) }

type condition struct {
	name  string
	check func(*http.Request, *guard.Principal) error
}

func (c condition) Name() string                                    { return c.name }
func (c condition) Check(r *http.Request, p *guard.Principal) error { return c.check(r, p) }

func knows(p guard.Principal) door {
	return door{"knows", func(*http.Request) (*guard.Principal, error) { return &p, nil }}
}

func fails(err error) door {
	return door{"fails", func(*http.Request) (*guard.Principal, error) { return nil, err }}
}

var (
	minsu   = guard.Principal{ID: "minsu", Groups: []string{"staff"}, Via: guard.ViaSession}
	nothing = door{"nothing", func(*http.Request) (*guard.Principal, error) { return nil, guard.ErrNoCredentials }}
	empty   = door{"empty", func(*http.Request) (*guard.Principal, error) { return nil, nil }}
	bomb    = door{"bomb", func(*http.Request) (*guard.Principal, error) { panic("boom") }}
	nilmap  = door{"nilmap", func(*http.Request) (*guard.Principal, error) {
		var p *guard.Principal
		return p, errors.New(p.Name)
	}}
	agrees   = condition{"agrees", func(*http.Request, *guard.Principal) error { return nil }}
	rulebomb = condition{"rulebomb", func(*http.Request, *guard.Principal) error { panic("boom") }}
	broken   = condition{"broken", func(*http.Request, *guard.Principal) error { return errors.New("no answer") }}
)

func steps(d guard.Decision) string {
	var lines []string
	for _, s := range d.Steps() {
		lines = append(lines, s.String())
	}
	return strings.Join(lines, "; ")
}

func TestCheck(t *testing.T) {
	ended := &session.EndedError{Ending: session.Ending{Reason: session.SignedOutElsewhere}}
	tests := []struct {
		what    string
		schemes []guard.Scheme
		rules   []guard.Rule
		want    guard.Reason // "" = allowed
		steps   string
	}{
		{"somebody whom a scheme knows", []guard.Scheme{knows(minsu)}, nil,
			"", "knows: passed"},
		{"success is explained too", []guard.Scheme{nothing, knows(minsu)}, []guard.Rule{agrees, guard.Group("staff")},
			"", "nothing: absent; knows: passed; agrees: passed; group: passed"},
		{"nobody", []guard.Scheme{nothing, nothing}, []guard.Rule{agrees},
			"no-credentials", "nothing: absent; nothing: absent"},
		{"absent, wrapped by somebody", []guard.Scheme{fails(fmt.Errorf("cookie: %w", guard.ErrNoCredentials)), knows(minsu)}, nil,
			"", "fails: absent; knows: passed"},
		{"a refused credential is final, a good one after it is not asked",
			[]guard.Scheme{fails(&guard.Error{Reason: guard.UnknownSession}), knows(minsu)}, nil,
			"unknown-session", "fails: refused (unknown-session)"},
		{"the first scheme that knows somebody decides, a bad credential after it is not looked at",
			[]guard.Scheme{knows(minsu), fails(&guard.Error{Reason: guard.InvalidToken})}, nil,
			"", "knows: passed"},
		{"a session that ended keeps its reason", []guard.Scheme{fails(fmt.Errorf("load: %w", ended))}, nil,
			"signed-out-elsewhere", "fails: refused (signed-out-elsewhere)"},
		{"a rule refuses, the next is not asked", []guard.Scheme{knows(minsu)}, []guard.Rule{agrees, guard.Group("board"), rulebomb},
			"not-in-group", "knows: passed; agrees: passed; group: refused (not-in-group)"},

		// fail closed
		{"a store that does not answer (FA-01)", []guard.Scheme{fails(errors.New("disk is gone")), knows(minsu)}, nil,
			"store-unavailable", "fails: refused (store-unavailable)"},
		{"a timeout (FA-01)", []guard.Scheme{fails(context.DeadlineExceeded)}, nil,
			"store-unavailable", "fails: refused (store-unavailable)"},
		{"an Error whose reason was forgotten (FA-01)", []guard.Scheme{fails(&guard.Error{})}, nil,
			"store-unavailable", "fails: refused (store-unavailable)"},
		{"neither a principal nor an error (FA-01)", []guard.Scheme{empty, knows(minsu)}, nil,
			"internal-error", "empty: refused (internal-error)"},
		{"a scheme panics (FA-01)", []guard.Scheme{bomb, knows(minsu)}, nil,
			"internal-error", "bomb: refused (internal-error)"},
		{"a scheme follows a nil pointer (FA-01)", []guard.Scheme{nothing, nilmap}, nil,
			"internal-error", "nothing: absent; nilmap: refused (internal-error)"},
		{"a rule panics (FA-01)", []guard.Scheme{knows(minsu)}, []guard.Rule{agrees, rulebomb},
			"internal-error", "knows: passed; agrees: passed; rulebomb: refused (internal-error)"},
		{"a rule cannot answer (FA-01)", []guard.Scheme{knows(minsu)}, []guard.Rule{broken},
			"store-unavailable", "knows: passed; broken: refused (store-unavailable)"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			g, err := guard.New(tt.schemes, tt.rules...)
			if err != nil {
				t.Fatal(err)
			}
			d := g.Check(httptest.NewRequest("GET", "/", nil))
			if d.Reason() != tt.want || d.Allowed() != (tt.want == "") {
				t.Errorf("reason %q, allowed %v; want %q", d.Reason(), d.Allowed(), tt.want)
			}
			if got := steps(d); got != tt.steps {
				t.Errorf("steps\n got %s\nwant %s", got, tt.steps)
			}
			if d.Allowed() != (d.Principal != nil) || d.Allowed() != (d.Err == nil) {
				t.Errorf("allowed %v with principal %v and error %v", d.Allowed(), d.Principal, d.Err)
			}
		})
	}
}

func TestZeroValuesRefuse_FA_01(t *testing.T) {
	var zero guard.Guard
	var missing *guard.Guard
	var undecided guard.Decision
	r := httptest.NewRequest("GET", "/", nil)
	for what, d := range map[string]guard.Decision{
		"the zero Decision":                      undecided,
		"the zero Guard":                         zero.Check(r),
		"the zero Guard with a rule that agrees": zero.With(agrees).Check(r),
		"the nil Guard":                          missing.Check(r),
		"the nil Guard with a rule":              missing.With(agrees).Check(r),
		"no request":                             zero.Check(nil),
		"a forged Principal":                     {Principal: &minsu},
	} {
		if d.Allowed() || d.Reason() == "" {
			t.Errorf("%s: allowed %v, reason %q", what, d.Allowed(), d.Reason())
		}
		w := httptest.NewRecorder()
		guard.Refuse(w, d)
		if w.Code < 400 {
			t.Errorf("%s: status %d", what, w.Code)
		}
	}
	w := httptest.NewRecorder()
	missing.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
	if w.Code != 500 {
		t.Errorf("handler of the nil Guard: status %d, want 500", w.Code)
	}
}

func TestRefuseOfAnAllowedDecisionIsNoSuccess_FA_01(t *testing.T) {
	g, _ := guard.New([]guard.Scheme{knows(minsu)})
	w := httptest.NewRecorder()
	guard.Refuse(w, g.Check(httptest.NewRequest("GET", "/", nil)))
	if w.Code != 500 {
		t.Errorf("status %d, want 500", w.Code)
	}
}

func TestNewRefusesWhatIsMissing(t *testing.T) {
	for what, make := range map[string]func() (*guard.Guard, error){
		"no scheme":            func() (*guard.Guard, error) { return guard.New(nil) },
		"a nil scheme":         func() (*guard.Guard, error) { return guard.New([]guard.Scheme{nil}) },
		"a nil rule":           func() (*guard.Guard, error) { return guard.New([]guard.Scheme{nothing}, nil) },
		"a Session of nothing": func() (*guard.Guard, error) { return guard.New([]guard.Scheme{guard.Session(nil, nil)}) },
		"a Bearer of nothing":  func() (*guard.Guard, error) { return guard.New([]guard.Scheme{guard.Bearer(nil, nil, nil)}) },
		"a nil *BearerScheme":  func() (*guard.Guard, error) { return guard.New([]guard.Scheme{(*guard.BearerScheme)(nil)}) },
	} {
		if g, err := make(); err == nil || g != nil {
			t.Errorf("%s: guard %v, error %v; want an error only", what, g, err)
		} else if !strings.HasPrefix(err.Error(), "guard: ") {
			t.Errorf("%s: error %q without the package's name", what, err)
		}
	}
	g, _ := guard.New([]guard.Scheme{knows(minsu)})
	if g.With(nil).Check(httptest.NewRequest("GET", "/", nil)).Allowed() {
		t.Error("With(nil) admits somebody")
	}
}

func TestWithLeavesTheGuardAsItWas(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	g, err := guard.New([]guard.Scheme{knows(minsu)}, agrees)
	if err != nil {
		t.Fatal(err)
	}
	board, staff := g.With(guard.Group("board")), g.With(guard.Group("staff"))
	for _, c := range []struct {
		what string
		g    *guard.Guard
		want bool
	}{{"the guard itself", g, true}, {"with board", board, false}, {"with staff", staff, true},
		{"staff, then board", staff.With(guard.Group("board")), false}, {"board, then staff", board.With(guard.Group("staff")), false}} {
		if got := c.g.Check(r).Allowed(); got != c.want {
			t.Errorf("%s: allowed %v, want %v", c.what, got, c.want)
		}
	}
}

func TestIdentifiedThoughRefused(t *testing.T) {
	g, _ := guard.New([]guard.Scheme{knows(minsu)}, guard.Group("board"))
	d := g.Check(httptest.NewRequest("GET", "/", nil))
	if d.Principal != nil {
		t.Error("a refused decision has a Principal")
	}
	if who := d.Identified(); who == nil || who.ID != "minsu" {
		t.Errorf("Identified() = %v, want minsu", who)
	}
}

func TestPanicKeepsItsStackForTheLog(t *testing.T) {
	g, _ := guard.New([]guard.Scheme{bomb})
	d := g.Check(httptest.NewRequest("GET", "/", nil))
	var p *guard.PanicError
	if !errors.As(d.Err, &p) || p.Value != "boom" || len(p.Stack) == 0 {
		t.Errorf("Err = %v, want a PanicError with its stack", d.Err)
	}
}

func TestHandlerPutsTheDecisionInTheContext(t *testing.T) {
	g, _ := guard.New([]guard.Scheme{knows(minsu)})
	h := g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, guard.FromContext(r.Context()).Principal.ID)
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 200 || w.Body.String() != "minsu" {
		t.Errorf("%d %q, want 200 minsu", w.Code, w.Body)
	}
	if d := guard.FromContext(context.Background()); d != nil {
		t.Errorf("FromContext without a guard = %v, want nil", d)
	}
}

// A handler behind a guard that refuses is never reached, whatever went wrong.
func TestHandlerIsNotReachedUnlessAllowed_FA_01(t *testing.T) {
	for _, s := range []guard.Scheme{nothing, empty, bomb, nilmap, fails(errors.New("store")), fails(&guard.Error{})} {
		g, _ := guard.New([]guard.Scheme{s})
		w := httptest.NewRecorder()
		g.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			t.Errorf("%s: the handler was reached", s.Name())
		})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code < 400 {
			t.Errorf("%s: status %d", s.Name(), w.Code)
		}
	}
}

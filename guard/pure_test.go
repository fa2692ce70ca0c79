package guard_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cloakroom/cloakroom/guard"
)

// Check has no way to a response: it takes a request and returns a decision, and so do schemes and rules.
// This is the compiler's part of the proof; TestCheckChangesNothing is the rest.
var (
	_ func(*guard.Guard, *http.Request) guard.Decision            = (*guard.Guard).Check
	_ func(guard.Scheme, *http.Request) (*guard.Principal, error) = guard.Scheme.Authenticate
	_ func(guard.Rule, *http.Request, *guard.Principal) error     = guard.Rule.Check
)

// untouchable is a body that nobody may read: a check must not take what is meant for the handler.
type untouchable struct{ t *rapid.T }

func (u untouchable) Read([]byte) (int, error) { u.t.Fatal("the body was read"); return 0, io.EOF }
func (u untouchable) Close() error             { u.t.Fatal("the body was closed"); return nil }

// Whatever comes in, Check writes nothing: not to the response, not to the request, and it says the same twice.
func TestCheckChangesNothing(t *testing.T) {
	s := newSite(t, nil, guard.Method("GET", "POST"), guard.Group("staff"))
	cookie, _ := s.signIn(t, "minsu")
	good := s.token(t, nil)
	value := rapid.OneOf(
		rapid.SampledFrom([]string{"Bearer " + good, "Bearer", "Bearer x", "Basic x", cookie, cookie + "; " + cookie, "__Host-session=x", "a=b"}),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		r := httptest.NewRequest(rapid.SampledFrom([]string{"GET", "POST", "HEAD", "PUT"}).Draw(t, "method"), "/?"+rapid.StringMatching(`[a-z=&_%]{0,20}`).Draw(t, "query"), nil)
		r.Body = untouchable{t}
		for _, name := range []string{"Authorization", "Cookie", "X-Forwarded-User"} {
			if values := rapid.SliceOfN(value, 0, 2).Draw(t, name); len(values) > 0 {
				r.Header[name] = values
			}
		}
		header, url := r.Header.Clone(), *r.URL

		var first, second guard.Decision
		w := httptest.NewRecorder()
		h := s.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { first = s.guard.Check(r) }))
		h.ServeHTTP(w, r)
		second = s.guard.Check(r)

		if w.Code == 200 && (w.Body.Len() != 0 || w.Header().Get("Set-Cookie") != "") {
			t.Fatalf("a check answered: %v %s", w.Header(), w.Body)
		}
		if !reflect.DeepEqual(r.Header, header) || *r.URL != url {
			t.Fatalf("a check changed the request: %v, was %v", r.Header, header)
		}
		if w.Code == 200 && (first.Reason() != second.Reason() || steps(first) != steps(second)) {
			t.Fatalf("two answers to one request: %s; %s", steps(first), steps(second))
		}
		// And nobody comes in without what only minsu has (FA-01).
		sent := strings.Join(append(r.Header["Cookie"], r.Header["Authorization"]...), "\n")
		if second.Allowed() && !strings.Contains(sent, cookie) && !strings.Contains(sent, good) {
			t.Fatalf("allowed without a credential: %q", sent)
		}
	})
}

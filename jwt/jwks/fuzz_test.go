package jwks

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

type answer func(*http.Request) *http.Response

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }

// Whatever a server answers: a fetch that failed changes no key and nothing of the set's age, one that succeeded is
// fresh within the bounds, and neither brings a key that can sign.
func FuzzAnswer(f *testing.F) {
	good := publish(f, newKey(f, "a"))
	f.Add(200, "max-age=600", "", good)
	f.Add(200, "", "", `{"keys":[]}`)
	f.Add(200, "no-store", "", `{"keys":[{"kty":"oct","alg":"HS256","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8"}]}`)
	f.Add(302, "", "https://evil.example/", good)
	f.Add(302, "", "/", "")
	f.Add(500, "max-age=99999999999999999999", "", good)
	f.Add(200, "", "", strings.Repeat("[", 5000))
	f.Fuzz(func(t *testing.T, status int, control, location, body string) {
		var next *http.Response
		hop := 0
		s := newSource(t, answer(func(r *http.Request) *http.Response {
			if r.URL.Scheme != "https" || r.URL.Host != "login.example" && hostPort(r.URL) != "login.example:443" {
				t.Fatalf("another host was asked: %s", r.URL)
			}
			if next == nil || hop > mostRedirects {
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(good)), Request: r}
			}
			hop++
			res := *next
			res.Body, res.Request = io.NopCloser(strings.NewReader(body)), r
			return &res
		}), Options{MaxBytes: 8 << 10})
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := *s.view.Load()
		next = &http.Response{StatusCode: status, Header: http.Header{"Cache-Control": {control}, "Location": {location}}}
		<-s.start(time.Now().Add(Pause))
		after := *s.view.Load()
		if after.err != nil {
			if after.set != before.set || after.asked != before.asked || after.fresh != before.fresh {
				t.Fatalf("a fetch that failed (%v) changed the set", after.err)
			}
			return
		}
		if after.fresh < LeastFresh || after.fresh > MostFresh || after.asked == before.asked {
			t.Fatalf("fresh for %s", after.fresh)
		}
		for _, k := range after.set.Keys() {
			if k.CanSign() {
				t.Fatalf("%v can sign", k)
			}
		}
	})
}

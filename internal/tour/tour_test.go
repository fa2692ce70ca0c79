package tour

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
)

// whole is one tour of all ways, made once for all the tests that only look at it.
var whole = sync.OnceValues(func() (*Report, error) { return Run(context.Background(), nil) })

func wholeTour(t *testing.T) *Report {
	t.Helper()
	r, err := whole()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryPromiseIsObserved(t *testing.T) {
	t.Parallel()
	r := wholeTour(t)
	if len(r.Ways) != 4 {
		t.Fatalf("%d ways", len(r.Ways))
	}
	for _, b := range r.Broken() {
		t.Error(b)
	}
	for _, w := range r.Ways {
		if w.RequestBytes < 80 || w.RequestBytes > 1500 {
			t.Errorf("%s: %d bytes a request", w.Name, w.RequestBytes)
		}
		if w.MicrosPerRequest <= 0 {
			t.Errorf("%s: %v µs a request", w.Name, w.MicrosPerRequest)
		}
		if w.alteredTried < 5 || w.Name == "token" && w.alteredTried < 400 {
			t.Errorf("%s: only %d bytes were altered", w.Name, w.alteredTried)
		}
	}
	if c := r.Ways[2].costs; c.bytesInMemory < 100 || c.bytesInMemory > 2000 || c.coldMicros <= 0 || c.newMicros <= 0 {
		t.Errorf("a session costs %+v", c)
	}
	// The order that the design is about: the more must be looked up or computed, the longer it takes.
	if plain, token := r.Ways[0].MicrosPerRequest, r.Ways[3].MicrosPerRequest; plain >= token {
		t.Errorf("a plain cookie took %v µs, a signature %v µs", plain, token)
	}
}

func TestEveryStepOfTheSystemsIsShown(t *testing.T) {
	t.Parallel()
	shown := map[string]int{}
	for _, s := range wholeTour(t).Steps {
		shown[s.Seed]++
	}
	for _, seed := range []string{
		webURL, webDNS, webOut, webRequest, webResponse, webBack, webPage, cookieStateless, cookieSet, cookieSent, cookieChanged, cookieKept, cookieLimits, cookieExpires,
		sessionID, sessionSent, sessionData, sessionBrowser, sessionLimit, sessionCost,
		versusWhere, versusSpeed, versusSniffed, versusAltered,
		tokenAccount, tokenPayload, tokenSent, tokenKey, tokenVerify, tokenData,
	} {
		if shown[seed] == 0 {
			t.Errorf("no step shows %q", seed)
		}
		delete(shown, seed)
	}
	if len(shown) > 0 {
		t.Errorf("steps that no system has: %v", slices.Sorted(maps.Keys(shown)))
	}
}

func TestStepsAreNumberedAndTellWhatHappened(t *testing.T) {
	t.Parallel()
	r := wholeTour(t)
	looked := 0
	for i, s := range r.Steps {
		if s.N != i+1 {
			t.Errorf("step %d has number %d", i+1, s.N)
		}
		if s.What == "" || s.Observed == "" || strings.Contains(s.Observed, "%!") || strings.HasSuffix(s.Observed, "..") {
			t.Errorf("step %d: %q, observed %q", s.N, s.What, s.Observed)
		}
		if s.way == webWay {
			continue // see TestTheWayToAPage
		}
		if s.Request == "" {
			looked++
			continue
		}
		if !regexp.MustCompile(`^(GET|POST) /\S+ HTTP/1\.1\nHost: (home|brief|api|follower)\.tour\.test:\d+\n`).MatchString(s.Request) {
			t.Errorf("step %d is no request message: %q", s.N, s.Request)
		}
		if !regexp.MustCompile(`^HTTP/1\.1 \d\d\d `).MatchString(s.Response) {
			t.Errorf("step %d is no response message: %q", s.N, s.Response)
		}
	}
	if looked != len(r.Ways) {
		t.Errorf("%d steps without a message; want one a way, where the credential is looked at", looked)
	}
	var out bytes.Buffer
	r.PrintSteps(&out, false)
	for i := range r.Steps {
		if !regexp.MustCompile(`(?m)^ {0,2}` + strconv.Itoa(i+1) + `\. \S`).Match(out.Bytes()) {
			t.Errorf("step %d is not printed with its number", i+1)
		}
	}
}

func TestClientsKeepNoMoreThanTheLimits(t *testing.T) {
	t.Parallel()
	for _, s := range wholeTour(t).Steps {
		if s.Seed != cookieLimits {
			continue
		}
		for _, want := range []string{"keeps 20 of them, by today's 21", "Refused: long, ", "4097 octets", "4096 at most"} {
			if !strings.Contains(s.Observed, want) {
				t.Errorf("observed %q, want %q in it", s.Observed, want)
			}
		}
		if n := strings.Count(s.Response, "Set-Cookie: "); n != manyCookies+1 || len(s.Response) > 2000 {
			t.Errorf("the response has %d cookies and %d bytes", n, len(s.Response))
		}
	}
}

// Each step of the way is there, in order, and none of them is empty.
func TestTheWayToAPage(t *testing.T) {
	t.Parallel()
	want := []struct{ seed, what, request, response, observed string }{
		{webURL, `^Type https://home\.tour\.test:\d+/ `, `^$`, `^$`, `https\), with whom \(home\.tour\.test, port \d+\), and for what to ask \(/\)`},
		{webDNS, `home\.tour\.test`, `^$`, `^$`, `^127\.0\.0\.1:\d+.* says 127\.0\.0\.1, to be kept for 60 s; it took [\d.,]+ µs`},
		{webRequest, `^Make a request`, `^GET / HTTP/1\.1\nHost: home\.tour\.test:\d+\n`, `^$`, `^\d+ bytes`},
		{webOut, `^Connect`, `^$`, `^$`, `^TCP from 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+ \([\d.,]+ µs\); TLS 1\.3 with \S+ and TLS_\S+ .* certificate is for home\.tour\.test, from .*Cloakroom Tour.*, good for (29|30) days\. Sent in`},
		{webResponse, `^Wait`, `^$`, `^HTTP/1\.1 200 OK\n`, `status \(200\)`},
		{webBack, `^Read`, `^$`, `^$`, `^[\d,]+ bytes of head and [\d,]+ of page`},
		{webPage, `^Make a page`, `^$`, `^$`, `^A person reads "Sign in.*E-mail`},
	}
	for i, s := range wholeTour(t).Steps[:len(want)] {
		w := want[i]
		for _, c := range []struct{ what, got, want string }{
			{"seed", s.Seed, regexp.QuoteMeta(w.seed)}, {"what", s.What, w.what}, {"request", s.Request, w.request},
			{"response", s.Response, w.response}, {"observed", s.Observed, w.observed}, {"way", s.way, webWay},
		} {
			if !regexp.MustCompile(c.want).MatchString(c.got) {
				t.Errorf("step %d: %s %q, want %s", i+1, c.what, c.got, c.want)
			}
		}
	}
}

func TestJSONHasTheNamesOfTheDesign(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(wholeTour(t))
	if err != nil {
		t.Fatal(err)
	}
	keys := func(m map[string]any) string { return strings.Join(slices.Sorted(maps.Keys(m)), " ") }
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if got, want := keys(doc), "schema steps ways"; got != want {
		t.Errorf("members %q, want %q", got, want)
	}
	var names []string
	allowed := map[string]string{"data_kept": "client|server", "browser_closed": "kept|gone"}
	for _, name := range []string{"altered", "stolen_copy", "after_sign_out", "expired", "store_stopped"} {
		allowed[name] = "accepted|refused"
	}
	for _, v := range doc["ways"].([]any) {
		w := v.(map[string]any)
		names = append(names, w["name"].(string))
		if got, want := keys(w), "after_sign_out altered browser_closed data_kept expired name request_bytes stolen_copy store_stopped us_per_request"; got != want {
			t.Errorf("members of a way %q, want %q", got, want)
		}
		for name, words := range allowed {
			if got := w[name].(string); !slices.Contains(strings.Split(words, "|"), got) {
				t.Errorf("%s: %s is %q, want %s", w["name"], name, got, words)
			}
		}
		if _, ok := w["request_bytes"].(float64); !ok {
			t.Errorf("request_bytes is %v", w["request_bytes"])
		}
		if _, ok := w["us_per_request"].(float64); !ok {
			t.Errorf("us_per_request is %v", w["us_per_request"])
		}
	}
	if !slices.Equal(names, Names()) {
		t.Errorf("ways %q", names)
	}
	for _, v := range doc["steps"].([]any) {
		if got, want := keys(v.(map[string]any)), "n observed request response seed what"; got != want {
			t.Fatalf("members of a step %q, want %q", got, want)
		}
	}
	for _, secret := range []string{`"password":"[^(n]`, `eyJ[\w-]{20}`, `__Host-session=[\w-]{20}`, `__Host-visit=[\w-]{20}`, `[\w-]{32}`} {
		if at := regexp.MustCompile(secret).Find(text); at != nil {
			t.Errorf("a secret is not shortened: %s", at)
		}
	}
}

// naked seals nothing: it encodes, as some do who take encoding for encryption.
type naked struct{}

func (naked) Seal(_ string, value []byte, _ time.Duration) (string, error) { return string(value), nil }
func (naked) Open(_, text string) ([]byte, error)                          { return []byte(text), nil }

// forgetful seals well and looks at no clock.
type forgetful struct{ seal }

func (f forgetful) Seal(name string, value []byte, _ time.Duration) (string, error) {
	return f.seal.Seal(name, value, cookie.MaxAge)
}

func TestABrokenSealerIsFoundOut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		what   string
		sealer func() (seal, error)
		want   []string
	}{
		{"a sealer that does not authenticate", func() (seal, error) { return naked{}, nil },
			[]string{"readable: promised no, observed yes", "altered: promised refused, observed accepted", "expired: promised refused, observed accepted"}},
		{"a sealer without expiry", func() (seal, error) { s, err := newSealer(); return forgetful{s}, err },
			[]string{"expired: promised refused, observed accepted"}},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			r, err := Run(t.Context(), &Options{Only: "sealed-cookie", sealer: tt.sealer})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, b := range r.Broken() {
				got = append(got, strings.TrimPrefix(b.String(), "sealed-cookie: "))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("broken: %q\nwant:   %q", got, tt.want)
			}
		})
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	tests := []struct {
		what  string
		until string // the progress at which somebody presses Ctrl-C
	}{
		{"interrupted before it begins", "starting"},
		{"interrupted while a way is tried", "session: stealing"},
		{"interrupted while it waits", "waiting"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			var went time.Duration
			for range 5 { // a busy machine only ever delays
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var pressed time.Time
				r, err := Run(ctx, &Options{Only: "session", Progress: func(doing string) {
					if strings.HasPrefix(doing, tt.until) {
						pressed = time.Now()
						cancel()
					}
				}})
				if pressed.IsZero() {
					t.Fatalf("there is no progress %q", tt.until)
				}
				went = time.Since(pressed)
				if r != nil || !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, %v", r, err)
				}
				if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
					t.Errorf("left behind: %v %v", left, err)
				}
				if went <= briefLife/2 {
					return
				}
			}
			t.Errorf("it went on for %v, five times", went)
		})
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
}

func TestUnknownWay(t *testing.T) {
	if r, err := Run(t.Context(), &Options{Only: "carrier-pigeon"}); err == nil || r != nil {
		t.Errorf("got %v, %v", r, err)
	}
}

package jwks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

const testURL = "https://login.example/.well-known/jwks.json"

// issuer answers in memory, as real sockets cannot in synctest.
type issuer struct {
	mu      sync.Mutex
	body    string
	control string        // Cache-Control
	status  int           // 200 if 0
	err     error         // instead of an answer
	delay   time.Duration // before it
	fetches atomic.Int64
	last    *http.Request
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.fetches.Add(1)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = r
	select {
	case <-time.After(i.delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if i.err != nil {
		return nil, i.err
	}
	status := i.status
	if status == 0 {
		status = http.StatusOK
	}
	h := http.Header{"Set-Cookie": {"a=b"}}
	if i.control != "" {
		h.Set("Cache-Control", i.control)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(i.body)), Request: r}, nil
}

func newKey(t testing.TB, id string) *jwt.Key {
	t.Helper()
	k, err := jwt.GenerateKey(jwt.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	data, err := k.PrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	k, err = jwt.ParseKey([]byte(strings.Replace(string(data), k.ID(), id, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func publish(t testing.TB, keys ...*jwt.Key) string {
	t.Helper()
	set, err := jwt.NewKeySet(keys...)
	if err != nil {
		t.Fatal(err)
	}
	data, err := set.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func newSource(t testing.TB, i http.RoundTripper, opts Options) *Source {
	t.Helper()
	opts.Transport = i
	s, err := New(testURL, &opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestUnknownKeysFetchOncePerPause_TK_24(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{body: publish(t, newKey(t, "a")), control: "max-age=86400"}
		s := newSource(t, i, Options{})
		if _, err := s.Key("a"); err != nil {
			t.Fatal(err)
		}
		// 10^5 made-up ids in 100 s, one a millisecond, and the good one among them.
		start := time.Now()
		for n := range 100_000 {
			time.Sleep(time.Millisecond)
			if _, err := s.Key(fmt.Sprint("random ", n)); !errors.Is(err, jwt.ErrUnknownKey) {
				t.Fatal(err)
			}
		}
		if got, want := i.fetches.Load(), int64(1+time.Since(start)/Pause); got != want {
			t.Errorf("%d fetches in %s, want %d", got, time.Since(start), want)
		}
	})
}

func TestPauseAtItsEdge_TK_24(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{body: publish(t, newKey(t, "a"))}
		s := newSource(t, i, Options{})
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(Pause - 1)
		if s.Key("b"); i.fetches.Load() != 1 {
			t.Error("a fetch before the pause was over")
		}
		i.body = publish(t, newKey(t, "b"))
		time.Sleep(time.Nanosecond)
		if _, err := s.Key("b"); err != nil || i.fetches.Load() != 2 {
			t.Errorf("got %v after %d fetches", err, i.fetches.Load())
		}
	})
}

func TestCallersShareOneFetch_TK_24(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{body: publish(t, newKey(t, "a")), delay: time.Second}
		s := newSource(t, i, Options{})
		var wg sync.WaitGroup
		for n := range 1000 {
			wg.Go(func() {
				time.Sleep(time.Duration(n) * 2 * time.Millisecond) // before, during and after the fetch
				if _, err := s.Key("a"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if i.fetches.Load() != 1 {
			t.Errorf("%d fetches", i.fetches.Load())
		}
	})
}

func TestStaleOnErrorWithinItsBound_TK_24(t *testing.T) {
	for _, tt := range []struct {
		what  string
		broke func(*issuer)
		want  error
	}{
		{"the network is down", func(i *issuer) { i.err = errors.New("no route") }, ErrFetch},
		{"it hangs", func(i *issuer) { i.delay = time.Hour }, ErrFetch},
		{"404", func(i *issuer) { i.status = 404 }, ErrStatus},
		{"500 with a good set", func(i *issuer) { i.status = 500 }, ErrStatus},
		{"304 that nobody asked for", func(i *issuer) { i.status = 304 }, ErrStatus},
		{"a page", func(i *issuer) { i.body = "<html>" }, ErrContent},
		{"one of its keys is malformed", func(i *issuer) { i.body = `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]}` }, ErrContent},
		{"a shared secret", func(i *issuer) {
			i.body = `{"keys":[{"kty":"oct","alg":"HS256","kid":"a","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8"}]}`
		}, ErrSecret},
		{"too large", func(i *issuer) { i.body += strings.Repeat(" ", 512<<10) }, ErrTooLarge},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := &issuer{body: publish(t, newKey(t, "a")), control: "max-age=600"}
				good := i.body
				s := newSource(t, i, Options{MaxStale: time.Hour})
				if _, err := s.Key("a"); err != nil {
					t.Fatal(err)
				}
				tt.broke(i)
				time.Sleep(10*time.Minute + time.Hour - 1)
				if _, err := s.Key("a"); err != nil {
					// The first caller waits for the fetch, and is answered as of the moment when it asked.
					t.Fatalf("refused within the bound: %v", err)
				}
				st := s.Status()
				if !errors.Is(st.Err, tt.want) || st.Fresh {
					t.Errorf("status %+v, want %v", st, tt.want)
				}
				time.Sleep(time.Nanosecond)
				_, err := s.Key("a")
				if !errors.Is(err, ErrUnavailable) || !errors.Is(err, tt.want) || jwt.Reason(err) != "" {
					t.Errorf("past the bound: %v", err)
				}
				if st := s.Status(); st.Keys != nil || st.Usable != 0 {
					t.Errorf("past the bound: %+v", st)
				}
				// It recovers by itself.
				i.mu.Lock()
				i.body, i.err, i.status, i.delay = good, nil, 0, 0
				i.mu.Unlock()
				time.Sleep(Pause)
				if _, err := s.Key("a"); err != nil || s.Status().Err != nil {
					t.Errorf("after it recovered: %v, %+v", err, s.Status())
				}
			})
		})
	}
}

func TestKnownKeysDoNotWaitForRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{body: publish(t, newKey(t, "a"))}
		s := newSource(t, i, Options{})
		s.Key("a")
		i.delay = time.Hour
		for hour := range 3 {
			time.Sleep(time.Hour)
			start := time.Now()
			if _, err := s.Key("a"); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(start); (waited > 0) != (hour == 0) {
				t.Errorf("try %d: waited %s", hour, waited)
			}
			if _, err := s.Key("b"); !errors.Is(err, ErrUnavailable) {
				t.Errorf("nobody can know that there is no such key: %v", err)
			}
		}
	})
}

func TestFreshnessOfASet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{body: publish(t, newKey(t, "a")), control: "max-age=120"}
		s := newSource(t, i, Options{})
		first, _ := s.Key("a")
		time.Sleep(2*time.Minute - 1)
		if s.Key("a"); i.fetches.Load() != 1 || !s.Status().Fresh {
			t.Error("fetched while fresh")
		}
		time.Sleep(time.Nanosecond)
		second, _ := s.Key("a")
		if i.fetches.Load() != 2 {
			t.Error("not fetched when no longer fresh")
		}
		if first == nil || first != second {
			t.Error("the same key is another one in memory")
		}
		i.body = publish(t, newKey(t, "b"))
		time.Sleep(2 * time.Minute)
		if _, err := s.Key("a"); !errors.Is(err, jwt.ErrUnknownKey) {
			t.Errorf("a key that is no longer published: %v", err)
		}
	})
}

func TestAnEmptySetIsASet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{body: publish(t, newKey(t, "a"))}
		s := newSource(t, i, Options{})
		s.Key("a")
		i.body = `{"keys":[]}`
		time.Sleep(DefaultFresh)
		if _, err := s.Key("a"); !errors.Is(err, jwt.ErrUnknownKey) {
			t.Errorf("every key was retired, got %v", err)
		}
	})
}

func TestRefreshLeavesWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{body: publish(t, newKey(t, "a")), delay: 4 * time.Second}
		s := newSource(t, i, Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Refresh(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if _, err := s.Key("a"); err != nil || i.fetches.Load() != 1 {
			t.Errorf("the fetch did not go on: %v, %d fetches", err, i.fetches.Load())
		}
	})
}

func TestZeroSource(t *testing.T) {
	var s Source
	if _, err := s.Key("a"); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if err := s.Refresh(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if st := s.Status(); st != (Status{}) {
		t.Errorf("%+v", st)
	}
}

func TestNoCookies_TK_04(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{body: publish(t, newKey(t, "a"))}
		s := newSource(t, i, Options{})
		for range 2 {
			s.Key("b")
			time.Sleep(Pause)
		}
		if i.fetches.Load() != 2 || i.last.Header.Get("Cookie") != "" {
			t.Errorf("%d fetches, Cookie %q", i.fetches.Load(), i.last.Header.Get("Cookie"))
		}
	})
}

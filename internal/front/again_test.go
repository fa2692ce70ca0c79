package front_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/front"
)

// TestWhoMayNotAnyMoreLosesWhatIsOpen: within a second of a change, and only then is anybody asked.
func TestWhoMayNotAnyMoreLosesWhatIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			version atomic.Uint64
			may     atomic.Bool
			asked   atomic.Int64
		)
		may.Store(true)
		app := newEchoSocket()
		s, dial := inMemory(t, app, "HTTP/1.1", func(o *front.Options) {
			o.Version = version.Load
			o.May = func(r *http.Request, v *front.Visitor) bool {
				if asked.Add(1); r.Host != host || v.User != anna.User {
					t.Errorf("asked about %s of %q", r.Host, v.User)
				}
				return may.Load()
			}
		})
		s.limit = func() (time.Time, error) { return time.Now().Add(24 * time.Hour), nil }
		ws := handshake(t, dial())
		ws.says(t, text, "hello")
		time.Sleep(time.Hour)
		if n := asked.Load(); n != 0 {
			t.Errorf("nothing changed, and it was asked %d times", n)
		}
		version.Add(1)
		time.Sleep(time.Hour)
		ws.says(t, text, "still here")
		if n := asked.Load(); n != 1 {
			t.Errorf("one thing changed, and it was asked %d times", n)
		}
		may.Store(false)
		version.Add(1)
		start := time.Now()
		if _, err := readFrame(ws.r); err == nil || time.Since(start) > time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		<-app.lost
	})
}

// TestWhatChangedWhileARequestCameIn is not missed: the request is asked about by what was known before it was admitted.
func TestWhatChangedWhileARequestCameIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newEchoSocket()
		s, dial := inMemory(t, app, "HTTP/1.1", func(o *front.Options) {
			o.Version = func() uint64 { return 7 }
			o.May = func(*http.Request, *front.Visitor) bool { return false }
		})
		s.limit = func() (time.Time, error) { return time.Now().Add(24 * time.Hour), nil }
		s.visitor.Version = 6
		ws := handshake(t, dial())
		start := time.Now()
		if _, err := readFrame(ws.r); err == nil || time.Since(start) > time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		<-app.lost
	})
}

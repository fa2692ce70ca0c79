package guard_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

// A check of what no person caused lets the same people through, behind the middleware and without it, and keeps nobody's session alive (SE-07).
func TestUnattendedChecksAreNoUse_SE07(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, &session.Options{Idle: 30 * time.Minute})
		defer s.sessions.Close()
		cookie, _ := s.signIn(t, "minsu")
		r := request()
		r.Header.Set("Cookie", cookie)
		r = r.WithContext(session.Unattended(r.Context()))
		for range 30 {
			time.Sleep(time.Minute) // of the bubble
			if d := s.check(t, r); !d.Allowed() || d.Principal.ID != "minsu" {
				t.Fatalf("refused: %v", d.Err)
			}
		}
		time.Sleep(time.Nanosecond)
		if d := s.check(t, r); d.Reason() != session.Idle {
			t.Errorf("after half an hour of checks: reason %q, want idle", d.Reason())
		}
	})
}

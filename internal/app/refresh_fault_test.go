package app

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

// Fails the n-th thing that is asked of the database, for each n until the refresh runs through: what was reported as failed is not
// done by half. The presented token is as good as before, there is no second successor, and the next try does the whole of it. The
// log names a theft once it is committed, and not before.
func TestARefreshThatFailsLosesNothing_TK37(t *testing.T) {
	gone := errors.New("disk gone")
	for _, flow := range []struct {
		what string
		use  int // which of four tokens is presented; 3 is the newest
		want grant.Reason
	}{
		{"first use", 3, ""},
		{"the same again", 2, ""},
		{"theft", 0, grant.Reused},
	} {
		t.Run(flow.what, func(t *testing.T) {
			var faults db.Faults
			a := open(t, t.TempDir(), &faults)
			var log bytes.Buffer
			a.log = slog.New(slog.NewTextHandler(&log, nil))
			signUp(t, a, anna)
			n := 1
			for ; ; n++ {
				all := []Tokens{issue(t, a)}
				for len(all) < 4 {
					tok, err := present(t, a, all[len(all)-1].Refresh)
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, tok)
				}
				newest := all[3]
				asked := 0
				log.Reset()
				faults.Set(func(op db.Op) error {
					if asked++; asked == n {
						return gone
					}
					return nil
				})
				tok, err := present(t, a, all[flow.use].Refresh)
				faults.Set(nil)
				if asked < n { // nothing failed any more: the refresh is known to work
					if got := refusal(t, err); got != flow.want {
						t.Fatalf("without a fault: %q %v", got, err)
					}
					break
				}
				if !errors.Is(err, gone) || tok != (Tokens{}) {
					t.Fatalf("operation %d failed, and the answer is %+v %v", n, tok, err)
				}
				if f := familyOf(t, a, newest.Refresh); f.Refreshes != 3 || !f.EndedAt.IsZero() {
					t.Fatalf("operation %d failed, and it is half done: %+v", n, f)
				}
				if got := bearer(t, a, newest.Access).Reason(); got != "" {
					t.Fatalf("operation %d failed, and the access token is dead: %s", n, got)
				}
				if strings.Contains(log.String(), "token-reuse") {
					t.Fatalf("operation %d failed, and the log tells of a theft", n)
				}
				tok, err = present(t, a, all[flow.use].Refresh)
				if got := refusal(t, err); got != flow.want {
					t.Fatalf("operation %d, again: %q %v", n, got, err)
				}
				switch f := familyOf(t, a, newest.Refresh); flow.use {
				case 3:
					again, err := present(t, a, newest.Refresh)
					if err != nil || again.Refresh != tok.Refresh || f.Refreshes != 4 {
						t.Fatalf("operation %d, again: two successors: %v, %+v", n, err, f)
					}
				case 2:
					if tok.Refresh != newest.Refresh || f.Refreshes != 3 {
						t.Fatalf("operation %d, again: another successor than before: %+v", n, f)
					}
				default:
					if got := bearer(t, a, newest.Access).Reason(); got != session.TokenReuse {
						t.Fatalf("operation %d, again: the access token lives: %q", n, got)
					}
				}
			}
			t.Logf("%d operations failed, one at a time", n-1)
			if n < 8 {
				t.Error("too few operations could fail: the test tests nothing")
			}
		})
	}
}

package grant

import (
	"fmt"
	"testing"
	"time"
)

// The rows read as a story: "use 0 @0s" presents token number 0 at that time.
func TestRotation_TK_36_TK_37(t *testing.T) {
	const ns = time.Nanosecond
	type use struct {
		n    int64
		at   time.Duration
		want verdict
	}
	for _, c := range []struct {
		what string
		uses []use
	}{
		{"each token is used once", []use{{0, 0, rotate}, {1, 600 * time.Second, rotate}, {2, 1200 * time.Second, rotate}}},
		{"the answer was lost, as often as it takes, however late", []use{{0, 0, rotate}, {0, 0, repeat}, {0, time.Hour, repeat}, {0, 20 * time.Hour, repeat}, {1, 20 * time.Hour, rotate}}},
		{"predecessor at 30 s exactly after the successor's first use", []use{{0, 0, rotate}, {1, time.Hour, rotate}, {0, time.Hour + Grace, repeat}}},
		{"predecessor at 30 s + 1 ns", []use{{0, 0, rotate}, {1, time.Hour, rotate}, {0, time.Hour + Grace + ns, endReused}}},
		{"predecessor at 30 s + 1 ms", []use{{0, 0, rotate}, {1, time.Hour, rotate}, {0, time.Hour + Grace + time.Millisecond, endReused}}},
		{"repeats do not stretch the grace", []use{{0, 0, rotate}, {1, 0, rotate}, {0, 29 * time.Second, repeat}, {1, 29 * time.Second, repeat}, {0, 31 * time.Second, endReused}}},
		{"grand-parent at 0 s", []use{{0, 0, rotate}, {1, 0, rotate}, {2, 0, rotate}, {0, 0, endReused}}},
		{"django-oauth-toolkit #1617: R1 while R3 is unused gives R2 again, no new branch; R1 after R3 was used is theft", []use{{0, 0, rotate}, {1, 0, rotate}, {0, 0, repeat}, {2, 0, rotate}, {0, 0, endReused}}},
		{"django-oauth-toolkit #702: what the grace gives still works", []use{{0, 0, rotate}, {1, 0, rotate}, {0, 10 * time.Second, repeat}, {1, 10 * time.Second, repeat}, {2, 10 * time.Second, rotate}}},
		{"django-oauth-toolkit #1818: an ended family has no grace", []use{{0, 0, rotate}, {1, 0, rotate}, {2, 0, rotate}, {0, 0, endReused}, {1, 0, refuseEnded}, {2, 0, refuseEnded}, {3, 0, refuseEnded}}},
		{"valid at the absolute limit", []use{{0, 24 * time.Hour, rotate}, {1, 24 * time.Hour, rotate}, {2, 24*time.Hour + ns, refuseExpired}}},
		{"an expired family does not end of theft", []use{{0, 0, rotate}, {1, 0, rotate}, {2, 0, rotate}, {0, 25 * time.Hour, refuseExpired}}},
		{"the clock was set back: nobody is signed out", []use{{0, time.Hour, rotate}, {1, time.Hour, rotate}, {0, 0, repeat}}},
	} {
		t.Run(c.what, func(t *testing.T) {
			epoch := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
			r := rotation{Expires: epoch.Add(24 * time.Hour)}
			for i, u := range c.uses {
				after, v := r.present(u.n, epoch.Add(u.at))
				if v != u.want {
					t.Fatalf("step %d: use %d @%s: verdict %d, want %d", i, u.n, u.at, v, u.want)
				}
				if !after.Expires.Equal(r.Expires) {
					t.Fatalf("step %d: the absolute limit moved", i)
				}
				r = after
			}
		})
	}
}

// model is the policy told another way: what DESIGN section 6 says of each token, without numbers of generations.
type model struct {
	firstUsed []time.Time // per token that was used, in the order of their making; len(firstUsed) tokens have a successor
	ended     bool
}

func (m *model) present(n int, now time.Time) verdict {
	used := func(i int) bool { return i < len(m.firstUsed) }
	switch {
	case m.ended:
		return refuseEnded
	case !used(n):
		m.firstUsed = append(m.firstUsed, now)
		return rotate
	case !used(n + 1):
		return repeat // the successor was not used yet
	case !used(n+2) && now.Sub(m.firstUsed[n+1]) <= Grace:
		return repeat // the successor was first used, at most 30 s ago, and is itself the last that was used
	}
	m.ended = true
	return endReused
}

// Two actors start with the same first token (a copy was stolen), learn only from the answers they get, and present any token they
// know, in every order and at the instants around the grace. Besides agreeing with the model: a token has
// one successor for ever; after theft nothing is accepted; whoever only ever uses the newest token that they know, or asks
// again at once, is never the one whose step ends the family unless the other went ahead (TK-36).
func TestRotationModelAllInterleavings_TK_36(t *testing.T) {
	epoch := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	waits := []time.Duration{0, Grace, Grace + time.Nanosecond}
	const depth, tokens = 5, 3
	runs, deaths := 0, 0
	var walk func(left int, r rotation, m model, knows [2]int, now time.Time, path string)
	walk = func(left int, r rotation, m model, knows [2]int, now time.Time, path string) {
		if left == 0 {
			runs++
			return
		}
		for actor := range knows {
			for n := range min(knows[actor]+1, tokens) {
				for _, wait := range waits {
					now := now.Add(wait)
					mm := m
					mm.firstUsed = append([]time.Time(nil), m.firstUsed...)
					want := mm.present(n, now)
					after, got := r.present(int64(n), now)
					step := func() string { return fmt.Sprintf("%s %c:%d+%s", path, 'A'+actor, n, wait) }
					if got != want {
						t.Fatalf("%s: verdict %d, the model says %d", step(), got, want)
					}
					if r.Ended && got != refuseEnded {
						t.Fatalf("%s: accepted after the end", step())
					}
					if after.Newest != int64(len(mm.firstUsed)) {
						t.Fatalf("%s: %d tokens made, want %d: a branch", step(), after.Newest, len(mm.firstUsed))
					}
					if got == endReused {
						deaths++
						if knows[0] == knows[1] && n == knows[actor] {
							t.Fatalf("%s: the newest token of both ended the family", step())
						}
					}
					k := knows
					if got == rotate || got == repeat {
						k[actor] = max(k[actor], n+1)
					}
					walk(left-1, after, mm, k, now, step())
				}
			}
		}
	}
	walk(depth, rotation{Expires: epoch.Add(24 * time.Hour)}, model{}, [2]int{}, epoch, "")
	if deaths == 0 {
		t.Fatal("no interleaving ended the family: the test tests nothing")
	}
	t.Logf("%d interleavings, %d ends", runs, deaths)
}

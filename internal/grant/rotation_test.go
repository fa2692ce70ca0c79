package grant

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
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

// hands are what each of two actors has: the tokens up to this number. They learn only from the answers that reach them.
type hands [2]int

// interleavings walks through every order in which two actors, who start with the same first token (a copy was stolen), present any of
// three tokens that they have, at the instants around the grace, and with every answer lost or not. step presents a token and
// says what came of it; undo takes it back.
func interleavings(depth int, waits []time.Duration, step func(path string, who, n int, has hands, now time.Time) (v verdict, undo func())) (runs int) {
	const tokens = 3
	var walk func(left int, has hands, now time.Time, path string)
	walk = func(left int, has hands, now time.Time, path string) {
		if left == 0 {
			runs++
			return
		}
		for who := range has {
			for n := range min(has[who]+1, tokens) {
				for _, wait := range waits {
					now := now.Add(wait)
					path := fmt.Sprintf("%s %c:%d+%s", path, 'A'+who, n, wait)
					v, undo := step(path, who, n, has, now)
					walk(left-1, has, now, path) // the answer is lost, or says nothing new
					if (v == rotate || v == repeat) && has[who] == n {
						learned := has
						learned[who]++
						walk(left-1, learned, now, path)
					}
					undo()
				}
			}
		}
	}
	walk(depth, hands{}, epoch, "")
	return runs
}

// Besides agreeing with the model: a token has one successor for ever; after theft nothing is accepted; whoever presents the
// newest token that they have, however late and whatever answers were lost, is never the one whose step ends the family
// unless the other went ahead (TK-36).
func TestRotationModelAllInterleavings_TK_36(t *testing.T) {
	r, m, deaths := rotation{Expires: epoch.Add(24 * time.Hour)}, model{}, 0
	runs := interleavings(5, []time.Duration{0, Grace, Grace + time.Nanosecond}, func(path string, who, n int, has hands, now time.Time) (verdict, func()) {
		before, was := r, m
		m.firstUsed = slices.Clone(m.firstUsed)
		want := m.present(n, now)
		after, got := r.present(int64(n), now)
		r = after
		switch {
		case got != want:
			t.Fatalf("%s: verdict %d, the model says %d", path, got, want)
		case before.Ended && got != refuseEnded:
			t.Fatalf("%s: accepted after the end", path)
		case after.Newest != int64(len(m.firstUsed)):
			t.Fatalf("%s: %d tokens made, want %d: a branch", path, after.Newest, len(m.firstUsed))
		case got == endReused && n == has[who] && has[1-who] <= n:
			t.Fatalf("%s: ended by the newest token that anybody has", path)
		case got == endReused:
			deaths++
		}
		return got, func() { r, m = before, was }
	})
	if deaths == 0 {
		t.Fatal("no interleaving ended the family: the test tests nothing")
	}
	t.Logf("%d interleavings, %d ends", runs, deaths)
}

// The same over the real store, each step undone by a savepoint. Nothing is remembered between two steps but what the database
// holds, so a restart may come between any two of them.
func TestStoreModelAllInterleavings_TK_36(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	tokens := []string{start(t, d, alice)} // the path that is walked now
	m, steps := model{}, 0
	update(t, d, func(tx *db.Conn) error {
		run := func(statement string) {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		runs := interleavings(4, []time.Duration{0, Grace + time.Millisecond}, func(path string, who, n int, has hands, now time.Time) (verdict, func()) {
			steps++
			was, made := m, len(tokens)
			m.firstUsed = slices.Clone(m.firstUsed)
			want := m.present(n, now)
			run("SAVEPOINT step")
			res, err := NewFamilies().refresh(t.Context(), tx, tokens[n], "", now)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			got := verdictOf(res)
			switch {
			case got != want:
				t.Fatalf("%s: verdict %d, the model says %d", path, got, want)
			case got == rotate && slices.Contains(tokens, res.Token):
				t.Fatalf("%s: a token that there was", path)
			case got == repeat && res.Token != tokens[n+1]:
				t.Fatalf("%s: a second successor", path)
			case got == rotate:
				tokens = append(tokens, res.Token)
			}
			return got, func() {
				m, tokens = was, tokens[:made]
				run("ROLLBACK TO step")
				run("RELEASE step")
			}
		})
		t.Logf("%d interleavings, %d steps", runs, steps)
		return nil
	})
}

// verdictOf reads the verdict out of an answer.
func verdictOf(res Refreshed) verdict {
	switch {
	case res.Refused == nil && res.Repeated:
		return repeat
	case res.Refused == nil:
		return rotate
	}
	return map[Reason]verdict{Reused: endReused, Ended: refuseEnded, Expired: refuseExpired}[res.Refused.Reason]
}

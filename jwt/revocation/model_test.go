package revocation

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// Sessions end, connections are cut in every way, the issuer's history is lost, time goes by; all by chance. At each step a verifier is asked
// about every session that ever ended, and about some that live. It may accept a revoked token only if that was revoked after the moment up to
// which it claims to know everything, less the time that messages travel.
func TestModel_TK34(t *testing.T) {
	for seed := range uint64(8) {
		for _, accept := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d/accept=%v", seed, accept), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testModel(t, rand.New(rand.NewPCG(seed, 34)), accept) })
			})
		}
	}
}

const mostDelay = 2 * time.Second

func testModel(t *testing.T, chance *rand.Rand, accept bool) {
	const refuseAfter = 20 * time.Second
	i := newIssuer(t)
	i.delay = func() time.Duration { return rand.N(mostDelay) }
	opts := Options{RefuseAfter: refuseAfter}
	if accept {
		opts = Options{AcceptWhenLost: true}
	}
	f := i.follow(opts)
	ended := map[string]time.Time{}
	accepted, revoked, stale := 0, 0, 0
	for step := range 150 {
		switch chance.IntN(8) {
		case 0, 1, 2:
			sid := fmt.Sprint("s", step)
			i.end(sid, "idle")
			ended[sid] = time.Now()
		case 3:
			i.cut(nil)
		case 4:
			bad := onTheWay[chance.IntN(len(onTheWay))].fault
			i.cut(func(w http.ResponseWriter, r *http.Request) { bad(i, w, r) })
		case 5:
			i.cut(nil)
			i.forgetHistory()
		}
		synctest.Wait()
		s := f.Status()
		for sid, at := range ended {
			if time.Since(at) > 10*time.Minute-time.Second {
				delete(ended, sid) // its tokens have expired
				continue
			}
			switch got := verdict(f.Revoked(i.token(sid))); got {
			case "revoked idle":
				revoked++
			case "stale":
				stale++
				if accept || s.Age < refuseAfter && s.Age != 0 {
					t.Errorf("step %d: refused as stale, %+v", step, s)
				}
			case "accepted":
				accepted++
				if knew := time.Now().Add(-s.Age - mostDelay); s.Age != 0 && at.Before(knew) {
					t.Errorf("step %d: %s is accepted, it ended %s ago, and the view is %s old", step, sid, time.Since(at), s.Age)
				}
				if !accept && time.Since(at) > refuseAfter+mostDelay {
					t.Errorf("step %d: %s is accepted, it ended %s ago", step, sid, time.Since(at))
				}
			default:
				t.Errorf("step %d: %s", step, got)
			}
		}
		switch got := verdict(f.Revoked(i.token("lives"))); {
		case got == "accepted" && !s.Refusing, got == "stale" && s.Refusing:
		default:
			t.Errorf("step %d: a good token is %s, %+v", step, got, s)
		}
		time.Sleep(time.Duration(chance.Int64N(int64(15 * time.Second))))
	}
	f.Close()
	time.Sleep(time.Second) // faults that tick see it
	if revoked == 0 || accepted == 0 || (stale == 0) != accept {
		t.Errorf("the model says little: %d accepted, %d revoked, %d stale", accepted, revoked, stale)
	}
}

package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

// TestEveryMessageIsTheNext: whatever happens at once, in two processes, to readers that hang up and go on: each message verifies, what happened has the next number, a
// heartbeat one's own, and in the end every reader knows of every session that ended.
func TestEveryMessageIsTheNext(t *testing.T) {
	dir := t.TempDir()
	server, command := open(t, dir, nil), open(t, dir, nil)
	const people, each, readers = 4, 6, 6
	for p := range people {
		signUp(t, server, fmt.Sprintf("p%d@example.org", p))
	}
	var ended sync.Map
	var work, reading sync.WaitGroup
	for p := range people {
		email, rnd := fmt.Sprintf("p%d@example.org", p), rand.New(rand.NewPCG(1, uint64(p)))
		work.Go(func() {
			for range each {
				tok, err := server.IssueTokens(context.Background(), Credentials{Email: email, Password: password}, Client{})
				if err != nil {
					t.Error(err)
					return
				}
				house := []*App{server, command}[rnd.IntN(2)]
				sid := handle(t, tok)
				if err := house.EndSession(context.Background(), "", sid, session.EndedByAdmin, ActorCommand, Client{}); err != nil {
					t.Error(err)
				}
				ended.Store(sid, true)
			}
		})
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	for n := range readers {
		rnd, client := rand.New(rand.NewPCG(2, uint64(n))), registered(t, server, fmt.Sprint("reader-", n))
		reading.Go(func() {
			pos, known, knows := int64(0), false, map[string]bool{}
			for pos < people*each {
				r, err := server.FollowFeed(ctx, client, pos, !known, nil)
				if err != nil {
					t.Error(err)
					return
				}
				for left := 1 + rnd.IntN(9); left > 0 && pos < people*each; left-- { // then it hangs up
					m, err := r.Next(ctx)
					if err != nil {
						t.Error(err)
						left = 0
						continue
					}
					switch said := read(t, server, m); said.kind() {
					case "snapshot":
						var body snapshot
						if err := json.Unmarshal(said.Events[eventSnapshot], &body); err != nil {
							t.Error(err)
						}
						for _, e := range body.Entries {
							knows[e.Session] = true
						}
						pos, known = said.Seq, true
					case "heartbeat":
						if said.Seq != pos {
							t.Errorf("a heartbeat of %d at %d", said.Seq, pos)
						}
					default:
						if said.Seq != pos+1 {
							t.Errorf("%d after %d", said.Seq, pos)
						}
						pos++
						sid, _, _ := strings.Cut(said.about(t), " ")
						knows[sid] = true
					}
				}
				r.Close()
			}
			work.Wait()
			for sid := range ended.Range {
				if !knows[sid.(string)] {
					t.Errorf("reader %d knows nothing of %s", n, sid)
				}
			}
		})
	}
	reading.Wait()
	if err := ctx.Err(); errors.Is(err, context.DeadlineExceeded) {
		t.Error("they did not get there")
	}
}

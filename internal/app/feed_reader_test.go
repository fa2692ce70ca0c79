package app

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

// TestHeartbeats: one each five seconds for every reader, at the same moments and with one signature; and none in between.
func TestHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := open(t, t.TempDir(), nil)
		time.Sleep(1300 * time.Millisecond)
		one := follow(t, a, 0, false)
		first, err := one.Next(t.Context())
		if err != nil || read(t, a, first).kind() != "heartbeat" {
			t.Fatalf("%+v %v", first, err) // at once: the reader is up to date
		}
		time.Sleep(time.Second)
		two := follow(t, a, 0, true)
		if m := next(t, a, two); m.kind() != "snapshot" || m.Seq != 0 {
			t.Fatalf("%+v", m)
		}
		if m := next(t, a, two); m.kind() != "heartbeat" {
			t.Fatalf("%+v", m)
		}
		last := time.Time{}
		for range 5 {
			x, err1 := one.Next(t.Context())
			at := time.Now()
			y, err2 := two.Next(t.Context())
			if err1 != nil || err2 != nil || x != y {
				t.Fatalf("not one signature: %+v %v, %+v %v", x, err1, y, err2)
			}
			if m := read(t, a, x); m.kind() != "heartbeat" || m.IssuedAt != at.Unix() && m.IssuedAt != at.Add(-feedEvery).Unix() {
				t.Errorf("%+v at %v", m, at)
			}
			if !last.IsZero() && at.Sub(last) != feedBeat {
				t.Errorf("%v after the one before", at.Sub(last))
			}
			last = at
		}
	})
}

// TestASnapshotComesInParts: at the limit one, beyond it two; who has seen only a part must not go on behind it.
func TestASnapshotComesInParts(t *testing.T) {
	for _, n := range []int{0, 1, feedPart - 1, feedPart, feedPart + 1, 2*feedPart + 1} {
		a := open(t, t.TempDir(), nil)
		fill(t, a, n, time.Hour)
		r := follow(t, a, 0, true)
		parts, seen := 0, 0
		for last := false; !last; {
			m, err := r.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var body snapshot
			if err := json.Unmarshal(read(t, a, m).Events[eventSnapshot], &body); err != nil {
				t.Fatal(err)
			}
			parts++
			if seen += len(body.Entries); body.Part != parts || len(body.Entries) > feedPart || m.Seq != int64(n) || m.Resume != body.Last || body.Entries == nil {
				t.Errorf("%d entries: part %d is %d with %d entries at %d", n, parts, body.Part, len(body.Entries), m.Seq)
			}
			last = body.Last
		}
		if want := max(1, (n+feedPart-1)/feedPart); parts != want || seen != n {
			t.Errorf("%d entries: %d in %d parts, want %d parts", n, seen, parts, want)
		}
	}
}

// TestWhereAReaderGoesOn: behind the number that it names if everything since is there, else it gets a snapshot.
func TestWhereAReaderGoesOn(t *testing.T) {
	a := open(t, t.TempDir(), nil)
	fill(t, a, 10, 0) // these may be swept at once
	fill(t, a, feedBehind, time.Hour)
	const head = feedBehind + 10
	for _, c := range []struct {
		what  string
		after int64
		swept bool
		want  string
		seq   int64
	}{
		{"up to date", head, false, "heartbeat", head},
		{"one behind", head - 1, false, "session-revoked", head},
		{"as far behind as it goes", head - feedBehind, false, "session-revoked", 11},
		{"one further", head - feedBehind - 1, false, "snapshot", head},
		{"ahead of the feed", head + 1, false, "snapshot", head},
		{"everything since is there, though others are swept", head - feedBehind, true, "session-revoked", 11},
	} {
		if c.swept {
			a.sweep(t.Context())
		}
		m := next(t, a, follow(t, a, c.after, false))
		if m.kind() != c.want || m.Seq != c.seq {
			t.Errorf("%s: got %s %d, want %s %d", c.what, m.kind(), m.Seq, c.want, c.seq)
		}
	}
	b := open(t, t.TempDir(), nil)
	fill(t, b, 2, time.Hour)
	fill(t, b, 1, 0)
	fill(t, b, 1, time.Hour)
	b.sweep(t.Context())
	for after, want := range []string{"snapshot 4", "snapshot 4", "snapshot 4", "session-revoked 4"} { // for 3 was swept
		m := next(t, b, follow(t, b, int64(after), false))
		if got := fmt.Sprint(m.kind(), " ", m.Seq); got != want {
			t.Errorf("behind %d: got %s, want %s", after, got, want)
		}
	}
}

// TestAReaderSurvivesARestart: the numbers go on, and who was up to 1 gets 2 from the next process, signed anew.
func TestAReaderSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, nil)
	signUp(t, first, anna)
	for range 2 {
		_, sid := program(t, first, anna)
		if err := first.EndSession(t.Context(), "", sid, session.EndedByAdmin, ActorCommand, Client{}); err != nil {
			t.Fatal(err)
		}
	}
	second := open(t, dir, nil)
	r := follow(t, second, 1, false)
	if m := next(t, second, r); m.ID != "r2" || m.kind() != "session-revoked" {
		t.Errorf("%+v", m)
	}
	_, sid := program(t, second, anna)
	if err := second.EndSession(t.Context(), "", sid, session.SignedOut, "test", Client{}); err != nil {
		t.Fatal(err)
	}
	if m := happens(t, second, r); m.ID != "r3" || !strings.HasPrefix(m.about(t), sid+" ") || !strings.HasSuffix(m.about(t), " signed-out") {
		t.Errorf("%+v", m)
	}
}

// TestWhatAnotherProcessEndsIsTold within the time of one look.
func TestWhatAnotherProcessEndsIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		server := open(t, dir, nil)
		signUp(t, server, anna)
		_, sid := program(t, server, anna)
		r := follow(t, server, 0, false)
		next(t, server, r)
		command := open(t, dir, nil)
		start := time.Now()
		if _, err := command.DisableUser(t.Context(), anna, ActorCommand); err != nil {
			t.Fatal(err)
		}
		if m := next(t, server, r); m.Seq != 1 || !strings.Contains(m.about(t), "account-disabled") {
			t.Errorf("%+v", m)
		}
		if m := next(t, server, r); m.Seq != 2 || !strings.HasPrefix(m.about(t), sid) {
			t.Errorf("%+v", m)
		}
		if took := time.Since(start); took > feedEvery {
			t.Errorf("after %v", took)
		}
		start = time.Now() // and its own at once
		tok := signUp(t, server, "berta@example.org")
		_, sid = program(t, server, "berta@example.org")
		if err := server.EndSession(t.Context(), tok.ID, sid, session.SignedOut, tok.ID, Client{}); err != nil {
			t.Fatal(err)
		}
		if m := next(t, server, r); m.Seq != 3 || time.Since(start) != 0 {
			t.Errorf("%+v after %v", m, time.Since(start))
		}
	})
}

package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

// TestPolling_RFC8936: what was not acknowledged comes again; each client's acknowledgements are its own.
func TestPolling_RFC8936(t *testing.T) {
	a := open(t, t.TempDir(), nil)
	fill(t, a, 5, time.Hour)
	for _, c := range []struct {
		what   string
		client string
		max    int
		acked  string
		want   string // the jti, and + if there is more
	}{
		{"the oldest first", "a", 2, "", "r1 r2 +"},
		{"not acknowledged: again", "a", 2, "", "r1 r2 +"},
		{"only to acknowledge", "a", 0, "r1", ""},
		{"one was acknowledged", "a", 2, "", "r2 r3 +"},
		{"out of order", "a", 9, "r4", "r2 r3 r5"},
		{"what it never was", "a", 9, "r6 r03 r-1 3 x r", "r2 r3 r5"},
		{"another client", "b", 9, "", "r1 r2 r3 r4 r5"},
		{"exactly as many as asked for", "a", 3, "", "r2 r3 r5"},
		{"all", "a", 9, "r3 r2 r5 r1", ""},
		{"all stays all", "a", 9, "", ""},
	} {
		ms, more, err := a.PollFeed(t.Context(), registered(t, a, c.client), FeedPoll{Max: c.max, Acked: strings.Fields(c.acked)})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range ms {
			got = append(got, read(t, a, m).ID)
		}
		slices.Sort(got)
		if more {
			got = append(got, "+")
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: got %q, want %q", c.what, s, c.want)
		}
	}
	if p := a.hub.polls[registered(t, a, "a")]; p.from != 5 || len(p.ahead) != 0 {
		t.Errorf("what is remembered of a: %+v", p)
	}
}

// TestAPollGoesThroughPages: acknowledged entries on one page do not hide the others on the next.
func TestAPollGoesThroughPages(t *testing.T) {
	a := open(t, t.TempDir(), nil)
	fill(t, a, 2*feedPart+5, time.Hour)
	var acked []string
	for i := range 2*feedPart + 3 {
		if i != 7 {
			acked = append(acked, fmt.Sprint("r", i+1))
		}
	}
	ms, more, err := a.PollFeed(t.Context(), registered(t, a, "a"), FeedPoll{Max: 3, Acked: acked})
	if err != nil || more || len(ms) != 3 || ms[0].ID != "r8" || ms[2].ID != fmt.Sprint("r", 2*feedPart+5) {
		t.Errorf("%d messages, %v, %v", len(ms), more, err)
	}
	if p := a.hub.polls[registered(t, a, "a")]; p.from != 7 {
		t.Errorf("from %d", p.from)
	}
}

// TestAPollWaits until something happens, for 30 seconds at most; what has expired is not worth an answer.
func TestAPollWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := open(t, t.TempDir(), nil)
		signUp(t, a, anna)
		_, sid := program(t, a, anna)
		fill(t, a, 3, 0)
		start := time.Now()
		ms, more, err := a.PollFeed(t.Context(), registered(t, a, "a"), FeedPoll{Max: 1, Wait: true})
		if err != nil || len(ms) != 0 || more || time.Since(start) != feedPollWait {
			t.Errorf("%v %v %v after %v", ms, more, err, time.Since(start))
		}
		start = time.Now()
		time.AfterFunc(7*time.Second, func() {
			if err := a.EndSession(t.Context(), "", sid, session.EndedByAdmin, ActorCommand, Client{}); err != nil {
				t.Error(err)
			}
		})
		ms, _, err = a.PollFeed(t.Context(), registered(t, a, "a"), FeedPoll{Max: 1, Wait: true})
		if err != nil || len(ms) != 1 || ms[0].ID != "r4" || time.Since(start) != 7*time.Second {
			t.Errorf("%v %v after %v", ms, err, time.Since(start))
		}
	})
}

// TestWhatIsRememberedOfPollsIsBounded: beyond the limits something comes twice, and nothing is lost.
func TestWhatIsRememberedOfPollsIsBounded(t *testing.T) {
	a := open(t, t.TempDir(), nil)
	fill(t, a, feedAhead+2, time.Hour)
	var acked []string
	for i := range feedAhead + 1 {
		acked = append(acked, fmt.Sprint("r", i+2)) // all but the first
	}
	ms, _, err := a.PollFeed(t.Context(), registered(t, a, "a"), FeedPoll{Max: 9, Acked: acked})
	if err != nil || len(ms) != 2 || ms[0].ID != "r1" || ms[1].ID != fmt.Sprint("r", feedAhead+2) {
		t.Errorf("%d messages, %v", len(ms), err)
	}
	for i := range feedPollers {
		if _, _, err := a.PollFeed(t.Context(), grant.Client{ID: fmt.Sprint(i)}, FeedPoll{Max: 0}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(a.hub.polls); n > feedPollers {
		t.Errorf("%d clients are remembered", n)
	}
}

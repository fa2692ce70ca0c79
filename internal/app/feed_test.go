package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/jwt"
)

// told is a message as whoever follows reads it: after its signature was verified with the published keys.
type told struct {
	Issuer   string                     `json:"iss"`
	Audience string                     `json:"aud"`
	IssuedAt int64                      `json:"iat"`
	ID       string                     `json:"jti"`
	Seq      int64                      `json:"seq"`
	Subject  json.RawMessage            `json:"sub_id"`
	Events   map[string]json.RawMessage `json:"events"`
}

// kind is the one event without its prefix.
func (m told) kind() string {
	for name := range m.Events {
		return name[strings.LastIndexByte(name, '/')+1:]
	}
	return ""
}

// about is "SID SUB reason" of a session, "SUB reason NOT_BEFORE" of an account, "KID" of a key.
func (m told) about(t *testing.T) string {
	t.Helper()
	var subject struct {
		Format, ID, Sub string
		Session         struct{ ID string }
		User            struct{ Sub string }
	}
	var event struct {
		Reason    string
		NotBefore int64 `json:"not_before"`
	}
	if err := json.Unmarshal(m.Subject, &subject); err != nil {
		t.Fatal(err)
	}
	for _, text := range m.Events {
		if err := json.Unmarshal(text, &event); err != nil {
			t.Fatal(err)
		}
	}
	switch subject.Format {
	case "complex":
		return subject.Session.ID + " " + subject.User.Sub + " " + event.Reason
	case "iss_sub":
		return fmt.Sprint(subject.Sub, " ", event.Reason, " ", event.NotBefore)
	}
	return subject.ID
}

func read(t *testing.T, a *App, m FeedMessage) (out told) {
	t.Helper()
	payload, err := jwt.VerifySignature(m.Set, a.PublicKeys(), []jwt.Algorithm{jwt.ES256})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &out); err != nil {
		t.Fatal(err)
	}
	info, err := jwt.Inspect(m.Set)
	if err != nil || info.Header.Type != SetType {
		t.Fatalf("typ %+v %v", info, err)
	}
	if out.Issuer != a.Issuer() || out.Audience != a.Issuer()+"/revocations" || out.ID != m.ID || out.Seq != m.Seq || len(out.Events) != 1 {
		t.Fatalf("got %+v", out)
	}
	return out
}

// registered is a client of an id, made if there is none.
func registered(t testing.TB, a *App, id string) (c grant.Client) {
	t.Helper()
	err := a.db.Update(t.Context(), func(tx *db.Conn) (err error) {
		if c, err = grant.NewClients().Find(t.Context(), tx, id); errors.Is(err, grant.ErrNoClient) {
			c, _, err = grant.NewClients().Add(t.Context(), tx, id, "")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func follow(t *testing.T, a *App, after int64, fresh bool) *FeedReader {
	t.Helper()
	r, err := a.FollowFeed(t.Context(), registered(t, a, "orders"), after, fresh, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func next(t *testing.T, a *App, r *FeedReader) told {
	t.Helper()
	m, err := r.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return read(t, a, m)
}

// happens returns what comes next that is no heartbeat.
func happens(t *testing.T, a *App, r *FeedReader) told {
	t.Helper()
	for {
		if m := next(t, a, r); m.kind() != "heartbeat" {
			return m
		}
	}
}

// fill appends n ended sessions that nobody ever had.
func fill(t testing.TB, a *App, n int, life time.Duration) {
	t.Helper()
	err := a.db.Update(t.Context(), func(tx *db.Conn) error {
		now := time.Now().UnixNano()
		_, err := tx.Exec(t.Context(), `
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO feed_entries (seq, kind, sid, sub, at, reason, until)
			SELECT (SELECT seq FROM feed_head) + i, 'session', 'session-of-somebody-' || i, 'account-of-somebody', $2, 'signed-out', $3 FROM n WHERE $1 > 0`,
			n, now, now+int64(life))
		if err == nil {
			_, err = tx.Exec(t.Context(), "UPDATE feed_head SET seq = seq + $1", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNoHeartbeatOfWhatIsNotKnown: while the database cannot be read nothing is claimed, streams end, and nobody gets in.
func TestNoHeartbeatOfWhatIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var faults db.Faults
		a := open(t, t.TempDir(), &faults)
		r := follow(t, a, 0, false)
		next(t, a, r)
		orders := registered(t, a, "orders")
		start := time.Now()
		faults.Set(func(db.Op) error { return errors.New("disk gone") })
		_, err := r.Next(t.Context())
		var refused *Error
		if !errors.As(err, &refused) || refused.Reason != guard.StoreUnavailable || time.Since(start) > feedSure+feedEvery {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		if _, err := a.FollowFeed(t.Context(), orders, 0, false, nil); !errors.As(err, &refused) || refused.Reason != guard.StoreUnavailable {
			t.Errorf("a stream begins: %v", err)
		}
		if _, _, err := a.PollFeed(t.Context(), orders, FeedPoll{Max: 1}); !errors.As(err, &refused) || refused.Reason != guard.StoreUnavailable {
			t.Errorf("a poll is answered: %v", err)
		}
		faults.Set(nil)
		again := follow(t, a, 0, false)
		next(t, a, again)
		// A hiccup ends nothing.
		start = time.Now()
		faults.Set(func(db.Op) error {
			if time.Since(start) > feedSure/2 {
				return nil
			}
			return errors.New("not now")
		})
		if m := next(t, a, again); m.kind() != "heartbeat" {
			t.Errorf("%+v", m)
		}
	})
}

// TestAHeartbeatIsConfirmed also if the pulse got stuck: who asks looks for itself.
func TestAHeartbeatIsConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var faults db.Faults
		a := open(t, t.TempDir(), &faults)
		if err := a.hub.confirm(t.Context()); err != nil { // and nobody reads: there is no pulse
			t.Fatal(err)
		}
		fill(t, a, 1, time.Hour)
		if m, err := a.hub.heartbeat(t.Context()); err != nil || m.Seq != 0 {
			t.Errorf("%+v %v", m, err) // it was so a moment ago
		}
		time.Sleep(feedSure)
		if m, err := a.hub.heartbeat(t.Context()); err != nil || m.Seq != 1 {
			t.Errorf("%+v %v", m, err)
		}
		time.Sleep(feedSure)
		faults.Set(func(db.Op) error { return errors.New("disk gone") })
		if m, err := a.hub.heartbeat(t.Context()); err == nil {
			t.Errorf("%+v of a database that cannot be read", m)
		}
		faults.Set(nil)
	})
}

// TestHowManyMayFollow: at the limits, for one client and for all.
func TestHowManyMayFollow(t *testing.T) {
	a := open(t, t.TempDir(), nil)
	var all []*FeedReader
	try := func(client string) error {
		r, err := a.FollowFeed(t.Context(), registered(t, a, client), 0, true, nil)
		if err == nil {
			all = append(all, r)
		}
		return err
	}
	busy := func(err error) bool {
		var refused *Error
		return errors.As(err, &refused) && refused.Reason == guard.Busy && refused.RetryAfter > 0
	}
	for i := range MaxFeedReaders {
		client := fmt.Sprint("client-", i/MaxFeedReadersEach)
		if err := try(client); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		if (i+1)%MaxFeedReadersEach == 0 && i+1 < MaxFeedReaders {
			if err := try(client); !busy(err) {
				t.Errorf("one more of %s: %v", client, err)
			}
		}
	}
	if err := try("another"); !busy(err) {
		t.Errorf("one more: %v", err)
	}
	if _, _, err := a.PollFeed(t.Context(), registered(t, a, "another"), FeedPoll{Max: 1}); !busy(err) {
		t.Errorf("a poll more: %v", err)
	}
	all[0].Close()
	if err := try("another"); err != nil {
		t.Error(err)
	}
	for _, r := range all {
		r.Close()
	}
	if a.hub.halt != nil || len(a.hub.readers) != 0 {
		t.Error("something runs while nobody reads")
	}
}

// TestRemovingAClientEndsItsReaders within a second, in whatever process it was removed; one of the same name that comes later is another, for which
// nothing was acknowledged.
func TestRemovingAClientEndsItsReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		a, command := open(t, dir, nil), open(t, dir, nil)
		fill(t, a, 1, time.Hour)
		orders, other := registered(t, a, "orders"), registered(t, a, "other")
		if _, _, err := a.PollFeed(t.Context(), orders, FeedPoll{Max: 1, Acked: []string{"r1"}}); err != nil {
			t.Fatal(err)
		}
		cut := false
		gone, err := a.FollowFeed(t.Context(), orders, 1, false, func() { cut = true })
		if err != nil {
			t.Fatal(err)
		}
		defer gone.Close()
		stays, err := a.FollowFeed(t.Context(), other, 1, false, func() { t.Error("the other client's stream was cut") })
		if err != nil {
			t.Fatal(err)
		}
		next(t, a, gone)
		time.Sleep(10 * time.Millisecond)
		start := time.Now()
		err = command.db.Update(t.Context(), func(tx *db.Conn) error { return grant.NewClients().Remove(t.Context(), tx, "orders") })
		if err != nil {
			t.Fatal(err)
		}
		again := registered(t, command, "orders")
		for err == nil {
			_, err = gone.Next(t.Context())
		}
		if err != errClientRemoved || !cut || !gone.Ended() || time.Since(start) > time.Second {
			t.Errorf("%v after %v, cut %v", err, time.Since(start), cut)
		}
		next(t, a, stays)
		stays.Close()
		if ms, _, err := a.PollFeed(t.Context(), again, FeedPoll{Max: 1}); err != nil || len(ms) != 1 {
			t.Errorf("the new client gets %v, %v", ms, err)
		}
	})
}

// TestStoppingEndsThem: streams with a reason, polls with nothing; nobody gets in any more.
func TestStoppingEndsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := open(t, t.TempDir(), nil)
		r := follow(t, a, 0, false)
		next(t, a, r)
		orders := registered(t, a, "orders")
		ended := make(chan error, 2)
		go func() { _, err := r.Next(context.Background()); ended <- err }()
		polled := make(chan error)
		go func() {
			_, _, err := a.PollFeed(context.Background(), orders, FeedPoll{Max: 1, Wait: true})
			polled <- err
		}()
		synctest.Wait()
		start := time.Now()
		a.EndFeeds()
		if err := <-ended; err != errFeedStopping {
			t.Errorf("got %v", err)
		}
		if err := <-polled; err != nil {
			t.Errorf("got %v", err)
		}
		if _, err := a.FollowFeed(t.Context(), orders, 0, true, nil); err != errFeedStopping || time.Since(start) != 0 {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

package revocation

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// story runs in a bubble, with a feed that is followed.
func story(t *testing.T, opts Options, tell func(t *testing.T, i *issuer, f *Feed)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t)
		i.end("first", "idle")
		f := i.follow(opts)
		if err := f.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		tell(t, i, f)
	})
}

func (i *issuer) want(f *Feed, sid, sub, want string) {
	i.t.Helper()
	if got := verdict(i.verify(f, sid, sub)); got != want {
		i.t.Errorf("session %q, account %q: got %s, want %s", sid, sub, got, want)
	}
}

func TestRevocationIsKnownAtOnce_TK34(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t)
		for _, sid := range []string{"a", "b", "c", "d", "e"} {
			i.end(sid, "idle") // in three parts of the snapshot
		}
		f := i.follow(Options{})
		if err := f.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		i.end("gone", "signed-out")
		synctest.Wait()
		for sid, want := range map[string]string{
			"a": "revoked idle", "e": "revoked idle", "gone": "revoked signed-out", "here": "accepted", "": "accepted", "GONE": "accepted",
		} {
			i.want(f, sid, "alice", want)
		}
		s := f.Status()
		if !s.Connected || s.Position != 6 || s.Entries != 6 || s.Age != 0 || !s.StaleSince.IsZero() || s.Refusing || s.Err != nil {
			t.Errorf("status %+v", s)
		}
		time.Sleep(time.Hour)
		i.want(f, "here", "alice", "accepted")
	})
}

// What was issued before not_before is refused, what was issued in that second or later is not.
func TestAccountIsRevokedUpToASecond_TK34(t *testing.T) {
	story(t, Options{}, func(t *testing.T, i *issuer, f *Feed) {
		i.disable("mallory")
		at := time.Now()
		time.Sleep(time.Minute)
		for _, row := range []struct {
			sub    string
			issued time.Time
			want   string
		}{
			{"mallory", at.Add(-time.Second), "revoked account-disabled"},
			{"mallory", at, "accepted"},
			{"mallory", at.Add(time.Second), "accepted"},
			{"alice", at.Add(-time.Second), "accepted"},
		} {
			if got := verdict(i.verifyIssued(f, "here", row.sub, row.issued)); got != row.want {
				t.Errorf("%s, issued at %s: got %s, want %s", row.sub, row.issued, got, row.want)
			}
		}
		i.disable("mallory") // again, and earlier tokens stay dead
		synctest.Wait()
		if got := verdict(i.verifyIssued(f, "here", "mallory", at.Add(time.Second))); got != "revoked account-disabled" {
			t.Errorf("disabled again: got %s", got)
		}
	})
}

func TestTokenThatDoesNotSayWhenItWasIssued_TK34(t *testing.T) {
	story(t, Options{}, func(t *testing.T, i *issuer, f *Feed) {
		i.disable("mallory")
		synctest.Wait()
		token, err := jwt.Sign(i.key, "", map[string]any{"iss": i.url, "aud": "a", "sub": "mallory", "exp": in(time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		v, err := jwt.NewVerifier(i.url, "a", i.keys, []jwt.Algorithm{jwt.ES256}, &jwt.VerifierOptions{Revoked: f.Revoked})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(token); verdict(err) != "revoked account-disabled" {
			t.Errorf("got %v", err)
		}
	})
}

func TestRetiredKey_TK34(t *testing.T) {
	story(t, Options{}, func(t *testing.T, i *issuer, f *Feed) {
		i.want(f, "here", "alice", "accepted")
		kid := i.key.ID()
		i.retire(kid)
		synctest.Wait()
		// The key set in memory still has the key.
		err := i.verify(f, "here", "alice")
		if e, ok := errors.AsType[*Error](err); !ok || verdict(err) != "revoked key-retired" || e.KeyID != kid || jwt.Reason(err) != "revoked" {
			t.Errorf("got %v", err)
		}
		// What it signs of the feed is not believed either.
		time.Sleep(10 * time.Second)
		if err := f.Status().Err; !errors.Is(err, ErrMessage) || !strings.Contains(err.Error(), "retired") {
			t.Errorf("a heartbeat by the retired key: got %v", err)
		}
	})
}

func TestErrorsSayWhatWasRevoked(t *testing.T) {
	story(t, Options{}, func(t *testing.T, i *issuer, f *Feed) {
		i.end("gone", "signed-out\x1b[31m")
		synctest.Wait()
		err := i.verify(f, "gone", "alice")
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Session != "gone" || e.Reason != "signed-out\x1b[31m" || !errors.Is(err, jwt.ErrRevoked) || jwt.Reason(err) != "revoked" {
			t.Errorf("got %#v", err)
		}
		if got, want := err.Error(), `jwt: token was revoked: session "gone" ("signed-out\x1b[31m")`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestPositionIsKeptOverACut(t *testing.T) {
	story(t, Options{}, func(t *testing.T, i *issuer, f *Feed) {
		i.cut(status(noAnswer).on(i))
		synctest.Wait()
		i.end("meanwhile", "idle")
		time.Sleep(3 * time.Second)
		i.want(f, "meanwhile", "alice", "accepted")
		i.cut(nil)
		time.Sleep(5 * time.Second)
		i.want(f, "meanwhile", "alice", "revoked idle")
		asked := i.requests()
		if first, last := asked[0].Get("Last-Event-ID"), asked[len(asked)-1].Get("Last-Event-ID"); first != "" || last != "1" {
			t.Errorf("asked from %q, then from %q", first, last)
		}
	})
}

func TestGapIsFilledByASnapshot(t *testing.T) {
	story(t, Options{}, func(t *testing.T, i *issuer, f *Feed) {
		once := true
		i.cut(func(w http.ResponseWriter, r *http.Request) {
			if once {
				once = false
				i.end("missed", "idle")
				i.end("told", "idle")
				w.Header().Set("Content-Type", "text/event-stream")
				send(w, 0, i.revoked(3, i.aboutSession("told"), map[string]any{"reason": "idle", "until": in(time.Minute)}))
				return
			}
			i.mu.Lock()
			i.fault = nil
			i.mu.Unlock()
			i.ServeHTTP(w, r)
		})
		time.Sleep(500 * time.Millisecond)
		for _, sid := range []string{"missed", "told"} {
			i.want(f, sid, "alice", "revoked idle")
		}
		asked := i.requests()
		if asked[1].Get("Last-Event-ID") != "1" || asked[2].Get("Last-Event-ID") != "" {
			t.Errorf("asked %v", asked)
		}
		time.Sleep(5 * time.Second)
		if s := f.Status(); s.Position != 3 || s.Err != nil {
			t.Errorf("status %+v", s)
		}
	})
}

// A database that was emptied begins at 1 again. What it has forgotten is not accepted again.
func TestFeedThatBeginsAnew(t *testing.T) {
	story(t, Options{}, func(t *testing.T, i *issuer, f *Feed) {
		for n := range 5 {
			i.end(fmt.Sprint("old ", n), "idle")
		}
		synctest.Wait()
		i.cut(nil)
		i.mu.Lock()
		i.seq, i.events, i.entries = 0, nil, nil
		i.mu.Unlock()
		i.end("new", "idle")
		time.Sleep(6 * time.Second)
		for _, sid := range []string{"first", "old 4", "new"} {
			i.want(f, sid, "alice", "revoked idle")
		}
		i.want(f, "here", "alice", "accepted")
		if s := f.Status(); s.Position != 1 || s.Entries != 7 || s.Err != nil {
			t.Errorf("status %+v", s)
		}
		time.Sleep(10 * time.Minute) // it goes on from there
		i.end("newer", "idle")
		synctest.Wait()
		i.want(f, "newer", "alice", "revoked idle")
	})
}

func TestUnknownEventIsCounted(t *testing.T) {
	story(t, Options{}, func(t *testing.T, i *issuer, f *Feed) {
		i.happen(i.aboutAccount("alice"), "https://example.com/event/promoted", map[string]any{}, entry{Session: "x", Until: in(time.Minute)})
		i.end("gone", "idle")
		synctest.Wait()
		i.want(f, "gone", "alice", "revoked idle")
		if s := f.Status(); s.Unknown != 1 || s.Position != 3 || s.Err != nil {
			t.Errorf("status %+v", s)
		}
	})
}

// An entry is forgotten only when a verifier with the most leeway, on a clock like the issuer's, refuses the token for its age.
func TestEntriesLeaveWhenTheirTokensAreDead(t *testing.T) {
	story(t, Options{}, func(t *testing.T, i *issuer, f *Feed) {
		i.disable("mallory")
		i.happen(map[string]any{"format": "opaque", "id": "k"}, eventKeyRetired, map[string]any{"kid": "k", "until": in(10 * time.Minute)}, entry{})
		synctest.Wait()
		i.mu.Lock()
		i.entries = nil
		i.mu.Unlock()
		if n := f.Status().Entries; n != 3 {
			t.Fatalf("%d entries", n)
		}
		time.Sleep(11 * time.Minute)
		if n := f.Status().Entries; n != 3 {
			t.Errorf("forgotten within the leeway: %d entries", n)
		}
		time.Sleep(90 * time.Second)
		if n := f.Status().Entries; n != 0 {
			t.Errorf("%d entries are kept for nothing", n)
		}
	})
}

// While the issuer is not heard, nothing is forgotten: its clock may be ours or not.
func TestNothingIsForgottenByOneClock(t *testing.T) {
	story(t, Options{}, func(t *testing.T, i *issuer, f *Feed) {
		i.cut(status(noAnswer).on(i))
		time.Sleep(time.Hour)
		i.want(f, "first", "alice", "revoked idle")
	})
}

func (f fault) on(i *issuer) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) { f(i, w, r) }
}

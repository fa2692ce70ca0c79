package grant

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

var (
	epoch    = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	families = NewFamilies()
	alice    = Family{SessionHandle: "handle-of-alice", Subject: "alice", Scope: "account", Expires: epoch.Add(720 * time.Hour)}
)

func update(t testing.TB, d *db.DB, f func(tx *db.Conn) error) {
	t.Helper()
	if err := d.Update(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

func start(t testing.TB, d *db.DB, f Family) (token string) {
	t.Helper()
	update(t, d, func(tx *db.Conn) (err error) {
		token, err = families.start(t.Context(), tx, f, epoch)
		return err
	})
	return token
}

func refresh(t testing.TB, d *db.DB, token string, now time.Time) (res Refreshed) {
	t.Helper()
	update(t, d, func(tx *db.Conn) (err error) {
		res, err = families.refresh(t.Context(), tx, token, "", now)
		return err
	})
	return res
}

// must refreshes and wants a successor.
func must(t testing.TB, d *db.DB, token string, now time.Time) string {
	t.Helper()
	res := refresh(t, d, token, now)
	if res.Err() != nil {
		t.Fatal(res.Err())
	}
	return res.Token
}

func wantRefused(t testing.TB, res Refreshed, want Reason, endReason string) {
	t.Helper()
	var e *RefreshError
	switch {
	case !errors.As(res.Err(), &e):
		t.Fatalf("accepted, want %s", want)
	case e.Reason != want || e.Family.EndReason != endReason:
		t.Fatalf("refused: %s, end reason %q; want %s, %q", e.Reason, e.Family.EndReason, want, endReason)
	case res.Token != "" || res.Family != (Family{}):
		t.Fatal("a family or a token beside a refusal")
	}
}

// Every story of the store: the tokens are named R1, R2, … in the order of their making.
func TestRefreshStories_TK_35_TK_36_TK_37(t *testing.T) {
	type step struct {
		use  string
		at   time.Duration
		want string // the successor, or the reason of the refusal
	}
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"a chain", []step{{"R1", 0, "R2"}, {"R2", 10 * time.Minute, "R3"}, {"R3", 20 * time.Minute, "R4"}}},
		{"two tabs, and an answer that was lost", []step{{"R1", 0, "R2"}, {"R1", 0, "R2"}, {"R1", 9 * time.Hour, "R2"}, {"R2", 9 * time.Hour, "R3"}}},
		{"predecessor at 30 s exactly", []step{{"R1", 0, "R2"}, {"R2", time.Hour, "R3"}, {"R1", time.Hour + 30*time.Second, "R2"}, {"R2", 2 * time.Hour, "R3"}, {"R3", 2 * time.Hour, "R4"}}},
		{"predecessor at 30 s + 1 ns", []step{{"R1", 0, "R2"}, {"R2", time.Hour, "R3"}, {"R1", time.Hour + 30*time.Second + 1, "reused"}, {"R3", time.Hour + time.Minute, "ended"}, {"R2", time.Hour + time.Minute, "ended"}, {"R1", time.Hour + time.Minute, "ended"}}},
		{"predecessor at 30 s + 1 ms", []step{{"R1", 0, "R2"}, {"R2", time.Hour, "R3"}, {"R1", time.Hour + 30*time.Second + time.Millisecond, "reused"}, {"R3", time.Hour + time.Minute, "ended"}}},
		{"grand-parent at 0 s", []step{{"R1", 0, "R2"}, {"R2", 0, "R3"}, {"R3", 0, "R4"}, {"R1", 0, "reused"}, {"R4", 0, "ended"}}},
		{"django-oauth-toolkit #1617: several generations old, inside the grace", []step{{"R1", 0, "R2"}, {"R2", time.Second, "R3"}, {"R3", 2 * time.Second, "R4"}, {"R4", 3 * time.Second, "R5"}, {"R1", 4 * time.Second, "reused"}, {"R5", 4 * time.Second, "ended"}}},
		{"django-oauth-toolkit #702: what the grace answers with still works", []step{{"R1", 0, "R2"}, {"R2", 0, "R3"}, {"R1", 20 * time.Second, "R2"}, {"R2", 20 * time.Second, "R3"}, {"R3", 20 * time.Second, "R4"}}},
		{"valid at the absolute limit, however often it was refreshed", []step{{"R1", 0, "R2"}, {"R2", 719 * time.Hour, "R3"}, {"R3", 720 * time.Hour, "R4"}, {"R4", 720*time.Hour + 1, "expired"}, {"R1", 720*time.Hour + 1, "expired"}}},
	} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/restart=%v", c.what, restart), func(t *testing.T) {
				d := dbtest.Open(t, Migrations)
				names := map[string]string{}
				tokens := map[string]string{"R1": start(t, d, alice)}
				names[tokens["R1"]] = "R1"
				for i, s := range c.steps {
					if restart {
						if err := d.Close(); err != nil {
							t.Fatal(err)
						}
						d = dbtest.Again(t, d, Migrations)
					}
					res := refresh(t, d, tokens[s.use], epoch.Add(s.at))
					got := names[res.Token]
					if res.Refused != nil {
						got = string(res.Refused.Reason)
						if got != "expired" && res.Refused.Family.EndReason != "token-reuse" {
							t.Errorf("step %d: end reason %q", i+1, res.Refused.Family.EndReason)
						}
					} else if got == "" {
						got = fmt.Sprintf("R%d", len(tokens)+1)
						tokens[got], names[res.Token] = res.Token, got
					}
					if got != s.want {
						t.Fatalf("step %d: %s @%s: got %s, want %s", i+1, s.use, s.at, got, s.want)
					}
					if res.Refused == nil && !res.Family.Expires.Equal(alice.Expires) {
						t.Fatalf("step %d: the absolute limit moved to %s", i+1, res.Family.Expires)
					}
				}
			})
		}
	}
}

func TestRefreshIsBoundToItsClient_CV_67(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	token := start(t, d, alice)
	foreign := alice
	foreign.ClientID = "another"
	other := start(t, d, foreign)
	for _, c := range []struct {
		what, token, client string
		ok                  bool
	}{
		{"the public client by name", token, "cloakroom", true},
		{"the public client without a name", token, "", true},
		{"another client", token, "another", false},
		{"in other case", token, "Cloakroom", false},
		{"a longer name", token, "cloakroom2", false},
		{"a client with a secret, unnamed", other, "", false},
		{"a client with a secret, by another", other, "cloakroom", false},
		{"a client with a secret, by itself", other, "another", true},
	} {
		var res Refreshed
		update(t, d, func(tx *db.Conn) (err error) {
			res, err = families.refresh(t.Context(), tx, c.token, c.client, epoch)
			return err
		})
		if c.ok && res.Err() != nil {
			t.Errorf("%s: %v", c.what, res.Err())
		} else if !c.ok {
			wantRefused(t, res, WrongClient, "")
		}
	}
	// A replay by the wrong client ends nothing (RFC 9700, O21: invalid parameters must not be a lever).
	r2 := must(t, d, token, epoch)
	r3 := must(t, d, r2, epoch)
	r4 := must(t, d, r3, epoch)
	update(t, d, func(tx *db.Conn) error {
		res, err := families.refresh(t.Context(), tx, token, "another", epoch)
		wantRefused(t, res, WrongClient, "")
		return err
	})
	must(t, d, r4, epoch)
}

func TestScopeIsNeverWidened_TK_35(t *testing.T) {
	f := Family{Scope: "account files"}
	for _, c := range []struct{ asked, want string }{
		{"", "account files"}, {"account", "account"}, {"files account", "files account"}, {"files files", "files"},
		{"admin", "!"}, {"account admin", "!"}, {"Account", "!"}, {"account  files", "!"}, {" account", "!"}, {"account\tfiles", "!"}, {`acc"ount`, "!"},
	} {
		got, err := f.Narrow(c.asked)
		if err != nil {
			got = "!"
		}
		if got != c.want {
			t.Errorf("Narrow(%q) = %q, want %q", c.asked, got, c.want)
		}
	}
	d := dbtest.Open(t, Migrations)
	res := refresh(t, d, start(t, d, alice), epoch)
	if res.Family.Scope != "account" || res.Family.Subject != "alice" || res.Family.SessionHandle != alice.SessionHandle || res.Family.ClientID != BuiltinClient {
		t.Errorf("refreshed as %+v", res.Family)
	}
}

func TestUnknownTokensChangeNothing(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	token := start(t, d, alice)
	for _, bad := range []string{"", "x", token[:42], token + "A", strings.Repeat("A", 43), newToken().String(), strings.Repeat("é", 1<<20)} {
		wantRefused(t, refresh(t, d, bad, epoch), Unknown, "")
		if _, err := families.Find(t.Context(), d.View(), bad); !errors.As(err, new(*RefreshError)) {
			t.Errorf("Find(%.10q): %v", bad, err)
		}
	}
	must(t, d, token, epoch)
}

// Sixteen tabs refresh at once, a hundred times: each round they all hold the same successor and nobody is signed out. The
// whole use case, with tabs that are late, is examined so in internal/app.
func TestParallelRefreshes_TK_37(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	rounds := 100
	if testing.Short() {
		rounds = 10
	}
	token := start(t, d, alice)
	for round := range rounds {
		now := epoch.Add(time.Duration(round) * 10 * time.Minute)
		results := make([]Refreshed, 16)
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() {
				err := d.Update(t.Context(), func(tx *db.Conn) (err error) {
					results[i], err = families.refresh(t.Context(), tx, token, BuiltinClient, now)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		first := 0
		for _, res := range results {
			if res.Err() != nil || res.Token != results[0].Token {
				t.Fatalf("round %d: %v, token %q and %q", round, res.Err(), res.Token, results[0].Token)
			}
			if !res.Repeated {
				first++
			}
		}
		if first != 1 {
			t.Fatalf("round %d: %d of 16 made a successor", round, first)
		}
		token = results[0].Token
	}
	var n int
	if err := d.View().QueryRow(t.Context(), "SELECT count(*) FROM refresh_tokens").Scan(&n); err != nil || n != rounds+1 {
		t.Fatalf("%d tokens after %d rounds: %v", n, rounds, err)
	}
}

// Two processes with connections of their own.
func TestParallelRefreshesOfTwoProcesses_TK_37(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	both := []*db.DB{d, dbtest.Again(t, d, Migrations)}
	token := start(t, d, alice)
	for round := range 20 {
		results := make([]Refreshed, 4)
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() { results[i] = refresh(t, both[i%2], token, epoch.Add(time.Duration(round)*time.Hour)) })
		}
		wg.Wait()
		for _, res := range results {
			if res.Err() != nil || res.Token != results[0].Token {
				t.Fatalf("round %d: %v, %q and %q", round, res.Err(), res.Token, results[0].Token)
			}
		}
		token = results[0].Token
	}
}

func TestALostRaceIsLookedAtAgain(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	token := start(t, d, alice)
	parsed, _ := parseToken(token)
	var stale *presented
	update(t, d, func(tx *db.Conn) (err error) {
		stale, err = findPresented(t.Context(), tx, parsed)
		return err
	})
	second := must(t, d, token, epoch)
	update(t, d, func(tx *db.Conn) error {
		// What a slower transaction read before: its write must not find the row.
		if _, err := families.apply(t.Context(), tx, parsed, stale, epoch); !errors.Is(err, ErrConflict) {
			t.Errorf("apply of a stale state: %v", err)
		}
		res, err := families.refresh(t.Context(), tx, token, "", epoch)
		if res.Token != second {
			t.Error("another successor after a lost race")
		}
		return err
	})
}

// A database with several writers can lose the race between reading and writing. SQLite never does, so a trigger plays it.
func TestLostRaces(t *testing.T) {
	for _, c := range []struct {
		lost int
		want error
	}{{1, nil}, {attempts - 1, nil}, {attempts, ErrConflict}} {
		d := dbtest.Open(t, Migrations)
		token := start(t, d, alice)
		err := d.Update(t.Context(), func(tx *db.Conn) error {
			for _, q := range []string{
				"CREATE TABLE lost (n INTEGER)",
				fmt.Sprintf(`CREATE TRIGGER lose BEFORE UPDATE ON refresh_families WHEN (SELECT count(*) FROM lost) < %d
					BEGIN INSERT INTO lost VALUES (1); SELECT RAISE(IGNORE); END`, c.lost),
			} {
				if _, err := tx.Exec(t.Context(), q); err != nil {
					return err
				}
			}
			res, err := families.refresh(t.Context(), tx, token, "", epoch)
			if (err == nil) != (res.Token != "") {
				t.Errorf("%d lost: token %q beside %v", c.lost, res.Token, err)
			}
			if n := tx.QueryRow(t.Context(), "SELECT count(*) FROM refresh_tokens"); err != nil {
				var tokens int
				if scanErr := n.Scan(&tokens); scanErr != nil || tokens != 1 {
					t.Errorf("%d tokens after races that were all lost: %v", tokens, scanErr)
				}
			}
			return err
		})
		if !errors.Is(err, c.want) {
			t.Errorf("%d lost: %v, want %v", c.lost, err, c.want)
		}
	}
}

// Long random walks over the real store, opened again now and then, against the model of rotation_test.go. Each token keeps
// one successor for ever.
func TestRandomWalksAgainstTheModel_TK_36(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 36))
		tokens := []string{start(t, d, alice)}
		var m model
		now := epoch
		for step := range 25 {
			now = now.Add([]time.Duration{0, time.Second, Grace, Grace + 1, time.Hour}[random.IntN(5)])
			n := max(0, len(tokens)-1-[]int{0, 0, 0, 0, 1, 1, 1, 2, 2, 3}[random.IntN(10)])
			if random.IntN(100) == 0 {
				d = dbtest.Again(t, d, Migrations)
			}
			want := m.present(n, now)
			res := refresh(t, d, tokens[n], now)
			got := verdictOf(res)
			if got != want {
				t.Fatalf("seed %d, step %d, token %d of %d: verdict %d, the model says %d", seed, step, n, len(tokens), got, want)
			}
			if got == rotate {
				tokens = append(tokens, res.Token)
			} else if got == repeat && res.Token != tokens[n+1] {
				t.Fatalf("seed %d, step %d: a second successor of token %d", seed, step, n)
			}
		}
	}
}

func TestChangesNeedATransaction(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	v := d.View()
	_, err1 := families.Start(t.Context(), v, alice)
	_, err2 := families.Refresh(t.Context(), v, newToken().String(), "")
	_, err3 := families.EndSubject(t.Context(), v, "alice", "", "signed-out")
	_, err4 := families.Sweep(t.Context(), v, epoch)
	for i, err := range []error{err1, err2, err3, err4} {
		if !errors.Is(err, ErrNoTransaction) {
			t.Errorf("%d: %v", i+1, err)
		}
	}
}

func TestStartRefusesWhatCannotEnd(t *testing.T) {
	d := dbtest.Open(t, Migrations)
	for what, f := range map[string]Family{
		"no session":        {Subject: "alice", Expires: epoch.Add(time.Hour)},
		"no subject":        {SessionHandle: "h", Expires: epoch.Add(time.Hour)},
		"no expiry":         {SessionHandle: "h", Subject: "alice"},
		"an expiry at once": {SessionHandle: "h", Subject: "alice", Expires: epoch},
		"a malformed scope": {SessionHandle: "h", Subject: "alice", Expires: epoch.Add(time.Hour), Scope: "a  b"},
		"a quoted scope":    {SessionHandle: "h", Subject: "alice", Expires: epoch.Add(time.Hour), Scope: `a "b"`},
		"a line in a scope": {SessionHandle: "h", Subject: "alice", Expires: epoch.Add(time.Hour), Scope: "a\nb"},
	} {
		err := d.Update(t.Context(), func(tx *db.Conn) error {
			_, err := families.start(t.Context(), tx, f, epoch)
			return err
		})
		if err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}

// One refresh with its commit to the disk.
func BenchmarkRefresh(b *testing.B) {
	d := dbtest.Open(b, Migrations)
	token := start(b, d, alice)
	for b.Loop() {
		token = must(b, d, token, epoch)
	}
}

// The refreshes alone, many in one transaction.
func BenchmarkRefreshWithoutCommit(b *testing.B) {
	d := dbtest.Open(b, Migrations)
	token := start(b, d, alice)
	update(b, d, func(tx *db.Conn) error {
		for b.Loop() {
			res, err := families.refresh(b.Context(), tx, token, "", epoch)
			if err != nil {
				return err
			}
			token = res.Token
		}
		return nil
	})
}

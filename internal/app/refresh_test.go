package app

import (
	"errors"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/internal/testenv"
	"github.com/cloakroom/cloakroom/session"
)

// issue signs a program of anna in.
func issue(t *testing.T, a *App) Tokens {
	t.Helper()
	tok, err := a.IssueTokens(t.Context(), Credentials{Email: anna, Password: password}, Client{Device: "curl/8.5.0"})
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// present refreshes as the built-in client does.
func present(t *testing.T, a *App, refreshToken string) (Tokens, error) {
	return a.Refresh(t.Context(), refreshToken, "", "", Client{})
}

// refusal is why a refresh token was refused, "" if it was accepted.
func refusal(t *testing.T, err error) grant.Reason {
	t.Helper()
	var refused *grant.RefreshError
	if err != nil && !errors.As(err, &refused) {
		t.Fatal(err)
	}
	if refused == nil {
		return ""
	}
	return refused.Reason
}

// linkToken is the token of a one-time link.
func linkToken(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("link")
}

func familyOf(t *testing.T, a *App, refreshToken string) grant.Family {
	t.Helper()
	f, err := a.families.Find(t.Context(), a.db.View(), refreshToken)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Sixteen tabs refresh at the same moment, round after round, four of them late by one token: each round makes one
// successor, which all of them hold, and nobody is signed out. CLOAKROOM_TEST_ALL=1 makes it 1,000 rounds.
func TestSixteenTabsRefreshAtOnce_TK37(t *testing.T) {
	const tabs = 16
	rounds := 100
	if testenv.All() {
		rounds = 1000
	}
	a := open(t, t.TempDir(), nil)
	acct := signUp(t, a, anna)
	first := issue(t, a)
	before, current := "", first.Refresh
	for round := range rounds {
		answers, errs := make([]Tokens, tabs), make([]error, tabs)
		var asked sync.WaitGroup
		start := make(chan struct{})
		for i := range tabs {
			late := before != "" && i%4 == 3
			asked.Go(func() {
				<-start
				token := current
				if late {
					token = before
				}
				answers[i], errs[i] = present(t, a, token)
			})
		}
		close(start)
		asked.Wait()
		for i, tok := range answers {
			want := answers[0].Refresh
			if before != "" && i%4 == 3 {
				want = current
			}
			if errs[i] != nil || tok.Refresh != want || tok.Access == "" {
				t.Fatalf("round %d, tab %d: %v; the token of the others: %v", round, i, errs[i], tok.Refresh == want)
			}
		}
		if tok := answers[round%tabs]; bearer(t, a, tok.Access).Reason() != "" {
			t.Fatalf("round %d: an access token that is not good: %v", round, bearer(t, a, tok.Access).Reason())
		}
		before, current = current, answers[0].Refresh
	}
	var made int
	if err := a.db.View().QueryRow(t.Context(), "SELECT count(*) FROM refresh_tokens").Scan(&made); err != nil || made != rounds+1 {
		t.Errorf("%d tokens after %d rounds: %v", made, rounds, err)
	}
	if f := familyOf(t, a, current); f.Refreshes != int64(rounds) || !f.EndedAt.IsZero() {
		t.Errorf("the family is %+v", f)
	}
	if ended, err := a.EndedOf(t.Context(), acct.ID, 10); err != nil || len(ended) != 0 {
		t.Errorf("somebody was signed out: %+v %v", ended, err)
	}
	if got := bearer(t, a, first.Access).Reason(); got != "" {
		t.Errorf("the first access token died of the refreshes: %s", got)
	}
}

// The edges of the policy through the whole use case, in the order of time: "use 1 @5s" presents the token number 1 five
// seconds after the step before. Numbers are given in the order in which tokens were made.
func TestRefreshAtItsEdges_TK35_TK36_TK37(t *testing.T) {
	const lifetime = 720 * time.Hour
	type step struct {
		use   int
		after time.Duration
		want  string // the number of the successor, or why it was refused
	}
	for _, c := range []struct {
		what  string
		steps []step
	}{
		{"two tabs, then each goes on with what both got", []step{{0, 0, "1"}, {0, 0, "1"}, {1, 9 * time.Minute, "2"}, {1, 0, "2"}}},
		{"the answer was lost, and the laptop slept for a week", []step{{0, 0, "1"}, {0, 168 * time.Hour, "1"}, {1, 0, "2"}}},
		{"predecessor at 30 s exactly", []step{{0, 0, "1"}, {1, time.Hour, "2"}, {0, 30 * time.Second, "1"}, {1, 0, "2"}, {2, time.Hour, "3"}}},
		{"predecessor at 30 s + 1 ms", []step{{0, 0, "1"}, {1, time.Hour, "2"}, {0, 30*time.Second + time.Millisecond, "reused"}, {2, 0, "ended"}}},
		{"grand-parent at 0 s", []step{{0, 0, "1"}, {1, 0, "2"}, {2, 0, "3"}, {0, 0, "reused"}, {3, 0, "ended"}, {2, 0, "ended"}}},
		{"the last instant of the sign-in, and the one after", []step{{0, time.Hour, "1"}, {1, lifetime - time.Hour, "2"}, {2, 1, "expired"}, {1, 0, "expired"}}},
		{"an old token of an expired sign-in is no theft", []step{{0, 0, "1"}, {1, 0, "2"}, {2, 0, "3"}, {0, lifetime + 1, "expired"}}},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := open(t, t.TempDir(), nil, func(c *Config) { c.RefreshLifetime = lifetime })
				signUp(t, a, anna)
				tokens := []string{issue(t, a).Refresh}
				for i, s := range c.steps {
					time.Sleep(s.after)
					tok, err := present(t, a, tokens[s.use])
					got := string(refusal(t, err))
					if got == "" {
						n := 0
						for n < len(tokens) && tokens[n] != tok.Refresh {
							n++
						}
						if n == len(tokens) {
							tokens = append(tokens, tok.Refresh)
						}
						got = fmt.Sprint(n)
					}
					if got != s.want {
						t.Fatalf("step %d: token %d: got %s, want %s", i+1, s.use, got, s.want)
					}
				}
			})
		})
	}
}

// A refresh does not end the access tokens that were given out before; theft ends them all, with the session, and is in the
// journal.
func TestAccessTokensOutliveARefreshAndDieOfTheft_TK34_TK36(t *testing.T) {
	a := open(t, t.TempDir(), nil)
	acct := signUp(t, a, anna)
	all := []Tokens{issue(t, a)}
	for range 3 {
		tok, err := present(t, a, all[len(all)-1].Refresh)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, tok)
	}
	for i, tok := range all {
		if got := bearer(t, a, tok.Access).Reason(); got != "" {
			t.Errorf("access token %d after the refreshes: %s", i, got)
		}
	}
	handle := familyOf(t, a, all[0].Refresh).SessionHandle
	if _, err := present(t, a, all[0].Refresh); refusal(t, err) != grant.Reused {
		t.Fatalf("got %v", err)
	}
	for i, tok := range all {
		if got := bearer(t, a, tok.Access).Reason(); got != session.TokenReuse {
			t.Errorf("access token %d after the theft: %q", i, got)
		}
		if _, err := present(t, a, tok.Refresh); refusal(t, err) != grant.Ended {
			t.Errorf("refresh token %d after the theft: %v", i, err)
		}
	}
	if _, ending, err := a.SessionByHandle(t.Context(), handle); err != nil || ending == nil || ending.Reason != session.TokenReuse {
		t.Errorf("the session: %+v %v", ending, err)
	}
	history, err := a.History(t.Context(), acct.ID, 10)
	if err != nil || len(history) == 0 || history[0].Action != "token.reuse" {
		t.Errorf("the journal: %+v %v", history, err)
	}
}

// What changed about the account between two refreshes is seen by the second (TK-35), also what does not end it.
func TestWhatChangedBetweenTwoRefreshes_TK35(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(a *App) error
		want   session.Reason // how the sign-in has ended, "" if it goes on
	}{
		{"a group was added: the next token acts with it", func(a *App) error {
			_, err := a.ChangeGroups(t.Context(), anna, []string{"staff"}, nil, ActorCommand)
			return err
		}, ""},
		{"the password was set by a reset link", func(a *App) error {
			link, err := a.ResetLink(t.Context(), anna, ActorCommand, Client{})
			if err != nil {
				return err
			}
			return a.ResetPassword(t.Context(), linkToken(t, link), "another plum gravel 48", Client{})
		}, session.PasswordChanged},
		{"the account was disabled and enabled again: what had ended stays so", func(a *App) error {
			if _, err := a.DisableUser(t.Context(), anna, ActorCommand); err != nil {
				return err
			}
			return a.EnableUser(t.Context(), anna, ActorCommand)
		}, session.AccountDisabled},
		{"the account was deleted and made again", func(a *App) error {
			if _, err := a.DeleteUser(t.Context(), anna, ActorCommand); err != nil {
				return err
			}
			_, err := a.SignUp(t.Context(), browser(t, a), SignUp{Email: anna, Password: password}, Client{})
			return err
		}, session.AccountDisabled},
	} {
		t.Run(c.what, func(t *testing.T) {
			a := open(t, t.TempDir(), nil)
			signUp(t, a, anna)
			tok := issue(t, a)
			if err := c.change(a); err != nil {
				t.Fatal(err)
			}
			next, err := present(t, a, tok.Refresh)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if d := bearer(t, a, next.Access); !d.Allowed() || len(d.Principal.Groups) != 1 {
					t.Errorf("acts as %+v", d.Principal)
				}
				return
			}
			var refused *grant.RefreshError
			if !errors.As(err, &refused) || refused.Reason != grant.Ended || refused.Family.EndReason != string(c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// Whoever asks for too much, or comes with another client's token, has used nothing up (RFC 9700 section 4.14: a bad request is no
// lever).
func TestARefusedRequestUsesNothingUp_TK35(t *testing.T) {
	a := open(t, t.TempDir(), nil)
	signUp(t, a, anna)
	tok := issue(t, a)
	for _, scope := range []string{"admin", "account admin", "Account", "account  ", `"`} {
		if _, err := a.Refresh(t.Context(), tok.Refresh, "", scope, Client{}); !errors.Is(err, grant.ErrScope) {
			t.Errorf("scope %q: %v", scope, err)
		}
	}
	if _, err := a.Refresh(t.Context(), tok.Refresh, "another", "", Client{}); refusal(t, err) != grant.WrongClient {
		t.Errorf("another client: %v", err)
	}
	if f := familyOf(t, a, tok.Refresh); f.Refreshes != 0 || !f.EndedAt.IsZero() {
		t.Errorf("used up: %+v", f)
	}
	next, err := a.Refresh(t.Context(), tok.Refresh, grant.BuiltinClient, ScopeAccount, Client{})
	if err != nil || next.Scope != ScopeAccount {
		t.Errorf("%+v %v", next, err)
	}
}

// Should one day something disable an account and nothing else, the next refresh ends the rest: the session, its family and the
// access tokens that live.
func TestARefreshEndsWhatShouldHaveEnded_TK35(t *testing.T) {
	a := open(t, t.TempDir(), nil)
	acct := signUp(t, a, anna)
	tok := issue(t, a)
	if err := a.db.Update(t.Context(), func(tx *db.Conn) error { return a.accounts.SetDisabled(t.Context(), tx, acct.ID, true) }); err != nil {
		t.Fatal(err)
	}
	if _, err := present(t, a, tok.Refresh); refusal(t, err) != grant.Ended {
		t.Fatalf("got %v", err)
	}
	f := familyOf(t, a, tok.Refresh)
	if f.EndReason != string(session.AccountDisabled) {
		t.Errorf("the family: %+v", f)
	}
	if _, ending, err := a.SessionByHandle(t.Context(), f.SessionHandle); err != nil || ending == nil || ending.Reason != session.AccountDisabled {
		t.Errorf("the session: %+v %v", ending, err)
	}
	if got := bearer(t, a, tok.Access).Reason(); got != session.AccountDisabled {
		t.Errorf("the access token: %q", got)
	}
	a.follower.mu.RLock()
	defer a.follower.mu.RUnlock()
	if _, known := a.follower.ended[f.SessionHandle]; !known {
		t.Error("access tokens of it are not refused by what this node remembers")
	}
}

package app

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

// TestWhatNoRequestAsksFor: every minute sessions past their limits are ended, endings that no living token concerns are
// forgotten, and the journal's head is signed
func TestWhatNoRequestAsksFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		a, err := OpenServer(t.Context(), Config{Data: filepath.Join(t.TempDir(), "data"), Signup: SignupOpen, Fast: true}, slog.New(slog.NewTextHandler(&out, nil)))
		if err != nil {
			t.Fatal(err)
		}
		acct := signUp(t, a, anna)
		tok, err := a.IssueTokens(t.Context(), Credentials{Email: anna, Password: password}, Client{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { a.Run(ctx) })
		time.Sleep(62 * time.Minute) // the browser's session is idle
		ended, err := a.EndedOf(t.Context(), acct.ID, 10)
		if err != nil || len(ended) != 1 || ended[0].Reason != session.Idle {
			t.Errorf("ended: %+v %v", ended, err)
		}
		if tok, err = a.Refresh(t.Context(), tok.Refresh, "", "", Client{}); err != nil {
			t.Fatal(err)
		}
		if err := a.Revoke(t.Context(), tok.Refresh, "", Client{}); err != nil {
			t.Fatal(err)
		}
		remembered := func() int {
			a.follower.mu.RLock()
			defer a.follower.mu.RUnlock()
			return len(a.follower.ended)
		}
		if remembered() == 0 {
			t.Error("an ending is not remembered while a token could live")
		}
		time.Sleep(13 * time.Minute)
		if n := remembered(); n != 0 {
			t.Errorf("%d endings are remembered for ever", n)
		}
		cancel()
		running.Wait()

		_, after, ok := strings.Cut(out.String(), "msg=journal.head")
		if !ok {
			t.Fatal("the head is not logged")
		}
		_, signed, _ := strings.Cut(after, "signed=")
		signed, _, _ = strings.Cut(signed, "\n")
		if _, err := a.verifier.Verify(strings.TrimSpace(signed)); err == nil {
			t.Error("a signed head is accepted as an access token (TK-14)")
		}
		if strings.Contains(out.String(), "level=ERROR") {
			t.Errorf("errors: %s", out.String())
		}
		if err := a.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// TestARefreshTokenHasAnAbsoluteEnd_TK35: refreshing does not move it.
func TestARefreshTokenHasAnAbsoluteEnd_TK35(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := open(t, t.TempDir(), nil, func(c *Config) { c.RefreshLifetime = time.Hour })
		signUp(t, a, anna)
		tok, err := a.IssueTokens(t.Context(), Credentials{Email: anna, Password: password}, Client{})
		if err != nil {
			t.Fatal(err)
		}
		for range 6 {
			time.Sleep(9*time.Minute + 59*time.Second)
			if tok, err = a.Refresh(t.Context(), tok.Refresh, "", "", Client{}); err != nil {
				t.Fatal(err)
			}
		}
		if tok.ExpiresIn > 6*time.Second {
			t.Errorf("the last access token outlives its session: %v", tok.ExpiresIn)
		}
		time.Sleep(7 * time.Second)
		_, err = a.Refresh(t.Context(), tok.Refresh, "", "", Client{})
		refused, ok := err.(*grant.RefreshError)
		if !ok || refused.Reason != grant.Expired {
			t.Errorf("got %v", err)
		}
		if got := bearer(t, a, tok.Access).Reason(); got != "expired-token" {
			t.Errorf("got %q", got)
		}
	})
}

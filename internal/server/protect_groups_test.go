package server_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/access"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// TestProtectASocketEndsWithTheGroup: who is taken out of the group that may, by a command beside the server, loses what is open, and stays signed in. Who may
// by another group loses nothing.
func TestProtectASocketEndsWithTheGroup(t *testing.T) {
	h := protected(t, socketApp, func(c *app.Config) {
		c.Rules = []access.Rule{{Host: "app.localhost", Path: "/socket", Groups: []string{"staff", "ops"}, Within: time.Minute, Source: "line 1"}}
	})
	command, err := app.Open(t.Context(), app.Config{Data: h.Dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer command.Close(context.Background())
	change := func(email string, add, remove []string) {
		t.Helper()
		if _, err := command.ChangeGroups(t.Context(), email, add, remove, app.ActorCommand); err != nil {
			t.Fatal(err)
		}
	}
	enter := func(email string) *tab {
		b := newTab(t, h)
		b.signUp(email)
		b.open(b.at("/"))
		change(email, []string{"staff"}, nil)
		return b
	}
	open := func(b *tab) io.ReadWriter {
		t.Helper()
		var last string
		for end := time.Now().Add(testenv.Soon); time.Now().Before(end); time.Sleep(10 * time.Millisecond) { // until the server knows of the group
			conn, r, res := b.socket()
			if last = res.Status; res.StatusCode == http.StatusSwitchingProtocols {
				return struct {
					io.Reader
					io.Writer
				}{r, conn}
			}
		}
		t.Fatal(last)
		return nil
	}
	says := func(ws io.ReadWriter) error {
		if _, err := fmt.Fprint(ws, "hello"); err != nil {
			return err
		}
		_, err := io.ReadFull(ws, make([]byte, 5))
		return err
	}
	ends := func(ws io.ReadWriter) {
		t.Helper()
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = io.Copy(io.Discard, ws)
		}()
		select {
		case <-done:
		case <-time.After(testenv.Soon):
			t.Error("it does not end")
		}
	}

	b, other := enter(anna), enter("ben@example.org")
	first, others := open(b), open(other)
	change(anna, []string{"ops"}, []string{"staff"})
	change("ben@example.org", nil, []string{"staff"})
	ends(others)
	if err := says(first); err != nil {
		t.Errorf("in another group that may: %v", err)
	}
	if _, _, res := other.socket(); res.StatusCode != http.StatusForbidden {
		t.Errorf("afterwards: %s", res.Status)
	}
	if res, _ := other.do("GET", other.at("/"), ""); res.StatusCode != http.StatusOK {
		t.Errorf("at the rest of the app: %s", res.Status)
	}
	change(anna, nil, []string{"ops"})
	ends(first)
}

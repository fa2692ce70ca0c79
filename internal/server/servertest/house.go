// Package servertest opens whole houses for tests: a real database file, a real listener on loopback, and browsers
// and programs that talk to it. Only test files import it.
package servertest

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/server"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// Password is good enough for every account of a test.
const Password = "plum gravel 47 orbit"

// House is a running server with its use cases.
type House struct {
	App    *app.App
	Server *server.Server
	URL    string // http://localhost:PORT
	Dir    string // of the database and the secret
	Logs   *Logs
	Faults *db.Faults // breaks the database

	still   bool // no network
	t       testing.TB
	base    string // where to connect; differs from URL where a proxy would stand before the house
	secrets secrets
	stop    func()
}

// Start opens a house with open sign-up and cheap password hashes; change may set anything else. It is closed when the
// test ends.
func Start(t testing.TB, change func(*app.Config)) *House {
	t.Helper()
	return StartIn(t, t.TempDir(), change)
}

// StartIn is [Start] in a directory, for starting the same house again after [House.Stop]; with the URL of the first, it
// answers there.
func StartIn(t testing.TB, dir string, change func(*app.Config)) *House {
	t.Helper()
	return start(t, dir, change, false)
}

// StartStill is [Start] without a network and without anything that runs by itself: requests go straight to the handlers.
// So it works in the bubble of testing/synctest, where the tests of time are made.
func StartStill(t testing.TB, change func(*app.Config)) *House {
	t.Helper()
	return start(t, t.TempDir(), change, true)
}

func start(t testing.TB, dir string, change func(*app.Config), still bool) *House {
	t.Helper()
	ts := httptest.NewUnstartedServer(nil)
	_, port, _ := strings.Cut(ts.Listener.Addr().String(), ":")
	ts.Listener.Close()
	if !still { // the port is this test's until it ends, so that nobody else has it when a house is stopped and started again there
		port = strconv.Itoa(testenv.FreePort(t))
	}
	base, faults := "http://localhost:"+port, new(db.Faults)
	cfg := app.Config{URL: base, Data: filepath.Join(dir, "data"), Signup: app.SignupOpen, Fast: true, Faults: faults}
	if change != nil {
		change(&cfg)
	}
	if its, ok := strings.CutPrefix(cfg.URL, "http://localhost:"); ok { // as the house before it, perhaps
		port, base = its, cfg.URL
	}
	if !still {
		n, err := strconv.Atoi(port)
		if err != nil {
			t.Fatal(err)
		}
		ts.Listener = testenv.Listen(t, n)
	}
	h := &House{URL: cfg.URL, Dir: cfg.Data, Logs: &Logs{}, Faults: faults, still: still, t: t, base: base}
	log := slog.New(slog.NewTextHandler(h.Logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if h.App, err = app.OpenServer(t.Context(), cfg, log); err != nil {
		ts.Listener.Close()
		t.Fatal(err)
	}
	if h.Server, err = server.New(h.App, log); err != nil {
		t.Fatal(err)
	}
	if still {
		h.stop = sync.OnceFunc(h.close)
		t.Cleanup(h.Stop)
		return h
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { h.App.Run(ctx) })
	running.Go(func() { h.Server.Run(ctx) })
	ts.Config.Handler = h.Server.Public()
	ts.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	ts.Start()
	h.stop = sync.OnceFunc(func() {
		h.Server.EndStreams()
		ts.Close()
		cancel()
		running.Wait()
		h.close()
	})
	t.Cleanup(h.Stop)
	return h
}

func (h *House) close() {
	h.Faults.Set(nil)
	if err := h.App.Close(context.Background()); err != nil {
		h.t.Error(err)
	}
	h.secrets.lint(h.t, h.Logs.String())
}

// Stop ends the house as SIGTERM would.
func (h *House) Stop() { h.stop() }

package tour

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server"
	"github.com/cloakroom/cloakroom/jwt/revocation"
)

// house is a throwaway server: the real one with the sites of the tour beside it, and on a port of its own an API that
// knows nothing of it but its published keys.
type house struct {
	app      *app.App
	net      *internet
	url, api string
	person   person
	times    times
	keys     exchange // how the API got its keys

	follower string // an API that also follows the feed
	feed     *revocation.Feed

	data    *visits // the API's own
	servers []*http.Server
	running sync.WaitGroup
	stopRun context.CancelFunc
	stopped bool // the store
}

// person is the one account of a house.
type person struct{ id, name, email, password string }

func randomSecret() ([]byte, error) {
	secret := make([]byte, 32)
	_, err := rand.Read(secret)
	return secret, err
}

// openHouse starts a house in which whatever expires does so after life.
func openHouse(ctx context.Context, n *internet, name, dir string, life time.Duration, s seal) (_ *house, err error) {
	h := &house{net: n, person: person{name: "Ada", email: "ada@example.org", password: rand.Text()}}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	public, url, err := n.listen(name)
	if err != nil {
		return nil, err
	}
	defer closeUnlessServed(public, &err)
	h.url = url
	log := slog.New(slog.DiscardHandler)
	h.app, err = app.OpenServer(ctx, app.Config{
		URL: h.url, Data: filepath.Join(dir, "data"), Signup: app.SignupOpen, Fast: true,
		Idle: life, Lifetime: life, Remember: max(life, longLife), TokenLifetime: min(life, 10*time.Minute), RefreshLifetime: max(life, longLife),
	}, log)
	if err != nil {
		return nil, err
	}
	srv, err := server.New(h.app, log)
	if err != nil {
		return nil, err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stopRun = stop
	h.running.Go(func() { h.app.Run(run) })

	mux := http.NewServeMux()
	mux.Handle("/", srv.Public())
	mux.HandleFunc("GET "+manyPath, setMany)
	clientKept(mux, h, "plain-cookie", plain{}, life)
	clientKept(mux, h, "sealed-cookie", sealed{s, life}, life)
	if err := sessionSite(mux, h); err != nil {
		return nil, err
	}
	h.serve(public, mux)
	if err := h.signUp(ctx); err != nil {
		return nil, err
	}
	return h, h.openAPI(ctx, dir)
}

func closeUnlessServed(l net.Listener, err *error) {
	if *err != nil {
		_ = l.Close() // closed already, if it was served
	}
}

func (h *house) serve(l net.Listener, handler http.Handler) {
	s := &http.Server{Handler: h.times.of(handler), ReadHeaderTimeout: 10 * time.Second}
	h.servers = append(h.servers, s)
	h.running.Go(func() { _ = s.Serve(l) }) // ends by Close, with http.ErrServerClosed
}

// signUp makes the account. It is no step of the tour: being remembered begins after it.
func (h *house) signUp(ctx context.Context) error {
	c := h.net.client(jar.New(nil))
	defer c.close()
	e, err := c.do(ctx, http.MethodPost, h.url+"/api/signup", map[string]string{"email": h.person.email, "password": h.person.password, "name": h.person.name})
	if err != nil {
		return err
	}
	var made struct {
		Account struct {
			ID string `json:"id"`
		} `json:"account"`
	}
	if err := json.Unmarshal(e.body, &made); err != nil || e.status != http.StatusCreated {
		return fmt.Errorf("tour: sign-up: %s", e.says())
	}
	h.person.id = made.Account.ID
	return nil
}

// stopStore closes the databases of a server that goes on running: from now on it knows only what it has in memory.
func (h *house) stopStore(ctx context.Context) error {
	if h.stopped {
		return nil
	}
	h.stopped = true
	err := h.app.Close(ctx)
	if h.data != nil {
		err = errors.Join(err, h.data.close())
	}
	return err
}

func (h *house) close() error {
	var errs []error
	if h.feed != nil {
		errs = append(errs, h.feed.Close())
	}
	for _, s := range h.servers {
		errs = append(errs, s.Close())
	}
	if h.stopRun != nil {
		h.stopRun()
	}
	h.running.Wait()
	if h.app != nil {
		errs = append(errs, h.stopStore(context.Background()))
	}
	return errors.Join(errs...)
}

// times is how long the server worked on each request, by path: from the parsed request to the end of its handler. The
// client and the network are not in it.
type times struct {
	mu   sync.Mutex
	took map[string][]time.Duration
}

func (t *times) of(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		next.ServeHTTP(w, r)
		d := time.Since(start)
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.took == nil {
			t.took = map[string][]time.Duration{}
		}
		t.took[r.URL.Path] = append(t.took[r.URL.Path], d)
	})
}

// forget begins a new measurement of a path.
func (t *times) forget(path string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.took, path)
}

// median is the middle one of the times of a path, in microseconds.
func (t *times) median(path string) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := slices.Sorted(slices.Values(t.took[path]))
	if len(all) == 0 {
		return 0
	}
	return float64(all[len(all)/2].Nanoseconds()/100) / 10
}

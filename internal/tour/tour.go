// Package tour shows four ways of being remembered, at work and under attack: it starts a throwaway server on loopback,
// lets clients do one small task there (who am I, and how often was I here), and writes down what it sees. Nothing in a
// [Report] was known beforehand, and every finding is held against what the design promises.
//
// Start at [Run], then read trial.go.
package tour

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
)

const (
	// briefLife is how long everything lasts on the second server, where things are left to expire. Tokens count in whole
	// seconds (RFC 7519 section 2), so one of them may be short of a second.
	briefLife = 3 * time.Second

	longLife  = time.Hour // on the first server: nothing expires while it is attacked
	samples   = 300       // requests that are measured for each way
	newcomers = 40        // visitors who get a session each, to see what one costs
)

// Options are the choices of a tour; nil is the whole tour.
type Options struct {
	Only     string               // the name of one way; "" = all four
	Progress func(doing string)   // is told what comes next
	sealer   func() (seal, error) // tests put in one that does not authenticate
}

// Names are the ways of being remembered, in the order of the tour.
func Names() []string {
	var names []string
	for _, w := range ways {
		names = append(names, w.name)
	}
	return names
}

// Run makes the tour. Its server and its files are gone when it returns.
//
// The error says why the tour could not be finished. That something was seen which the design forbids is no error here:
// see [Report.Broken].
func Run(ctx context.Context, o *Options) (_ *Report, err error) {
	if o == nil {
		o = &Options{}
	}
	some := ways
	if o.Only != "" {
		i := slices.IndexFunc(ways, func(w *way) bool { return w.name == o.Only })
		if i < 0 {
			return nil, fmt.Errorf("tour: there is no way %q", o.Only)
		}
		some = ways[i : i+1]
	}
	t := &tour{ways: some, progress: o.Progress, began: time.Now()}
	if t.progress == nil {
		t.progress = func(string) {}
	}
	if t.dir, err = os.MkdirTemp("", "cloakroom-tour-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	sealer := o.sealer
	if sealer == nil {
		sealer = newSealer
	}
	report, err := t.run(ctx, sealer)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx) // what else went wrong went wrong because of it
	}
	return report, err
}

// tour is one run.
type tour struct {
	ways        []*way
	progress    func(string)
	began       time.Time
	dir         string
	net         *internet
	main, brief *house
}

func (t *tour) run(ctx context.Context, sealer func() (seal, error)) (*Report, error) {
	t.progress("starting a server")
	var err error
	if t.net, err = openInternet(); err != nil {
		return nil, err
	}
	for _, h := range []struct {
		at   **house
		name string
		life time.Duration
	}{{&t.main, mainName, longLife}, {&t.brief, briefName, briefLife}} {
		s, err := sealer()
		if err != nil {
			return nil, err
		}
		if *h.at, err = openHouse(ctx, t.net, h.name, filepath.Join(t.dir, h.name), h.life, s); err != nil {
			return nil, err
		}
	}
	web, err := t.theWeb(ctx)
	if err != nil {
		return nil, err
	}
	// What shall expire is begun first, so that it grows old while the rest is seen.
	trials, aged := t.begin(ctx)
	for _, x := range trials {
		x.story()
		if err = errors.Join(err, x.err); err != nil {
			return nil, err
		}
	}
	t.progress("stopping the store")
	if err := t.main.stopStore(ctx); err != nil {
		return nil, err
	}
	for _, x := range trials {
		x.storeStopped()
		err = errors.Join(err, x.err)
	}
	t.progress("waiting until everything has expired")
	if err := sleep(ctx, time.Until(aged)); err != nil {
		return nil, err
	}
	for _, x := range trials {
		x.expired()
		err = errors.Join(err, x.err)
	}
	if err != nil {
		return nil, err
	}
	return t.report(web, trials), nil
}

// begin signs in, for each way, at the server where nothing lasts, and says when all of that is over.
func (t *tour) begin(ctx context.Context) (trials []*trial, aged time.Time) {
	for _, w := range t.ways {
		x := &trial{tour: t, ctx: ctx, way: w, house: t.main, seen: Way{Name: w.name, label: w.label, carries: w.carries}}
		x.beginAging()
		trials = append(trials, x)
	}
	return trials, time.Now().Add(briefLife + 100*time.Millisecond)
}

func (t *tour) report(web []Step, trials []*trial) *Report {
	r := &Report{Schema: 1, Took: time.Since(t.began), Steps: web}
	for _, x := range trials {
		r.Ways = append(r.Ways, x.seen)
		r.Steps = slices.Concat(r.Steps, x.steps, x.late)
	}
	for i := range r.Steps {
		r.Steps[i].N = i + 1
	}
	return r
}

// close leaves nothing behind, also after Ctrl-C.
func (t *tour) close() error {
	var errs []error
	for _, h := range []*house{t.main, t.brief} {
		if h != nil {
			errs = append(errs, h.close())
		}
	}
	if t.net != nil {
		errs = append(errs, t.net.close())
	}
	return errors.Join(append(errs, os.RemoveAll(t.dir))...)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// seal is what the sealed cookie needs of a [cookie.Sealer].
type seal interface {
	Seal(name string, value []byte, lifetime time.Duration) (string, error)
	Open(name, sealed string) ([]byte, error)
}

func newSealer() (seal, error) {
	secret, err := randomSecret()
	if err != nil {
		return nil, err
	}
	return cookie.NewSealer(secret)
}

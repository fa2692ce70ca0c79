package revocation

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/cloakroom/cloakroom/internal/egress"
	"github.com/cloakroom/cloakroom/jwt"
)

// Feed follows the revocations of one issuer. Make it with [Follow]; the zero value knows nothing and refuses every token. It may be used by
// many goroutines.
type Feed struct {
	issuer      string
	url         *url.URL
	credentials Credentials
	opts        Options
	limits      limits
	keys        feedKeys
	client      *http.Client

	entries *entries
	view    view
	first   chan struct{} // closed when there is a view
	once    sync.Once     // closes it
	begun   time.Time

	end     context.CancelFunc
	closing <-chan struct{}
	done    sync.WaitGroup

	mu        sync.Mutex // for what Status tells
	place     place      // written by the goroutine that reads the feed, alone
	connected bool
	unknown   int64
	err       error
}

// limits are of time. Tests over real sockets have shorter ones.
type limits struct {
	silence   time.Duration // without a message that is news, a connection is dead
	retry     time.Duration // the first pause between two connections; it doubles
	mostRetry time.Duration
	slowRetry time.Duration // where trying soon cannot help, such as with wrong credentials
	watch     time.Duration // how often it is looked at whether the feed is lost
}

var usualLimits = limits{
	silence: 10 * time.Second, retry: 100 * time.Millisecond, mostRetry: 5 * time.Second, slowRetry: 30 * time.Second, watch: time.Second,
}

// Follow begins to follow the revocations of an issuer, which is given as its tokens name it: https, or http for localhost. It returns at once;
// [Feed.Wait] waits until something is known. An argument that cannot be is refused with [ErrOption]. Close the feed when it is no longer needed.
func Follow(issuer string, credentials Credentials, opts *Options) (*Feed, error) {
	return follow(issuer, credentials, opts, usualLimits)
}

func follow(issuer string, credentials Credentials, opts *Options, l limits) (*Feed, error) {
	o, u, err := opts.resolve(issuer, credentials)
	if err != nil {
		return nil, err
	}
	f := newFeed(issuer, o)
	f.url, f.credentials, f.limits = u, credentials, l
	f.client = &http.Client{Transport: o.Transport, CheckRedirect: refuseRedirect} // no Jar: no cookies
	if o.Transport == nil {
		f.client.Transport = egress.NewTransport(u, o.AllowPrivate, o.RootCAs)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f.end, f.closing = cancel, ctx.Done()
	f.done.Go(func() { f.run(ctx) })
	f.done.Go(func() { f.watch(ctx) })
	return f, nil
}

// newFeed has everything but a connection.
func newFeed(issuer string, o Options) *Feed {
	f := &Feed{issuer: issuer, opts: o, entries: newEntries(o.MaxEntries), first: make(chan struct{}), begun: time.Now()}
	f.keys = feedKeys{o.Keys, f.entries}
	return f
}

// Wait waits until there is a view: everything that is revoked is known. A service calls it before it takes requests. It fails with [ErrClosed] if the
// feed is closed, and with [ErrStale] and the reason why nothing is known yet if ctx ends.
func (f *Feed) Wait(ctx context.Context) error {
	if f.entries == nil {
		return refuse(ErrOption, "the feed was not made by Follow")
	}
	select {
	case <-f.first:
		return nil
	case <-f.closing:
		return refuse(ErrClosed, "")
	case <-ctx.Done():
	}
	return &Error{Rule: ErrStale, Detail: "nothing is known yet: " + context.Cause(ctx).Error(), Err: f.Status().Err}
}

// Close ends the connection and everything that runs, and waits for it. What is known stays, and grows old as if the feed were lost. Closing it again does
// nothing.
func (f *Feed) Close() error {
	if f.end != nil {
		f.end()
		f.done.Wait()
	}
	return nil
}

// feedKeys are the keys that may sign the feed: a retired one may not.
type feedKeys struct {
	jwt.KeySource
	entries *entries
}

func (k feedKeys) Key(kid string) (*jwt.Key, error) {
	if k.entries.key(kid) {
		return nil, refuse(ErrMessage, "its key was retired")
	}
	return k.KeySource.Key(kid)
}

// take is one message, received at a time. It reports whether it is news: whether the feed goes on as it should.
func (f *Feed) take(m *message, now time.Time) (news bool, err error) {
	f.view.hear(m, now)
	before := f.view.forgetBefore(now)
	for i := range m.entries {
		if m.entries[i].Until < before {
			continue
		}
		// What is revoked is known at once, also if something before it was missed, or the rest of a snapshot never comes.
		if err := f.entries.add(&m.entries[i]); err != nil {
			return false, err
		}
	}
	news, err = f.move(m, now)
	if news && m.unknown != "" {
		f.opts.Logger.Warn("revocation: an event that is not known; is this program too old?", "issuer", f.issuer, "event", quote(m.unknown))
	}
	return news, err
}

// move moves the place and the view on.
func (f *Feed) move(m *message, now time.Time) (news bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	news, whole, err := f.place.take(m, f.opts.MaxEntries)
	if err != nil || !news {
		return false, err
	}
	f.connected = true
	if m.unknown != "" {
		f.unknown++
	}
	if !whole {
		return true, nil
	}
	renewed, err := f.view.renew(m, now)
	if renewed || err != nil {
		f.err = err // of the clock: the feed goes on, but proves nothing
	}
	if renewed {
		f.once.Do(func() { close(f.first) })
	}
	return true, nil
}

func (f *Feed) failed(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connected, f.err = false, err
	f.place.reconnect()
}

// at returns where the feed stands, for connecting again.
func (f *Feed) at() (seq int64, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.place.seq, f.place.known
}

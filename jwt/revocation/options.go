package revocation

import (
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/internal/egress"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/jwt/jwks"
)

// How long a view may be too old before tokens are refused: by default, and what can be chosen. Heartbeats come each 5 s, so less than
// the least would refuse between two of them.
const (
	DefaultRefuseAfter = time.Minute
	LeastRefuseAfter   = 6 * time.Second
	MostRefuseAfter    = 24 * time.Hour
)

// How many entries are kept: by default, and at most.
const (
	DefaultMaxEntries = 1_000_000
	MostMaxEntries    = 50_000_000
)

// Credentials are of a client that the issuer knows: what `cloakroom client add` printed.
type Credentials struct{ ID, Secret string }

// String names the client, without the secret.
func (c Credentials) String() string { return c.ID }

// GoString does so for %#v.
func (c Credentials) GoString() string {
	return "revocation.Credentials{ID: " + strconv.Quote(c.ID) + "}"
}

// LogValue does so for logs.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.ID) }

// Options are the optional properties of a [Feed]. Nil and the zero value are safe.
type Options struct {
	// RefuseAfter is how old the view may grow before [Feed.Revoked] refuses every token with [ErrStale]: a minute if 0, from 6 s to 24 h.
	//
	// Refusing is the default since whoever can cut the feed could otherwise undo every revocation; a minute lets the issuer be started
	// anew, and is a tenth of what a token lives.
	RefuseAfter time.Duration

	// AcceptWhenLost goes on with what is known when the feed is lost, however old it is, and even if nothing is known yet: a token that was revoked
	// since is then accepted until it expires. The log says so, and [Feed.Status]. RefuseAfter cannot be given with it.
	AcceptWhenLost bool

	// Keys have the key that signs the feed. If nil, they are fetched from /.well-known/jwks.json of the issuer, by a [jwks.Source]. A
	// program that has such a source for its tokens gives it here too.
	Keys jwt.KeySource

	// MaxEntries is how many revocations are kept: 10^6 if 0, at most 5·10^7; one takes about 150 bytes. With more than that the view counts as lost.
	MaxEntries int

	// Logger is told when the feed is lost and found; [slog.Default] if nil.
	Logger *slog.Logger

	// AllowPrivate, RootCAs and Transport are for both the feed and the keys, and mean what they mean in [jwks.Options].
	AllowPrivate bool
	RootCAs      *x509.CertPool
	Transport    http.RoundTripper
}

func (o *Options) resolve(issuer string, c Credentials) (Options, *url.URL, error) {
	var r Options
	if o != nil {
		r = *o
	}
	invalid := func(detail string) (Options, *url.URL, error) { return r, nil, refuse(ErrOption, detail) }
	u, wrong := egress.ParseURL(strings.TrimSuffix(issuer, "/") + "/revocations")
	switch {
	case wrong != nil:
		return invalid("issuer: " + wrong.Error())
	case u.RawQuery != "":
		return invalid("issuer: it has a query")
	case c.ID == "" || c.Secret == "":
		return invalid("credentials: the ID or the secret is missing")
	case r.AcceptWhenLost && r.RefuseAfter != 0:
		return invalid("AcceptWhenLost: got RefuseAfter too")
	case r.RefuseAfter != 0 && (r.RefuseAfter < LeastRefuseAfter || r.RefuseAfter > MostRefuseAfter):
		return invalid("RefuseAfter: got " + r.RefuseAfter.String() + ", want " + LeastRefuseAfter.String() + " to " + MostRefuseAfter.String())
	case r.MaxEntries < 0 || r.MaxEntries > MostMaxEntries:
		return invalid(gotLimit("MaxEntries", r.MaxEntries, MostMaxEntries))
	case r.Transport != nil && (r.AllowPrivate || r.RootCAs != nil):
		return invalid("Transport: addresses and certificates are its affair, got AllowPrivate or RootCAs too")
	}
	if r.RefuseAfter == 0 {
		r.RefuseAfter = DefaultRefuseAfter
	}
	if r.MaxEntries == 0 {
		r.MaxEntries = DefaultMaxEntries
	}
	if r.Logger == nil {
		r.Logger = slog.Default()
	}
	if r.Keys == nil {
		keys, err := jwks.New(strings.TrimSuffix(issuer, "/")+"/.well-known/jwks.json",
			&jwks.Options{AllowPrivate: r.AllowPrivate, RootCAs: r.RootCAs, Transport: r.Transport})
		if err != nil {
			return r, nil, &Error{Rule: ErrOption, Err: err}
		}
		r.Keys = keys
	}
	return r, u, nil
}

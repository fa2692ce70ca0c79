package jwks

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/internal/egress"
	"github.com/cloakroom/cloakroom/jwt"
)

const mostRedirects = 3

// fetcher makes one kind of request, and has no memory.
type fetcher struct {
	url    *url.URL
	opts   Options
	client *http.Client
}

func newFetcher(u *url.URL, opts Options) *fetcher {
	f := &fetcher{url: u, opts: opts}
	f.client = &http.Client{Transport: opts.Transport, CheckRedirect: f.checkRedirect} // no Jar: no cookies
	if opts.Transport == nil {
		f.client.Transport = egress.NewTransport(u, opts.AllowPrivate, opts.RootCAs)
	}
	return f
}

func (f *fetcher) refuse(rule error, detail string) error {
	return &Error{Rule: rule, URL: f.url.String(), Detail: detail}
}

// fetch returns the key set and how long it is fresh; no set ever comes with an error.
func (f *fetcher) fetch(ctx context.Context) (*jwt.KeySet, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, f.opts.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url.String(), nil)
	if err != nil {
		return nil, 0, f.failed(err)
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	req.Header.Set("User-Agent", "cloakroom-jwks")
	res, err := f.client.Do(req)
	if err != nil {
		return nil, 0, f.failed(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, 0, f.refuse(ErrStatus, "got "+strconv.Itoa(res.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(f.opts.MaxBytes)+1))
	if err != nil {
		return nil, 0, f.failed(err)
	}
	if len(body) > f.opts.MaxBytes {
		return nil, 0, f.refuse(ErrTooLarge, "limit "+strconv.Itoa(f.opts.MaxBytes)+" bytes")
	}
	set, err := f.parse(body)
	if err != nil {
		return nil, 0, err
	}
	return set, freshness(res.Header), nil
}

// parse looks at the bytes and not at the Content-Type: nothing is decided by a label that many servers get wrong.
func (f *fetcher) parse(body []byte) (*jwt.KeySet, error) {
	set, err := jwt.ParseKeySetFor(body, f.opts.Algorithms)
	if err != nil {
		// Only the text is kept: [jwt.Reason] of a token that is refused for this is not "key".
		return nil, f.refuse(ErrContent, err.Error())
	}
	for _, k := range set.Keys() {
		if _, err := k.PrivateJWK(); err == nil {
			return nil, f.refuse(ErrSecret, "key "+strconv.QuoteToASCII(k.ID())+" is not public: whoever reads it can sign")
		}
	}
	return set, nil
}

// failed keeps the words of our own checks, which net/http wraps.
func (f *fetcher) failed(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*egress.AddressError](err); ok {
		return f.refuse(ErrAddress, "got "+e.Address)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &Error{Rule: ErrFetch, URL: f.url.String(), Detail: "limit " + f.opts.Timeout.String(), Err: err}
	}
	return &Error{Rule: ErrFetch, URL: f.url.String(), Err: err}
}

func (f *fetcher) checkRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > mostRedirects:
		return f.refuse(ErrRedirect, "limit "+strconv.Itoa(mostRedirects))
	case req.URL.Scheme != f.url.Scheme || hostPort(req.URL) != hostPort(f.url) || req.URL.User != nil:
		return f.refuse(ErrRedirect, "to another host, "+strconv.QuoteToASCII(req.URL.Scheme+"://"+req.URL.Host))
	}
	return nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

package revocation

import (
	"context"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cloakroom/cloakroom/internal/egress"
)

// run connects, again and again, until ctx ends.
func (f *Feed) run(ctx context.Context) {
	defer f.failed(refuse(ErrClosed, ""))
	for try := 0; ; try++ {
		began := time.Now()
		pause, err := f.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		f.failed(err)
		if time.Since(began) >= f.limits.mostRetry {
			try = 0 // it was good for a while: the first pause is short again
		}
		if pause == 0 {
			pause = f.pause(try, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// pause doubles, and is anything from half of itself on, so that those who lost the feed at once do not come back at once.
func (f *Feed) pause(try int, err error) time.Duration {
	d := min(f.limits.retry<<min(try, 16), f.limits.mostRetry)
	if errors.Is(err, ErrCredentials) || errors.Is(err, ErrStatus) || errors.Is(err, ErrTooMany) {
		d = f.limits.slowRetry
	}
	return d/2 + rand.N(d/2+1)
}

// connect reads the feed until it ends. If the issuer said when to come again, it says so.
func (f *Feed) connect(ctx context.Context) (again time.Duration, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(f.limits.silence, func() { cancel(refuse(ErrSilent, "limit "+f.limits.silence.String())) })
	defer silence.Stop()

	res, err := f.client.Do(f.request(ctx))
	if err != nil {
		return 0, f.broken(ctx, err)
	}
	defer res.Body.Close()
	if err := checkAnswer(res); err != nil {
		return retryAfter(res), err
	}
	for s := newStream(res.Body); ; {
		token, err := s.next()
		if err != nil {
			return 0, f.broken(ctx, err)
		}
		m, err := parseMessage(token, f.issuer, f.keys)
		if err != nil {
			return 0, err
		}
		news, err := f.take(m, time.Now())
		if err != nil {
			return 0, err
		}
		if news {
			silence.Reset(f.limits.silence)
		}
	}
}

func (f *Feed) request(ctx context.Context) *http.Request {
	r := (&http.Request{Method: http.MethodGet, URL: f.url, Host: f.url.Host, Header: http.Header{
		"Accept":     {"text/event-stream"},
		"User-Agent": {"cloakroom-revocation"},
		// RFC 6749 section 2.3.1: both are form-encoded first.
		"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(
			url.QueryEscape(f.credentials.ID)+":"+url.QueryEscape(f.credentials.Secret)))},
	}}).WithContext(ctx)
	if seq, known := f.at(); known {
		r.Header.Set("Last-Event-ID", strconv.FormatInt(seq, 10))
	}
	return r
}

// broken says why a connection ended, in our own words if it was we who ended it.
func (f *Feed) broken(ctx context.Context, err error) error {
	if cause, ok := errors.AsType[*Error](context.Cause(ctx)); ok {
		return cause
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*egress.AddressError](err); ok {
		return refuse(ErrAddress, "got "+e.Address)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return &Error{Rule: ErrConnection, Err: err}
}

// refuseRedirect: the credentials are for this issuer.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func checkAnswer(res *http.Response) error {
	switch status := res.StatusCode; status {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return refuse(ErrCredentials, "got "+strconv.Itoa(status))
	default:
		if status >= 500 || status == http.StatusTooManyRequests {
			return refuse(ErrConnection, "got status "+strconv.Itoa(status))
		}
		return refuse(ErrStatus, "got "+strconv.Itoa(status)+", want 200")
	}
	if kind, _, err := mime.ParseMediaType(res.Header.Get("Content-Type")); err != nil || kind != "text/event-stream" {
		return refuse(ErrStatus, "got "+quote(res.Header.Get("Content-Type"))+", want text/event-stream")
	}
	return nil
}

// retryAfter is what the issuer asks for (RFC 9110 section 10.2.3), up to half a minute; 0 if it asks for nothing.
func retryAfter(res *http.Response) time.Duration {
	n, err := strconv.Atoi(res.Header.Get("Retry-After"))
	if err != nil || n <= 0 || res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests {
		return 0
	}
	return time.Duration(min(n, 30)) * time.Second
}

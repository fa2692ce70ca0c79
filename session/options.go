package session

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
)

const day = 24 * time.Hour

// Options are the limits and helpers of a [Manager]. The zero value of each field, and
// a nil *Options, is the default that its comment names, which is safe.
type Options struct {
	// CookieName is the name of the session cookie: "__Host-session". It must
	// begin with "__Host-", so that no other host of the domain can set it.
	CookieName string

	// Idle ends a session that is unused for longer: 1 hour. At least 1 second.
	Idle time.Duration

	// Lifetime ends a session that is older, used or not: 24 hours. At least Idle.
	Lifetime time.Duration

	// Remember is both limits of a session that its owner asked to keep
	// (SignIn.Remember): 720 hours. At most 400 days, which is as long as
	// browsers keep a cookie. Negative: nobody is remembered.
	Remember time.Duration

	// MaxPerSubject is how many live sessions an account may have: 100. One
	// more sign-in ends the oldest with the reason Evicted.
	MaxPerSubject int

	// MaxData is how many bytes of data a session may hold, as it is encoded: 64 KiB.
	MaxData int

	// CacheBytes bounds the sessions kept in memory, in bytes: 32 MiB, room for
	// some 110,000 sessions without data. Negative: no cache.
	CacheBytes int

	// TouchEvery is how often last-seen times are written: Idle/10. At most
	// Idle/10, at least 1 millisecond. A crash loses at most so much of them.
	TouchEvery time.Duration

	// Shared says that other processes serve the same sessions from the same
	// store. Their last-seen times are known only when they are written, so
	// that idle sessions end between Idle and 1.1 Idle, never early. Without it,
	// idle is exact.
	Shared bool

	// Level is the assurance level of NIST SP 800-63B-4 that the limits are held
	// against, 1 to 3: 1. Limits beyond it are warned of, see [Manager.Warnings].
	Level int

	// Device names the device of a request, "Firefox on Linux", for its owner
	// to recognise: none. If a later request of the session comes from
	// another device, that is logged as session.device. It is a signal and not
	// a proof: nothing is refused for it.
	Device func(*http.Request) string

	// Logger gets what happens to sessions, never their ids: slog.Default().
	Logger *slog.Logger

	// OnError answers a request whose session could not be read or saved:
	// 431 if the cookies are over the limits of package cookie, 401 if the session ended while
	// the request ran, else 503 "store-unavailable". It must not answer 2xx.
	OnError func(w http.ResponseWriter, r *http.Request, err error)
}

// AAL1 returns the limits that NIST SP 800-63B-4 recommends for assurance level 1: 30 days in all.
func AAL1() *Options {
	return &Options{Level: 1, Idle: 30 * day, Lifetime: 30 * day, Remember: 30 * day}
}

// AAL2 returns the limits for assurance level 2: 1 hour idle, 24 hours in all, nobody is remembered.
func AAL2() *Options {
	return &Options{Level: 2, Idle: time.Hour, Lifetime: 24 * time.Hour, Remember: -1}
}

// AAL3 returns the limits for assurance level 3: 15 minutes idle, 12 hours in all, nobody is remembered.
func AAL3() *Options {
	return &Options{Level: 3, Idle: 15 * time.Minute, Lifetime: 12 * time.Hour, Remember: -1}
}

// withDefaults returns a copy without zeros, or the errors of all fields at once.
func (o *Options) withDefaults() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	set(&c.CookieName, "__Host-session")
	set(&c.Idle, time.Hour)
	set(&c.Lifetime, max(24*time.Hour, c.Idle))
	set(&c.Remember, 720*time.Hour)
	set(&c.MaxPerSubject, 100)
	set(&c.MaxData, 64<<10)
	set(&c.CacheBytes, 32<<20)
	set(&c.TouchEvery, max(c.Idle/10, time.Millisecond))
	set(&c.Level, 1)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.OnError == nil {
		c.OnError = answerError
	}

	var errs []error
	refuse := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !strings.HasPrefix(c.CookieName, "__Host-") {
		refuse("session: CookieName %q: want a name that begins with __Host-", c.CookieName)
	} else if err := cookie.Check(c.cookie("", 0)); err != nil {
		refuse("session: CookieName: %w", err)
	}
	if c.Idle < time.Second {
		refuse("session: Idle: got %v, want at least 1s", c.Idle)
	}
	if c.Lifetime < c.Idle {
		refuse("session: Lifetime: got %v, want at least Idle, %v", c.Lifetime, c.Idle)
	}
	if c.Lifetime > maxLifetime {
		refuse("session: Lifetime: got %v, limit %v", c.Lifetime, maxLifetime)
	}
	if c.Remember > cookie.MaxAge || c.Remember > 0 && c.Remember < time.Second {
		refuse("session: Remember: got %v, want 1s to %v, or a negative", c.Remember, cookie.MaxAge)
	}
	if c.MaxPerSubject < 1 {
		refuse("session: MaxPerSubject: got %d, want at least 1", c.MaxPerSubject)
	}
	if c.MaxData < 0 {
		refuse("session: MaxData: got %d, want at least 1", c.MaxData)
	}
	if c.TouchEvery < time.Millisecond || c.TouchEvery > c.Idle/10 && c.TouchEvery > time.Millisecond {
		refuse("session: TouchEvery: got %v, want 1ms to Idle/10, %v", c.TouchEvery, c.Idle/10)
	}
	if c.Level < 1 || c.Level > 3 {
		refuse("session: Level: got %d, want 1 to 3", c.Level)
	}
	return c, errors.Join(errs...)
}

// maxLifetime keeps every limit within what unix nanoseconds hold.
const maxLifetime = 10 * 365 * day

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// warnings names the limits that go beyond NIST SP 800-63B-4 at the level (SE-17).
func (o *Options) warnings() []string {
	idle := []time.Duration{0, 0, time.Hour, 15 * time.Minute}[o.Level]
	overall := []time.Duration{0, 30 * day, 24 * time.Hour, 12 * time.Hour}[o.Level]
	var list []string
	check := func(name string, got, limit time.Duration) {
		if limit > 0 && got > limit {
			list = append(list, fmt.Sprintf("session: %s is %v; NIST SP 800-63B-4 recommends at most %v at AAL%d",
				name, got, limit, o.Level))
		}
	}
	check("Idle", o.Idle, idle)
	check("Lifetime", o.Lifetime, overall)
	check("Remember", o.Remember, overall)
	return list
}

// cookie returns the session cookie. Without maxAge it ends with the browser.
func (o *Options) cookie(id string, maxAge time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: o.CookieName, Value: id, Path: "/", MaxAge: int(maxAge / time.Second),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

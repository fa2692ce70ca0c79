package app

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/internal/access"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/front"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/jwt"
)

// SignupMode says who may make an account for themselves.
type SignupMode string

const (
	SignupInvite SignupMode = "invite" // with an invitation link (the default)
	SignupOpen   SignupMode = "open"   // everybody
	SignupClosed SignupMode = "closed" // nobody: invitations are refused too
)

// Config is what `cloakroom serve` was told. The zero value of a field means its default,
// which [Config.Check] fills in.
type Config struct {
	URL        string // the issuer, and the origin of cookies and links
	Data       string // directory of the database and of the secret file, mode 0700
	SecretFile string // in Data unless given
	Database   string // SQLite file, in Data unless given

	Idle, Lifetime, Remember time.Duration
	MaxSessions              int

	TokenLifetime, RefreshLifetime time.Duration
	TokenAlg                       jwt.Algorithm
	TokenAudience                  string // besides URL

	Signup         SignupMode
	TrustedProxies []netip.Prefix
	Apps           []string // origins elsewhere that return_to may name
	Protect        []string // "HOST=URL": apps that are served from here, and where they listen
	Allow          []string // "HOST=GROUP,…": who may where no rule decides
	Rules          []access.Rule
	Unattended     []string // "HOST/PATH", "METHOD HOST/PATH": what apps send by themselves, which is no use of a session

	KeySchedule grant.Schedule // when signing keys change; a test's is quicker

	Hasher []string   // the command of a process that hashes passwords (package password, Work); none: this one does
	Fast   bool       // cheap password hashes, for throwaway servers only (the tour and tests)
	Faults *db.Faults // breaks the database, for tests; nil breaks nothing

	origin *url.URL
	apps   []*url.URL

	protected []front.App
}

// ConfigError is a setting that cannot be used: what is wrong, and what to do about it.
type ConfigError struct {
	Flag string // as typed, "--url"
	Err  string
	Hint string
}

func (e *ConfigError) Error() string { return fmt.Sprintf("%s: %s", e.Flag, e.Err) }

// Check fills in the defaults and refuses what cannot work. It touches neither disk nor network.
func (c *Config) Check() error {
	c.fillDefaults()
	var err error
	if c.origin, err = checkOrigin("--url", c.URL); err != nil {
		return err
	}
	c.apps = nil
	for _, a := range c.Apps {
		u, err := checkOrigin("--app", a)
		if err != nil {
			return err
		}
		c.apps = append(c.apps, u)
	}
	if err := c.checkProtect(); err != nil {
		return err
	}
	if _, err := c.Access(); err != nil {
		return err
	}
	return c.checkLimits()
}

func (c *Config) fillDefaults() {
	def := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	dur := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.URL, "http://localhost:8080")
	def(&c.Data, "./cloakroom-data")
	def(&c.SecretFile, filepath.Join(c.Data, "secret"))
	def(&c.Database, filepath.Join(c.Data, "cloakroom.db"))
	dur(&c.Idle, time.Hour)
	dur(&c.Lifetime, 24*time.Hour)
	dur(&c.Remember, 720*time.Hour)
	dur(&c.TokenLifetime, 10*time.Minute)
	dur(&c.RefreshLifetime, 720*time.Hour)
	if c.MaxSessions == 0 {
		c.MaxSessions = 100
	}
	if c.TokenAlg == "" {
		c.TokenAlg = jwt.ES256
	}
	if c.Signup == "" {
		c.Signup = SignupInvite
	}
}

func (c *Config) checkLimits() error {
	for _, d := range []struct {
		flag     string
		got      time.Duration
		min, max time.Duration
	}{
		{"--idle-timeout", c.Idle, time.Second, 400 * 24 * time.Hour},
		{"--lifetime", c.Lifetime, time.Second, 400 * 24 * time.Hour},
		{"--remember", c.Remember, time.Second, 400 * 24 * time.Hour},
		{"--token-lifetime", c.TokenLifetime, time.Second, time.Hour},
		{"--refresh-lifetime", c.RefreshLifetime, time.Second, 400 * 24 * time.Hour},
	} {
		if d.got < d.min || d.got > d.max {
			return &ConfigError{d.flag, fmt.Sprintf("%v is outside %v to %v", d.got, d.min, d.max), "durations are written like 30m, 12h or 720h"}
		}
	}
	if c.MaxSessions < 1 || c.MaxSessions > 10_000 {
		return &ConfigError{"--max-sessions", fmt.Sprintf("%d is outside 1 to 10000", c.MaxSessions), "100 is the default"}
	}
	switch c.TokenAlg {
	case jwt.ES256, jwt.EdDSA, jwt.RS256, jwt.HS256:
	default:
		return &ConfigError{"--token-alg", fmt.Sprintf("%q is not an algorithm of tokens here", c.TokenAlg), "ES256, EdDSA, RS256 or HS256"}
	}
	switch c.Signup {
	case SignupInvite, SignupOpen, SignupClosed:
	default:
		return &ConfigError{"--signup", fmt.Sprintf("%q is not a way to sign up", c.Signup), "invite, open or closed"}
	}
	if strings.Contains(c.Database, "://") {
		return &ConfigError{"--database", "only a SQLite file is supported yet", "leave the flag out: the database is made in --data"}
	}
	return nil
}

// checkOrigin accepts a bare origin: https, or http on loopback, where browsers keep Secure cookies too.
func checkOrigin(flag, s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, &ConfigError{flag, fmt.Sprintf("%q is not a URL", s), "write it like https://auth.example.com"}
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/":
		return nil, &ConfigError{flag, fmt.Sprintf("%q is more than an origin", s), "leave out user, path and query: " + u.Scheme + "://" + u.Host}
	case u.Scheme == "http" && !IsLoopback(u.Hostname()):
		return nil, &ConfigError{flag, fmt.Sprintf("%q would send session cookies in the clear", s), "use https:// (http:// is for localhost alone)"}
	}
	u.Host = strings.ToLower(u.Host)
	if p := u.Port(); p == "80" && u.Scheme == "http" || p == "443" && u.Scheme == "https" {
		u.Host = strings.TrimSuffix(u.Host, ":"+p) // browsers write an origin without its default port
	}
	u.Path = ""
	return u, nil
}

// IsLoopback reports whether only this machine can be meant (RFC 6761 section 6.3, RFC 8252 section 7.3).
func IsLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Origin is the checked --url, without a path.
func (c *Config) Origin() *url.URL { return c.origin }

// AppOrigins are the checked --app values, without paths.
func (c *Config) AppOrigins() []*url.URL { return c.apps }

// Link makes an absolute link of this site. Only the configured URL is used, never a request's Host (AU-34).
func (c *Config) Link(path string, query url.Values) string {
	u := *c.origin
	u.Path, u.RawQuery = path, query.Encode()
	return u.String()
}

package app

import (
	"errors"
	"net/url"
	"testing"
	"time"
)

// TestConfigIsCheckedBeforeAnythingIsTouched: each setting that cannot work is named by its flag, with a hint.
func TestConfigIsCheckedBeforeAnythingIsTouched(t *testing.T) {
	tests := []struct {
		what   string
		change func(*Config)
		flag   string // "" = accepted
	}{
		{"all defaults", func(*Config) {}, ""},
		{"https", func(c *Config) { c.URL = "https://auth.example.com" }, ""},
		{"https with a slash", func(c *Config) { c.URL = "https://auth.example.com/" }, ""},
		{"http on loopback", func(c *Config) { c.URL = "http://127.0.0.1:9000" }, ""},
		{"http on loopback, IPv6", func(c *Config) { c.URL = "http://[::1]:9000" }, ""},
		{"http on a name of this machine (RFC 6761)", func(c *Config) { c.URL = "http://app.localhost:9000" }, ""},
		{"http elsewhere", func(c *Config) { c.URL = "http://auth.example.com" }, "--url"},
		{"http on what looks like loopback", func(c *Config) { c.URL = "http://localhost.example.com" }, "--url"},
		{"http on what looks like an address of loopback", func(c *Config) { c.URL = "http://127.0.0.1.example.com" }, "--url"},
		{"no scheme", func(c *Config) { c.URL = "auth.example.com" }, "--url"},
		{"another scheme", func(c *Config) { c.URL = "ftp://auth.example.com" }, "--url"},
		{"a path", func(c *Config) { c.URL = "https://example.com/auth" }, "--url"},
		{"a query", func(c *Config) { c.URL = "https://example.com/?x=y" }, "--url"},
		{"a user", func(c *Config) { c.URL = "https://user@example.com" }, "--url"},
		{"an app over http", func(c *Config) { c.Apps = []string{"https://a.example", "http://b.example"} }, "--app"},
		{"an app that is served from here", func(c *Config) { c.Protect = []string{"app.localhost=http://127.0.0.1:9000"} }, ""},
		{"an app of a site with https", func(c *Config) {
			c.URL, c.Protect = "https://auth.example.com", []string{"app.example.com=http://127.0.0.1:9000", "wiki.example.com=https://wiki.internal"}
		}, ""},
		{"an app to be served that leads nowhere", func(c *Config) { c.Protect = []string{"app.localhost"} }, "--protect"},
		{"an app to be served over http", func(c *Config) { c.Protect = []string{"app.example.com=http://127.0.0.1:9000"} }, "--protect"},
		{"two apps at a host", func(c *Config) {
			c.Protect = []string{"app.localhost=http://127.0.0.1:1", "APP.localhost=http://127.0.0.1:2"}
		}, "--protect"},
		{"an app where people sign in", func(c *Config) { c.Protect = []string{"localhost=http://127.0.0.1:9000"} }, "--protect"},
		{"no idle time", func(c *Config) { c.Idle = time.Millisecond }, "--idle-timeout"},
		{"a year and more", func(c *Config) { c.Remember = 401 * 24 * time.Hour }, "--remember"},
		{"tokens for a day", func(c *Config) { c.TokenLifetime = 24 * time.Hour }, "--token-lifetime"},
		{"negative", func(c *Config) { c.RefreshLifetime = -1 }, "--refresh-lifetime"},
		{"no sessions", func(c *Config) { c.MaxSessions = -1 }, "--max-sessions"},
		{"no algorithm of ours", func(c *Config) { c.TokenAlg = "none" }, "--token-alg"},
		{"no mode of ours", func(c *Config) { c.Signup = "sometimes" }, "--signup"},
		{"another database", func(c *Config) { c.Database = "postgres://db/x" }, "--database"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			var c Config
			tt.change(&c)
			err := c.Check()
			var bad *ConfigError
			switch {
			case tt.flag == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.flag != "" && (!errors.As(err, &bad) || bad.Flag != tt.flag || bad.Err == "" || bad.Hint == ""):
				t.Errorf("got %v, want something about %s", err, tt.flag)
			}
		})
	}
}

// TestLinksAreOfTheConfiguredOrigin: as a browser writes it, without the port that goes without saying.
func TestLinksAreOfTheConfiguredOrigin(t *testing.T) {
	for given, want := range map[string]string{
		"https://AUTH.example.com:443/": "https://auth.example.com/x?a=b", "http://localhost:80": "http://localhost/x?a=b",
		"https://auth.example.com:8443": "https://auth.example.com:8443/x?a=b",
	} {
		c := Config{URL: given}
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		if got := c.Link("/x", url.Values{"a": {"b"}}); got != want {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
	}
}

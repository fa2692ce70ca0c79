package app

import (
	"fmt"

	"github.com/cloakroom/cloakroom/internal/front"
)

// Protected are the checked --protect values: apps that are served from here.
func (c *Config) Protected() []front.App { return c.protected }

// checkProtect reads HOST=URL. Each host is a site of its own, which a browser must reach so that it keeps cookies there.
func (c *Config) checkProtect() error {
	c.protected = nil
	for _, text := range c.Protect {
		a, err := front.ParseApp(text)
		if err != nil {
			return &ConfigError{"--protect", err.Error(), "write it like app.example.com=http://127.0.0.1:9000"}
		}
		for _, other := range c.protected {
			if other.Host == a.Host {
				return &ConfigError{"--protect", fmt.Sprintf("%s is named twice", a.Host), "there is one app at a host"}
			}
		}
		switch {
		case a.Host == c.origin.Hostname():
			return &ConfigError{"--protect", fmt.Sprintf("%s is where people sign in", a.Host), "give the app a name of its own, such as app." + a.Host}
		case c.origin.Scheme == "http" && !IsLoopback(a.Host):
			return &ConfigError{"--protect", fmt.Sprintf("people would reach %s by http, as --url says", a.Host), "use https:// in --url (http:// is for localhost and names below it)"}
		}
		c.protected = append(c.protected, a)
	}
	return nil
}

package app

import (
	"errors"
	"strings"

	"github.com/cloakroom/cloakroom/internal/access"
)

// Access says who may reach which path of which app, as --app, --protect, --allow and the rules tell it, and what --unattended lists. It needs a Config that
// [Config.Check] has accepted; the error is a [*ConfigError].
func (c *Config) Access() (*access.Policy, error) {
	conf := access.Config{Allow: c.Allow, Rules: c.Rules, Unattended: c.Unattended}
	for _, u := range c.apps {
		conf.Known = append(conf.Known, access.Host{Name: u.Host, Source: "--app " + u.String()})
	}
	for _, text := range c.Protect {
		host, _, _ := strings.Cut(text, "=")
		conf.Known = append(conf.Known, access.Host{Name: host, Source: "--protect " + text})
	}
	p, err := access.New(conf)
	if bad, ok := errors.AsType[*access.Error](err); ok {
		return nil, &ConfigError{bad.Source, bad.Err, bad.Hint}
	}
	return p, err
}

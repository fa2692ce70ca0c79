package main

import _ "embed"

type proxyCaddy struct{ proxyFlags }

//go:embed Caddyfile.tmpl
var caddyTemplate string

func (c *proxyCaddy) Run(t *terminal) error {
	s, err := c.site("Caddy")
	if err != nil {
		return err
	}
	return fillIn(t, caddyTemplate, s)
}

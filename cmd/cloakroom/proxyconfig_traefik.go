package main

import _ "embed"

type proxyTraefik struct {
	proxyFlags

	Static bool `help:"Print the static part instead: the ports."`
}

//go:embed traefik.yml.tmpl
var traefikTemplate string

//go:embed traefik-static.yml.tmpl
var traefikStaticTemplate string

func (c *proxyTraefik) Run(t *terminal) error {
	s, err := c.site("Traefik")
	if err != nil {
		return err
	}
	if err := s.needCert(); err != nil {
		return err
	}
	if c.Static {
		return fillIn(t, traefikStaticTemplate, s)
	}
	return fillIn(t, traefikTemplate, s)
}

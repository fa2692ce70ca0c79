package main

import _ "embed"

type proxyNginx struct{ proxyFlags }

//go:embed nginx.conf.tmpl
var nginxTemplate string

func (c *proxyNginx) Run(t *terminal) error {
	s, err := c.site("nginx")
	if err != nil {
		return err
	}
	if err := s.needCert(); err != nil {
		return err
	}
	return fillIn(t, nginxTemplate, s)
}

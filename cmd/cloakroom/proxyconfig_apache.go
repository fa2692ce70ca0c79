package main

import _ "embed"

type proxyApache struct{ proxyFlags }

//go:embed apache.conf.tmpl
var apacheTemplate string

func (c *proxyApache) Run(t *terminal) error {
	s, err := c.site("Apache")
	if err != nil {
		return err
	}
	if err := s.needCert(); err != nil {
		return err
	}
	return fillIn(t, apacheTemplate, s)
}

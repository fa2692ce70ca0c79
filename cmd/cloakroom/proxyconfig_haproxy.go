package main

import (
	"net"
	"strings"

	_ "embed"
)

type proxyHAProxy struct {
	proxyFlags

	Lua     bool   `help:"Print the Lua file instead, which asks Cloakroom."`
	LuaFile string `default:"/etc/haproxy/cloakroom.lua" placeholder:"FILE" help:"Where the Lua file will be."`
}

//go:embed haproxy.cfg.tmpl
var haproxyTemplate string

//go:embed haproxy.lua.tmpl
var haproxyLua string

func (c *proxyHAProxy) Run(t *terminal) error {
	s, err := c.site("HAProxy")
	if err != nil {
		return err
	}
	if host, _, _ := net.SplitHostPort(c.Addr); net.ParseIP(host) == nil {
		return usage("write it like 127.0.0.1:8080", "--addr: %q is a name, which Lua in HAProxy cannot look up", c.Addr)
	}
	if c.Lua {
		return fillIn(t, haproxyLua, s)
	}
	if (s.App.TLS || s.SignInHere) && s.Cert == "" {
		return usage("add --cert FILE, in which certificate and key stand one after the other", "this needs https, and there is no certificate")
	}
	if strings.ContainsAny(c.LuaFile, " \"'\\#$\n\r\t") {
		return usage("use a path of letters, digits, dots and dashes", "--lua-file: %q cannot stand in a configuration of HAProxy", c.LuaFile)
	}
	return fillIn(t, haproxyTemplate, struct {
		*proxySite

		LuaFile string
	}{s, c.LuaFile})
}

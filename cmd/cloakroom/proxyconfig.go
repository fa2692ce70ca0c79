package main

import (
	"net"
	"net/url"
	"strings"
	"text/template"
)

type proxyConfigCmd struct {
	Nginx   proxyNginx   `cmd:"" help:"nginx, by auth_request."`
	Caddy   proxyCaddy   `cmd:"" help:"Caddy, by forward_auth."`
	Traefik proxyTraefik `cmd:"" help:"Traefik 3.7 or newer, by its ForwardAuth middleware."`
	HAProxy proxyHAProxy `cmd:"" name:"haproxy" help:"HAProxy 2.6 or newer, by a small Lua file."`
	Apache  proxyApache  `cmd:"" help:"Apache, before serve --protect."`
}

// proxyFlags are what every proxy must be told.
type proxyFlags struct {
	AppURL            string `name:"app-url" required:"" placeholder:"URL" help:"What people type to reach the app."`
	Upstream          string `required:"" placeholder:"URL" help:"Where the app itself listens: http://127.0.0.1:9000"`
	Addr              string `default:"127.0.0.1:8080" help:"Where cloakroom listens; the same as serve's."`
	URL               string `name:"url" default:"http://localhost:8080" help:"Where people sign in; the same as serve's."`
	Cert, Key         string `placeholder:"FILE" help:"Certificate and key of the app's host, for https."`
	PassAuthorization bool   `help:"Pass Authorization on to the app, which has tokens of its own."`
}

// proxySite is what the templates see: an app that people reach by way of the proxy, and the sign-in.
type proxySite struct {
	App, SignIn       proxyHost
	Upstream          proxyHost
	Addr              string // of Cloakroom
	Cert, Key         string
	PassAuthorization bool
	SignInHere        bool // the proxy stands before the sign-in too, since Cloakroom speaks no TLS there
}

// proxyHost is an origin and its parts.
type proxyHost struct {
	URL      string // https://app.example:8443
	HostPort string // app.example:8443, as in a Host field
	Host     string
	Port     string // never ""
	TLS      bool
	Loopback bool
}

// site checks the flags. What must not stand in a configuration of the named proxy is refused.
func (c *proxyFlags) site(proxy string) (*proxySite, error) {
	app, err := proxyURL("--app-url", c.AppURL)
	if err != nil {
		return nil, err
	}
	upstream, err := proxyURL("--upstream", c.Upstream)
	if err != nil {
		return nil, err
	}
	signIn, err := proxyURL("--url", c.URL)
	if err != nil {
		return nil, err
	}
	s := &proxySite{app, signIn, upstream, c.Addr, c.Cert, c.Key, c.PassAuthorization, signIn.TLS}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil || !isHostPort(c.Addr) {
		return nil, usage("write it like 127.0.0.1:8080", "--addr: %q is not host:port", c.Addr)
	}
	for _, h := range []proxyHost{app, signIn} {
		if !h.TLS && !h.Loopback {
			return nil, usage("use https:// (http:// is for localhost alone)", "%s would send session cookies in the clear", h.URL)
		}
	}
	if app.Host == signIn.Host && app.Port == signIn.Port {
		return nil, usage("give the app or the sign-in another name or another port", "--app-url and --url are both %s", app.HostPort)
	}
	if app.Host == signIn.Host && app.TLS != signIn.TLS {
		return nil, usage("use https for both, or http for both on localhost", "on the host %s the app and the sign-in share a cookie, which is for https alone", app.Host)
	}
	for _, f := range []string{c.Cert, c.Key} {
		if strings.ContainsAny(f, ";{}\"'$\\#`\n\r\t ") {
			return nil, usage("use a path of letters, digits, dots and dashes", "%q cannot stand in a configuration of %s", f, proxy)
		}
	}
	return s, nil
}

// needCert is for proxies that make no certificates by themselves.
func (s *proxySite) needCert() error {
	if (s.App.TLS || s.SignInHere) && (s.Cert == "" || s.Key == "") {
		return usage("add --cert FILE --key FILE", "this needs https, and there is no certificate with its key")
	}
	return nil
}

// fillIn prints a template.
func fillIn(t *terminal, text string, data any) error {
	tmpl, err := template.New("").Parse(text)
	if err != nil {
		return err
	}
	return tmpl.Execute(t.out, data)
}

// SameHost tells that the app and the sign-in share a host, and so its cookies.
func (s *proxySite) SameHost() bool { return s.App.Host == s.SignIn.Host }

// proxyURL accepts a bare origin without anything that means something to a proxy.
func proxyURL(flag, s string) (proxyHost, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" ||
		!isHostPort(u.Host) {
		return proxyHost{}, usage("write it like https://app.example.com", "%s: %q is not a bare URL", flag, s)
	}
	h := proxyHost{HostPort: strings.ToLower(u.Host), Host: strings.ToLower(u.Hostname()), Port: u.Port(), TLS: u.Scheme == "https"}
	h.URL, h.Loopback = u.Scheme+"://"+h.HostPort, isLocal(h.Host)
	if h.Port == "" {
		h.Port = map[bool]string{false: "80", true: "443"}[h.TLS]
	}
	return h, nil
}

// isHostPort tells the letters of hosts, addresses and ports, none of which means anything to a proxy.
func isHostPort(s string) bool {
	return strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") == ""
}

// HostAndPort is for proxies that are told no URL.
func (h proxyHost) HostAndPort() string { return net.JoinHostPort(h.Host, h.Port) }

// isLocal tells the names of this machine (RFC 6761 section 6.3).
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

package main

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"text/template"

	_ "embed"
)

type proxyConfigCmd struct {
	Nginx proxyNginx `cmd:"" help:"nginx, by auth_request."`
}

type proxyNginx struct {
	AppURL    string `name:"app-url" required:"" placeholder:"URL" help:"What people type to reach the app."`
	Upstream  string `required:"" placeholder:"URL" help:"Where the app itself listens: http://127.0.0.1:9000"`
	Addr      string `default:"127.0.0.1:8080" help:"Where cloakroom listens; the same as serve's."`
	URL       string `name:"url" default:"http://localhost:8080" help:"Where people sign in; the same as serve's."`
	Cert, Key string `placeholder:"FILE" help:"Certificate and key of the app's host, for https."`
}

//go:embed nginx.conf.tmpl
var nginxTemplate string

func (c *proxyNginx) Run(t *terminal) error {
	app, err := proxyURL("--app-url", c.AppURL)
	if err != nil {
		return err
	}
	upstream, err := proxyURL("--upstream", c.Upstream)
	if err != nil {
		return err
	}
	signIn, err := proxyURL("--url", c.URL)
	if err != nil {
		return err
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil || strings.ContainsAny(c.Addr, " ;{}\"'$\\") {
		return &exitError{exitUsage, fmt.Errorf("--addr: %q is not host:port", c.Addr), "write it like 127.0.0.1:8080"}
	}
	if !strings.EqualFold(app.Hostname(), signIn.Hostname()) {
		return &exitError{exitUsage, fmt.Errorf("the app's host %s is not the sign-in host %s: its requests would come without the session cookie", app.Hostname(), signIn.Hostname()),
			"give both one host name and two ports; a cookie for each host of its own is still to come"}
	}
	if app.Host == signIn.Host {
		return &exitError{exitUsage, fmt.Errorf("--app-url and --url are both %s", app.Host), "give the app or the sign-in another port"}
	}
	if app.Scheme != signIn.Scheme {
		return &exitError{exitUsage, fmt.Errorf("the app is %s and the sign-in %s: the cookie is for https alone", app.Scheme, signIn.Scheme), "use https for both, or http for both on localhost"}
	}
	if app.Scheme == "https" && (c.Cert == "" || c.Key == "") {
		return &exitError{exitUsage, fmt.Errorf("--app-url is https, and there is no certificate"), "add --cert FILE --key FILE"}
	}
	for _, f := range []string{c.Cert, c.Key} {
		if strings.ContainsAny(f, ";{}\"'$\\\n\r") {
			return &exitError{exitUsage, fmt.Errorf("%q cannot stand in a configuration of nginx", f), "use a path without quotes, dollars, braces and semicolons"}
		}
	}
	tmpl, err := template.New("nginx").Parse(nginxTemplate)
	if err != nil {
		return err
	}
	return tmpl.Execute(t.out, map[string]any{
		"App": app.String(), "Host": app.Hostname(), "Port": portOf(app), "TLS": app.Scheme == "https", "Cert": c.Cert, "Key": c.Key,
		"Upstream": upstream.String(), "Addr": c.Addr, "SignIn": signIn.String(), "Loopback": isLocal(app.Hostname()),
		"SignInTLS": signIn.Scheme == "https", "SignInPort": portOf(signIn),
	})
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// proxyURL accepts a bare origin without anything that means something to nginx.
func proxyURL(flag, s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" ||
		strings.Trim(strings.ToLower(u.Host), "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") != "" {
		return nil, &exitError{exitUsage, fmt.Errorf("%s: %q is not a bare URL", flag, s), "write it like https://app.example.com"}
	}
	u.Path = ""
	return u, nil
}

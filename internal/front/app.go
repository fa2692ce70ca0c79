package front

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// App is what stands behind one host.
type App struct {
	Host     string   // as people type it, in lower case, without a port
	Upstream *url.URL // scheme, host and port of the app itself
}

// ParseApp reads HOST=URL, such as app.example.com=http://127.0.0.1:9000.
func ParseApp(s string) (App, error) {
	host, target, ok := strings.Cut(s, "=")
	if !ok {
		return App{}, fmt.Errorf("%q is not HOST=URL", s)
	}
	if err := checkHost(host); err != nil {
		return App{}, err
	}
	u, err := url.Parse(target)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return App{}, fmt.Errorf("%q is not the URL of an app", target)
	case u.User != nil:
		return App{}, errors.New("the URL of the app has a user or password in it") // which is not repeated
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return App{}, fmt.Errorf("%q is more than scheme, host and port", target)
	}
	return App{Host: strings.ToLower(host), Upstream: &url.URL{Scheme: u.Scheme, Host: u.Host}}, nil
}

// checkHost accepts the name of a host as a browser writes it: letters, digits and hyphens between dots.
func checkHost(host string) error {
	if len(host) > 253 {
		return fmt.Errorf("a host has %d characters, limit 253", len(host))
	}
	for label := range strings.SplitSeq(strings.ToLower(host), ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return fmt.Errorf("%q is not the name of a host", host)
		}
	}
	return nil
}

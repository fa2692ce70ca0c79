package server

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
)

// site is a host at which apps are. Cookies belong to a host whatever its port is, and so does a site.
type site struct {
	host   string // its name in lower case, without a port
	guard  *guard.Guard
	signIn bool   // people sign in at another port of this host: its session cookie is the person's own
	doors  []door // by which a browser reaches it
}

// door is what an origin has beside the name of its host.
type door struct{ scheme, port string }

func doorOf(u *url.URL) door {
	d := door{u.Scheme, u.Port()}
	switch {
	case d.port != "":
	case d.scheme == "https":
		d.port = "443"
	case d.scheme == "http":
		d.port = "80"
	}
	return d
}

// sites are all hosts at which a request may be let through. Everywhere else nobody is (T13).
type sites map[string]*site

// newSites knows the origins that --app names, and of the other hosts those that a browser reaches by https, or by http on this machine: at
// their own port, or at that of the sign-in, where this program may serve them itself.
func newSites(a *app.App, own *guard.Guard, hosts []string) (sites, error) {
	all := sites{}
	for _, u := range a.Config.AppOrigins() {
		at, err := all.add(a, own, u.Hostname())
		if err != nil {
			return nil, err
		}
		at.doors = append(at.doors, doorOf(u))
	}
	named := maps.Clone(all)
	for _, host := range hosts {
		u := &url.URL{Scheme: "https", Host: host}
		if named[hostName(u.Hostname())] != nil {
			continue
		}
		at, err := all.add(a, own, u.Hostname())
		if err != nil {
			return nil, err
		}
		at.doors = append(at.doors, doorOf(u))
		beside := doorOf(a.Config.Origin())
		if u.Port() != "" {
			beside.port = u.Port()
		}
		if beside.scheme == "https" || app.IsLoopback(at.host) {
			at.doors = append(at.doors, beside)
		}
	}
	return all, nil
}

func (all sites) add(a *app.App, own *guard.Guard, name string) (*site, error) {
	name = hostName(name)
	if known := all[name]; known != nil {
		return known, nil
	}
	at := &site{host: name, guard: own, signIn: name == hostName(a.Config.Origin().Hostname())}
	if !at.signIn {
		var err error
		if at.guard, err = a.AppGuard(name); err != nil {
			return nil, err
		}
	}
	all[name] = at
	return at, nil
}

// hostName is one spelling of the names that are the same host to a browser and to DNS.
func hostName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// of returns the site that a URL belongs to, nil if none: its cookies would not be kept, or nobody named it.
func (all sites) of(u *url.URL) *site {
	at := all[hostName(u.Hostname())]
	if at == nil || !slices.Contains(at.doors, doorOf(u)) || strings.HasSuffix(u.Host, ":") {
		return nil
	}
	return at
}

// whyNot says why a URL belongs to no site.
func (all sites) whyNot(u *url.URL) guard.Reason {
	switch {
	case all[hostName(u.Hostname())] == nil:
		return guard.UnknownHost
	case u.Scheme == "http" && !app.IsLoopback(u.Hostname()):
		return guard.PlainHTTP
	}
	return guard.UnknownPort
}

// originOf writes an origin as browsers do: lower case, no default port.
func originOf(u *url.URL) string {
	host := hostName(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if d := doorOf(u); d != doorOf(&url.URL{Scheme: u.Scheme}) {
		host += ":" + d.port
	}
	return u.Scheme + "://" + host
}

// siteOf returns the site at whose host a request arrived, and the origin that the browser knows it by. A trusted proxy says so, everybody else by Host.
func (s *Server) siteOf(r *http.Request) (at *site, origin string, err error) {
	host := r.Host
	if named := r.Header["X-Forwarded-Host"]; len(named) > 0 && s.peers.trusts(r.RemoteAddr) {
		if len(named) > 1 {
			return nil, "", &app.Error{Reason: guard.MalformedRequest, Detail: "X-Forwarded-Host comes more than once."}
		}
		host = named[0]
	}
	for _, scheme := range [...]string{"https", "http"} {
		u, err := url.Parse(scheme + "://" + host)
		if err != nil || u.Host != host {
			break
		}
		if at := s.sites.of(u); at != nil && !at.signIn {
			return at, originOf(u), nil
		}
	}
	return nil, "", &app.Error{Reason: guard.UnknownHost}
}

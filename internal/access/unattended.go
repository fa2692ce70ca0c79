package access

import (
	"slices"
	"strings"
)

// Unattended reports whether a request is one of those that an app sends by itself, as [Config.Unattended] lists them: it is no use of a session. Who
// sends it makes no difference, and whether it may pass is for Decide to say. What apps could read in two ways is none of them.
func (p *Policy) Unattended(host, target, method string) bool {
	if p == nil || len(p.unattended) == 0 || len(host) > maxHost || checkMethod(method) != "" {
		return false
	}
	path, why := read(target)
	if why != "" {
		return false
	}
	var room [maxHost]byte
	name, port := canonical(room[:0], host)
	return covers(p.unattended[string(append(name, port...))], path, method) || covers(p.unattended[string(name)], path, method)
}

func covers(at *site, path reading, method string) bool {
	if at == nil {
		return false
	}
	rule, why := at.find(path, method)
	return rule != nil && why == ""
}

// quiet makes the trees of the listed requests. They are written as public rules, which cover no more than is written, and admit nobody.
func (c *Config) quiet(p *Policy) error {
	for _, text := range c.Unattended {
		r, err := parseUnattended(text)
		if err != nil {
			return err
		}
		if !p.named(r.Host) {
			return &Error{r.Source, "there is no app at " + r.Host, "name it: --app https://" + r.Host}
		}
		at := p.unattended[r.Host]
		if at == nil {
			at = &site{}
			if p.unattended == nil {
				p.unattended = map[string]*site{}
			}
			p.unattended[r.Host] = at
		}
		if same, why := at.add(r); same != nil {
			return &Error{r.Source, why + " as " + same.Source, "leave one of them out"}
		}
	}
	return nil
}

// named reports whether anything is configured for a host, at whichever port.
func (p *Policy) named(host string) bool {
	return p.Knows(host) || slices.ContainsFunc(p.Hosts(), func(known string) bool { return bare(known) == host })
}

// parseUnattended reads "HOST/PATH" or "METHOD HOST/PATH".
func parseUnattended(text string) (*Rule, error) {
	const flag, like = "--unattended", "write it like app.example/poll, or app.example/live/ for all below it"
	r := &Rule{Public: true, Source: flag + " " + text}
	place := text
	if method, rest, ok := strings.Cut(text, " "); ok && !strings.Contains(method, "/") {
		if checkMethod(method) != "" {
			return nil, &Error{flag, quoted(method) + " is not a method", "methods are written in capital letters: GET"}
		}
		r.Methods, place = []string{method}, rest
	}
	if strings.Contains(place, "://") {
		return nil, &Error{flag, quoted(text) + " is more than a host and a path", "leave out the scheme: app.example.com/api/poll"}
	}
	slash := strings.IndexByte(place, '/')
	if slash < 0 {
		return nil, &Error{flag, quoted(text) + " names no path", like}
	}
	var err error
	if r.Host, err = checkHost(flag, place[:slash]); err != nil {
		return nil, err
	}
	r.Path = place[slash:]
	return r, r.checkPath()
}

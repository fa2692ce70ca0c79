package access

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Config is what a [Policy] is made of.
type Config struct {
	Known []Host   // hosts of apps: everyone who is signed in may, unless Allow or a rule says otherwise
	Allow []string // "HOST=GROUP,…" or "HOST", as typed behind --allow: who may where no rule decides; HOST alone: everyone who is signed in
	Rules []Rule

	// Unattended are requests that apps send by themselves: "HOST/PATH", or "METHOD HOST/PATH", as typed behind --unattended. A path is that very one,
	// or all below it if it ends in a slash.
	Unattended []string
}

// Host is the host of an app, and what named it.
type Host struct{ Name, Source string }

// Error is a setting that cannot be used: where it is, what is wrong, and what to do about it.
type Error struct{ Source, Err, Hint string }

func (e *Error) Error() string { return "access: " + e.Source + ": " + e.Err }

func quoted(s string) string { return strconv.QuoteToASCII(s) }

// New makes a policy. The error is an [*Error].
func New(c Config) (*Policy, error) {
	p := &Policy{sites: map[string]*site{}}
	known, allow, rules, err := c.checked()
	if err != nil {
		return nil, err
	}
	for _, list := range [][]*Rule{known, allow, rules} {
		for _, r := range list {
			p.sites[r.Host] = &site{}
		}
	}
	for _, host := range p.Hosts() {
		if err := p.sites[host].fill(host, known, allow, rules); err != nil {
			return nil, err
		}
	}
	return p, c.quiet(p)
}

// checked writes each part of the configuration as rules with canonical hosts.
func (c *Config) checked() (known, allow, rules []*Rule, err error) {
	for _, h := range c.Known {
		host, err := checkHost(h.Source, h.Name)
		if err != nil {
			return nil, nil, nil, err
		}
		known = append(known, &Rule{Host: host, Path: "/", Source: h.Source})
	}
	for _, text := range c.Allow {
		r, err := parseAllow(text)
		if err != nil {
			return nil, nil, nil, err
		}
		if other := ruleFor(allow, r.Host); other != nil {
			return nil, nil, nil, &Error{r.Source, "it is for the same host as " + other.Source, "name all groups in one: " + r.Host + "=staff,ops"}
		}
		allow = append(allow, r)
	}
	for i := range c.Rules {
		r := c.Rules[i]
		r.Methods, r.Groups, r.Origins = slices.Clone(r.Methods), slices.Clone(r.Groups), slices.Clone(r.Origins) // the caller may change its own
		if r.Source == "" {
			r.Source = fmt.Sprintf("rule %d", i+1)
		}
		if r.Path == "" {
			r.Path = "/"
		}
		if r.Host, err = checkHost(r.Source, r.Host); err != nil {
			return nil, nil, nil, err
		}
		if err := r.check(); err != nil {
			return nil, nil, nil, err
		}
		rules = append(rules, &r)
	}
	return known, allow, rules, nil
}

// parseAllow reads HOST=GROUP,… or HOST.
func parseAllow(text string) (*Rule, error) {
	r := &Rule{Path: "/", Source: "--allow " + text}
	host, groups, named := strings.Cut(text, "=")
	var err error
	if r.Host, err = checkHost("--allow", host); err != nil {
		return nil, err
	}
	if !named {
		return r, nil
	}
	if groups == "" {
		return nil, &Error{"--allow", quoted(text) + " names no group", "write " + r.Host + " alone to let everyone in who is signed in"}
	}
	r.Groups = strings.Split(groups, ",")
	return r, checkGroups("--allow", r.Groups)
}

// fill gives a host what is meant for it: for its port, or for all ports. At the end stands who may where no rule decides.
func (s *site) fill(host string, known, allow, rules []*Rule) error {
	for _, r := range rules {
		if r.Host != host && r.Host != bare(host) {
			continue
		}
		if same, why := s.add(r); same != nil {
			return &Error{r.Source, why + " as " + same.Source, "let one of them name other methods, or another path"}
		}
	}
	rest := cmp.Or(ruleFor(allow, host), ruleFor(allow, bare(host)), ruleFor(known, host), ruleFor(known, bare(host)))
	if rest == nil {
		return nil
	}
	if same, _ := s.add(rest); same != nil && len(rest.Groups) > 0 {
		return &Error{rest.Source, "it has no effect: " + same.Source + " is for all paths of " + host, "leave one of them out"}
	}
	return nil
}

func ruleFor(list []*Rule, host string) *Rule {
	if i := slices.IndexFunc(list, func(r *Rule) bool { return r.Host == host }); i >= 0 {
		return list[i]
	}
	return nil
}

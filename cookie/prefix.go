package cookie

import "net/http"

// A Prefix is the start of a name by which a browser promises the server how
// the cookie was set. Each asks for Secure. Draft-22 section 4.1.3 has __Secure-
// and __Host-, layered-cookies the two with Http.
type Prefix struct {
	Text     string
	Host     bool // only by the host itself: no Domain, Path=/
	HTTPOnly bool // only by a response, never by script: HttpOnly
}

// The longest first: __Host-Http- is also a __Host-.
var prefixes = [...]Prefix{
	{Text: "__Host-Http-", Host: true, HTTPOnly: true},
	{Text: "__Host-", Host: true},
	{Text: "__Secure-"},
	{Text: "__Http-", HTTPOnly: true},
}

// PrefixOf finds the prefix of a name in any case, because browsers do (draft-22
// section 5.7 steps 20 and 21). It returns nil for a name without one; what it
// returns must not be changed.
func PrefixOf(name string) *Prefix {
	if len(name) < 2 || name[0] != '_' || name[1] != '_' {
		return nil
	}
	for i := range prefixes {
		if p := &prefixes[i]; len(name) >= len(p.Text) && equalFold(name[:len(p.Text)], p.Text) {
			return p
		}
	}
	return nil
}

// checkPrefix: the attributes keep what the name promises, else the browser
// drops the cookie without a word.
func checkPrefix(c *http.Cookie) error {
	p := PrefixOf(c.Name)
	if p == nil {
		return nil
	}
	broken := func(rule, got string) error {
		return &Error{Name: c.Name, Rule: p.Text + " " + rule, Got: got, Err: ErrPrefix}
	}
	// A server that compares octets would not know the prefix again (draft-22
	// section 4.1.3: servers match case-sensitively).
	if c.Name[:len(p.Text)] != p.Text {
		return broken("must be spelled like this", show(c.Name[:len(p.Text)]))
	}
	if !c.Secure {
		return broken("needs Secure", "")
	}
	if p.HTTPOnly && !c.HttpOnly {
		return broken("needs HttpOnly", "")
	}
	if p.Host && c.Domain != "" {
		return broken("must not have a Domain", show(c.Domain))
	}
	if p.Host && c.Path != "/" {
		return broken("needs Path=/", show(c.Path))
	}
	return nil
}

package cookie

import "net/http"

// A prefix is the start of a name by which a browser promises the server how
// the cookie was set. Draft-22 section 4.1.3 has the first two, layered-cookies
// the two with Http.
type prefix struct {
	text     string
	host     bool // only by the host itself: no Domain, Path=/
	httpOnly bool // only by a response, never by script: HttpOnly
}

// The longest first: __Host-Http- is also a __Host-.
var prefixes = [...]prefix{
	{text: "__Host-Http-", host: true, httpOnly: true},
	{text: "__Host-", host: true},
	{text: "__Secure-"},
	{text: "__Http-", httpOnly: true},
}

// prefixOf finds the prefix in any case, because browsers do (draft-22 section
// 5.7 steps 20 and 21). It returns nil for a name without one.
func prefixOf(name string) *prefix {
	if len(name) < 2 || name[0] != '_' || name[1] != '_' {
		return nil
	}
	for i := range prefixes {
		if p := &prefixes[i]; len(name) >= len(p.text) && equalFold(name[:len(p.text)], p.text) {
			return p
		}
	}
	return nil
}

// checkPrefix: the attributes keep what the name promises, else the browser
// drops the cookie without a word.
func checkPrefix(c *http.Cookie) error {
	p := prefixOf(c.Name)
	if p == nil {
		return nil
	}
	broken := func(rule, got string) error {
		return &Error{Name: c.Name, Rule: p.text + " " + rule, Got: got, Err: ErrPrefix}
	}
	// A server that compares octets would not know the prefix again (draft-22
	// section 4.1.3: servers match case-sensitively).
	if c.Name[:len(p.text)] != p.text {
		return broken("must be spelled like this", show(c.Name[:len(p.text)]))
	}
	if !c.Secure {
		return broken("needs Secure", "")
	}
	if p.httpOnly && !c.HttpOnly {
		return broken("needs HttpOnly", "")
	}
	if p.host && c.Domain != "" {
		return broken("must not have a Domain", show(c.Domain))
	}
	if p.host && c.Path != "/" {
		return broken("needs Path=/", show(c.Path))
	}
	return nil
}

package cookie

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Check returns nil if browsers keep this cookie as it is and it is safe, which
// means (draft-22 section 8, OWASP ASVS 5.0 V3.3):
//
//   - Secure and HttpOnly;
//   - SameSite Lax or Strict, or None if it is also Partitioned;
//   - a name that begins with __Host- (or __Host-Http-), or, if it must have a
//     Domain or a Path of its own, with __Secure- (or __Http-): without a prefix
//     any sibling host can put its own cookie in place of ours.
//
// [New] makes such a cookie. A broken safety rule is an *[Error] that wraps
// [ErrUnsafe]. What [UnsafeCheck] refuses, Check refuses too.
func Check(c *http.Cookie) error { return check(c, time.Now()) }

func check(c *http.Cookie, now time.Time) error {
	if err := unsafeCheck(c, now); err != nil {
		return err
	}
	return checkSafe(c)
}

// UnsafeCheck returns nil if browsers keep this cookie as it is, safe or not. It
// is for cookies that script must read or that an old program named; most
// programs need [Check]. The error is an *[Error] that wraps
//
//   - [ErrName], [ErrValue]: not a token, not cookie-octets (RFC 6265 section
//     4.1.1). Quotes are part of Value; the field Quoted is not used;
//   - [ErrTooLong]: more than [MaxPair] octets;
//   - [ErrAttribute]: Path, Domain or SameSite malformed, SameSite=None without
//     Secure, Partitioned without Secure and SameSite=None, Unparsed not empty;
//   - [ErrPrefix]: a name with a prefix without the attributes that it asks for;
//   - [ErrLifetime]: more than [MaxAge], or Expires and MaxAge more than a second
//     apart. MaxAge alone is enough for every browser.
func UnsafeCheck(c *http.Cookie) error { return unsafeCheck(c, time.Now()) }

func unsafeCheck(c *http.Cookie, now time.Time) error {
	if err := checkGrammar(c); err != nil {
		return err
	}
	return checkClock(c, now)
}

// checkGrammar is all that can be said without a clock.
func checkGrammar(c *http.Cookie) error {
	if c == nil {
		return &Error{Rule: "no cookie given", Err: ErrName}
	}
	if err := checkName(c.Name); err != nil {
		return err
	}
	if err := checkValue(c); err != nil {
		return err
	}
	if n := len(c.Name) + len(c.Value); n > MaxPair {
		return over(ErrTooLong, c.Name, "name and value too long", n, MaxPair)
	}
	if err := checkPath(c); err != nil {
		return err
	}
	if err := checkDomain(c); err != nil {
		return err
	}
	if err := checkLifetime(c); err != nil {
		return err
	}
	if err := checkSameSite(c); err != nil {
		return err
	}
	if len(c.Unparsed) > 0 {
		return &Error{Name: c.Name, Rule: "unknown attribute", Got: show(c.Unparsed[0]), Err: ErrAttribute}
	}
	return checkPrefix(c)
}

func checkName(name string) error {
	if name == "" {
		return &Error{Rule: "cookie without a name", Err: ErrName}
	}
	if i := firstNot(token, name); i >= 0 {
		return &Error{Name: name, Rule: "not allowed in a name", Got: show(name[i : i+1]), Err: ErrName}
	}
	return nil
}

// checkValue: cookie-value = *cookie-octet / ( DQUOTE *cookie-octet DQUOTE ).
func checkValue(c *http.Cookie) error {
	// net/http would add the quotes, and then the value that comes back is not
	// the value that was set.
	if c.Quoted {
		return &Error{Name: c.Name, Rule: "Quoted is not used: quotes belong into the value", Err: ErrValue}
	}
	v := c.Value
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
		v = v[1 : len(v)-1]
	}
	if i := firstNot(cookieOctet, v); i >= 0 {
		return &Error{Name: c.Name, Rule: "not allowed in a value", Got: show(v[i : i+1]), Err: ErrValue}
	}
	return nil
}

// checkPath: path-av, RFC 6265 section 4.1.1. A path that does not begin with
// "/" would be replaced by the browser with one of its own (section 5.2.4).
func checkPath(c *http.Cookie) error {
	p := c.Path
	switch {
	case p == "":
		return nil
	case len(p) > MaxAttribute:
		return over(ErrTooLong, c.Name, "Path too long", len(p), MaxAttribute)
	case p[0] != '/':
		return &Error{Name: c.Name, Rule: "Path must begin with /", Got: show(p), Err: ErrAttribute}
	case p[len(p)-1] == ' ':
		return &Error{Name: c.Name, Rule: "Path must not end with a space", Got: show(p), Err: ErrAttribute}
	}
	if i := firstNot(avOctet, p); i >= 0 {
		return &Error{Name: c.Name, Rule: "not allowed in a Path", Got: show(p[i : i+1]), Err: ErrAttribute}
	}
	return nil
}

// checkDomain: a host name of letters, digits and hyphens (RFC 1034 section 3.5,
// RFC 1123 section 2.1). Whether the host may set it only the browser knows.
func checkDomain(c *http.Cookie) error {
	if c.Domain == "" {
		return nil
	}
	bad := func(rule string) error {
		return &Error{Name: c.Name, Rule: rule, Got: show(c.Domain), Err: ErrAttribute}
	}
	if len(c.Domain) > 253 {
		return over(ErrTooLong, c.Name, "Domain too long", len(c.Domain), 253)
	}
	last := ""
	for label := range strings.SplitSeq(c.Domain, ".") {
		if label == "" {
			return bad("Domain must not have empty labels, nor begin or end with a dot")
		}
		if len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return bad("not a host name in Domain")
		}
		for i := range len(label) {
			b := lower(label[i])
			if !('a' <= b && b <= 'z' || '0' <= b && b <= '9' || b == '-') {
				return bad("not a host name in Domain")
			}
		}
		last = label
	}
	// A host whose last label is a number is an IPv4 address or nothing (URL
	// standard), and an address has no subdomains to share a cookie with.
	if strings.Trim(last, "0123456789") == "" {
		return bad("Domain must not be an address")
	}
	return nil
}

func checkSameSite(c *http.Cookie) error {
	bad := func(rule string) error { return &Error{Name: c.Name, Rule: rule, Err: ErrAttribute} }
	switch c.SameSite {
	case 0, http.SameSiteDefaultMode, http.SameSiteLaxMode, http.SameSiteStrictMode:
	case http.SameSiteNoneMode:
		if !c.Secure {
			return bad("SameSite=None needs Secure") // draft-22 section 5.7 step 19
		}
	default:
		return bad("unknown SameSite")
	}
	// Browsers drop it without Secure; without None it is never sent where it
	// would matter (draft-cutler-partitioned-cookies-01).
	if c.Partitioned && c.SameSite != http.SameSiteNoneMode {
		return bad("Partitioned needs SameSite=None and Secure")
	}
	return nil
}

// checkLifetime: what is wrong at any time of day.
func checkLifetime(c *http.Cookie) error {
	const limit = int64(MaxAge / time.Second)
	if got := int64(c.MaxAge); got > limit {
		return &Error{
			Name: c.Name, Rule: "Max-Age over 400 days", Err: ErrLifetime,
			Got: strconv.FormatInt(got, 10), Limit: strconv.FormatInt(limit, 10),
		}
	}
	if c.Expires.IsZero() {
		return nil
	}
	// Browsers fail on years before 1601 (draft-22 section 5.1.1), and
	// IMF-fixdate has four digits (RFC 9110 section 5.6.7).
	if y := c.Expires.UTC().Year(); y < 1601 || y > 9999 {
		return &Error{Name: c.Name, Rule: "Expires is not a date from 1601 to 9999", Got: strconv.Itoa(y), Err: ErrLifetime}
	}
	return nil
}

// checkClock: what is wrong now.
func checkClock(c *http.Cookie, now time.Time) error {
	if c.Expires.IsZero() {
		return nil
	}
	left := expires(c).Sub(now)
	if left > MaxAge {
		return &Error{
			Name: c.Name, Rule: "Expires more than 400 days ahead", Err: ErrLifetime,
			Got: left.String(), Limit: MaxAge.String(),
		}
	}
	if c.MaxAge < 0 && left > 0 {
		return &Error{Name: c.Name, Rule: "Max-Age deletes and Expires does not", Got: left.String(), Err: ErrLifetime}
	}
	if c.MaxAge > 0 {
		apart := left - time.Duration(c.MaxAge)*time.Second
		if apart.Abs() > time.Second {
			return &Error{
				Name: c.Name, Rule: "Expires and Max-Age differ", Err: ErrLifetime,
				Got: apart.String(), Limit: time.Second.String(),
			}
		}
	}
	return nil
}

// expires is the time that the line can say: whole seconds, in UTC.
func expires(c *http.Cookie) time.Time { return c.Expires.UTC().Truncate(time.Second) }

// checkSafe: the rules that only Unsafe* skips.
func checkSafe(c *http.Cookie) error {
	bad := func(rule string) error { return &Error{Name: c.Name, Rule: rule, Err: ErrUnsafe} }
	switch {
	case !c.Secure:
		return bad("not Secure, so it travels over plain http")
	case !c.HttpOnly:
		return bad("not HttpOnly, so injected script can read it")
	case c.SameSite == http.SameSiteNoneMode && !c.Partitioned:
		return bad("SameSite=None without Partitioned, so every site can send it")
	case c.SameSite == 0 || c.SameSite == http.SameSiteDefaultMode:
		return bad("no SameSite, so each browser chooses one")
	case PrefixOf(c.Name) == nil && c.Domain != "":
		return bad("Domain without a name that begins with __Secure-")
	case PrefixOf(c.Name) == nil:
		return bad("name without __Host- or __Secure-, so any sibling host can replace it")
	}
	return nil
}

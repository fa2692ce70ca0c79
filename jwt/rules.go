package jwt

import (
	"slices"
	"strings"
	"time"
)

// checkType is RFC 8725 section 3.11.
func (v *Verifier) checkType(h *Header) error {
	switch {
	case v.opts.InsecureAnyType:
		return nil
	case v.opts.Type != "" && h.hasType && (h.Type == v.opts.Type || hasMediaType(h.Type, v.opts.Type)):
		return nil
	case v.opts.Type == "" && (!h.hasType || hasMediaType(h.Type, "JWT")):
		return nil
	}
	want := v.opts.Type
	if want == "" {
		want = "JWT or none"
	}
	got := "none"
	if h.hasType {
		got = quote(h.Type)
	}
	return refuse(ErrType, "typ", "got "+got+", want "+want)
}

// readClaims is RFC 7519 section 7.2, step 10, and what section 4.1 says of
// the form of each claim.
func (v *Verifier) readClaims(t *Token) (registered, error) {
	var others []string
	has, err := parseClaims(t.payload, &t.claims, func(name string, val value) {
		if name == "sid" && val.kind == kindString {
			t.session = val.text()
		}
		if len(v.opts.Require) > 0 && val.kind != kindNull && !(val.kind == kindString && val.raw == "") {
			others = append(others, name)
		}
	})
	if err != nil {
		return has, err
	}
	required := hasExpires
	if !v.opts.InsecureAnyIssuer {
		required |= hasIssuer
	}
	if !v.opts.InsecureAnyAudience {
		required |= hasAudience
	}
	if err := requireClaims(has, required); err != nil {
		return has, err
	}
	for _, name := range v.opts.Require {
		if !t.claims.nonEmpty(has, name) && !slices.Contains(others, name) {
			return has, refuse(ErrClaim, name, "missing or empty")
		}
	}
	return has, nil
}

// checkIssuer is RFC 7519 section 4.1.1 and RFC 8725 section 3.8.
func (v *Verifier) checkIssuer(c *Claims) error {
	if v.opts.InsecureAnyIssuer || c.Issuer == v.issuer {
		return nil
	}
	return refuse(ErrIssuer, "iss", "got "+quote(c.Issuer)+", want "+quote(v.issuer))
}

// checkAudience is RFC 7519 section 4.1.3 and RFC 8725 section 3.9.
func (v *Verifier) checkAudience(c *Claims) error {
	if v.opts.InsecureAnyAudience || c.Audience.Contains(v.audience) {
		return nil
	}
	return refuse(ErrAudience, "aud", "got "+quote(strings.Join(c.Audience, " "))+", want "+quote(v.audience))
}

// checkExpiry is RFC 7519 section 4.1.4: the token is good until just before exp.
func (v *Verifier) checkExpiry(c *Claims, now time.Time) error {
	const nearly = mostYearsAhead * 365 * 24 * 3600 // seconds: leap days are looked at only beyond it
	if c.Expires.Unix()-now.Unix() >= nearly && c.Expires.After(now.UTC().AddDate(mostYearsAhead, 0, 0)) {
		return refuse(ErrClaim, "exp", "more than ten years ahead: "+date(c.Expires))
	}
	if !now.Before(c.Expires.Add(v.opts.Leeway)) {
		return refuse(ErrExpired, "exp", at(c.Expires, now, v.opts.Leeway))
	}
	return nil
}

// checkStart is RFC 7519 sections 4.1.5 and 4.1.6: the token is good from nbf on, and
// one that was issued in the future was not issued by a sound clock.
func (v *Verifier) checkStart(c *Claims, has registered, now time.Time) error {
	latest := now.Add(v.opts.Leeway)
	if has&hasNotBefore != 0 && latest.Before(c.NotBefore.Time) {
		return refuse(ErrNotYetValid, "nbf", at(c.NotBefore, now, v.opts.Leeway))
	}
	if has&hasIssuedAt != 0 && latest.Before(c.IssuedAt.Time) {
		return refuse(ErrNotYetValid, "iat", at(c.IssuedAt, now, v.opts.Leeway))
	}
	return nil
}

func at(d NumericDate, now time.Time, leeway time.Duration) string {
	return "got " + date(d) + ", now " + now.UTC().Format(time.RFC3339Nano) + ", leeway " + leeway.String()
}

func date(d NumericDate) string { return d.Format(time.RFC3339Nano) }

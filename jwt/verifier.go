package jwt

import (
	"slices"
	"strings"
	"time"
)

const (
	defaultMaxBytes = 8 << 10
	mostMaxBytes    = 1 << 20
	mostLeeway      = 60 * time.Second
	mostYearsAhead  = 10 // of exp: a longer life is a mistake, or milliseconds
)

// Verifier checks tokens of one kind: from one issuer, for one audience, of
// one type. It never changes and may be used by many goroutines.
type Verifier struct {
	issuer     string
	audience   string
	keys       KeySource
	algorithms []Algorithm
	opts       VerifierOptions
}

// VerifierOptions are the optional properties of a [Verifier]. Nil and the
// zero value are safe.
type VerifierOptions struct {
	// Type is the "typ" that tokens must have, such as "at+jwt"; "application/at+jwt" is the same
	// (RFC 7515 section 4.1.9). If it is empty, only tokens without a type or of the
	// type "JWT" are accepted, so that a token of another kind is never taken for a plain one.
	Type string

	// Leeway is allowed for clocks that differ, on exp, nbf and iat: 0 to 60 seconds.
	Leeway time.Duration

	// MaxBytes is the longest token that is looked at: 8 KiB if 0, at most 1 MiB.
	MaxBytes int

	// Require names further claims that must be there and not null, such as
	// "sub" and "jti"; strings must not be empty. exp is always required.
	Require []string

	// InsecureAnyIssuer, InsecureAnyAudience and InsecureAnyType turn off the check that each names, for tools
	// that show tokens of any site. A server that sets one of them accepts tokens that were meant for others.
	InsecureAnyIssuer   bool
	InsecureAnyAudience bool
	InsecureAnyType     bool
}

// NewVerifier makes a verifier for tokens that issuer made for audience, both
// compared octet for octet (RFC 8725 sections 3.8 and 3.9), signed by a key
// of keys with one of algorithms (section 3.1). There is no default list; to
// allow each key its own algorithm, write keys.Algorithms() of a [KeySet].
// An empty or impossible argument is refused with [ErrOption].
func NewVerifier(issuer, audience string, keys KeySource, algorithms []Algorithm, opts *VerifierOptions) (*Verifier, error) {
	v := &Verifier{issuer: issuer, audience: audience, keys: keys, algorithms: slices.Clone(algorithms)}
	if opts != nil {
		v.opts = *opts
		v.opts.Require = slices.Clone(opts.Require)
	}
	if v.opts.MaxBytes == 0 {
		v.opts.MaxBytes = defaultMaxBytes
	}
	switch {
	case keys == nil:
		return nil, refuse(ErrOption, "keys", "missing")
	case issuer == "" && !v.opts.InsecureAnyIssuer:
		return nil, refuse(ErrOption, "issuer", "missing")
	case issuer != "" && v.opts.InsecureAnyIssuer:
		return nil, refuse(ErrOption, "issuer", "given, and InsecureAnyIssuer as well")
	case audience == "" && !v.opts.InsecureAnyAudience:
		return nil, refuse(ErrOption, "audience", "missing")
	case audience != "" && v.opts.InsecureAnyAudience:
		return nil, refuse(ErrOption, "audience", "given, and InsecureAnyAudience as well")
	case v.opts.Type != "" && v.opts.InsecureAnyType:
		return nil, refuse(ErrOption, "Type", "given, and InsecureAnyType as well")
	case v.opts.Leeway < 0 || v.opts.Leeway > mostLeeway:
		return nil, refuse(ErrOption, "Leeway", "got "+v.opts.Leeway.String()+", want 0 to 60s")
	case v.opts.MaxBytes < 0 || v.opts.MaxBytes > mostMaxBytes:
		return nil, refuse(ErrOption, "MaxBytes", gotLimit("out of range", v.opts.MaxBytes, mostMaxBytes))
	}
	if err := checkAlgorithms(algorithms); err != nil {
		return nil, err
	}
	return v, nil
}

func checkAlgorithms(algorithms []Algorithm) error {
	if len(algorithms) == 0 {
		return refuse(ErrOption, "algorithms", "the list is empty")
	}
	for _, a := range algorithms {
		if !a.supported() {
			return refuse(ErrOption, "algorithms", "got "+quote(string(a))+", want HS256, ES256, EdDSA or RS256")
		}
	}
	return nil
}

// Verify checks a token and returns it, or nil and an error that wraps one of
// the sentinels of this package; [Reason] gives its code. The checks run in the
// order malformed, critical, algorithm, unknown-key, signature, type, claim, issuer, audience,
// expired, not-yet-valid: nothing that the payload says is looked at before the signature is known to be good.
func (v *Verifier) Verify(token string) (*Token, error) {
	return v.VerifyAt(token, time.Now())
}

// VerifyAt is [Verifier.Verify] as it would be at another time, for tools
// that ask what was or will be.
func (v *Verifier) VerifyAt(token string, now time.Time) (*Token, error) {
	signed, err := verifySignature(token, v.opts.MaxBytes, v.keys, v.algorithms)
	if err != nil {
		return nil, err
	}
	t := &Token{header: signed.header, payload: string(signed.payload)}
	if err := v.checkType(t.header); err != nil {
		return nil, err
	}
	if err := v.checkClaims(t, now); err != nil {
		return nil, err
	}
	return t, nil
}

// VerifySignature checks nothing but the signature of a token, at most 1 MiB
// long, and returns its payload, which may be any bytes. It is for tools and
// for protocols whose payload is no claims object. Who logs people in needs a [Verifier]: a
// token whose signature is good may have expired years ago, or be meant for another site.
func VerifySignature(token string, keys KeySource, algorithms []Algorithm) (payload []byte, err error) {
	if keys == nil {
		return nil, refuse(ErrOption, "keys", "missing")
	}
	if err := checkAlgorithms(algorithms); err != nil {
		return nil, err
	}
	signed, err := verifySignature(token, mostMaxBytes, keys, algorithms)
	if err != nil {
		return nil, err
	}
	return signed.payload, nil
}

// A verified is what stands under a good signature.
type verified struct {
	header  Header
	payload []byte
}

// verifySignature is RFC 7515 section 5.2.
func verifySignature(token string, maxBytes int, keys KeySource, algorithms []Algorithm) (verified, error) {
	// Steps 1, 2, 6 and 7: the parts, and their base64url.
	p, err := splitToken(token, maxBytes)
	if err != nil {
		return verified{}, err
	}
	d, err := p.decode()
	if err != nil {
		return verified{}, err
	}
	// Steps 3, 4 and 5: the header, and that everything critical in it is understood.
	h, err := parseHeader(string(d.header))
	if err != nil {
		return verified{}, err
	}
	// RFC 8725 section 3.1: the caller's algorithms, and of those the key's own.
	if !slices.Contains(algorithms, h.Algorithm) {
		return verified{}, refuse(ErrAlgorithm, "alg", "got "+quote(string(h.Algorithm))+", want one of "+list(algorithms))
	}
	k, err := findKey(keys, h)
	if err != nil {
		return verified{}, err
	}
	if k.alg != h.Algorithm {
		return verified{}, refuse(ErrAlgorithm, "alg", "got "+quote(string(h.Algorithm))+", but the key is for "+string(k.alg))
	}
	if !k.canVerify() {
		return verified{}, refuse(ErrKey, "key_ops", "the key is not for verifying")
	}
	// Step 8: the signature.
	if !k.material.verify(p.signed, d.signature) {
		return verified{}, refuse(ErrSignature, "", "")
	}
	return verified{header: h, payload: d.payload}, nil
}

// findKey looks the key up by its ID, and by nothing else that the token says.
func findKey(keys KeySource, h Header) (*Key, error) {
	if !h.hasKeyID {
		source, ok := keys.(interface {
			OnlyKey(alg Algorithm) (*Key, error)
		})
		if !ok {
			return nil, refuse(ErrUnknownKey, "kid", "missing")
		}
		return foundKey(source.OnlyKey(h.Algorithm))
	}
	return foundKey(keys.Key(h.KeyID))
}

func foundKey(k *Key, err error) (*Key, error) {
	if err != nil {
		return nil, err
	}
	if k == nil {
		return nil, refuse(ErrUnknownKey, "kid", "the key source returned nothing")
	}
	return k, nil
}

// checkType is RFC 8725 section 3.11.
func (v *Verifier) checkType(h Header) error {
	switch {
	case v.opts.InsecureAnyType:
		return nil
	case v.opts.Type != "" && h.hasType && hasMediaType(h.Type, v.opts.Type):
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

// checkClaims is RFC 7519 section 7.2, step 10, with the claims of section 4.1.
func (v *Verifier) checkClaims(t *Token, now time.Time) error {
	var others []string
	var note func(string, value)
	if len(v.opts.Require) > 0 {
		note = func(name string, val value) {
			if val.kind != kindNull && !(val.kind == kindString && val.raw == "") {
				others = append(others, name)
			}
		}
	}
	c := &t.claims
	has, err := parseClaims(t.payload, c, note)
	if err != nil {
		return err
	}
	required := hasExpires
	if !v.opts.InsecureAnyIssuer {
		required |= hasIssuer
	}
	if !v.opts.InsecureAnyAudience {
		required |= hasAudience
	}
	if err := requireClaims(has, required); err != nil {
		return err
	}
	for _, name := range v.opts.Require {
		if !c.nonEmpty(has, name) && !slices.Contains(others, name) {
			return refuse(ErrClaim, name, "missing or empty")
		}
	}
	// Sections 4.1.1 and 4.1.3: not for us comes before too late.
	if !v.opts.InsecureAnyIssuer && c.Issuer != v.issuer {
		return refuse(ErrIssuer, "iss", "got "+quote(c.Issuer)+", want "+quote(v.issuer))
	}
	if !v.opts.InsecureAnyAudience && !c.Audience.Contains(v.audience) {
		return refuse(ErrAudience, "aud", "got "+quote(strings.Join(c.Audience, " "))+", want "+quote(v.audience))
	}
	return v.checkDates(c, has, now)
}

// checkDates: a token is good from nbf and iat on, and until just before exp.
func (v *Verifier) checkDates(c *Claims, has registered, now time.Time) error {
	leeway := v.opts.Leeway
	if c.Expires.After(now.AddDate(mostYearsAhead, 0, 0)) {
		return refuse(ErrClaim, "exp", "more than ten years ahead: "+date(c.Expires))
	}
	if !now.Before(c.Expires.Add(leeway)) {
		return refuse(ErrExpired, "exp", at(c.Expires, now, leeway))
	}
	if has&hasNotBefore != 0 && now.Add(leeway).Before(c.NotBefore.Time) {
		return refuse(ErrNotYetValid, "nbf", at(c.NotBefore, now, leeway))
	}
	if has&hasIssuedAt != 0 && now.Add(leeway).Before(c.IssuedAt.Time) {
		return refuse(ErrNotYetValid, "iat", at(c.IssuedAt, now, leeway))
	}
	return nil
}

func at(d NumericDate, now time.Time, leeway time.Duration) string {
	return "got " + date(d) + ", now " + now.UTC().Format(time.RFC3339Nano) + ", leeway " + leeway.String()
}

func date(d NumericDate) string { return d.Format(time.RFC3339Nano) }

func list(algorithms []Algorithm) string {
	var names []string
	for _, a := range algorithms {
		names = append(names, string(a))
	}
	return strings.Join(names, ", ")
}

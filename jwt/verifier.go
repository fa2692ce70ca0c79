package jwt

import (
	"slices"
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
	known      knownHeaders
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
	v := &Verifier{issuer: issuer, audience: audience, keys: keys, algorithms: canonical(algorithms)}
	if opts != nil {
		v.opts = *opts
		v.opts.Require = slices.Clone(opts.Require)
	}
	if v.opts.MaxBytes == 0 {
		v.opts.MaxBytes = defaultMaxBytes
	}
	if err := checkArguments(keys, algorithms); err != nil {
		return nil, err
	}
	switch {
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
	return v, nil
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
	var reached Check
	return v.verify(token, now, &reached)
}

// verify leaves in reached the check that it made last.
func (v *Verifier) verify(token string, now time.Time, reached *Check) (*Token, error) {
	signed, err := verifySignature(token, v.opts.MaxBytes, v.keys, v.algorithms, &v.known, reached)
	if err != nil {
		return nil, err
	}
	t := &Token{header: signed.header, payload: signed.payload}
	t.claims.Audience = t.one[:0]
	*reached = CheckType
	if err := v.checkType(t.header); err != nil {
		return nil, err
	}
	*reached = CheckClaims
	has, err := v.readClaims(t)
	if err != nil {
		return nil, err
	}
	// Not for us comes before too late.
	*reached = CheckIssuer
	if err := v.checkIssuer(&t.claims); err != nil {
		return nil, err
	}
	*reached = CheckAudience
	if err := v.checkAudience(&t.claims); err != nil {
		return nil, err
	}
	*reached = CheckExpiry
	if err := v.checkExpiry(&t.claims, now); err != nil {
		return nil, err
	}
	*reached = CheckStart
	if err := v.checkStart(&t.claims, has, now); err != nil {
		return nil, err
	}
	return t, nil
}

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
// one type. What it accepts never changes; it may be used by many goroutines.
type Verifier struct {
	issuer     string
	audience   string
	keys       KeySource
	algorithms []Algorithm
	opts       VerifierOptions
	known      knownHeaders
	kept       keptTokens
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

	// Revoked is asked at every verification, last, about a token that is sound otherwise: nil if it still holds, an
	// error that wraps [ErrRevoked] if not. Any other error means that it cannot be found out, and the token is refused
	// with it. Revoked is called by many goroutines.
	Revoked func(t *Token) error

	// KeepBytes is the memory for tokens that were verified, so that seeing one again costs a hash of it instead of its signature; 0, the
	// default, keeps none. At most 1 GiB. It changes no answer: times, Revoked, and that the key source still has the very key
	// are checked each time. It pays for RSA, ECDSA and EdDSA, less for HMAC.
	KeepBytes int

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
	case v.opts.KeepBytes < 0 || v.opts.KeepBytes > mostKeepBytes:
		return nil, refuse(ErrOption, "KeepBytes", gotLimit("out of range", v.opts.KeepBytes, mostKeepBytes))
	}
	v.kept.most = v.opts.KeepBytes
	return v, nil
}

// Verify checks a token and returns it, or nil and an error that wraps one of
// the sentinels of this package; [Reason] gives its code. The checks run in the
// order malformed, critical, algorithm, unknown-key, signature, type, claim, issuer, audience,
// expired, not-yet-valid, revoked: nothing that the payload says is looked at before the signature is known to be good.
func (v *Verifier) Verify(token string) (*Token, error) {
	return v.VerifyAt(token, time.Now())
}

// VerifyAt is [Verifier.Verify] as it would be at another time, for tools
// that ask what was or will be.
func (v *Verifier) VerifyAt(token string, now time.Time) (*Token, error) {
	if v.kept.most == 0 || len(token) > v.opts.MaxBytes {
		return tokenOf(v.verifyAnew(token, now, new(Check)))
	}
	hash := hashToken(token)
	if k := v.kept.find(hash); k != nil && v.stillHas(k) {
		if err := v.checkNow(k.Token, k.has, now, new(Check)); err != nil {
			return nil, err
		}
		return k.Token, nil
	}
	signed, err := v.verifyAnew(token, now, new(Check))
	if err == nil {
		v.kept.keep(hash, &signed)
	}
	return tokenOf(signed, err)
}

func tokenOf(k keptToken, err error) (*Token, error) {
	if err != nil {
		return nil, err
	}
	return k.Token, nil
}

// stillHas reports whether the key that verified the token is still what its header finds, and may verify. If not, or if it
// cannot be found out, the token is verified anew, which tells why.
func (v *Verifier) stillHas(k *keptToken) bool {
	key, err := findKey(v.keys, k.header)
	return err == nil && key.canVerify() && key.Equal(k.key)
}

// verifyAnew leaves in reached the check that it made last.
func (v *Verifier) verifyAnew(token string, now time.Time, reached *Check) (keptToken, error) {
	signed, err := verifySignature(token, v.opts.MaxBytes, v.keys, v.algorithms, &v.known, reached)
	if err != nil {
		return keptToken{}, err
	}
	t := &Token{header: signed.header, payload: signed.payload}
	t.claims.Audience = t.one[:0]
	*reached = CheckType
	if err := v.checkType(t.header); err != nil {
		return keptToken{}, err
	}
	*reached = CheckClaims
	has, err := v.readClaims(t)
	if err != nil {
		return keptToken{}, err
	}
	// Not for us comes before too late.
	*reached = CheckIssuer
	if err := v.checkIssuer(&t.claims); err != nil {
		return keptToken{}, err
	}
	*reached = CheckAudience
	if err := v.checkAudience(&t.claims); err != nil {
		return keptToken{}, err
	}
	if err := v.checkNow(t, has, now, reached); err != nil {
		return keptToken{}, err
	}
	return keptToken{t, has, signed.key}, nil
}

// checkNow are the checks whose outcome changes with time.
func (v *Verifier) checkNow(t *Token, has registered, now time.Time, reached *Check) error {
	*reached = CheckExpiry
	if err := v.checkExpiry(&t.claims, now); err != nil {
		return err
	}
	*reached = CheckStart
	if err := v.checkStart(&t.claims, has, now); err != nil {
		return err
	}
	if v.opts.Revoked == nil {
		return nil
	}
	*reached = CheckRevocation
	return v.opts.Revoked(t)
}

package jwt

import "time"

// Check is the name of one step of a verification.
type Check string

// The checks, in the order in which they are made. The first that fails ends
// the verification.
const (
	CheckForm      Check = "form"      // three parts of strict base64url, not too long
	CheckHeader    Check = "header"    // strict JSON, nothing critical
	CheckAlgorithm Check = "algorithm" // one of the caller's
	CheckKey       Check = "key"       // known, for this algorithm, and meant for verifying
	CheckSignature Check = "signature" // good: from here on the token is its issuer's word
	CheckType      Check = "type"      // the kind of token that is wanted
	CheckClaims    Check = "claims"    // strict JSON, the required claims are there, of the right types
	CheckIssuer    Check = "issuer"    // the wanted one
	CheckAudience  Check = "audience"  // the verifier is among them
	CheckExpiry    Check = "expiry"    // exp is ahead, but not ten years
	CheckStart     Check = "start"     // nbf and iat are not ahead

	CheckRevocation Check = "revocation" // not revoked, if the verifier's owner gave a function that knows
)

var checks = [...]Check{
	CheckForm, CheckHeader, CheckAlgorithm, CheckKey, CheckSignature,
	CheckType, CheckClaims, CheckIssuer, CheckAudience, CheckExpiry, CheckStart, CheckRevocation,
}

// Step is the outcome of one check.
type Step struct {
	Check Check
	Err   error // nil if it passed
}

// Steps verifies as [Verifier.VerifyAt] does and tells every check that was made, for
// showing to a person. Only the last can have failed; then the token is nil.
func (v *Verifier) Steps(token string, now time.Time) (*Token, []Step) {
	var reached Check
	signed, err := v.verifyAnew(token, now, &reached)
	var t *Token
	if err == nil {
		t = signed.Token
	}
	var steps []Step
	for _, c := range checks {
		if c == reached {
			return t, append(steps, Step{c, err})
		}
		steps = append(steps, Step{c, nil})
	}
	return t, steps
}

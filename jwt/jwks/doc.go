// Package jwks fetches a key set (RFC 7517 section 5) from a URL and keeps it fresh, for services that verify the
// tokens of an issuer elsewhere.
//
// The common case is one [Source] for the life of the process, given to a [jwt.Verifier]:
//
//	keys, err := jwks.New("https://login.example/.well-known/jwks.json", nil)
//	verifier, err := jwt.NewVerifier("https://login.example", "https://api.example",
//		keys, []jwt.Algorithm{jwt.ES256}, &jwt.VerifierOptions{Type: "at+jwt"})
//
// A Source has no goroutine of its own and needs no Close. It fetches when it is used: the first time, when its set is no longer fresh, and
// when a token names a key that it does not have; never more than once in 30 seconds, whoever asks how often. Whoever must wait for a
// fetch waits for the same one.
//
// A fetch that fails changes no key. The set that was good stays in use until [Options.MaxStale] is over; then every token is refused
// with [ErrUnavailable]. That is also how long a retired key can live for a verifier that is cut off from its issuer.
// [Source.Status] tells how fresh the set is, and why it is not fresher.
package jwks

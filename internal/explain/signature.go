package explain

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	_ "embed"
	"encoding/base64"
	"hash"
	"net/url"
	"slices"
	"strings"

	"github.com/cloakroom/cloakroom/jwt"
)

// judgeSignature looks at the signature's length and at what no signature looks like.
func judgeSignature(f *findings, t *Token, sig []byte) {
	want, known := algorithms[t.Algorithm]
	n := len(sig)
	switch {
	case t.Signature == None && n > 0:
		f.add(Problem, "signature-length", "RFC 7518 section 3.6", "Refuse it.", "alg says that there is no signature, and there are %d octets of one.", n)
	case t.Signature == None, !known:
	case n == 0:
		f.add(Problem, "signature-missing", "RFC 7515 section 5.2", "Refuse it.", "The signature is empty: anybody can have written the token.")
	case strings.HasPrefix(t.Algorithm, "ES") && n != want && sig[0] == 0x30:
		f.add(Problem, "signature-der", "RFC 7518 section 3.4", "Convert it: R and S, each of full length, one after the other.",
			"The signature is in DER (%d octets), and %s wants R and S alone (%d): verifiers refuse it.", n, t.Algorithm, want)
	case want > 0 && n != want:
		f.add(Problem, "signature-length", "RFC 7518 section 3.1", "Copy the token again, whole.", "The signature has %d octets, and one of %s has %d: verifiers refuse it.", n, t.Algorithm, want)
	case t.Algorithm == "EdDSA" && n != 64 && n != 114:
		f.add(Problem, "signature-length", "RFC 8037 section 3.1", "Copy the token again, whole.", "The signature has %d octets, and one of EdDSA has 64 (Ed25519) or 114 (Ed448): verifiers refuse it.", n)
	case isRSA(t.Algorithm) && n < 256:
		f.add(Problem, "weak-key", "RFC 7518 section 3.3", "Use a key of 2048 bits or more.", "The signature has %d bits, and so has the key: less than 2048 is too weak.", 8*n)
	case slices.Max(sig) == 0:
		f.add(Problem, "signature-zero", "", "Refuse it, and update whatever accepts it (CVE-2022-21449).", "The signature is nothing but zeros: it is a forgery that some verifiers have accepted.")
	}
}

func isRSA(alg string) bool { return strings.HasPrefix(alg, "RS") || strings.HasPrefix(alg, "PS") }

// secretList has one secret a line: what documentation, examples and frameworks use, and what people type first.
//
//go:embed secrets.txt
var secretList string

const maxHashed = 64 << 20 // octets that are hashed for one input to try secrets

// trySecrets looks for the secret of an HMAC in the list, in base64 too, and in the token's own words. It gives up on what would
// take long.
func (e *explainer) trySecrets(f *findings, t *Token, signed string, sig []byte) {
	var algorithm func() hash.Hash
	switch t.Algorithm {
	case "HS256":
		algorithm = sha256.New
	case "HS384":
		algorithm = sha512.New384
	case "HS512":
		algorithm = sha512.New
	}
	if algorithm == nil || len(sig) != algorithms[t.Algorithm] {
		return
	}
	try := func(secret []byte) bool {
		e.hashed += len(signed) + 128
		h := hmac.New(algorithm, secret)
		h.Write([]byte(signed))
		return hmac.Equal(h.Sum(nil), sig)
	}
	for _, secret := range slices.Concat(ownWords(t), strings.Split(strings.TrimSuffix(secretList, "\n"), "\n")) {
		if e.hashed > maxHashed {
			f.add(Note, "secrets-not-tried", "", "Give the token alone.", "Not all well-known secrets were tried: there is too much to hash.")
			return
		}
		found, how := try([]byte(secret)), ""
		if b, err := base64.RawURLEncoding.DecodeString(toURLAlphabet(secret)); !found && err == nil && len(b) > 0 {
			found, how = try(b), " read as base64"
		}
		if found {
			f.add(Problem, "default-secret", "RFC 8725 section 3.5", "Make a secret of 32 random octets at once, and end all sessions: anybody can write such tokens.",
				"The secret is %s%s, which everybody tries first.", excerpt(secret), how)
			return
		}
	}
}

// ownWords are secrets that lie near: nothing at all, and the token's own names.
func ownWords(t *Token) []string {
	words := []string{""}
	for _, o := range []struct {
		object Object
		name   string
	}{{t.Header, "kid"}, {t.Claims, "iss"}, {t.Claims, "aud"}, {t.Claims, "sub"}, {t.Claims, "client_id"}, {t.Claims, "azp"}} {
		word, ok := o.object.text(o.name)
		if !ok || len(word) > 200 {
			continue
		}
		words = append(words, word)
		if u, err := url.Parse(word); err == nil && u.Hostname() != "" {
			host := u.Hostname()
			first, _, _ := strings.Cut(host, ".")
			words = append(words, host, first)
		}
	}
	return words
}

// verify checks the token with the caller's keys. Without keys nothing is verified.
func (e *explainer) verify(f *findings, t *Token, token string) {
	if e.Keys == nil || t.Signature == None {
		return
	}
	v, err := jwt.NewVerifier("", "", e.Keys, e.Keys.Algorithms(), &jwt.VerifierOptions{
		MaxBytes: maxText, InsecureAnyIssuer: true, InsecureAnyAudience: true, InsecureAnyType: true,
	})
	if err != nil { // a set of keys without keys
		t.Signature = NoKey
		return
	}
	good, steps := v.Steps(token, e.Now)
	for _, s := range steps {
		switch s.Check {
		case jwt.CheckType, jwt.CheckIssuer, jwt.CheckAudience:
			continue // any will do here: only the receiver knows which is right
		}
		step := Step{Check: string(s.Check)}
		if s.Err != nil {
			step.Error = sentence(s.Err)
			e.judgeRefusal(f, t, s)
		} else if s.Check == jwt.CheckSignature {
			t.Signature = Good
			if t.Key = seenKey(e.Keys, t); t.Key == "" {
				t.Key = "the only one for " + t.Algorithm
			}
		}
		t.Steps = append(t.Steps, step)
	}
	t.Valid = good != nil
}

func seenKey(keys *jwt.KeySet, t *Token) string {
	kid, _ := t.Header.text("kid")
	if k, err := keys.Key(kid); err == nil {
		return k.ID()
	}
	return ""
}

func (e *explainer) judgeRefusal(f *findings, t *Token, s jwt.Step) {
	const ref = "RFC 7515 section 5.2"
	switch s.Check {
	case jwt.CheckSignature:
		t.Signature = Wrong
		f.add(Problem, "signature-wrong", ref, "Refuse it; if it should be good, it was altered or the key is another one.", "The signature is wrong: the token was not made with this key, or it was changed afterwards.")
	case jwt.CheckKey:
		t.Signature = NoKey
		f.add(Problem, "key-unknown", ref, "Give the key set of the issuer.", "None of the keys is for this token: %s.", sentence(s.Err))
	case jwt.CheckAlgorithm:
		t.Signature = NoKey
		f.add(Problem, "key-unknown", ref, "Give the key set of the issuer, and refuse tokens with another algorithm.", "None of the keys is for its algorithm: %s.", sentence(s.Err))
	}
}

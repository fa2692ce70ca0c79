package explain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/cloakroom/cloakroom/internal/pattern"
)

// algorithms of signed tokens (RFC 7518 section 3.1, RFC 8037, 8812, 9864) and how many octets their signatures have: 0 is
// as many as the key.
var algorithms = map[string]int{
	"HS256": 32, "HS384": 48, "HS512": 64,
	"ES256": 64, "ES384": 96, "ES512": 132, "ES256K": 64,
	"EdDSA": 0, "Ed25519": 64, "Ed448": 114,
	"RS256": 0, "RS384": 0, "RS512": 0, "PS256": 0, "PS384": 0, "PS512": 0,
	"ML-DSA-44": 2420, "ML-DSA-65": 3309, "ML-DSA-87": 4627,
}

// judgeSignedHeader is about the header of a signed token.
func (e *explainer) judgeSignedHeader(f *findings, t *Token) {
	judgeAlgorithm(f, t)
	judgeKeyHints(f, t)
	judgeKeyID(f, t)
	judgeCritical(f, t)
	judgeType(f, t)
	judgeDoubled(f, "header", t.Header)
}

func judgeAlgorithm(f *findings, t *Token) {
	raw, there := t.Header.get("alg")
	_, known := algorithms[t.Algorithm]
	switch upper := strings.ToUpper(strings.TrimSpace(t.Algorithm)); {
	case !there:
		f.add(Problem, "alg-missing", "RFC 7515 section 4.1.1", "Sign it with a library that writes alg.", "The header has no alg: no verifier may guess it.")
	case t.Algorithm == "" && string(raw) != `""`:
		f.add(Problem, "alg-unknown", "RFC 7515 section 4.1.1", "Write the algorithm's name as a string.", "alg is %s and not a name.", excerpt(string(raw)))
	case upper == "NONE" || upper == "":
		t.Signature = None
		f.add(Problem, "alg-none", "RFC 8725 section 3.1", "Refuse it: allow only the algorithms that your keys have.",
			"alg is %s: the token has no signature, and anybody can have written it.", excerpt(t.Algorithm))
	case !known && isKnownFold(t.Algorithm):
		f.add(Problem, "alg-case", "RFC 7515 section 4.1.1", "Write it as the standard does; verifiers compare octets.", "alg is %s: the name is spelt in other upper and lower case, and verifiers that care refuse it.", excerpt(t.Algorithm))
	case !known:
		f.add(Problem, "alg-unknown", "RFC 7518 section 3.1", "Use ES256, EdDSA, RS256 or HS256.", "alg is %s, which is no algorithm of signed tokens.", excerpt(t.Algorithm))
	case strings.HasPrefix(t.Algorithm, "HS"):
		f.add(Note, "symmetric", "RFC 8725 section 3.5", "Use ES256 or EdDSA where others verify; for HS256 a secret of 32 random octets.",
			"%s: one secret both signs and verifies, so whoever can check the token can also write one.", t.Algorithm)
	}
}

func isKnownFold(alg string) bool {
	for name := range algorithms {
		if strings.EqualFold(name, alg) {
			return true
		}
	}
	return false
}

// judgeKeyHints is about keys that the token brings along or points to (RFC 8725 section 3.10).
func judgeKeyHints(f *findings, t *Token) {
	for _, name := range []string{"jku", "x5u"} {
		if raw, ok := t.Header.get(name); ok {
			where, _ := t.Header.text(name)
			level, more := Warning, ""
			if u, err := url.Parse(where); err != nil || u.Scheme != "https" || u.User != nil {
				level, more = Problem, " It is not even a plain https URL."
			} else if iss, _ := t.Claims.text("iss"); iss != "" {
				if i, err := url.Parse(iss); err == nil && i.Host != "" && i.Host != u.Host {
					more = " Its host is another one than the issuer's."
				}
			}
			f.add(level, name, "RFC 8725 section 3.10", "Take keys from a place that you have configured, never from the token.",
				"%s says where the key is (%s): a verifier that follows it believes whoever wrote the token.%s", name, excerpt(stringOr(where, raw)), more)
		}
	}
	for _, name := range []string{"jwk", "x5c"} {
		if raw, ok := t.Header.get(name); ok {
			more := ""
			if name == "jwk" && hasPrivatePart(raw) {
				more = " It even holds a private part."
			}
			f.add(Warning, name, "RFC 8725 section 3.10", "Verify with keys that you know; DPoP proofs (RFC 9449) are the exception.",
				"%s is a key that the token brings along: a verifier that uses it believes whoever wrote the token.%s", name, more)
		}
	}
}

func stringOr(s string, raw json.RawMessage) string {
	if s != "" {
		return s
	}
	return string(raw)
}

func hasPrivatePart(raw json.RawMessage) bool {
	o, _ := readObject(raw)
	for _, m := range o {
		if m.Name == "d" || m.Name == "k" || m.Name == "p" {
			return true
		}
	}
	return false
}

var (
	sqlWords   = pattern.Lazy(`(?i)['";]|/\*|\b(union|select|insert|drop|or)\s`)
	shellSigns = pattern.Lazy("[|`$<>&]")
	pathForm   = pattern.Lazy(`^/[a-z._-]+(/|$)|\.\./|\\`) // base64 may begin with a slash
)

// judgeKeyID: a key ID is a name to look up, and nothing else.
func judgeKeyID(f *findings, t *Token) {
	raw, there := t.Header.get("kid")
	if !there {
		return
	}
	kid, isText := t.Header.text("kid")
	odd := func(what string) {
		f.add(Problem, "kid", "RFC 8725 section 3.10", "Look it up in a list of known keys; never build a path, query or command from it.", "kid %s (%s).", what, excerpt(stringOr(kid, raw)))
	}
	switch {
	case !isText:
		odd("is not a string")
	case kid == "":
		odd("is empty")
	case pathForm().MatchString(kid):
		odd("looks like a path: somebody may try to have a file taken for the key")
	case strings.Contains(kid, "://"):
		odd("is a URL: somebody may try to have a key fetched")
	case sqlWords().MatchString(kid):
		odd("looks like a piece of SQL")
	case shellSigns().MatchString(kid):
		odd("has signs of a shell command")
	case strings.IndexFunc(kid, func(c rune) bool { return c < 0x20 || c == 0x7f }) >= 0:
		odd("has control characters")
	case len(kid) > 256:
		f.add(Warning, "kid", "RFC 7515 section 4.1.4", "Use the key's thumbprint (RFC 7638).", "kid has %d octets: it is more than a name.", len(kid))
	}
}

func judgeCritical(f *findings, t *Token) {
	if raw, ok := t.Header.get("crit"); ok {
		var names []string
		if json.Unmarshal(raw, &names) != nil || len(names) == 0 {
			f.add(Problem, "crit", "RFC 7515 section 4.1.11", "Write a list of names, or leave it out.", "crit is %s and not a list of names.", excerpt(string(raw)))
		} else {
			f.add(Warning, "crit", "RFC 7515 section 4.1.11", "Make sure that each receiver knows them; Cloakroom refuses all.",
				"crit says that %s must be understood: a verifier that does not know it has to refuse the token, and many look past it.", excerpt(strings.Join(names, ", ")))
		}
	}
	if raw, ok := t.Header.get("b64"); ok {
		crit, _ := t.Header.get("crit")
		switch {
		case !bytes.Contains(crit, []byte(`"b64"`)):
			f.add(Problem, "b64", "RFC 7797 section 6", `Add "crit":["b64"], or leave b64 out.`, "b64 is there without crit: verifiers that do not know it compute over other octets.")
		case string(raw) == "false":
			f.add(Warning, "b64", "RFC 7797 section 7", "Leave it out in tokens that people sign in with.", "b64 is false: the payload was signed without being encoded, which JWTs must not do.")
		}
	}
	if _, ok := t.Header.get("zip"); ok && t.Form == "jws" {
		f.add(Warning, "zip", "RFC 7516 section 4.1.3", "Leave it out.", "zip belongs to encrypted tokens: in a signed one nobody knows it.")
	}
}

// knownTypes are what typ may say, without "application/".
var knownTypes = []string{"jwt", "jws", "jose", "at+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "token-introspection+jwt", "client-authentication+jwt", "entity-statement+jwt", "id+jwt"}

func judgeType(f *findings, t *Token) {
	raw, there := t.Header.get("typ")
	if !there {
		f.add(Note, "typ-missing", "RFC 8725 section 3.11", "Give each kind of token its own typ, such as at+jwt.", "There is no typ: a token of one kind can be taken for one of another.")
		return
	}
	short := strings.TrimPrefix(strings.ToLower(t.Type), "application/")
	if t.Type == "" {
		f.add(Problem, "typ", "RFC 7515 section 4.1.9", "Write at+jwt or JWT.", "typ is %s and not a name.", excerpt(string(raw)))
	} else if !slices.Contains(knownTypes, short) && !strings.HasSuffix(short, "+jwt") {
		f.add(Note, "typ", "RFC 8725 section 3.11", "Write at+jwt, JWT, or a name of your own that ends in +jwt.", "typ is %s, which is no usual type of a token.", excerpt(t.Type))
	}
}

// judgeDoubled finds names that are there twice, and such as differ only in case.
func judgeDoubled(f *findings, where string, o Object) {
	seen := map[string]string{}
	for _, m := range o {
		folded := strings.ToLower(m.Name)
		before, twice := seen[folded]
		seen[folded] = m.Name
		if !twice {
			continue
		}
		if before == m.Name {
			f.add(Problem, "doubled-member", "RFC 7519 section 4", "Write it once.", "%s has the name %s twice: one parser takes the first, another the last.", title(where), excerpt(m.Name))
		} else {
			f.add(Warning, "doubled-member", "RFC 7519 section 4", "Write it once, as the standard spells it.", "%s has both %s and %s: parsers that do not care for case take one for the other.", title(where), excerpt(before), excerpt(m.Name))
		}
		return
	}
}

func title(where string) string { return "The " + where }

// judgeEncrypted is about a JWE: all that can be seen is its header.
func judgeEncrypted(f *findings, t *Token) {
	f.add(Note, "encrypted", "RFC 7516", "Decrypt it with the receiver's key to see more.", "This is an encrypted token (JWE): its claims are for whoever has the key.")
	t.Signature = NotChecked
	enc, _ := t.Header.text("enc")
	switch {
	case t.Algorithm == "":
		f.add(Problem, "alg-missing", "RFC 7516 section 4.1.1", "Encrypt it with a library that writes alg.", "The header has no alg.")
	case t.Algorithm == "RSA1_5":
		f.add(Problem, "weak-alg", "RFC 8725 section 3.2", "Use RSA-OAEP-256 or ECDH-ES.", "alg is RSA1_5: receivers that answer differently to a broken one can be made to decrypt it.")
	case strings.HasPrefix(t.Algorithm, "PBES2"):
		judgePassword(f, t)
	case t.Algorithm == "dir":
		f.add(Note, "symmetric", "RFC 7518 section 4.5", "Change the key often.", "alg is dir: both sides share one key, and whoever can read such tokens can write them.")
	}
	if enc == "" {
		f.add(Problem, "enc-missing", "RFC 7516 section 4.1.2", "Encrypt it with a library that writes enc.", "The header has no enc: nobody knows how the content is encrypted.")
	}
	if zip, ok := t.Header.text("zip"); ok {
		f.add(Warning, "zip", "RFC 8725 section 3.6", "Do not compress before encrypting; bound what is unpacked.", "zip is %s: the length of what is compressed gives some of it away, and a small token can unpack to a large one.", excerpt(zip))
	}
	judgeKeyHints(f, t)
	judgeKeyID(f, t)
	judgeCritical(f, t)
	judgeDoubled(f, "header", t.Header)
}

// mostRounds of PBES2 that are reasonable: more is work that a stranger makes others do.
const mostRounds = 1_200_000

func judgePassword(f *findings, t *Token) {
	var rounds float64
	raw, _ := t.Header.get("p2c")
	_ = json.Unmarshal(raw, &rounds)
	switch {
	case rounds > mostRounds:
		f.add(Problem, "p2c", "RFC 8725 section 3.4", fmt.Sprintf("Refuse more than %d.", mostRounds), "p2c asks for %.0f rounds: whoever sends such a token keeps the receiver busy.", rounds)
	case rounds < 1000:
		f.add(Problem, "p2c", "RFC 7518 section 4.8.1.2", "Use a random key, or 600,000 rounds and more.", "p2c is %.0f rounds: the password can be guessed quickly.", rounds)
	default:
		f.add(Warning, "password-alg", "RFC 7518 section 8.8", "Use a random key.", "alg is %s: the key is made of a password, and can be guessed as one.", excerpt(t.Algorithm))
	}
}

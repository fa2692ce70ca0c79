package explain

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// A Signature is what is known about a token's signature.
type Signature string

const (
	NotChecked Signature = "not-checked" // no key was given: anybody can have written the token
	Good       Signature = "good"
	Wrong      Signature = "wrong"
	NoKey      Signature = "no-key" // keys were given, but none for this token
	None       Signature = "none"   // it has no signature
)

// A Token is what a token says about itself. Nothing of it is to be believed unless Valid.
type Token struct {
	Form      string    `json:"form"`          // "jws", "jwe", "jws-json", "jwe-json"; "opaque" if it is no such token
	Algorithm string    `json:"alg,omitempty"` // as it stands there
	Type      string    `json:"typ,omitempty"`
	Header    Object    `json:"header"`            // as far as it can be read
	Claims    Object    `json:"claims"`            // as far as they can be read
	Payload   string    `json:"payload,omitempty"` // a payload that is no object
	Times     []Moment  `json:"times"`             // never nil
	Bytes     int       `json:"bytes"`
	SigBytes  int       `json:"signature_bytes"`
	Signature Signature `json:"signature"`
	Key       string    `json:"key,omitempty"` // the ID of the key that verified it
	Valid     bool      `json:"valid"`         // signature and times are good, by a key that the caller gave
	Steps     []Step    `json:"steps,omitempty"`
	Nested    *Token    `json:"nested,omitempty"`
	About     string    `json:"about"`
}

// A Moment is a claim that is a date.
type Moment struct {
	Claim string    `json:"claim"`
	At    time.Time `json:"at"`
	Says  string    `json:"says"`
}

// A Step is one check of a verification with the caller's keys.
type Step struct {
	Check string `json:"check"`
	Error string `json:"error,omitempty"`
}

const maxNested = 3 // tokens inside tokens

// explainToken takes a token apart, judges what it says, and adds what is wrong to the report.
func (e *explainer) explainToken(about, text string, depth int) *Token {
	t := &Token{Form: "jws", Header: Object{}, Claims: Object{}, Times: []Moment{}, Bytes: len(text), Signature: NotChecked, About: about}
	f := findings{about: about}
	defer func() { e.report.Findings = append(e.report.Findings, f.list...) }()
	parts := strings.Split(text, ".")
	if len(parts) > 5 || !isHeaderPart(parts[0]) {
		t.Form = "opaque"
		f.add(Note, "opaque-token", "", "Ask the server that gave it out (RFC 7662 introspection).",
			"This is no JWT: its %s cannot be read, and only who made it knows what it stands for.", count(len(text), "octet"))
		return t
	}
	decoded := make([][]byte, max(len(parts), 3))
	broken := false
	for i, part := range parts {
		var ok bool
		decoded[i], ok = decodePart(&f, partName(len(parts), i), part)
		broken = broken || !ok
	}
	t.Header = e.readHeader(&f, decoded[0])
	t.Algorithm, _ = t.Header.text("alg")
	t.Type, _ = t.Header.text("typ")
	if len(text) > 4096-64 {
		f.add(Note, "large-token", "", "Leave out what the receiver can look up.", "The token has %d octets: it fits no cookie of 4,096, and fills a good part of the 8,192 that servers take of headers.", len(text))
	}
	if len(parts) == 5 {
		t.Form, t.SigBytes = "jwe", len(decoded[4])
		judgeEncrypted(&f, t)
		return t
	}
	if len(parts) != 3 {
		f.add(Problem, "parts", "RFC 7515 section 7.1", "Copy all of it: header.payload.signature.", "It has %s, and a signed token has three.", count(len(parts), "part"))
		broken = true
	}
	t.SigBytes = len(decoded[2])
	e.judgeSignedHeader(&f, t)
	e.readPayload(&f, t, decoded[1], depth)
	strict := parts[0] + "." + strings.Join(parts[1:], ".")
	if broken {
		strict = encode(decoded[0]) + "." + encode(decoded[1]) + "." + encode(decoded[2])
	}
	e.judgeStrictly(&f, strict)
	judgeSignature(&f, t, decoded[2])
	if !broken {
		e.trySecrets(&f, t, text[:len(parts[0])+1+len(parts[1])], decoded[2])
	}
	e.verify(&f, t, text)
	return t
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func partName(parts, i int) string {
	if parts == 5 {
		return [...]string{"header", "encrypted key", "initialization vector", "ciphertext", "authentication tag"}[i]
	}
	return [...]string{"header", "payload", "signature", "fourth part"}[min(i, 3)]
}

// decodePart decodes base64url, strictly if it can be, and otherwise as well as it goes.
func decodePart(f *findings, name, part string) (b []byte, strict bool) {
	const ref, fix = "RFC 7515 section 2", "Encode it as base64url without padding; one token has one spelling."
	b, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err == nil && !strings.ContainsAny(part, "\r\n") {
		return b, true
	}
	bare := strings.Map(func(c rune) rune {
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			return -1
		}
		return c
	}, part)
	if bare != part {
		f.add(Problem, "white-space", ref, "Copy the token as one line.", "There is white space in the %s: verifiers refuse it.", name)
	}
	if strings.ContainsAny(bare, "+/") {
		f.add(Problem, "wrong-alphabet", ref, fix, "The %s is in the alphabet of plain base64 (+ and /), not in that of base64url (- and _).", name)
	}
	if strings.Contains(bare, "=") {
		f.add(Problem, "padding", ref, fix, "The %s is padded with =: verifiers refuse it.", name)
	}
	bare = toURLAlphabet(bare)
	if b, err = base64.RawURLEncoding.Strict().DecodeString(bare); err == nil {
		return b, false
	}
	b, err = base64.RawURLEncoding.DecodeString(bare)
	if err == nil {
		f.add(Problem, "stray-bits", ref, fix, "The last character of the %s has bits that stand for nothing: the same token can be written in several ways, which gets around lists of revoked tokens.", name)
		return b, false
	}
	at := len(bare)
	if corrupt, ok := errors.AsType[base64.CorruptInputError](err); ok {
		at = int(corrupt)
	}
	f.add(Problem, "not-base64", ref, "Copy the token again, whole.", "The %s is not base64url at its character %d.", name, at+1)
	return b, false
}

// readHeader is about the header as JSON.
func (e *explainer) readHeader(f *findings, b []byte) Object {
	o, err := readObject(b)
	if err != nil {
		f.add(Problem, "header-json", "RFC 7515 section 5.2", "Copy the token again, whole.", "The header is not a JSON object.")
	}
	if o == nil {
		return Object{}
	}
	return o
}

func (e *explainer) readPayload(f *findings, t *Token, b []byte, depth int) {
	o, err := readObject(b)
	if o != nil {
		t.Claims = o
	}
	if cty, _ := t.Header.text("cty"); strings.EqualFold(cty, "jwt") || looksLikeToken(string(b)) {
		t.Payload = string(b)
		f.add(Note, "nested", "RFC 7519 section 5.2", "Verify both, the outer one first.", "The payload is a token itself.")
		if depth < maxNested && looksLikeToken(string(b)) {
			t.Nested = e.explainToken(t.About+": inner token", string(b), depth+1)
		}
		return
	}
	switch {
	case len(b) == 0:
		f.add(Note, "detached", "RFC 7515 appendix F", "Get the content from where it is kept, beside the token.", "The payload is empty: it is kept elsewhere (detached), or there is nothing to believe.")
	case err != nil && o == nil:
		t.Payload = string(b)
		f.add(Problem, "no-claims", "RFC 7519 section 7.2", "If it shall be a JWT, sign a JSON object of claims.", "The payload is not a JSON object, so it has no claims.")
	default:
		if err != nil {
			f.add(Problem, "payload-json", "RFC 7519 section 7.2", "Copy the token again, whole.", "The payload is not a whole JSON object; this is what could be read.")
		}
		e.judgeClaims(f, t)
	}
}

// judgeStrictly adds what package jwt refuses and nothing here has said yet.
func (e *explainer) judgeStrictly(f *findings, token string) {
	seen, err := jwt.Inspect(token)
	if err != nil {
		if !f.has("not-base64") {
			f.add(Problem, "malformed", "RFC 7515 section 5.2", "Copy the token again, whole.", "%s.", sentence(err))
		}
		return
	}
	for _, p := range seen.Problems {
		if !errors.Is(p, jwt.ErrMalformed) || f.has("header-json") || f.has("payload-json") || f.has("no-claims") || f.has("nested") || f.has("detached") {
			continue
		}
		if where, ok := errors.AsType[*jwt.Error](p); ok && strings.HasPrefix(where.Detail, "alg is missing") {
			continue // said in words
		}
		f.add(Problem, "not-strict", "RFC 7519 section 4", "Write each name once, in strict JSON (RFC 7493): parsers differ in what they make of the rest.", "%s.", sentence(p))
	}
}

// sentence is an error of package jwt without its room.
func sentence(err error) string {
	text := err.Error()
	for {
		rest, ok := strings.CutPrefix(text, "jwt: ")
		if !ok {
			break
		}
		text = rest
	}
	text = strings.TrimPrefix(text, "token is malformed: ")
	return strings.ToUpper(text[:1]) + text[1:]
}

// time returns a claim that is a moment.
func (t *Token) time(claim string) (time.Time, bool) {
	for _, m := range t.Times {
		if m.Claim == claim {
			return m.At, true
		}
	}
	return time.Time{}, false
}

package explain

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/jwt"
)

// Schema is the version of the JSON form of a [Report]. It changes when a member changes its meaning or goes.
const Schema = 1

// Why an input is not explained. The error is an *[Error].
var (
	ErrDoubtful = errors.New("it cannot be told what this is")
	ErrEmpty    = errors.New("there is nothing to explain")
	ErrTooLarge = errors.New("too large")
	ErrHAR      = errors.New("not a HAR file")
)

// An Error says why an input is not explained, and what a person can do.
type Error struct {
	Err    error  // one of the sentinels
	Detail string // what was found, "" if there is no more to say
	Hint   string
}

func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Err.Error()
	}
	return e.Err.Error() + ": " + e.Detail
}

func (e *Error) Unwrap() error { return e.Err }

// Options may be nil.
type Options struct {
	Kind    Kind         // what the input is; "" finds out
	URL     *url.URL     // where the response came from or the request went; nil is what the input says, or https://example.com/
	Profile *jar.Profile // nil is the draft, or the browser that recorded a HAR file
	Site    *url.URL     // the page of which the response was a part, nil if the tab itself went there
	Script  bool         // script sets the cookie: document.cookie
	Keys    *jwt.KeySet  // tokens are verified with these; nil verifies none
	Now     time.Time    // zero is the time of the call
}

// A Report is what there is to say about an input. Values of cookies and claims are whole in it.
type Report struct {
	Schema     int          `json:"schema"`
	Kind       Kind         `json:"kind"`
	URL        string       `json:"url,omitempty"`     // what Set-Cookie lines were judged for
	Assumed    []string     `json:"assumed,omitempty"` // what nobody said and was taken for granted, in sentences
	Findings   []Finding    `json:"findings"`          // never nil
	SetCookies []*SetCookie `json:"set_cookies,omitempty"`
	Cookies    []*Header    `json:"cookies,omitempty"`
	Tokens     []*Token     `json:"tokens,omitempty"`
	HAR        *HAR         `json:"har,omitempty"`
}

// Problem says whether something is wrong: a [Finding] that is a [Problem].
func (r *Report) Problem() bool { return problems(r.Findings) }

// About returns the findings about one thing.
func (r *Report) About(about string) (found []Finding) {
	for _, f := range r.Findings {
		if f.About == about {
			found = append(found, f)
		}
	}
	return found
}

// peeked is how much of an input is looked at to find out what it is.
const peeked = 64 << 10

// Explain reads an input and says what it means. The error is an *[Error], or what the reader returned.
func Explain(r io.Reader, o *Options) (*Report, error) { return explain(r, o, usual) }

func explain(r io.Reader, o *Options, limits harLimits) (*Report, error) {
	e := explainer{report: &Report{Schema: Schema, Findings: []Finding{}}, limits: limits}
	if o != nil {
		e.Options = *o
	}
	if e.Now.IsZero() {
		e.Now = time.Now()
	}
	in := bufio.NewReaderSize(r, peeked)
	head, err := in.Peek(peeked)
	if err != nil && err != io.EOF && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	if e.Kind == KindHAR {
		return e.explainHAR(in)
	}
	if e.Kind == "" || e.Kind == KindToken {
		switch form := jsonForm(head); {
		case form == formHAR && e.Kind == "":
			return e.explainHAR(in)
		case form == formTokens:
			return e.explainJSON(in)
		case form != formNone && e.Kind == "":
			return nil, &Error{ErrDoubtful, string(form), "a HAR file begins with {\"log\": …; --kind=har reads it as one"}
		}
	}
	text, err := readText(in)
	if err != nil {
		return nil, err
	}
	return e.explainText(text)
}

func readText(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxText+1))
	switch {
	case err != nil:
		return "", err
	case len(b) > maxText:
		return "", &Error{ErrTooLarge, fmt.Sprintf("more than %d octets that are no HAR file", maxText), "give the lines that matter; a HAR file begins with {\"log\": …"}
	case len(bytes.TrimSpace(b)) == 0:
		return "", &Error{ErrEmpty, "", "give a Set-Cookie line, a Cookie header, a token or a HAR file, as argument, file or standard input"}
	}
	return string(b), nil
}

// explainer works on one input.
type explainer struct {
	Options
	report *Report
	limits harLimits
	hashed int // octets that were hashed to try secrets
}

func (e *explainer) explainText(text string) (*Report, error) {
	var p pasted
	p.read(text, e.Kind)
	if n := p.count(); n > maxItems {
		return nil, &Error{ErrTooLarge, fmt.Sprintf("%d lines to explain, %d at most", n, maxItems), "give the lines that matter"}
	}
	if p.count() == 0 && !p.basic {
		if p.doubtful == "" {
			return nil, &Error{ErrDoubtful, "there are headers, but none with a cookie or a token", "the headers Set-Cookie, Cookie and Authorization are explained"}
		}
		if isPair(p.doubtful) && (e.URL != nil || e.Site != nil || e.Script) {
			return e.explainAs(KindSetCookie, text) // a request has nothing of these
		}
		return nil, &Error{ErrDoubtful, doubt(p.doubtful), "put Set-Cookie: or Cookie: in front, or say --kind=set-cookie, cookie, token or har"}
	}
	e.report.Kind = p.kind()
	e.explainSetCookies(&p)
	for i, line := range p.cookies {
		e.explainCookie(i, line)
	}
	for i, token := range p.tokens {
		about := "token"
		if len(p.tokens) > 1 {
			about = fmt.Sprintf("token %d", i+1)
		}
		e.report.Tokens = append(e.report.Tokens, e.explainToken(about, token, 0))
	}
	if p.basic {
		f := findings{about: "Authorization"}
		f.add(Warning, "basic-credentials", "RFC 7617 section 4", "Send a token or a session cookie instead, and never over http.",
			"Basic credentials are a name and a password in base64: whoever sees the header can read them, and each request repeats them.")
		e.report.Findings = append(e.report.Findings, f.list...)
	}
	return e.report, nil
}

// explainAs explains a text when it is known what it is.
func (e *explainer) explainAs(kind Kind, text string) (*Report, error) {
	e.Kind = kind
	return e.explainText(text)
}

// isPair: one name with a value, and nothing more.
func isPair(line string) bool {
	return strings.IndexByte(line, '=') > 0 && !strings.Contains(line, ";")
}

// doubt says why a line is neither one thing nor the other.
func doubt(line string) string {
	if isPair(line) {
		return "one name with a value may be a Set-Cookie line as well as a Cookie header"
	}
	return "it begins with neither a header's name nor a cookie nor a token"
}

func (e *explainer) assume(sentence string) {
	e.report.Assumed = append(e.report.Assumed, sentence)
}

// A jsonKind is what JSON holds, told by the first name that is known.
type jsonKind string

const (
	formNone   jsonKind = ""
	formHAR    jsonKind = "HAR"
	formTokens jsonKind = "tokens"
	formKeys   jsonKind = "this is a key or a key set, which verifies tokens (--jwks)"
	formList   jsonKind = "this is a JSON list, not a HAR file"
	formOther  jsonKind = "this is JSON, but not of a HAR file"
)

// jsonForm looks at the beginning of an input.
func jsonForm(head []byte) jsonKind {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	if len(head) == 0 || head[0] != '{' && head[0] != '[' {
		return formNone
	}
	if head[0] == '[' {
		return formList
	}
	dec := json.NewDecoder(bytes.NewReader(head))
	_, _ = dec.Token()
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			break
		}
		switch name {
		case "log":
			return formHAR
		case "payload", "protected", "signatures", "ciphertext", "access_token", "id_token", "refresh_token", "token":
			return formTokens
		case "keys", "kty":
			return formKeys
		}
		var skipped json.RawMessage
		if dec.Decode(&skipped) != nil {
			break
		}
	}
	return formOther
}

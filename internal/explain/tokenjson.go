package explain

import (
	"encoding/json"
	"fmt"
	"io"
)

// jws is the JSON form of a signed or encrypted token (RFC 7515 section 7.2, RFC 7516 section 7.2), and beside it what an
// authorization server answers (RFC 6749 section 5.1).
type jws struct {
	Payload    *string         `json:"payload"`
	Protected  string          `json:"protected"`
	Header     json.RawMessage `json:"header"`
	Signature  string          `json:"signature"`
	Signatures []struct {
		Protected string          `json:"protected"`
		Header    json.RawMessage `json:"header"`
		Signature string          `json:"signature"`
	} `json:"signatures"`
	Ciphertext *string `json:"ciphertext"`
	Key        string  `json:"encrypted_key"`
	IV         string  `json:"iv"`
	Tag        string  `json:"tag"`

	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
	Token   string `json:"token"`
}

// explainJSON reads tokens out of JSON.
func (e *explainer) explainJSON(r io.Reader) (*Report, error) {
	text, err := readText(r)
	if err != nil {
		return nil, err
	}
	var s jws
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return nil, &Error{ErrDoubtful, "this begins like a token in JSON, but is not whole JSON: " + err.Error(), "copy all of it"}
	}
	e.report.Kind = KindToken
	if len(s.Signatures) > maxTokens {
		return nil, &Error{ErrTooLarge, fmt.Sprintf("%d signatures, %d at most", len(s.Signatures), maxTokens), "give fewer"}
	}
	switch {
	case s.Ciphertext != nil:
		e.explainForm("jwe-json", "token", s.Protected+"."+s.Key+"."+s.IV+"."+*s.Ciphertext+"."+s.Tag, s.Header)
	case s.Payload != nil && s.Signatures != nil:
		for i, one := range s.Signatures {
			e.explainForm("jws-json", fmt.Sprintf("token, signature %d", i+1), one.Protected+"."+*s.Payload+"."+one.Signature, one.Header)
		}
	case s.Payload != nil:
		e.explainForm("jws-json", "token", s.Protected+"."+*s.Payload+"."+s.Signature, s.Header)
	default:
		for _, one := range []struct{ name, token string }{{"access_token", s.Access}, {"id_token", s.ID}, {"refresh_token", s.Refresh}, {"token", s.Token}} {
			if one.token != "" {
				e.report.Tokens = append(e.report.Tokens, e.explainToken(one.name, one.token, 0))
			}
		}
	}
	if len(e.report.Tokens) == 0 {
		return nil, &Error{ErrDoubtful, "this is JSON, but there is no token in it", "give the token itself"}
	}
	return e.report, nil
}

// explainForm explains one signature of the JSON form by way of the compact one.
func (e *explainer) explainForm(form, about, compact string, unprotected json.RawMessage) {
	t := e.explainToken(about, compact, 0)
	f := findings{about: about}
	if t.Form != "opaque" {
		t.Form = form
	}
	f.add(Problem, "json-form", "RFC 7519 section 1", "Send the compact form: three parts with dots between.", "This is the JSON form (RFC 7515 and 7516 section 7.2): a JWT is compact, and verifiers of JWTs refuse this.")
	if len(unprotected) > 0 {
		f.add(Warning, "unprotected-header", "RFC 7515 section 7.2.1", "Put what matters into the protected header.", "There is a header that the signature does not cover: anybody can change it on the way.")
	}
	e.report.Findings = append(e.report.Findings, f.list...)
	e.report.Tokens = append(e.report.Tokens, t)
}

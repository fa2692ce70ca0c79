package main

import (
	"strings"

	"github.com/cloakroom/cloakroom/internal/explain"
	"github.com/cloakroom/cloakroom/internal/screen"
)

var tokenForms = map[string]string{
	"jws": "signed token (JWT)", "jwe": "encrypted token (JWE)", "opaque": "no token that can be read",
	"jws-json": "signed token in its JSON form (JWS)", "jwe-json": "encrypted token in its JSON form (JWE)",
}

func (s *reportScreen) token(t *explain.Token) {
	s.title("%s: %s, %s", capital(t.About), tokenForms[t.Form], count(t.Bytes, "octet"))
	if t.Form != "opaque" {
		says, style := signatureSays(t)
		s.Row(2, screen.Span{Text: "signature"}, 13, screen.Span{Text: says, Style: style})
		s.object("header", t.Header, nil)
		s.object("claims", t.Claims, t.Times)
	}
	if t.Payload != "" {
		s.Row(2, screen.Span{Text: "payload"}, 13, screen.Span{Text: s.Describe(t.Payload)})
	}
	s.checks(t.Steps)
	s.findings(2, s.report.About(t.About))
	s.Gap()
	if t.Nested != nil {
		s.token(t.Nested)
	}
}

// checks shows what a verification looked at, and where it ended.
func (s *reportScreen) checks(steps []explain.Step) {
	var passed []string
	for _, step := range steps {
		if step.Error == "" {
			passed = append(passed, step.Check)
		}
	}
	if len(passed) > 0 {
		s.Row(2, screen.Span{Text: "checks"}, 13, screen.Span{Text: strings.Join(passed, ", "), Style: screen.Good})
	}
	for _, step := range steps {
		if step.Error != "" {
			s.Row(2, screen.Span{Text: "refused"}, 13, screen.Span{Text: step.Check + ": " + step.Error, Style: screen.Bad})
		}
	}
}

// signatureSays is careful with the word valid: it needs a key of the caller's.
func signatureSays(t *explain.Token) (string, screen.Style) {
	switch {
	case t.Valid:
		return "good, by the key " + t.Key + ": the token is valid now; whether it is for you is yours to check (iss, aud)", screen.Good
	case t.Signature == explain.Good:
		return "good, by the key " + t.Key + "; but the token is not valid", screen.Bad
	case t.Signature == explain.Wrong:
		return "wrong", screen.Bad
	case t.Signature == explain.NoKey:
		return "not checked: none of the keys is for it", screen.Warn
	case t.Signature == explain.None:
		return "none", screen.Bad
	case strings.HasPrefix(t.Form, "jwe"):
		return "not checked, and not decrypted", screen.Warn
	}
	return "not checked: anybody can write a token that says this; --jwks FILE verifies", screen.Warn
}

func (s *reportScreen) object(label string, o explain.Object, times []explain.Moment) {
	if len(o) == 0 {
		return
	}
	column := 0
	for _, m := range o {
		column = max(column, min(screen.Columns(screen.Printable(m.Name)), 20))
	}
	s.Row(2, screen.Span{Text: label}, 13)
	for _, m := range o {
		value := string(m.Value)
		if explain.IsSecret(m.Name) && !s.Secrets {
			value = screen.Short(strings.Trim(value, `"`))
		}
		spans := []screen.Span{{Text: cutText(value)}}
		for _, at := range times {
			if at.Claim == m.Name {
				spans = append(spans, screen.Span{Text: "· " + at.Says, Style: screen.Calm})
			}
		}
		s.Row(4, screen.Span{Text: screen.Fit(screen.Printable(m.Name), 20)}, column+6, spans...)
	}
}

// cutText ends a stranger's text after some lines.
func cutText(text string) string {
	const most = 400
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

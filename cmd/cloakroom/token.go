package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// maxLine is the longest token that is read from standard input.
const maxLine = 1 << 20

type tokenCmd struct {
	Sign   tokenSign   `cmd:"" help:"Sign claims, read as JSON from standard input."`
	Verify tokenVerify `cmd:"" help:"Verify tokens, read from standard input, one a line."`
	Show   tokenShow   `cmd:"" help:"Show what a token says, without believing it."`
}

type tokenSign struct {
	Key  string        `required:"" placeholder:"FILE" help:"The signing key, a private JWK."`
	Type string        `default:"JWT" help:"The token's typ."`
	For  time.Duration `default:"10m" help:"Sets iat and exp, unless the claims have exp."`
}

func (c *tokenSign) Run(t *terminal) error {
	text, err := os.ReadFile(c.Key)
	if err != nil {
		return err
	}
	key, err := jwt.ParseKey(bytes.TrimSpace(text))
	if err != nil {
		return &exitError{exitNo, fmt.Errorf("%s: %w", c.Key, err), "the file must hold one private JWK (RFC 7517)"}
	}
	t.expectInput("the claims, a JSON object")
	text, err = io.ReadAll(io.LimitReader(t.in, maxLine+1))
	if err != nil {
		return err
	}
	claims, err := withTimes(text, time.Now(), c.For)
	if err != nil {
		return &exitError{exitUsage, fmt.Errorf("the claims on standard input are not a JSON object: %w", err), `echo '{"sub":"anna","aud":"https://api.example"}' | cloakroom token sign --key key.jwk`}
	}
	token, err := jwt.Sign(key, c.Type, claims)
	if err != nil {
		return &exitError{exitNo, err, "a token needs aud and exp, and a key that can sign"}
	}
	fmt.Fprintln(t.out, token)
	return nil
}

// withTimes adds iat and exp to claims without exp, and leaves the rest as it was written: what is doubtful in it, such as
// a doubled member, is for package jwt to refuse.
func withTimes(text []byte, at time.Time, life time.Duration) (json.RawMessage, error) {
	if len(text) > maxLine {
		return nil, fmt.Errorf("more than %d bytes", maxLine)
	}
	var claims map[string]json.RawMessage
	if err := json.Unmarshal(text, &claims); err != nil {
		return nil, err
	}
	if claims == nil {
		return nil, errors.New("null")
	}
	if _, ok := claims["exp"]; ok {
		return text, nil
	}
	add := fmt.Sprintf(`"exp":%d}`, at.Add(life).Unix())
	if _, ok := claims["iat"]; !ok {
		add = fmt.Sprintf(`"iat":%d,`, at.Unix()) + add
	}
	if len(claims) > 0 {
		add = "," + add
	}
	body, _ := bytes.CutSuffix(bytes.TrimSpace(text), []byte("}"))
	return append(slices.Clip(body), add...), nil
}

type tokenVerify struct {
	JWKS          string        `name:"jwks" required:"" placeholder:"FILE" help:"A key or a key set."`
	Alg           []string      `placeholder:"LIST" help:"Algorithms that are allowed; without it, each key's own."`
	Issuer        string        `placeholder:"URL" help:"Who must have made the token; without it, anybody."`
	Audience      string        `placeholder:"URL" help:"Whom the token must be for; without it, anybody."`
	Type          string        `placeholder:"TYP" help:"The typ that the token must have; without it, any."`
	Now           string        `placeholder:"TIME" help:"Verify as at this time (RFC 3339)."`
	Leeway        time.Duration `default:"0s" help:"Allowed for clocks that differ, up to 60s."`
	Steps         bool          `help:"Print the checks that were made, in their order, under each token's line."`
	SignatureOnly bool          `help:"Check nothing but the signature; the payload may be any bytes."`
}

// Run prints one line for each token; the exit status is 1 if one was refused.
func (c *tokenVerify) Run(t *terminal) error {
	keys, algs, err := c.keys()
	if err != nil {
		return err
	}
	check, err := c.checker(keys, algs)
	if err != nil {
		return err
	}
	t.expectInput("tokens, one a line")
	out := bufio.NewWriterSize(t.out, 64<<10)
	in := bufio.NewReaderSize(t.in, maxLine+2)
	refused := false
	var line []byte
	err = eachLineOf(in, func(token string) error {
		var steps []jwt.Step
		var err error
		line, steps, err = check(line[:0], token)
		if err != nil {
			refused = true
			line = append(append(line[:0], "refused "...), refusal(err)...)
		}
		line = append(line, '\n')
		for _, s := range steps {
			line = appendStep(line, s)
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
		if in.Buffered() == 0 { // whoever asks token by token gets each answer at once
			return out.Flush()
		}
		return nil
	})
	if err := errors.Join(err, out.Flush()); err != nil {
		return err
	}
	if refused {
		return &exitError{code: exitNo}
	}
	return nil
}

// appendStep appends one check, indented under the line of its token.
func appendStep(line []byte, s jwt.Step) []byte {
	if s.Err == nil {
		return fmt.Appendf(line, "  %-10s ok\n", s.Check)
	}
	return fmt.Appendf(line, "  %-10s refused: %s\n", s.Check, jwt.Reason(s.Err))
}

// refusal is REASON: and what it was about.
func refusal(err error) string {
	reason := cmp.Or(jwt.Reason(err), "error")
	text := err.Error()
	if e, ok := errors.AsType[*jwt.Error](err); ok {
		text = strings.TrimPrefix(text, e.Rule.Error()+": ") // which says no more than the reason
	}
	return reason + ": " + oneLine(room().ReplaceAllString(text, ""))
}

// keys reads the file. A key in it that names no algorithm is for the first of --alg that it fits.
func (c *tokenVerify) keys() (*jwt.KeySet, []jwt.Algorithm, error) {
	var algs []jwt.Algorithm
	for _, a := range c.Alg {
		if a != "Ed25519" && !slices.Contains(jwt.Algorithms(), jwt.Algorithm(a)) {
			return nil, nil, &exitError{exitUsage, fmt.Errorf("--alg: %q is not an algorithm of tokens here", a), "it is one of " + listOf(jwt.Algorithms())}
		}
		algs = append(algs, jwt.Algorithm(a))
	}
	text, err := os.ReadFile(c.JWKS)
	if err != nil {
		return nil, nil, err
	}
	keys, err := jwt.ParseKeySetFor(text, slices.Concat(algs, jwt.Algorithms()))
	if err != nil {
		return nil, nil, &exitError{exitNo, err, "the file must hold a JWK or a JWK set (RFC 7517)"}
	}
	if len(algs) == 0 {
		algs = keys.Algorithms()
	}
	return keys, algs, nil
}

func listOf(algs []jwt.Algorithm) string {
	var names []string
	for _, a := range algs {
		names = append(names, string(a))
	}
	return strings.Join(names, ", ")
}

// checker makes the function that judges one token. It appends the token's line, and says the steps if they are wanted.
func (c *tokenVerify) checker(keys *jwt.KeySet, algs []jwt.Algorithm) (func(line []byte, token string) ([]byte, []jwt.Step, error), error) {
	if c.SignatureOnly {
		if c.Steps {
			return nil, &exitError{exitUsage, errors.New("--steps and --signature-only cannot be given together"), "--steps shows where the signature stands among the checks"}
		}
		return func(line []byte, token string) ([]byte, []jwt.Step, error) {
			payload, err := jwt.VerifySignature(token, keys, algs)
			return base64.RawURLEncoding.AppendEncode(append(line, "ok "...), payload), nil, err
		}, nil
	}
	at := time.Now
	if c.Now != "" {
		fixed, err := time.Parse(time.RFC3339, c.Now)
		if err != nil {
			return nil, &exitError{exitUsage, fmt.Errorf("--now: %q is not a time", c.Now), "write it like 2026-11-23T12:00:00Z"}
		}
		at = func() time.Time { return fixed }
	}
	if most := time.Minute; c.Leeway < 0 || c.Leeway > most {
		return nil, &exitError{exitUsage, fmt.Errorf("--leeway: %v is outside 0s to %v", c.Leeway, most), "clocks that differ more than a minute should be set right"}
	}
	v, err := jwt.NewVerifier(c.Issuer, c.Audience, keys, algs, &jwt.VerifierOptions{
		Type: c.Type, Leeway: c.Leeway, MaxBytes: maxLine,
		InsecureAnyIssuer: c.Issuer == "", InsecureAnyAudience: c.Audience == "", InsecureAnyType: c.Type == "",
	})
	if err != nil {
		return nil, &exitError{exitUsage, err, "cloakroom token verify -h says what it takes"}
	}
	var flat bytes.Buffer
	return func(line []byte, token string) ([]byte, []jwt.Step, error) {
		var steps []jwt.Step
		var tok *jwt.Token
		var err error
		if c.Steps {
			tok, steps = v.Steps(token, at())
			err = steps[len(steps)-1].Err
		} else {
			tok, err = v.VerifyAt(token, at())
		}
		if err != nil {
			return line, steps, err
		}
		flat.Reset()
		if err := json.Compact(&flat, tok.Payload()); err != nil {
			return line, steps, err
		}
		return append(append(line, "ok "...), flat.Bytes()...), steps, nil
	}, nil
}

// eachLine calls f with each line that is not empty, without its end. A line that is too long to be a token is given as
// far as it was read.
func eachLine(r io.Reader, f func(string) error) error {
	return eachLineOf(bufio.NewReaderSize(r, maxLine+2), f)
}

func eachLineOf(in *bufio.Reader, f func(string) error) error {
	for {
		line, err := in.ReadSlice('\n')
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		if s := strings.TrimRight(string(line), "\r\n"); s != "" {
			if ferr := f(s); ferr != nil {
				return ferr
			}
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil && !tooLong:
			return err
		}
	}
}

type tokenShow struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c *tokenShow) Run(t *terminal) error {
	t.expectInput("tokens, one a line")
	return eachLine(t.in, func(token string) error {
		seen, err := jwt.Inspect(token)
		if err != nil {
			return &exitError{exitNo, err, "a token has three parts with dots between them: header.payload.signature"}
		}
		if c.JSON {
			return t.jsonLines(1, func(int) any { return shown(seen) })
		}
		fmt.Fprintf(t.out, "header   %s\n", shortened(seen.RawHeader))
		fmt.Fprintf(t.out, "payload  %s\n", shortened(seen.Payload))
		fmt.Fprintf(t.out, "signature %d bytes, not verified\n", len(seen.Signature))
		if seen.Claims != nil && !seen.Claims.Expires.IsZero() {
			fmt.Fprintf(t.out, "expires  %s (%s)\n", stamp(seen.Claims.Expires.Time), untilNow(seen.Claims.Expires.Time))
		}
		for _, p := range seen.Problems {
			fmt.Fprintf(t.out, "problem  %s\n", oneLine(strings.TrimPrefix(p.Error(), "jwt: ")))
		}
		return nil
	})
}

func untilNow(at time.Time) string {
	if d := time.Until(at); d > 0 {
		return "in " + lasting(d)
	}
	return ago(time.Now(), at)
}

func shown(seen *jwt.Inspection) any {
	problems := []string{}
	for _, p := range seen.Problems {
		problems = append(problems, strings.TrimPrefix(p.Error(), "jwt: "))
	}
	return map[string]any{
		"header": rawOrText(seen.RawHeader), "payload": rawOrText(seen.Payload), "signature_bytes": len(seen.Signature),
		"verified": false, "problems": problems,
	}
}

func rawOrText(b []byte) any {
	if json.Valid(b) {
		return json.RawMessage(b)
	}
	return string(b)
}

// shortened is a stranger's text as a person is shown it.
func shortened(b []byte) string {
	const most = 4000
	s := printable(string(b))
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

type jarReplayCmd struct {
	File string `arg:"" optional:"" default:"-" help:"Lines of JSON; - is standard input."`
	profiled
}

// Help has the protocol on one screen; docs/formats.md has it in full.
func (c *jarReplayCmd) Help() string {
	return `Each line is an object: {"op":"new","profile":…} starts an empty jar; {"op":"set","url":…,"set_cookie":[…]} is a response;
{"op":"get","url":…} a request; {"op":"close"} ends the browser. set and get also take "now", "script", "site", "method" and "embedded". Each is
answered with one line, a bad one with {"error":…,"hint":…}.`
}

func (c *jarReplayCmd) Run(t *terminal) error {
	in := t.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	} else {
		t.expectInput("lines of JSON")
	}
	refused, err := replay(in, t.out, c.options())
	if err == nil && refused {
		err = &exitError{code: exitNo}
	}
	return err
}

// replay answers each line before it reads the next, so that a program can wait for an answer.
func replay(in io.Reader, out io.Writer, o jar.Options) (refused bool, err error) {
	answers := json.NewEncoder(out)
	answers.SetEscapeHTML(false)
	p := player{jar: jar.New(&o), options: o}
	err = eachLine(in, func(line string) error {
		answer, err := p.play(line)
		if err != nil {
			refused = true
			answer = map[string]string{"error": err.Error(), "hint": replayHint(err)}
		}
		return answers.Encode(answer)
	})
	return refused, err
}

const membersHint = "docs/formats.md has all operations and members"

func replayHint(err error) string {
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.hint
	}
	return membersHint
}

func replayError(hint, format string, args ...any) error {
	return &exitError{exitNo, fmt.Errorf(format, args...), hint}
}

// A player is the browser of a replay.
type player struct {
	jar     *jar.Jar
	options jar.Options
}

var done = map[string]bool{"ok": true}

func (p *player) play(line string) (answer any, err error) {
	op, err := parseOperation(line)
	if err != nil {
		return nil, err
	}
	switch op.Op {
	case "new":
		o := p.options
		if op.Profile != "" {
			var ok bool
			if o.Profile, ok = jar.FindProfile(op.Profile); !ok {
				return nil, replayError("rfc, chrome, firefox, safari or classic", "profile: %q is none", op.Profile)
			}
		}
		p.jar = jar.New(&o)
		return done, nil
	case "close":
		p.jar.Close()
		return done, nil
	}
	r, err := op.request()
	if err != nil {
		return nil, err
	}
	if op.Op == "set" {
		return map[string][]jar.Verdict{"verdicts": p.jar.Set(r, op.SetCookie...)}, nil
	}
	header, verdicts := p.jar.Match(r)
	return struct {
		Verdicts []jar.Verdict `json:"verdicts"`
		Cookie   string        `json:"cookie"`
	}{verdicts, header}, nil
}

// request is what the jar must know. With a site, a response is taken for one to something embedded in it, and a request for
// a navigation from it.
func (op *operation) request() (r jar.Request, err error) {
	r = jar.Request{Method: op.Method, Script: op.Script}
	if r.URL, err = parseWebURL("url", op.URL); err != nil {
		return r, err
	}
	if op.Site != "" {
		if r.Site, err = parseWebURL("site", op.Site); err != nil {
			return r, err
		}
		r.Embedded = op.Op == "set"
	}
	if op.Embedded != nil {
		r.Embedded = *op.Embedded
	}
	if op.Now != "" {
		if r.Now, err = time.Parse(time.RFC3339, op.Now); err != nil {
			return r, replayError("write it like 2026-11-26T12:00:00Z", "now: %q is not a time", op.Now)
		}
		if r.Now.IsZero() {
			return r, replayError("the first moment of year 1 stands for the real time; take another", "now: %q is too early", op.Now)
		}
	}
	return r, nil
}

func parseWebURL(member, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return nil, replayError("write it like https://app.example/path", "%s: %q is not a URL with scheme and host", member, text)
	}
	return u, nil
}

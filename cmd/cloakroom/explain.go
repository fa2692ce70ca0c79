package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/explain"
	"github.com/cloakroom/cloakroom/internal/screen"
	"github.com/cloakroom/cloakroom/jwt"
)

type explainCmd struct {
	Input       []string `arg:"" optional:"" help:"The text itself, a file, or - for standard input."`
	Kind        string   `placeholder:"KIND" help:"What it is, if that cannot be told: set-cookie, cookie, token, headers or har."`
	URL         string   `name:"url" env:"CLOAKROOM_EXPLAIN_URL" placeholder:"URL" help:"Where the response came from, else https://example.com/ (CLOAKROOM_EXPLAIN_URL)."`
	Site        string   `placeholder:"URL" help:"The page of another site that the response was a part of."`
	Script      bool     `help:"Script sets the cookie: document.cookie."`
	Profile     string   `placeholder:"NAME" help:"Whose rules: rfc, chrome, firefox, safari or classic; else rfc, or the browser's that made the HAR file."`
	JWKS        string   `name:"jwks" placeholder:"FILE" help:"A key or a key set, to verify tokens with."`
	Now         string   `placeholder:"TIME" help:"Judge as at this time (RFC 3339)."`
	ShowSecrets bool     `help:"Show the values of cookies and claims whole."`
	JSON        bool     `name:"json" help:"Print JSON."`

	Request string       `placeholder:"REQUEST" help:"Which rule decides: 'GET https://app.example/admin'."`
	For     requestFlags `embed:"" group:"For --request:"`
}

// Run explains one input; the exit status is 1 if there is something wrong with it.
func (c *explainCmd) Run(ctx context.Context, t *terminal) error {
	if c.Request != "" {
		return c.request(ctx, t)
	}
	if c.For.As != "" || c.For.Groups != nil || c.For.SignedInAgo != 0 || c.For.Origin != "" {
		return &exitError{exitUsage, errors.New("who makes a request is asked for --request alone"), "add --request 'GET https://app.example.com/admin'"}
	}
	o, err := c.options()
	if err != nil {
		return err
	}
	in, err := c.open(t)
	if err != nil {
		return err
	}
	defer in.Close()
	report, err := explain.Explain(in, o)
	if e, ok := errors.AsType[*explain.Error](err); ok {
		code := exitUsage
		if errors.Is(e, explain.ErrHAR) || errors.Is(e, explain.ErrTooLarge) {
			code = exitFailed
		}
		return &exitError{code, e, e.Hint}
	}
	if err != nil {
		return err
	}
	if c.JSON {
		if !c.ShowSecrets {
			report.Shorten(screen.Short, screen.ShortSetCookie)
		}
		err = t.jsonLines(1, func(int) any { return report })
	} else {
		s := reportScreen{&screen.Screen{W: t.out, Colour: colours(t.out), Secrets: c.ShowSecrets, Now: o.Now}, report}
		s.print()
	}
	if err == nil && report.Problem() {
		err = &exitError{code: exitNo}
	}
	return err
}

func (c *explainCmd) options() (*explain.Options, error) {
	o := &explain.Options{Kind: explain.Kind(c.Kind), Script: c.Script, Now: time.Now()}
	if c.Kind != "" && !slices.Contains(explain.Kinds(), o.Kind) {
		return nil, &exitError{exitUsage, fmt.Errorf("--kind: there is no %q", c.Kind), "it is one of set-cookie, cookie, token, headers, har"}
	}
	if c.Profile != "" {
		p, ok := jar.FindProfile(c.Profile)
		if !ok {
			return nil, &exitError{exitUsage, fmt.Errorf("--profile: there is no %q", c.Profile), "it is one of " + profileNames()}
		}
		o.Profile = p
	}
	var err error
	if o.URL, err = pageURL("--url", c.URL); err != nil {
		return nil, err
	}
	if o.Site, err = pageURL("--site", c.Site); err != nil {
		return nil, err
	}
	if c.Now != "" {
		if o.Now, err = time.Parse(time.RFC3339, c.Now); err != nil {
			return nil, &exitError{exitUsage, fmt.Errorf("--now: %q is not a time", c.Now), "write it like 2026-11-23T12:00:00Z"}
		}
	}
	if c.JWKS != "" {
		text, err := os.ReadFile(c.JWKS)
		if err != nil {
			return nil, err
		}
		if o.Keys, err = jwt.ParseKeySet(text); err != nil {
			return nil, &exitError{exitFailed, fmt.Errorf("%s: %w", c.JWKS, err), "the file must hold a JWK or a JWK set (RFC 7517)"}
		}
	}
	return o, nil
}

func profileNames() string {
	var names []string
	for _, p := range jar.Profiles() {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// pageURL reads the URL of a page, whose scheme may be left out; nil if the flag was not given.
func pageURL(flag, text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, &exitError{exitUsage, fmt.Errorf("%s: %q is not the URL of a page", flag, text), "write it like https://example.com/login"}
	}
	u.Path = cmp.Or(u.Path, "/")
	return u, nil
}

// open finds out where the input is: the argument is a file if there is one of that name.
func (c *explainCmd) open(t *terminal) (io.ReadCloser, error) {
	switch len(c.Input) {
	case 0:
		t.expectInput("a Set-Cookie line, a Cookie header, a token or a HAR file")
		return io.NopCloser(t.in), nil
	case 1:
		if c.Input[0] == "-" {
			return io.NopCloser(t.in), nil
		}
		if info, err := os.Stat(c.Input[0]); err == nil && !info.IsDir() || looksLikeFile(c.Input[0]) {
			return os.Open(c.Input[0])
		}
	}
	return io.NopCloser(strings.NewReader(strings.Join(c.Input, "\n"))), nil
}

// looksLikeFile: nothing that is explained ends like this, so that a mistyped name is not explained as a text.
func looksLikeFile(name string) bool {
	if strings.ContainsAny(name, " =;\n") {
		return false
	}
	for _, end := range []string{".har", ".json", ".txt", ".log", ".jwt"} {
		if strings.HasSuffix(strings.ToLower(name), end) {
			return true
		}
	}
	return false
}

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

type jarImportCmd struct {
	From string `arg:"" help:"Cookies in curl's format, or JSON of a browser's extension, Playwright or Puppeteer; - is standard input."`
	Into string `required:"" placeholder:"FILE" help:"The cookie file; made if it is not there."`
	profiled
}

// Run imports what it can, and says what it cannot; then the exit status is 1.
func (c *jarImportCmd) Run(t *terminal) error {
	cookies, found, place, err := c.read(t)
	if err != nil {
		return err
	}
	f, err := jar.Open(c.Into, &jar.FileOptions{Options: c.options(), KeepSession: true})
	if err != nil {
		return err
	}
	imported, brief := 0, 0
	for i, v := range f.Jar.Restore(bare(cookies)) {
		switch {
		case len(v.Reasons) == 0 && !v.Cookie.Persistent:
			imported++
			brief++
		case len(v.Reasons) == 0:
			imported++
		default:
			found = append(found, &jarFinding{Line: cookies[i].Line, Name: nameOf(&cookies[i].Cookie), Reasons: v.Reasons, What: v.Detail})
		}
	}
	if err := f.Save(); err != nil {
		return err
	}
	slices.SortStableFunc(found, func(a, b *jarFinding) int { return cmp.Compare(a.Line, b.Line) })
	t.findings(place, found)
	summary := count(imported, "cookie") + " imported into " + printable(c.Into)
	if len(found) > 0 {
		summary += ", " + count(len(found), "finding")
	}
	fmt.Fprintln(t.out, summary)
	if brief > 0 {
		fmt.Fprintf(t.out, "%d without an expiry: trace drops those, but with --keep-session-cookies\n", brief)
	}
	if len(found) > 0 {
		return &exitError{code: exitNo}
	}
	return nil
}

// read finds out which format it is. place is what the numbers of the cookies count.
func (c *jarImportCmd) read(t *terminal) (cookies []jar.FileCookie, found []*jarFinding, place string, err error) {
	in := t.in
	if c.From == "-" {
		t.expectInput("the cookies")
	} else {
		f, err := os.Open(c.From)
		if err != nil {
			return nil, nil, "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, jar.MaxFile+1))
	if err != nil {
		return nil, nil, "", err
	}
	if t := bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")), " \t\r\n"); len(t) > 0 && (t[0] == '{' || t[0] == '[') && len(text) <= jar.MaxFile {
		cookies, found, err = readForeign(t)
		if err != nil {
			err = &exitError{exitFailed, fmt.Errorf("%s: %w", c.From, err), "an array of cookies, or an object with such an array as its member cookies"}
		}
		return cookies, found, "cookie", err
	}
	cookies, problems, err := jar.Read(bytes.NewReader(text))
	return cookies, checkProblems(problems), "line", named(err, c.From)
}

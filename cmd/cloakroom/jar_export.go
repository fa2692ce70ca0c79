package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/screen"
)

type jarExportCmd struct {
	File string `arg:"" help:"The cookie file; - is standard input."`
	As   string `env:"CLOAKROOM_EXPORT_AS" default:"netscape" enum:"netscape,json,header" help:"netscape for curl, json for Playwright, or header (CLOAKROOM_EXPORT_AS)."`
	URL  string `name:"url" env:"CLOAKROOM_EXPORT_URL" placeholder:"URL" help:"Only what is sent there when a person goes there; header needs it (CLOAKROOM_EXPORT_URL)."`
	profiled
}

// Help warns: what is printed is not shortened.
func (c *jarExportCmd) Help() string {
	return "The cookies are printed whole: whoever has them may be you."
}

func (c *jarExportCmd) Run(t *terminal) error {
	if c.As == "header" && c.URL == "" {
		return &exitError{exitUsage, errors.New("--as header needs --url"), "which cookies are sent depends on the URL: --url https://app.example/"}
	}
	cookies, problems, err := readCookies(t, c.File)
	if err != nil {
		return err
	}
	j, lost := fill(c.options(), cookies, problems)
	all, header := j.All(), ""
	inOrder(all, cookies)
	if c.URL != "" {
		u, err := parseWebURL("--url", c.URL)
		if err != nil {
			return &exitError{exitUsage, err, "write it like https://app.example/path"}
		}
		var verdicts []jar.Verdict
		header, verdicts = j.Peek(jar.Request{URL: u})
		all = nil
		for _, v := range verdicts {
			if v.Outcome == jar.Sent {
				all = append(all, v.Cookie)
			}
		}
	}
	forget(all, cookies)
	if err := c.write(t.guarded(), all, header); err != nil {
		return err
	}
	if lost > 0 {
		return &exitError{exitNo, fmt.Errorf("%s left out", count(lost, "line")), "cloakroom jar check says why"}
	}
	return nil
}

// inOrder puts cookies into the order of their lines: for programs that know no more, it is that in which they were made.
func inOrder(all []jar.Cookie, file []jar.FileCookie) {
	line := map[cookieID]int{}
	for i := range file {
		line[idOf(&file[i].Cookie)] = file[i].Line
	}
	sorted := pointers(slices.Clone(all))
	slices.SortStableFunc(sorted, func(a, b *jar.Cookie) int { return cmp.Compare(line[idOf(a)], line[idOf(b)]) })
	for i, k := range sorted {
		all[i] = *k
	}
}

func (c *jarExportCmd) write(w io.Writer, all []jar.Cookie, header string) error {
	switch c.As {
	case "header":
		if header == "" {
			return &exitError{exitNo, fmt.Errorf("no cookie is sent to %s", c.URL), "cloakroom jar list shows what there is"}
		}
		_, err := fmt.Fprintln(w, "Cookie: "+header)
		return err
	case "json":
		return writeState(w, all)
	}
	return jar.Write(w, all)
}

// writeState writes what Playwright reads as storageState.
func writeState(w io.Writer, all []jar.Cookie) error {
	state := struct {
		Cookies []foreignCookie `json:"cookies"`
		Origins []struct{}      `json:"origins"`
	}{Cookies: []foreignCookie{}, Origins: []struct{}{}}
	for i := range all {
		k := &all[i]
		if !utf8.ValidString(k.Name + k.Value + k.Path) {
			return &exitError{exitFailed, fmt.Errorf("%s of %s is not UTF-8, and JSON can hold nothing else", nameOf(k), k.Domain), "--as netscape keeps every octet"}
		}
		state.Cookies = append(state.Cookies, foreign(k))
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(state)
}

// guarded is the output, made printable if a person looks at it.
func (t *terminal) guarded() io.Writer {
	if isTerminal(t.out) {
		return printer{t.out}
	}
	return t.out
}

// A printer keeps a stranger's text from steering the terminal; tabs and ends of lines are ours.
type printer struct{ w io.Writer }

func (p printer) Write(text []byte) (int, error) {
	start := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i] != '\n' && text[i] != '\t' {
			continue
		}
		if _, err := io.WriteString(p.w, screen.Printable(string(text[start:i]))); err != nil {
			return start, err
		}
		if i < len(text) {
			if _, err := p.w.Write(text[i : i+1]); err != nil {
				return start, err
			}
		}
		start = i + 1
	}
	return len(text), nil
}

package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/screen"
)

type jarCheckCmd struct {
	File string `arg:"" help:"The cookie file; - is standard input."`
	profiled
	JSON bool `name:"json" help:"Print JSON, a line for each finding."`
}

// A jarFinding is something wrong with a line of a cookie file, or with a cookie on it.
type jarFinding struct {
	Line    int          `json:"line"` // 0 is about the whole file
	Name    string       `json:"name,omitempty"`
	Reasons []jar.Reason `json:"reasons,omitempty"` // if a browser would refuse the cookie
	What    string       `json:"what"`
	Hint    string       `json:"hint,omitempty"`
}

// Run prints what is wrong with the file; the exit status is 1 if something is.
func (c *jarCheckCmd) Run(t *terminal) error {
	text, err := c.read(t)
	if err != nil {
		return err
	}
	cookies, problems, err := jar.Read(bytes.NewReader(text))
	if errors.Is(err, jar.ErrFileTooLarge) {
		return named(err, c.File)
	}
	var found []*jarFinding
	if e, ok := errors.AsType[*jar.FileError](err); ok {
		found = []*jarFinding{{What: e.Rule, Hint: e.Hint}}
	} else if err != nil {
		return err
	} else {
		found = slices.Concat(checkText(text), checkProblems(problems), checkCookies(cookies, c.options()))
		slices.SortStableFunc(found, func(a, b *jarFinding) int { return cmp.Compare(a.Line, b.Line) })
	}
	if c.JSON {
		if err := t.jsonLines(len(found), func(i int) any { return found[i] }); err != nil {
			return err
		}
	} else {
		t.findings("line", found)
		fmt.Fprintf(t.out, "%s: %s, %s\n", screen.Printable(c.File), count(len(cookies), "cookie"), nothingOr(len(found), "finding"))
	}
	if len(found) > 0 {
		return &exitError{code: exitNo}
	}
	return nil
}

func nothingOr(n int, noun string) string {
	if n == 0 {
		return "nothing wrong"
	}
	return count(n, noun)
}

func (c *jarCheckCmd) read(t *terminal) ([]byte, error) {
	in := t.in
	if c.File == "-" {
		t.expectInput("the cookie file")
	} else {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return io.ReadAll(io.LimitReader(in, jar.MaxFile+1))
}

// findings prints them in two columns: where, and what.
func (t *terminal) findings(place string, found []*jarFinding) {
	s := &screen.Screen{W: t.out}
	column := 0
	labels := make([]string, len(found))
	for i, f := range found {
		labels[i] = fmt.Sprintf("%s %d", place, f.Line)
		if f.Line == 0 {
			labels[i] = "file"
		}
		column = max(column, len(labels[i])+2)
	}
	for i, f := range found {
		what := f.What
		if len(f.Reasons) > 0 {
			what = fmt.Sprintf("%s: %s", f.Reasons[0], what)
			for _, also := range f.Reasons[1:] {
				what += ", " + string(also)
			}
		}
		if f.Name != "" {
			what = screen.Fit(f.Name, 30) + ": " + what
		}
		s.Row(0, screen.Span{Text: labels[i]}, column, screen.Span{Text: what})
		if f.Hint != "" {
			s.Row(0, screen.Span{}, column, screen.Span{Text: f.Hint})
		}
	}
}

// checkText looks for what reading forgives, and other programs do not.
func checkText(text []byte) (found []*jarFinding) {
	body, mark := bytes.CutPrefix(text, []byte("\xEF\xBB\xBF"))
	if mark {
		found = append(found, &jarFinding{Line: 1, What: "begins with a byte order mark", Hint: "curl takes it for a part of the line; save the file without it"})
	}
	lines := strings.Split(string(body), "\n")
	if first := strings.TrimRight(lines[0], "\r"); !strings.HasPrefix(first, "#") || !strings.HasSuffix(first, "HTTP Cookie File") {
		found = append(found, &jarFinding{Line: 1, What: "is not # Netscape HTTP Cookie File", Hint: "curl does not mind; Python, and what is made with it, refuses the file"})
	}
	windows := false
	for i, line := range lines {
		if strings.HasSuffix(line, "\r") && !windows {
			windows = true
			found = append(found, &jarFinding{Line: i + 1, What: "ends as on Windows, with CR LF", Hint: "some programs make the CR a part of the value; dos2unix takes all of them out"})
		}
		found = append(found, checkFields(i+1, strings.TrimRight(line, "\r"))...)
	}
	return found
}

// checkFields looks at a line as it was written.
func checkFields(number int, line string) (found []*jarFinding) {
	f := strings.Split(strings.TrimPrefix(line, "#HttpOnly_"), "\t")
	if strings.HasPrefix(f[0], "#") || len(f) != 7 {
		return nil
	}
	if dotted := strings.HasPrefix(f[0], "."); dotted && strings.EqualFold(f[1], "FALSE") {
		found = append(found, &jarFinding{Line: number, Name: f[5], What: "the domain has a dot in front, and field 2 is FALSE", Hint: "it is taken for a cookie of that host alone; TRUE includes the hosts below"})
	}
	if digits := strings.Trim(f[4], "0123456789") == ""; digits && (len(f[4]) == len("1764158400000") || len(f[4]) == len("13408632000000000")) {
		found = append(found, &jarFinding{Line: number, Name: f[5], What: "field 5 (expires) is far in the future", Hint: "it looks like milliseconds, or microseconds since 1601 as Chrome counts; seconds since 1970 are meant"})
	}
	return found
}

func checkProblems(problems []*jar.FileError) (found []*jarFinding) {
	for _, p := range problems {
		found = append(found, &jarFinding{Line: p.Line, What: p.Rule, Hint: p.Hint})
	}
	return found
}

// checkCookies asks a browser.
func checkCookies(cookies []jar.FileCookie, o jar.Options) (found []*jarFinding) {
	seen := map[cookieID]int{}
	for i, v := range jar.New(&o).Restore(bare(cookies)) {
		k := &cookies[i]
		id := idOf(&k.Cookie)
		if twin, ok := seen[id]; ok {
			found = append(found, &jarFinding{Line: k.Line, Name: nameOf(&k.Cookie), What: fmt.Sprintf("is the same cookie as in line %d", twin), Hint: "the last one counts"})
		}
		seen[id] = k.Line
		if len(v.Reasons) > 0 {
			found = append(found, &jarFinding{Line: k.Line, Name: nameOf(&k.Cookie), Reasons: v.Reasons, What: v.Detail})
		}
	}
	return found
}

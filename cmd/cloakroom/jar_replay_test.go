package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/idna"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/jarvectors"
)

// A tape is what is told to `cloakroom jar replay -`.
type tape struct{ ops []map[string]any }

// op adds an operation of pairs of member and value, and returns the number of its answer.
func (p *tape) op(pairs ...any) (answer int) {
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
	}
	p.ops = append(p.ops, m)
	return len(p.ops) - 1
}

// A replayed operation has an answer: any line that the program prints.
type replayed struct {
	OK       bool
	Verdicts []jar.Verdict
	Cookie   string
	Error    string
	Hint     string
}

// play runs the built program once.
func (p *tape) play(t *testing.T) []replayed {
	t.Helper()
	var in bytes.Buffer
	for _, op := range p.ops {
		line, err := json.Marshal(op)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	c := exec.CommandContext(t.Context(), built(t, "cloakroom"), "jar", "replay", "-")
	c.Stdin, c.Stderr = &in, t.Output()
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v", err)
	}
	var answers []replayed
	for line := range strings.Lines(string(out)) {
		var a replayed
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		answers = append(answers, a)
	}
	if len(answers) != len(p.ops) {
		t.Fatalf("%d operations have %d answers", len(p.ops), len(answers))
	}
	return answers
}

// TestReplayVectors holds that the program has the scores of the package.
func TestReplayVectors(t *testing.T) {
	t.Parallel()
	jarvectors.Score(t, func(t *testing.T, rows []jarvectors.Row) (sent []string) {
		var p tape
		now := jarvectors.Then.Format(time.RFC3339)
		var gets []int
		for _, row := range rows {
			p.op("op", "new")
			p.op("op", "set", "url", row.SetURL, "set_cookie", row.SetCookie, "now", now, "script", row.SetByScript())
			gets = append(gets, p.op("op", "get", "url", row.GetURL, "now", now, "script", row.GetByScript()))
		}
		answers := p.play(t)
		for _, i := range gets {
			sent = append(sent, answers[i].Cookie)
		}
		return sent
	})
}

// TestReplayDates_CK_D3: a cookie goes until its date and not from then on; with a date that is none it goes until the browser
// is closed.
func TestReplayDates_CK_D3(t *testing.T) {
	t.Parallel()
	const url = "https://app.example/"
	var p tape
	type moment struct {
		date jarvectors.Date
		want string
		get  int
	}
	var moments []moment
	get := func(d jarvectors.Date, at time.Time, want string) {
		moments = append(moments, moment{d, want, p.op("op", "get", "url", url, "now", at.Format(time.RFC3339))})
	}
	for _, d := range jarvectors.Dates(t) {
		start := jarvectors.Then
		if !d.Want.IsZero() {
			start = d.Want.Add(-time.Hour)
		}
		p.op("op", "new")
		p.op("op", "set", "url", url, "set_cookie", []string{"a=1; Expires=" + d.Text}, "now", start.Format(time.RFC3339))
		if d.Want.IsZero() {
			get(d, start.AddDate(10, 0, 0), "a=1")
			p.op("op", "close")
			get(d, start, "")
			continue
		}
		p.op("op", "close")
		get(d, d.Want.Add(-time.Second), "a=1")
		get(d, d.Want, "")
	}
	answers := p.play(t)
	for _, m := range moments {
		if got := answers[m.get].Cookie; got != m.want {
			t.Errorf("%q, %v: sent %q, want %q", m.date.Text, m.date.Want, got, m.want)
		}
	}
}

// TestReplaySuffixes_CK_M03: a cookie reaches the hosts below its registrable domain, and with a Domain that is a public
// suffix no other host at all.
func TestReplaySuffixes_CK_M03(t *testing.T) {
	t.Parallel()
	var p tape
	type query struct {
		row  jarvectors.Suffix
		get  int
		want string
	}
	var queries []query
	for _, row := range jarvectors.Suffixes(t) {
		if row.Host == "" {
			continue // every URL has a host
		}
		domain, err := idna.ToASCII(row.Registrable) // a Domain must be ASCII
		if err != nil {
			t.Fatal(err)
		}
		p.op("op", "new")
		if domain == "" {
			p.op("op", "set", "url", "https://"+row.Host+"/", "set_cookie", []string{"a=1; Domain=" + row.Host})
			queries = append(queries, query{row, p.op("op", "get", "url", "https://below."+strings.TrimPrefix(row.Host, ".")+"/"), ""})
			continue
		}
		_, above, _ := strings.Cut(domain, ".")
		p.op("op", "set", "url", "https://"+row.Host+"/", "set_cookie", []string{"a=1; Domain=" + domain, "b=2; Domain=" + above})
		queries = append(queries, query{row, p.op("op", "get", "url", "https://below."+row.Registrable+"/"), "a=1"},
			query{row, p.op("op", "get", "url", "https://other."+above+"/"), ""})
	}
	answers := p.play(t)
	for _, q := range queries {
		if got := answers[q.get].Cookie; got != q.want {
			t.Errorf("%+v: sent %q, want %q", q.row, got, q.want)
		}
	}
}

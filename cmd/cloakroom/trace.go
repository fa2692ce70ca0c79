package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/internal/screen"
	"github.com/cloakroom/cloakroom/trace"
)

type traceCmd struct {
	URLs        []string `arg:"" name:"url" help:"Where to go; several share their cookies."`
	Jar         string   `placeholder:"FILE" help:"Keep cookies in this file, of curl's format."`
	KeepSession bool     `name:"keep-session-cookies" help:"Also those that end with the browser."`
	profiled
	As          string `placeholder:"HOW" enum:"same-site,cross-site-link,cross-site-post,iframe,fetch,all," default:"" help:"Which cookies travel: same-site, cross-site-link, cross-site-post, iframe, fetch or all."`
	Page        bool   `help:"Show the whole page, with its links and forms."`
	Raw         bool   `help:"Show the messages as they stood on the wire."`
	TraceTime   bool   `help:"Show when each step was over, as curl counts."`
	JSON        bool   `name:"json" help:"Print JSON."`
	ShowSecrets bool   `help:"Show the values of cookies and credentials whole."`

	DNS  string `name:"dns" placeholder:"ADDRESS" help:"Ask this name server."`
	Curl asCurl `embed:"" group:"As in curl:"`
}

// Help is what -h says below the first line.
func (c *traceCmd) Help() string {
	return "Exit status 3: something could not be finished."
}

// Run goes to each URL, shows the way there, and keeps the cookies whatever happened.
func (c *traceCmd) Run(ctx context.Context, t *terminal) error {
	o, err := c.options(t)
	if err != nil {
		return err
	}
	format, err := c.Curl.format(t)
	if err != nil {
		return err
	}
	kept, err := c.open(t)
	if err != nil {
		return err
	}
	o.Jar = kept.jar
	s := &screen.Screen{W: t.out, Colour: colours(t.out), Secrets: c.ShowSecrets}
	report := &traceReport{Trace: &trace.Trace{Schema: trace.Schema, Findings: []trace.Finding{}, Hops: []*trace.Hop{}}}
	for _, u := range c.URLs {
		var found *trace.Trace
		var failed error
		found, failed = c.visit(ctx, t, u, o)
		if failed != nil {
			err = failed
		}
		end := destination(found)
		if !c.ShowSecrets {
			found = screen.Shorten(found)
		}
		contexts := c.contexts(kept.jar, end)
		switch n := len(report.Hops); {
		case c.JSON:
		case format != nil:
			format.Write(t.out, found)
		default:
			c.show(s, found, n+1, kept.jar, end, contexts)
		}
		report.add(found, contexts)
		if ctx.Err() != nil {
			break
		}
	}
	saved := kept.save()
	if c.JSON {
		if err := t.jsonLines(1, func(int) any { return report }); err != nil {
			return err
		}
	} else if format == nil {
		s.Footer(report.loopback())
		if saved == nil {
			kept.say(s)
		}
	}
	if saved != nil {
		return saved
	}
	return c.ended(t, err, format)
}

func (c *traceCmd) visit(ctx context.Context, t *terminal, url string, o *trace.Options) (*trace.Trace, error) {
	waiting, done := t.waiting()
	defer done()
	with := *o
	with.Progress = waiting
	return trace.Run(ctx, url, &with)
}

// show prints one trace for a person.
func (c *traceCmd) show(s *screen.Screen, found *trace.Trace, n int, j *jar.Jar, end *url.URL, contexts []*asContext) {
	s.Trace(found, n, c.Raw)
	last := found.Hops[len(found.Hops)-1]
	if end != nil && c.As == "" && last.Failed == nil {
		_, next := j.Peek(jar.Request{URL: end})
		s.Next(end.String(), last.Cookies, next)
	}
	showContexts(s, end, contexts)
	if last.Page != nil {
		s.Page(last.Page, c.Page)
		s.Gap()
	}
	if c.TraceTime {
		s.Times(found, n)
	}
}

// ended is the error of the last URL that could not be finished. On a terminal the screen has said it already.
func (c *traceCmd) ended(t *terminal, err error, format screen.Format) error {
	f, ok := errors.AsType[*trace.Failure](err)
	switch {
	case err == nil:
		return nil
	case !ok:
		return err
	case !c.JSON && format == nil && isTerminal(t.out):
		return &exitError{code: exitFailed}
	}
	return &exitError{exitFailed, fmt.Errorf("%s: %s (%s)", f.Phase, f.Detail, f.Reason), f.Hint}
}

// destination is where a request after a trace would go: where the last hop leads, else where it was; nil if it got nowhere.
func destination(t *trace.Trace) *url.URL {
	last := t.Hops[len(t.Hops)-1]
	to := last.Redirect
	if to == "" {
		to = last.URL
	}
	u, err := url.Parse(to)
	if err != nil || u.Host == "" {
		return nil
	}
	u.Fragment, u.RawFragment = "", ""
	return u
}

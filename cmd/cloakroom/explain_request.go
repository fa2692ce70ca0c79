package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/access"
	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/app"
)

// requestFlags are who makes a request to an app, and those settings of serve that say whether it may pass.
type requestFlags struct {
	As          string        `env:"CLOAKROOM_EXPLAIN_AS" placeholder:"WHO" help:"Address or id of an account (CLOAKROOM_EXPLAIN_AS)."`
	Groups      []string      `placeholder:"LIST" help:"The groups of whoever it is, if the database is not to be read."`
	SignedInAgo time.Duration `placeholder:"TIME" help:"How long ago they signed in."`
	Origin      string        `placeholder:"URL" help:"Of the page that sends it, if that is not one of the app."`

	Config  kong.ConfigFlag `placeholder:"FILE" help:"As serve's."`
	App     []string        `placeholder:"URL" help:"As serve's."`
	Protect []string        `placeholder:"HOST=URL" help:"As serve's."`
	Allow   []string        `sep:";" placeholder:"HOST=GROUP,…" help:"As serve's."`
	Rule    ruleList        `hidden:"" help:"The rules of --config."`
	place
}

// asked is a request that nobody makes, and what would become of it.
type asked struct {
	access.Query
	scheme    string
	socket    bool   // it opens a WebSocket
	page      string // the origin of the page that sends it, as typed; Query has it where it makes a difference
	who       string // "" if nobody is signed in
	elsewhere string // where the app is, if it is not at this port
	fragment  string // which a browser would keep to itself
	decision  access.Decision
	covering  []*access.Rule
	now       time.Time
}

// request explains what would become of a request; the exit status is 1 if it would not pass.
func (c *explainCmd) request(ctx context.Context, t *terminal) error {
	q, err := c.ask(ctx, t, time.Now())
	if err != nil {
		return err
	}
	if c.JSON {
		err = t.jsonLines(1, func(int) any { return q.json() })
	} else {
		q.print(t)
	}
	if err == nil && q.decision.Verdict != access.Allow {
		err = &exitError{code: exitNo}
	}
	return err
}

func (c *explainCmd) ask(ctx context.Context, t *terminal, now time.Time) (*asked, error) {
	q, err := parseRequest(c.Request)
	if err != nil {
		return nil, err
	}
	if len(c.Input) > 0 {
		return nil, &exitError{exitUsage, errors.New("--request is explained alone, without an input"), "leave one of them out"}
	}
	if c.For.SignedInAgo < 0 {
		return nil, &exitError{exitUsage, errors.New("--signed-in-ago is negative"), "durations are written like 30s, 10m or 2h"}
	}
	cfg := app.Config{URL: "https://sign-in.invalid", // wherever it is, it makes no difference here
		Apps: c.For.App, Protect: c.For.Protect, Allow: c.For.Allow, Rules: c.For.Rule}
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	policy, err := cfg.Access()
	if err != nil {
		return nil, err
	}
	q.now = now
	if err := c.For.signIn(ctx, t, q); err != nil {
		return nil, err
	}
	if err := q.sentBy(c.For.Origin); err != nil {
		return nil, err
	}
	if q.elsewhere = q.otherDoor(cfg.AppOrigins()); q.elsewhere == "" {
		q.decision, q.covering = policy.Decide(q.Query), policy.Covering(q.Host, q.Target)
	}
	return q, nil
}

// sentBy sets the page that sends the request. A request that only reads passes from any page: links and pictures are such.
func (q *asked) sentBy(origin string) error {
	if origin == "" {
		return nil
	}
	canon, err := access.Origin(origin)
	if bad, ok := errors.AsType[*access.Error](err); ok {
		return &exitError{exitUsage, fmt.Errorf("--origin: %s", bad.Err), bad.Hint}
	}
	if q.page = canon; q.socket || q.Method != "GET" && q.Method != "HEAD" {
		q.Origin = canon
	}
	return nil
}

// otherDoor is the origin of an app at this host, if none is at this port.
func (q *asked) otherDoor(apps []*url.URL) (elsewhere string) {
	scheme, here := strings.ToLower(q.scheme), &url.URL{Host: strings.ToLower(q.Host)}
	port := here.Port()
	if port == "443" && scheme == "https" || port == "80" && scheme == "http" {
		port = "" // as --app's are written
	}
	for _, u := range apps {
		if u.Hostname() != strings.TrimSuffix(here.Hostname(), ".") {
			continue
		}
		if u.Scheme == scheme && u.Port() == port {
			return ""
		}
		elsewhere = u.String()
	}
	return elsewhere
}

// signIn fills in who makes the request. Groups that were typed are believed; else the account is looked up.
func (f *requestFlags) signIn(ctx context.Context, t *terminal, q *asked) error {
	if f.As == "" && f.Groups == nil && f.SignedInAgo == 0 {
		return nil
	}
	q.SignedIn, q.AuthTime, q.Groups = true, q.now.Add(-f.SignedInAgo), f.Groups
	if q.who = cmp.Or(f.As, "somebody"); f.Groups != nil || f.As == "" {
		return nil
	}
	return f.with(ctx, t, func(a *app.App) error {
		acct, err := findAccount(ctx, a, f.As)
		if err != nil {
			return err
		}
		if acct.Disabled {
			return &exitError{exitNo, fmt.Errorf("the account %s is disabled: nobody is signed in to it", acct.Email), "cloakroom user enable lets its owner in again"}
		}
		q.who, q.Groups = acct.Email, acct.Groups
		return nil
	})
}

// findAccount finds an account by its address or its id.
func findAccount(ctx context.Context, a *app.App, who string) (account.Account, error) {
	if strings.Contains(who, "@") {
		return a.User(ctx, who)
	}
	acct, err := a.Account(ctx, who)
	if errors.Is(err, account.ErrNotFound) {
		err = &app.Error{Reason: guard.NotFound, Detail: "There is no account with the id " + who + "."}
	}
	return acct, err
}

// parseRequest reads "GET https://app.example/admin"; without a method, it is GET. Path and query stay as they were typed. wss:// and ws:// open a WebSocket.
func parseRequest(text string) (*asked, error) {
	bad := func(what, hint string) error { return &exitError{exitUsage, fmt.Errorf("--request: %s", what), hint} }
	const like = "write it like 'GET https://app.example.com/admin'"
	q := &asked{}
	method, link, found := strings.Cut(strings.TrimSpace(text), " ")
	if q.Method, link = method, strings.TrimSpace(link); !found {
		q.Method, link = "GET", method
	}
	scheme, rest, _ := strings.Cut(link, "://")
	switch strings.ToLower(scheme) {
	case "wss":
		scheme, q.socket = "https", true
	case "ws":
		scheme, q.socket = "http", true
	}
	q.scheme = scheme
	rest, q.fragment, _ = strings.Cut(rest, "#")
	i := strings.IndexAny(rest, "/?")
	if i < 0 {
		i = len(rest)
	}
	q.Host, q.Target = rest[:i], rest[i:]
	if !strings.HasPrefix(q.Target, "/") {
		q.Target = "/" + q.Target
	}
	u, err := url.Parse(scheme + "://" + q.Host)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, bad(fmt.Sprintf("%q is not a method and the URL of a page", text), like)
	case u.User != nil:
		return nil, bad("there is a name before the host, which no browser sends", like)
	case u.Scheme == "http" && !app.IsLoopback(u.Hostname()):
		return nil, bad("session cookies are not sent in the clear", "write https:// (http:// is for localhost alone)")
	}
	return q, nil
}

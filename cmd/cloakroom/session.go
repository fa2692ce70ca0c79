package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/session"
)

type sessionCmd struct {
	List sessionList `cmd:"" help:"List live sessions."`
	Why  sessionWhy  `cmd:"" help:"Say how a session ended, or that it lives."`
	End  sessionEnd  `cmd:"" help:"End sessions, within a second everywhere."`
}

type sessionList struct {
	place
	User string `placeholder:"EMAIL" help:"Only those of this account."`
	JSON bool   `name:"json" help:"Print JSON, a line each."`
}

func (c *sessionList) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		all, err := a.AllSessions(ctx, c.User)
		if err != nil {
			return err
		}
		names, err := a.EmailsByID(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return t.jsonLines(len(all), func(i int) any { return sessionLine(all[i], names) })
		}
		if len(all) == 0 {
			fmt.Fprintln(t.out, "Nobody is signed in.")
			return nil
		}
		rows := [][]string{{"SESSION", "WHO", "DEVICE", "LAST SEEN", "UNTIL"}}
		for _, r := range all {
			limit, _ := r.Limit()
			rows = append(rows, []string{r.Handle, names[r.Subject], r.Device, ago(time.Now(), r.Seen), "in " + lasting(time.Until(limit))})
		}
		t.table(rows)
		return nil
	})
}

func sessionLine(r session.Record, names map[string]string) any {
	return struct {
		ID      string `json:"id"`
		Email   string `json:"email"`
		Subject string `json:"account"`
		Kind    string `json:"kind"`
		Device  string `json:"device"`
		Created string `json:"created_at"`
		Seen    string `json:"seen_at"`
		Expires string `json:"expires_at"`
	}{r.Handle, names[r.Subject], r.Subject, r.Kind.String(), r.Device, stamp(r.Created), stamp(r.Seen), stamp(r.Expires)}
}

type sessionWhy struct {
	place
	ID   string `arg:"" help:"The session's id, as session list and the devices page show it."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *sessionWhy) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		rec, ending, err := a.SessionByHandle(ctx, c.ID)
		if err != nil {
			return err
		}
		names, err := a.EmailsByID(ctx)
		if err != nil {
			return err
		}
		if ending == nil {
			if c.JSON {
				return t.jsonLines(1, func(int) any { return sessionLine(rec, names) })
			}
			limit, why := rec.Limit()
			fmt.Fprintf(t.out, "It lives: %s, last seen %s; it would end in %s (%s).\n", names[rec.Subject], ago(time.Now(), rec.Seen), lasting(time.Until(limit)), why)
			return nil
		}
		if c.JSON {
			return t.jsonLines(1, func(int) any {
				return map[string]string{
					"id": ending.Handle, "account": ending.Subject, "email": names[ending.Subject], "reason": string(ending.Reason),
					"created_at": stamp(ending.Created), "seen_at": stamp(ending.Seen), "ended_at": stamp(ending.At),
				}
			})
		}
		fmt.Fprintf(t.out, "%s: %s\n", ending.Reason, guard.Sentence(ending.Reason))
		t.table([][]string{
			{"who", names[ending.Subject]},
			{"signed in", stamp(ending.Created)}, {"last seen", stamp(ending.Seen)}, {"ended", stamp(ending.At)},
		})
		return nil
	})
}

type sessionEnd struct {
	place
	ID   string `arg:"" optional:"" help:"The session's id."`
	User string `placeholder:"EMAIL" help:"All sessions of this account."`
	All  bool   `help:"All sessions of everybody."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *sessionEnd) Run(ctx context.Context, t *terminal) error {
	chosen := 0
	for _, set := range []bool{c.ID != "", c.User != "", c.All} {
		if set {
			chosen++
		}
	}
	if chosen != 1 {
		return &exitError{code: exitUsage, err: errors.New("say which: a session's id, --user EMAIL or --all"), hint: "cloakroom session list shows the ids"}
	}
	return c.with(ctx, t, func(a *app.App) error {
		n, err := c.end(ctx, a)
		if err != nil {
			return err
		}
		if c.JSON {
			return t.jsonLines(1, func(int) any { return map[string]int{"sessions_ended": n} })
		}
		fmt.Fprintf(t.out, "%s ended.\n", count(n, "session"))
		return nil
	})
}

func (c *sessionEnd) end(ctx context.Context, a *app.App) (int, error) {
	switch {
	case c.All:
		return a.EndEverybody(ctx, app.ActorCommand)
	case c.User != "":
		u, err := a.User(ctx, c.User)
		if err != nil {
			return 0, err
		}
		return a.EndOthers(ctx, u.ID, "", session.EndedByAdmin, app.ActorCommand, app.Client{})
	}
	return 1, a.EndSession(ctx, "", c.ID, session.EndedByAdmin, app.ActorCommand, app.Client{})
}

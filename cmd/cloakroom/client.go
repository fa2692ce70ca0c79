package main

import (
	"context"
	"fmt"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/grant"
)

type clientCmd struct {
	Add    clientAdd    `cmd:"" help:"Register a program, and print the secret by which it proves who it is."`
	List   clientList   `cmd:"" help:"List the programs that have a secret."`
	Remove clientRemove `cmd:"" help:"Forget a program and end the sessions opened for it, within a second everywhere."`
}

type clientAdd struct {
	place
	Name  string `arg:"" optional:"" help:"What it calls itself: letters, digits and - _ . (up to 64); made up if left out."`
	Label string `placeholder:"TEXT" help:"What it is, for people; without it, its name."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

func (c *clientAdd) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		client, secret, err := a.AddClient(ctx, c.Name, c.Label, app.ActorCommand)
		if err != nil {
			return err
		}
		if c.JSON {
			return t.jsonLines(1, func(int) any {
				return struct {
					clientLine
					Secret string `json:"client_secret"`
				}{clientJSON(client), secret}
			})
		}
		fmt.Fprintf(t.out, "The secret of %s, which is shown this once and kept nowhere:\n\n  %s\n\n", client.ID, secret)
		fmt.Fprintln(t.out, "Put it into a file or a vault that only the program can read. It sends name and")
		fmt.Fprintln(t.out, "secret by HTTP Basic. To try it (curl asks for the secret):")
		fmt.Fprintf(t.out, "\n  curl -u %s -d token=x YOUR-URL/oauth/introspect\n", client.ID)
		return nil
	})
}

type clientList struct {
	place
	JSON bool `name:"json" help:"Print JSON, a line each."`
}

func (c *clientList) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		all, err := a.Clients(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return t.jsonLines(len(all), func(i int) any { return clientJSON(all[i]) })
		}
		if len(all) == 0 {
			fmt.Fprintln(t.out, "No program has a secret here.")
			return nil
		}
		rows := [][]string{{"CLIENT", "SINCE", "LABEL"}}
		for _, client := range all {
			rows = append(rows, []string{client.ID, client.Created.Format("2006-01-02"), client.Label})
		}
		t.table(rows)
		return nil
	})
}

// clientLine is a client as scripts see it.
type clientLine struct {
	ID      string `json:"client_id"`
	Label   string `json:"label"`
	Created string `json:"created_at"`
}

func clientJSON(c grant.Client) clientLine { return clientLine{c.ID, c.Label, stamp(c.Created)} }

type clientRemove struct {
	place
	Name string `arg:"" help:"What it calls itself."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *clientRemove) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		n, err := a.RemoveClient(ctx, c.Name, app.ActorCommand)
		if err != nil {
			return err
		}
		if c.JSON {
			return t.jsonLines(1, func(int) any { return map[string]any{"client_id": c.Name, "sessions_ended": n} })
		}
		fmt.Fprintf(t.out, "Removed. %s ended.\n", count(n, "session"))
		return nil
	})
}

package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/app"
)

type userCmd struct {
	Add     userAdd     `cmd:"" help:"Make an invitation link for somebody."`
	List    userList    `cmd:"" help:"List the accounts."`
	Disable userDisable `cmd:"" help:"Lock an account and end its sessions, within a second everywhere."`
	Enable  userEnable  `cmd:"" help:"Let a locked account sign in again."`
	Delete  userDelete  `cmd:"" help:"Remove an account with its sessions."`
	Reset   userReset   `cmd:"" help:"Make a link by which the owner chooses a new password."`
	Group   userGroup   `cmd:"" help:"Show, add and remove groups of an account."`
}

// defaultURL is the default of --url, here and in serve.
const defaultURL = "http://localhost:8080"

// linkPlace is a place of which links are handed over.
type linkPlace struct {
	place
	URL string `name:"url" default:"http://localhost:8080" help:"How the link begins: the --url of your server."`
}

func (p linkPlace) with(ctx context.Context, t *terminal, do func(*app.App) error) error {
	if p.URL == "" {
		return emptySetting("--url")
	}
	return p.withHouse(ctx, t, app.Config{URL: p.URL}, app.Open, do)
}

type userAdd struct {
	linkPlace
	Email string   `arg:"" optional:"" help:"Whom the link is for; without it, whoever holds it chooses an address."`
	Group []string `help:"A group that the account will be in; repeatable."`
	Admin bool     `help:"The account will be an administrator's."`
	JSON  bool     `name:"json" help:"Print JSON."`
}

func (c *userAdd) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		link, err := a.Invite(ctx, app.Invitation{Email: c.Email, Groups: c.Group, Admin: c.Admin}, app.ActorCommand, app.Client{})
		if err != nil {
			return err
		}
		return c.handOver(t, c.JSON, link, "It works once, for "+lasting(app.InvitationLifetime))
	})
}

type userReset struct {
	linkPlace
	Email string `arg:"" help:"Whose password."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

func (c *userReset) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		link, err := a.ResetLink(ctx, c.Email, app.ActorCommand, app.Client{})
		if err != nil {
			return err
		}
		return c.handOver(t, c.JSON, link, "It works once, for an hour; using it ends all sessions of the account")
	})
}

// handOver prints a link for somebody else.
func (p linkPlace) handOver(t *terminal, asJSON bool, link, terms string) error {
	if asJSON {
		return t.jsonLines(1, func(int) any { return map[string]string{"link": link} })
	}
	fmt.Fprintf(t.out, "Hand this link over. %s:\n\n  %s\n", terms, link)
	if p.URL == defaultURL {
		// The command cannot know what the server was told, and this link opens on this machine alone.
		fmt.Fprintln(t.err, "hint:  if your server has another --url, give it here too, or set CLOAKROOM_URL for both")
	}
	return nil
}

type userList struct {
	place
	JSON bool `name:"json" help:"Print JSON, a line each."`
}

func (c *userList) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		all, err := a.Users(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return t.jsonLines(len(all), func(i int) any { return userJSON(all[i]) })
		}
		if len(all) == 0 {
			fmt.Fprintln(t.out, "There are no accounts yet.")
			return nil
		}
		rows := [][]string{{"E-MAIL", "NAME", "GROUPS", "SINCE", "STATE"}}
		for _, u := range all {
			rows = append(rows, []string{u.Email, u.Name, strings.Join(u.Groups, ","), u.Created.Format("2006-01-02"), userState(u)})
		}
		t.table(rows)
		return nil
	})
}

func userState(u account.Account) string {
	var s []string
	if u.Admin {
		s = append(s, "admin")
	}
	if u.Disabled {
		s = append(s, "disabled")
	}
	if len(s) == 0 {
		return "ok"
	}
	return strings.Join(s, ",")
}

func userJSON(u account.Account) any {
	groups := u.Groups
	if groups == nil {
		groups = []string{}
	}
	return struct {
		ID       string   `json:"id"`
		Email    string   `json:"email"`
		Name     string   `json:"name"`
		Groups   []string `json:"groups"`
		Admin    bool     `json:"admin"`
		Disabled bool     `json:"disabled"`
		Created  string   `json:"created_at"`
	}{u.ID, u.Email, u.Name, groups, u.Admin, u.Disabled, stamp(u.Created)}
}

// userOne is a command about one account.
type userOne struct {
	place
	Email string `arg:"" help:"The account's address."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// say prints what was done.
func (c userOne) say(t *terminal, what string, ended int) error {
	if c.JSON {
		email, err := account.CanonicalEmail(c.Email)
		if err != nil {
			return err
		}
		return t.jsonLines(1, func(int) any { return map[string]any{"email": email, "sessions_ended": ended} })
	}
	fmt.Fprintln(t.out, what)
	return nil
}

type userDisable struct{ userOne }

func (c *userDisable) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		n, err := a.DisableUser(ctx, c.Email, app.ActorCommand)
		if err != nil {
			return err
		}
		return c.say(t, "Disabled. "+count(n, "session")+" ended.", n)
	})
}

type userEnable struct{ userOne }

func (c *userEnable) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		if err := a.EnableUser(ctx, c.Email, app.ActorCommand); err != nil {
			return err
		}
		return c.say(t, "Enabled. Its owner can sign in again.", 0)
	})
}

type userDelete struct{ userOne }

func (c *userDelete) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		n, err := a.DeleteUser(ctx, c.Email, app.ActorCommand)
		if err != nil {
			return err
		}
		return c.say(t, "Deleted. "+count(n, "session")+" ended.", n)
	})
}

type userGroup struct {
	userOne
	Add    []string `help:"A group to add; repeatable."`
	Remove []string `help:"A group to remove; repeatable."`
}

func (c *userGroup) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		u, err := c.change(ctx, a)
		if err != nil {
			return err
		}
		if c.JSON {
			return t.jsonLines(1, func(int) any { return userJSON(u) })
		}
		if len(u.Groups) == 0 {
			fmt.Fprintln(t.out, "The account is in no group.")
			return nil
		}
		fmt.Fprintln(t.out, strings.Join(u.Groups, "\n"))
		return nil
	})
}

// change shows the groups if it was told nothing to change.
func (c *userGroup) change(ctx context.Context, a *app.App) (account.Account, error) {
	if len(c.Add)+len(c.Remove) == 0 {
		return a.User(ctx, c.Email)
	}
	return a.ChangeGroups(ctx, c.Email, c.Add, c.Remove, app.ActorCommand)
}

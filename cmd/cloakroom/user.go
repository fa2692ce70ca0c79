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
	Group   userGroup   `cmd:"" help:"Add and remove groups of an account."`
}

type userAdd struct {
	place
	Email string   `arg:"" optional:"" help:"Whom the link is for; without it, whoever holds the link chooses."`
	Group []string `help:"A group that the account will be in; repeatable."`
	Admin bool     `help:"The account will be an administrator's."`
}

func (c *userAdd) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		link, err := a.Invite(ctx, app.Invitation{Email: c.Email, Groups: c.Group, Admin: c.Admin}, app.ActorCommand, app.Client{})
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "Hand this link over. It works once, for %s:\n\n  %s\n", lasting(app.InvitationLifetime), link)
		return nil
	})
}

type userReset struct {
	place
	Email string `arg:"" help:"Whose password."`
}

func (c *userReset) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		link, err := a.ResetLink(ctx, c.Email, app.ActorCommand, app.Client{})
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "Hand this link over. It works once, for an hour; using it ends all sessions of the account:\n\n  %s\n", link)
		return nil
	})
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

type userDisable struct {
	place
	Email string `arg:"" help:"Which account."`
}

func (c *userDisable) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		n, err := a.DisableUser(ctx, c.Email, app.ActorCommand)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "Disabled. %s ended.\n", count(n, "session"))
		return nil
	})
}

type userEnable struct {
	place
	Email string `arg:"" help:"Which account."`
}

func (c *userEnable) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		if err := a.EnableUser(ctx, c.Email, app.ActorCommand); err != nil {
			return err
		}
		fmt.Fprintln(t.out, "Enabled. Its owner can sign in again.")
		return nil
	})
}

type userDelete struct {
	place
	Email string `arg:"" help:"Which account."`
}

func (c *userDelete) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		n, err := a.DeleteUser(ctx, c.Email, app.ActorCommand)
		if err != nil {
			return err
		}
		fmt.Fprintf(t.out, "Deleted. %s ended.\n", count(n, "session"))
		return nil
	})
}

type userGroup struct {
	place
	Email  string   `arg:"" help:"Which account."`
	Add    []string `help:"A group to add; repeatable."`
	Remove []string `help:"A group to remove; repeatable."`
}

func (c *userGroup) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		u, err := a.ChangeGroups(ctx, c.Email, c.Add, c.Remove, app.ActorCommand)
		if err != nil {
			return err
		}
		if len(u.Groups) == 0 {
			fmt.Fprintln(t.out, "The account is in no group.")
			return nil
		}
		fmt.Fprintln(t.out, strings.Join(u.Groups, "\n"))
		return nil
	})
}

// with opens the house, does one thing and closes it.
func (p place) with(ctx context.Context, t *terminal, do func(*app.App) error) (err error) {
	a, err := p.open(ctx, t)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := a.Close(ctx); err == nil {
			err = cerr
		}
	}()
	return do(a)
}

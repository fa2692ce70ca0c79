package main

import (
	"context"
	"strconv"

	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/internal/journal"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/sqlstore"
)

func openRooms(file string) *db.DB {
	d, err := db.Open(context.Background(), file, sqlstore.Migrations, journal.Migrations, account.Migrations, grant.Migrations)
	must(err)
	return d
}

// fill signs n people in without a password.
func fill(file string, n int) (cookies []string) {
	ctx := context.Background()
	d := openRooms(file)
	defer d.Close()
	accounts := account.New(nil)
	must(d.Update(ctx, func(tx *db.Conn) error {
		store, err := sqlstore.New(d.Writer(), nil)
		must(err)
		in := store.In(tx.SQLTx())
		m, err := session.New(in, nil)
		must(err)
		for i := range n {
			a, err := accounts.Create(ctx, tx, account.Draft{Email: "p" + strconv.Itoa(i) + "@example.org", Name: "Person"})
			must(err)
			p, err := m.PlanSignIn(ctx, in, session.SignIn{Subject: a.ID, AMR: []string{"pwd"}, Device: "Firefox on Linux"})
			must(err)
			must(in.Commit(ctx, p.Change))
			c := m.Cookie(p)
			cookies = append(cookies, c.Name+"="+c.Value)
		}
		return nil
	}))
	return cookies
}

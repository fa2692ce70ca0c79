package main

import (
	"context"
	"fmt"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/jwt"
)

type keyCmd struct {
	New  keyNew  `cmd:"" help:"Make a signing key and sign with it from now on."`
	List keyList `cmd:"" help:"List the signing keys, without their secrets."`
}

// secretPlace is a place whose keys can be unwrapped.
type secretPlace struct {
	place
	SecretFile string `placeholder:"FILE" help:"The server's secret file, if it is not in --data."`
}

func (p secretPlace) with(ctx context.Context, t *terminal, do func(*app.App) error) error {
	return p.withHouse(ctx, t, app.Config{SecretFile: p.SecretFile}, app.OpenKeys, do)
}

type keyNew struct {
	secretPlace
	Alg  string `default:"ES256" enum:"ES256,EdDSA,RS256,HS256" help:"ES256, EdDSA, RS256, or HS256, which is not published."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c *keyNew) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		key, err := a.NewKey(ctx, jwt.Algorithm(c.Alg), app.ActorCommand)
		if err != nil {
			return err
		}
		if c.JSON {
			return t.jsonLines(1, func(int) any { return map[string]string{"kid": key.ID, "alg": string(key.Algorithm)} })
		}
		fmt.Fprintln(t.out, key.ID)
		return nil
	})
}

type keyList struct {
	secretPlace
	JSON bool `name:"json" help:"Print the public key set (RFC 7517)."`
}

func (c *keyList) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		if c.JSON {
			return t.jsonLines(1, func(int) any { return a.PublicKeys() })
		}
		rows := [][]string{{"KEY", "ALG", "STATE", "SINCE"}}
		for _, k := range a.KeyList() {
			rows = append(rows, []string{k.ID, string(k.Algorithm), string(k.State), stamp(k.Created)})
		}
		t.table(rows)
		return nil
	})
}

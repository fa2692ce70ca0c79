package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/grant"
)

type keyList struct {
	secretPlace
	JSON bool `name:"json" help:"Print JSON, a line each."`
	JWKS bool `name:"jwks" help:"Print the public key set (RFC 7517)."`
}

func (c *keyList) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		if c.JWKS {
			return t.jsonLines(1, func(int) any { return a.PublicKeys() })
		}
		keys, ahead := a.KeyPlan()
		if c.JSON {
			return t.jsonLines(len(keys), func(i int) any { return keyLine(keys[i], nextStep(keys[i], ahead)) })
		}
		const row = "%-43s  %-5s  %-5s  %s\n"
		fmt.Fprintf(t.out, row, "KEY", "FOR", "ALG", "STATE")
		for _, k := range keys {
			fmt.Fprintf(t.out, row, k.ID, k.Purpose, k.Algorithm, k.State)
			fmt.Fprintln(t.out, "    "+keyFate(k, nextStep(k, ahead)))
		}
		return nil
	})
}

// nextStep is what happens with a key next: with the one that signs, that a next one is published, or takes its place.
func nextStep(k grant.KeyInfo, ahead []grant.Step) grant.Step {
	i := slices.IndexFunc(ahead, func(s grant.Step) bool {
		return s.Key == k.ID || k.State == grant.KeyActive && s.Purpose == k.Purpose && (s.Act == grant.PublishKey || s.Act == grant.UseKey)
	})
	if i < 0 {
		return grant.Step{}
	}
	return ahead[i]
}

// keyFate says what a key did and will do, in 76 columns.
func keyFate(k grant.KeyInfo, next grant.Step) string {
	switch k.State {
	case grant.KeyNext:
		return "published " + stamp(k.Created) + ", signs from " + stamp(next.At)
	case grant.KeyActive:
		verb := "until"
		if next.Act == grant.PublishKey {
			verb = "next published"
		}
		return "signs since " + stamp(k.NotBefore) + ", " + verb + " " + stamp(next.At)
	case grant.KeyRetired:
		return "signed until " + stamp(k.Retired) + ", verifies until " + stamp(k.VerifyUntil)
	}
	return "verifies nothing since " + stamp(k.VerifyUntil) + ", forgotten " + stamp(next.At)
}

func keyLine(k grant.KeyInfo, next grant.Step) any {
	return struct {
		ID        string `json:"kid"`
		For       string `json:"for"`
		Alg       string `json:"alg"`
		State     string `json:"state"`
		Published string `json:"published_at"`
		Signs     string `json:"signs_from"`
		Retired   string `json:"retired_at,omitempty"`
		Verifies  string `json:"verifies_until,omitempty"`
		Next      string `json:"next_step"`
		NextAt    string `json:"next_step_at"`
	}{
		k.ID, string(k.Purpose), string(k.Algorithm), string(k.State), stamp(k.Created), stamp(k.NotBefore), stampOr(k.Retired), stampOr(k.VerifyUntil),
		nextWord(k, next), stampOr(next.At),
	}
}

// nextWord is the next step as seen by a key: the one that signs is retired when another begins to.
func nextWord(k grant.KeyInfo, next grant.Step) string {
	switch {
	case k.State == grant.KeyActive && next.Act == grant.PublishKey:
		return "successor-published"
	case k.State == grant.KeyActive && next.Act == grant.UseKey:
		return "retired"
	}
	return cmp.Or(string(next.Act), "none")
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/jwt"
)

type keyCmd struct {
	List   keyList   `cmd:"" help:"List the signing keys and what happens with them next."`
	New    keyNew    `cmd:"" help:"Publish the next key; it signs an hour later."`
	Rotate keyRotate `cmd:"" help:"Have the next key sign now."`
	Retire keyRetire `cmd:"" help:"End a key at once, because it leaked: what it signed is dead."`
	Export keyExport `cmd:"" help:"Print the shared secrets of --token-alg HS256, as a key set."`
}

// secretPlace is a place whose keys can be unwrapped.
type secretPlace struct {
	place
	SecretFile string `placeholder:"FILE" help:"The server's secret file, if it is not in --data."`
}

func (p secretPlace) with(ctx context.Context, t *terminal, do func(*app.App) error) error {
	err := p.withHouse(ctx, t, app.Config{SecretFile: p.SecretFile}, app.OpenKeys, do)
	var key *grant.KeyError
	if errors.As(err, &key) {
		return keyHint(key)
	}
	return err
}

// keyHint says what can be done about a change of keys that is refused.
func keyHint(e *grant.KeyError) error {
	exit := &exitError{code: exitNo, err: e}
	switch e.Rule {
	case grant.ErrNoKey:
		exit.hint = "cloakroom key list shows the keys"
	case grant.ErrNextKey:
		exit.hint = "cloakroom key rotate has it sign; cloakroom key retire throws it away"
	case grant.ErrTooEarly:
		exit.hint = "wait until then; with --now verifiers that keep a key set refuse good tokens until they fetch it again"
	}
	return exit
}

// keyUse chooses which keys are meant.
type keyUse struct {
	Feed bool `help:"The key that signs the feed of revocations, not the one for tokens."`
	JSON bool `name:"json" help:"Print JSON, a line for each step."`
}

func (u keyUse) purpose() grant.Purpose {
	if u.Feed {
		return grant.FeedKey
	}
	return grant.TokenKey
}

type keyNew struct {
	secretPlace
	keyUse
	Alg string `default:"" enum:",ES256,EdDSA,RS256,HS256" help:"ES256, EdDSA, RS256 or HS256, if not as now."`
}

func (c *keyNew) Run(ctx context.Context, t *terminal) error {
	if c.Feed && c.Alg != "" && c.Alg != string(jwt.ES256) {
		return &exitError{code: exitUsage, err: fmt.Errorf("--alg %s: the feed is signed with ES256, whatever signs tokens", c.Alg), hint: "leave out --alg, or --feed"}
	}
	return c.with(ctx, t, func(a *app.App) error {
		steps, err := a.PublishKey(ctx, c.purpose(), jwt.Algorithm(c.Alg), app.ActorCommand)
		if err != nil {
			return err
		}
		if c.JSON {
			return t.keySteps(steps)
		}
		for _, s := range steps {
			fmt.Fprintln(t.out, s.Key)
			if s.Act == grant.PublishKey {
				fmt.Fprintf(t.err, "It signs from %s, without further ado.\n", stamp(s.Signs))
			}
		}
		return nil
	})
}

type keyRotate struct {
	secretPlace
	keyUse
	Now bool `help:"Even if verifiers may not know it: some refuse good tokens for minutes."`
}

func (c *keyRotate) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		steps, err := a.RotateKey(ctx, c.purpose(), c.Now, app.ActorCommand)
		if err != nil {
			return err
		}
		if c.JSON {
			return t.keySteps(steps)
		}
		for _, s := range steps {
			switch {
			case s.Act == grant.PublishKey:
				fmt.Fprintf(t.out, "There was no next key, so %s\nis published now. It signs from %s, without further ado.\n", s.Key, stamp(s.Signs))
			default:
				fmt.Fprintf(t.out, "%s signs from now on.\nWhat the key before it signed stays good until it expires.\n", s.Key)
			}
			if c.Now {
				fmt.Fprintln(t.out, "Verifiers that keep a key set without it refuse its tokens until they fetch the\nset again: at most 5 minutes if they listen to Cache-Control.")
			}
		}
		return nil
	})
}

type keyRetire struct {
	secretPlace
	JSON bool   `name:"json" help:"Print JSON, a line for each step."`
	Key  string `arg:"" name:"kid" help:"The key's id, as key list shows it."`
}

func (c *keyRetire) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(a *app.App) error {
		steps, err := a.RetireKey(ctx, c.Key, app.ActorCommand)
		if err != nil {
			return err
		}
		if c.JSON {
			return t.keySteps(steps)
		}
		for _, s := range steps {
			switch s.Act {
			case grant.DropKey:
				fmt.Fprintf(t.out, "%s is dead: what it signed is refused\n"+
					"here and by whoever follows the feed within a second, by others when they fetch\nthe key set again.\n", s.Key)
			case grant.UseKey:
				fmt.Fprintf(t.out, "%s signs from now on.\n", s.Key)
			}
		}
		return nil
	})
}

type keyExport struct {
	secretPlace
}

func (c *keyExport) Run(ctx context.Context, t *terminal) error {
	if isTerminal(t.out) {
		return &exitError{
			code: exitUsage, err: errors.New("a shared secret is not shown on a terminal: whoever has it can sign tokens"),
			hint: "write it to a file that its reader alone can read: (umask 077; cloakroom key export > FILE)",
		}
	}
	return c.with(ctx, t, func(a *app.App) error {
		set, err := a.ExportKeys(ctx, app.ActorCommand)
		if err != nil {
			return err
		}
		if set == nil {
			return &exitError{
				code: exitNo, err: errors.New("no key is a shared secret"),
				hint: "tokens of ES256, EdDSA and RS256 are verified with what /.well-known/jwks.json publishes",
			}
		}
		_, err = fmt.Fprintf(t.out, "%s\n", set)
		return err
	})
}

// keySteps prints what was done with keys.
func (t *terminal) keySteps(steps []grant.Step) error {
	return t.jsonLines(len(steps), func(i int) any {
		s := steps[i]
		return struct {
			Act   string `json:"act"`
			Key   string `json:"kid"`
			For   string `json:"for"`
			Alg   string `json:"alg"`
			Signs string `json:"signs_from,omitempty"`
		}{string(s.Act), s.Key, string(s.Purpose), string(s.Algorithm), stampOr(s.Signs)}
	})
}

// stampOr is empty for a time that is not known.
func stampOr(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return stamp(at)
}

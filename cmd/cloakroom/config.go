package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"

	"github.com/cloakroom/cloakroom/internal/app"
)

// readConfig reads --config: TOML with the names of the flags. A name that no flag has is an error, so that a typing
// mistake never leaves a protection off.
func readConfig(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	if _, err := toml.NewDecoder(r).Decode(&values); err != nil {
		return nil, fmt.Errorf("--config: %w", err)
	}
	return fileResolver(values), nil
}

type fileResolver map[string]any

// Validate refuses names that the chosen command does not know.
func (f fileResolver) Validate(a *kong.Application) error {
	known := map[string]bool{}
	for _, cmd := range a.Leaves(false) {
		for _, flag := range cmd.Flags {
			known[flag.Name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !known[strings.ReplaceAll(name, "_", "-")] {
			return fmt.Errorf("--config: there is no setting %q", name)
		}
	}
	return nil
}

// Resolve gives a flag its value from the file.
func (f fileResolver) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	v, ok := f[flag.Name]
	if !ok {
		v, ok = f[strings.ReplaceAll(flag.Name, "-", "_")]
	}
	if !ok {
		return nil, nil
	}
	list, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v), nil
	}
	items := make([]string, len(list))
	for i, item := range list {
		items[i] = fmt.Sprint(item)
	}
	return strings.Join(items, ","), nil
}

// place is where a command finds the house.
type place struct {
	Data     string `default:"./cloakroom-data" placeholder:"DIR" help:"Directory of the database and the secret file."`
	Database string `placeholder:"FILE" help:"SQLite file (default: in --data)."`
	URL      string `name:"url" default:"http://localhost:8080" help:"Origin of links; the same as serve's."`
}

// open opens the house for a command that looks and changes, beside a server that may run.
func (p place) open(ctx context.Context, t *terminal) (*app.App, error) {
	cfg := app.Config{Data: p.Data, Database: p.Database, URL: p.URL}
	if err := app.Exists(cfg); err != nil {
		return nil, &exitError{code: exitFailed, err: err, hint: "give the --data of your server, or start one: cloakroom serve"}
	}
	return app.Open(ctx, cfg, quiet(t))
}

// quiet logs only what went wrong: the command says the rest itself.
func quiet(t *terminal) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelError}))
}

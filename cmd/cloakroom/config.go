package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"

	"github.com/cloakroom/cloakroom/internal/app"
)

// errConfig is what is wrong in the file of --config.
var errConfig = errors.New("--config")

// readConfig reads --config: TOML with the names of serve's flags. A name that no flag has is an error, so that a typing
// mistake never leaves a protection off.
func readConfig(r io.Reader) (kong.Resolver, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	if err := toml.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("%w: not TOML: %s", errConfig, strings.TrimPrefix(err.Error(), "toml: "))
	}
	settings := fileResolver{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		flag := strings.ReplaceAll(name, "_", "-")
		if _, twice := settings[flag]; twice {
			return nil, fmt.Errorf("%w: %s is there twice", errConfig, flag)
		}
		if flag == "rule" {
			if settings[flag], err = readRules(string(text), values[name]); err != nil {
				return nil, err
			}
			continue
		}
		if settings[flag], err = settingText(values[name], separator(flag)); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", errConfig, name, err)
		}
	}
	return settings, nil
}

// separator is what stands between the values of a flag that are typed as one: a comma, unless a value has commas in it.
func separator(flag string) string {
	if flag == "allow" {
		return ";"
	}
	return ","
}

// settingText is a value as it would be typed behind its flag.
func settingText(v any, separator string) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int64, bool:
		return fmt.Sprint(v), nil
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			text, ok := item.(string)
			if !ok || strings.Contains(text, separator) {
				return "", fmt.Errorf("%v is not a list of texts", v)
			}
			items[i] = text
		}
		return strings.Join(items, separator), nil
	}
	return "", fmt.Errorf("%v is not a text, a number or a list of texts", v)
}

// fileResolver holds the settings of the file by the names of their flags. A flag that was typed and an environment twin
// that is set come before it.
type fileResolver map[string]any

// Validate refuses names that serve does not know.
func (f fileResolver) Validate(a *kong.Application) error {
	known := map[string]bool{}
	for _, cmd := range a.Children {
		for _, flag := range cmd.Flags {
			known[flag.Name] = cmd.Name == "serve" && flag.Name != "help" && flag.Name != "config" || known[flag.Name]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !known[name] {
			return fmt.Errorf("%w: there is no setting %q", errConfig, name)
		}
	}
	return nil
}

// Resolve gives a flag its value from the file. A flag of another command that has the name of a setting is the same setting if it has the same twin.
func (f fileResolver) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !slices.Contains(flag.Envs, envTwin(flag.Name)) {
		return nil, nil
	}
	for _, env := range flag.Envs {
		// An empty twin of a list names nothing. It must not take away what the file names: without --allow, everyone may who is signed in.
		if value, set := os.LookupEnv(env); set && (value != "" || !flag.IsSlice()) {
			return nil, nil
		}
	}
	return f[flag.Name], nil
}

// place is where a command finds the house.
type place struct {
	Data     string `default:"./cloakroom-data" help:"The server's directory."`
	Database string `placeholder:"FILE" help:"The server's SQLite file, if it is not in --data."`
}

// with opens the house beside a server that may run, does one thing and closes it.
func (p place) with(ctx context.Context, t *terminal, do func(*app.App) error) error {
	return p.withHouse(ctx, t, app.Config{}, app.Open, do)
}

// withHouse makes nothing: a mistyped directory must not become an empty database.
func (p place) withHouse(ctx context.Context, t *terminal, cfg app.Config, open func(context.Context, app.Config, *slog.Logger) (*app.App, error), do func(*app.App) error) (err error) {
	if p.Data == "" {
		return emptySetting("--data")
	}
	cfg.Data, cfg.Database = p.Data, p.Database
	if err := cfg.Check(); err != nil {
		return err
	}
	if err := app.Exists(cfg); err != nil {
		return &exitError{exitFailed, err, "give the --data of your server, or start one: cloakroom serve"}
	}
	a, err := open(ctx, cfg, quiet(t))
	if err != nil {
		return err
	}
	defer func() {
		if cerr := a.Close(context.WithoutCancel(ctx)); err == nil {
			err = cerr
		}
	}()
	return do(a)
}

// quiet logs only what went wrong: the command says the rest itself.
func quiet(t *terminal) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelError}))
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/cloakroom/cloakroom/cookie/jar"
	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/internal/pattern"
)

// fail prints one line of fact and one line of help, and returns the exit status.
func (t *terminal) fail(err error) int {
	code, fact, hint := helpFor(err)
	if fact != "" {
		fmt.Fprintln(t.err, "error: "+oneLine(room().ReplaceAllString(fact, "")))
	}
	if hint != "" {
		fmt.Fprintln(t.err, "hint:  "+oneLine(hint))
	}
	return code
}

// room is the prefix by which our packages say whose error it is. It means nothing to the person who reads it.
var room = pattern.Lazy(`^((account|app|db|grant|journal|jwt|server|session|sqlstore): )+`)

// oneLine joins lines, and keeps a stranger's bytes from steering the terminal.
func oneLine(s string) string { return printable(strings.Join(strings.Fields(s), " ")) }

// usageError is what somebody typed and the command does not understand.
func usageError(err error) error {
	hint := "cloakroom -h lists the commands"
	var (
		parse *kong.ParseError
		path  *fs.PathError
		rule  *ruleError
	)
	if errors.As(err, &parse) && parse.Context != nil && parse.Context.Selected() != nil {
		hint = "cloakroom " + parse.Context.Selected().Path() + " -h says what it takes"
	}
	switch {
	case errors.As(err, &path): // no other flag's file is opened while flags are read
		err, hint = fmt.Errorf("--config: %w", path), "name a TOML file that you can read"
	case errors.As(err, &rule):
		err, hint = rule, rule.hint
	case errors.Is(err, errConfig):
		hint = "it takes the names of the flags that cloakroom serve -h shows, without dashes in front: " + `idle-timeout = "30m"`
	case strings.Contains(err.Error(), "expected duration"):
		hint = "durations are written like 30m, 12h or 720h"
	}
	return &exitError{code: exitUsage, err: plainer(err), hint: hint}
}

var (
	badDuration = pattern.Lazy(`^(--[a-z-]+): expected duration but got ("[^"]*"): [^(]*(?:\(from envar ([A-Z_]+)=.*)?$`)
	noArgument  = pattern.Lazy(`^expected "(<[a-z]+>)`)
)

// plainer says what kong and package time say twice, or in their own words, once and in a person's.
func plainer(err error) error {
	if m := badDuration().FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s: %s is not a duration", cmp.Or(m[3], m[1]), m[2])
	}
	if m := noArgument().FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s is missing", m[1])
	}
	return err
}

// helpFor finds what a person can do about an error. The rooms of the house know their own hints; this is for what
// they cannot know: which flag to turn.
func helpFor(err error) (code int, fact, hint string) {
	var (
		exit    *exitError
		config  *app.ConfigError
		secret  *grant.SecretError
		own     *app.Error
		cookies *jar.FileError
		path    *fs.PathError
		listen  *net.OpError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return exitFailed, "interrupted", ""
	case errors.As(err, &exit) && exit.err == nil:
		return exit.code, "", ""
	case errors.As(err, &exit):
		return exit.code, exit.err.Error(), exit.hint
	case errors.As(err, &config):
		return exitUsage, config.Error(), config.Hint
	case errors.As(err, &secret):
		return exitFailed, secret.Error(), secret.Hint
	case errors.Is(err, grant.ErrWrongSecret):
		return exitFailed, err.Error(), "give the file that was in use when this database was made: --secret-file"
	case errors.Is(err, db.ErrNewerSchema):
		return exitFailed, err.Error(), "start a Cloakroom at least as new as the one that wrote it; nothing was changed"
	case errors.Is(err, db.ErrNotDatabase), errors.Is(err, db.ErrCorrupt):
		return exitFailed, err.Error(), "restore it from a backup, or give another --data; nothing was changed"
	case errors.Is(err, db.ErrBusy):
		return exitFailed, err.Error(), "another program holds the database: wait, or stop it"
	case errors.Is(err, syscall.EADDRINUSE):
		return exitFailed, err.Error(), "another program listens there: stop it, or choose another --addr or --ops-addr"
	case errors.As(err, &listen):
		return exitFailed, err.Error(), "give an address of this machine and a port that you may use: 127.0.0.1:8080"
	case errors.As(err, &own):
		return reasonFailed(own)
	case errors.Is(err, account.ErrGroup):
		return exitNo, err.Error(), groupHint
	case errors.As(err, &cookies):
		return exitFailed, err.Error(), cookies.Hint
	case errors.As(err, &path):
		return exitFailed, err.Error(), "check that the path is right and that you may use it"
	}
	return exitFailed, err.Error(), ""
}

const groupHint = "a group is named like staff or dev.ops"

func reasonFailed(e *app.Error) (code int, fact, hint string) {
	fact = cmp.Or(e.Detail, guard.Sentence(e.Reason), e.Error())
	switch {
	case e.Ending != nil:
		fact = "That session has ended already: " + string(e.Ending.Reason)
		hint = "cloakroom session why " + e.Ending.Handle + " says more"
	case errors.Is(e.Err, account.ErrGroup):
		hint = groupHint
	case errors.Is(e.Err, grant.ErrNoClient), errors.Is(e.Err, grant.ErrClientTaken):
		hint = "cloakroom client list shows which there are"
	case errors.Is(e.Err, grant.ErrClientID):
		hint = "name it like billing or print-service.2"
	case e.Reason == guard.NotFound:
		hint = "cloakroom user list and cloakroom session list show what there is"
	case e.Reason == guard.Taken:
		hint = "cloakroom user reset makes a link for a new password"
	case e.Reason == guard.InvalidEmail:
		hint = "write it like anna@example.org"
	}
	return exitNo, fact, hint
}

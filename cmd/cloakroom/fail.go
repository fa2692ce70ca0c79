package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
)

// fail prints one line of fact and one line of help, and returns the exit status.
func (t *terminal) fail(err error) int {
	code, fact, hint := explain(err)
	if fact != "" {
		fmt.Fprintln(t.err, "error: "+oneLine(fact))
	}
	if hint != "" {
		fmt.Fprintln(t.err, "hint:  "+oneLine(hint))
	}
	return code
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// explain finds what a person can do about an error. The rooms of the house know their own hints; this is for what
// they cannot know: which flag to turn.
func explain(err error) (code int, fact, hint string) {
	var (
		exit   *exitError
		config *app.ConfigError
		secret *grant.SecretError
		own    *app.Error
		path   *fs.PathError
	)
	switch {
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
	case errors.As(err, &own):
		return reasonFailed(own)
	case errors.As(err, &path):
		return exitFailed, err.Error(), "check that the path is right and that you may use it"
	}
	return exitFailed, err.Error(), ""
}

func reasonFailed(e *app.Error) (code int, fact, hint string) {
	fact = e.Detail
	if fact == "" {
		fact = guard.Sentence(e.Reason)
	}
	switch e.Reason {
	case guard.NotFound:
		hint = "cloakroom user list and cloakroom session list show what there is"
	case guard.Taken:
		hint = "cloakroom user reset makes a link for a new password"
	case guard.InvalidEmail:
		hint = "write it like anna@example.org"
	}
	return exitNo, fact, hint
}

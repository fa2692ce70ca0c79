package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/cloakroom/cloakroom/internal/app"
)

// handOverSetup hands over the link by which the first administrator signs up. It is a secret: it is shown on a terminal, or
// written to a file that its owner alone can read, and never logged.
func (c *serveCmd) handOverSetup(ctx context.Context, t *terminal, house *app.App, log *slog.Logger) error {
	link, err := house.SetupLink(ctx)
	if err != nil {
		return err
	}
	file := filepath.Join(c.Data, "setup-link")
	// The link of an earlier start does not work any more.
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if link == "" {
		return nil
	}
	if isTerminal(t.out) {
		fmt.Fprintf(t.out, "\nNobody is an administrator yet. This link, good for an hour, makes you one:\n\n  %s\n\n", link)
		return nil
	}
	if err := writeNew(file, link+"\n"); err != nil {
		return err
	}
	log.Info("setup", "hint", "open the link in "+file+" within an hour to become the first administrator")
	return nil
}

// writeNew writes a file that its owner alone can read, whatever was there under that name before.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/kong"
	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server"
	"github.com/cloakroom/cloakroom/jwt"
)

type serveCmd struct {
	Addr    string `default:"127.0.0.1:8080" help:"Where people and proxies connect."`
	OpsAddr string `default:"127.0.0.1:8081" help:"/healthz, /readyz and /metrics; empty: nowhere."`
	URL     string `name:"url" default:"http://localhost:8080" help:"What people type; https, unless it is localhost."`

	Data       string `default:"./cloakroom-data" help:"Directory of database and secret."`
	SecretFile string `placeholder:"FILE" help:"Wraps the signing keys; usually in --data."`
	Database   string `placeholder:"FILE" help:"SQLite file; usually in --data."`

	IdleTimeout time.Duration `default:"1h" help:"Ends a session that is not used for so long."`
	Lifetime    time.Duration `default:"24h" help:"Ends a session after this, used or not."`
	Remember    time.Duration `default:"720h" help:"Both limits of a session that is to be kept."`
	MaxSessions int           `default:"100" help:"Of one account; one more ends the oldest."`

	TokenLifetime   time.Duration `default:"10m" help:"Of an access token."`
	RefreshLifetime time.Duration `default:"720h" help:"Of a program's sign-in."`
	TokenAlg        string        `default:"ES256" help:"EdDSA, RS256, or HS256, which is not published."`
	TokenAudience   string        `placeholder:"URL" help:"Who else accepts the tokens, besides --url."`

	Signup       string   `default:"invite" help:"Who may sign up: invite, open or closed."`
	App          []string `placeholder:"URL" help:"An app that sends people here; repeatable."`
	TrustedProxy []string `placeholder:"CIDR" help:"A proxy that speaks for clients; repeatable."`

	Log    string          `default:"text" enum:"text,json" help:"Form of the log: text or json."`
	Config kong.ConfigFlag `placeholder:"FILE" help:"TOML file with the names of these flags."`
}

// shutdownGrace is how long requests under way may take after SIGTERM.
const shutdownGrace = 10 * time.Second

// given refuses zeros and empty texts, which app.Config would take for "not given": nobody must believe to have turned a limit
// off who has not.
func (c *serveCmd) given() error {
	for _, d := range []struct {
		flag string
		zero bool
	}{
		{"--idle-timeout", c.IdleTimeout == 0}, {"--lifetime", c.Lifetime == 0}, {"--remember", c.Remember == 0},
		{"--token-lifetime", c.TokenLifetime == 0}, {"--refresh-lifetime", c.RefreshLifetime == 0}, {"--max-sessions", c.MaxSessions == 0},
	} {
		if d.zero {
			return &app.ConfigError{Flag: d.flag, Err: "0 would end every session at once", Hint: "there is always a limit; leave the flag out for the default"}
		}
	}
	for _, s := range []struct{ flag, value string }{
		{"--url", c.URL}, {"--data", c.Data}, {"--token-alg", c.TokenAlg}, {"--signup", c.Signup},
	} {
		if s.value == "" {
			return emptySetting(s.flag)
		}
	}
	return nil
}

func emptySetting(flag string) error {
	return &app.ConfigError{Flag: flag, Err: "is empty", Hint: "leave the flag, or " + envTwin(strings.TrimPrefix(flag, "--")) + ", out for the default"}
}

func (c *serveCmd) config() (app.Config, error) {
	if err := c.given(); err != nil {
		return app.Config{}, err
	}
	cfg := app.Config{
		URL: c.URL, Data: c.Data, SecretFile: c.SecretFile, Database: c.Database,
		Idle: c.IdleTimeout, Lifetime: c.Lifetime, Remember: c.Remember, MaxSessions: c.MaxSessions,
		TokenLifetime: c.TokenLifetime, RefreshLifetime: c.RefreshLifetime,
		TokenAlg: jwt.Algorithm(c.TokenAlg), TokenAudience: c.TokenAudience,
		Signup: app.SignupMode(c.Signup), Apps: c.App,
	}
	for _, s := range c.TrustedProxy {
		p, err := netip.ParsePrefix(s)
		if addr, aerr := netip.ParseAddr(s); aerr == nil {
			p, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return cfg, &app.ConfigError{Flag: "--trusted-proxy", Err: fmt.Sprintf("%q is not an address range", s), Hint: "write it like 127.0.0.1/32 or 10.0.0.0/8"}
		}
		if p.Addr().Is4In6() {
			return cfg, &app.ConfigError{Flag: "--trusted-proxy", Err: fmt.Sprintf("%q is IPv4 dressed as IPv6", s), Hint: "write the IPv4 range itself"}
		}
		cfg.TrustedProxies = append(cfg.TrustedProxies, p.Masked())
	}
	return cfg, cfg.Check()
}

// Run starts the server. What cannot work is found out before anything on the disk is made or changed: first the
// settings, then the ports, then the secret, then the database.
func (c *serveCmd) Run(ctx context.Context, t *terminal) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	listeners, err := c.listen()
	if err != nil {
		return err
	}
	log := c.logger(t)
	house, err := app.OpenServer(ctx, cfg, log)
	if err != nil {
		return errors.Join(err, listeners.close())
	}
	srv, err := server.New(house, log)
	if err != nil {
		return errors.Join(err, listeners.close(), house.Close(ctx))
	}
	if err := c.greet(ctx, t, house, listeners.public.Addr(), log); err != nil {
		return errors.Join(err, listeners.close(), house.Close(ctx))
	}
	tuneGC()
	if err := dropStartPages(); err != nil {
		log.Debug("start", "error", err) // it only costs memory
	}
	return c.serve(ctx, house, srv, listeners, log)
}

type listeners struct{ public, ops net.Listener }

func (c *serveCmd) listen() (l listeners, err error) {
	if l.public, err = net.Listen("tcp", c.Addr); err != nil {
		return l, err
	}
	if c.OpsAddr == "" {
		return l, nil
	}
	if l.ops, err = net.Listen("tcp", c.OpsAddr); err != nil {
		return l, errors.Join(err, l.public.Close())
	}
	return l, nil
}

func (l listeners) close() error {
	err := l.public.Close()
	if l.ops != nil {
		err = errors.Join(err, l.ops.Close())
	}
	return err
}

func (c *serveCmd) logger(t *terminal) *slog.Logger {
	if c.Log == "json" {
		return slog.New(slog.NewJSONHandler(t.err, nil))
	}
	return slog.New(slog.NewTextHandler(t.err, nil))
}

// greet tells the person at the terminal that the house is open.
func (c *serveCmd) greet(ctx context.Context, t *terminal, house *app.App, addr net.Addr, log *slog.Logger) error {
	for _, w := range house.Sessions().Warnings() {
		log.Warn("limits", "warning", w)
	}
	if err := c.handOverSetup(ctx, t, house, log); err != nil {
		return err
	}
	log.Info("serving", "url", c.URL, "addr", addr, "ops", c.OpsAddr, "data", c.Data, "signup", c.Signup)
	return nil
}

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

// serve answers until ctx ends, then lets the requests under way finish.
func (c *serveCmd) serve(ctx context.Context, house *app.App, srv *server.Server, l listeners, log *slog.Logger) error {
	public, ops := httpServer(srv.Public(), log), httpServer(srv.Ops(), log)
	var running sync.WaitGroup
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	running.Go(func() { house.Run(work) })

	failed := make(chan error, 2)
	running.Go(func() { failed <- public.Serve(l.public) })
	if l.ops != nil {
		running.Go(func() { failed <- ops.Serve(l.ops) })
	}
	var err error
	select {
	case <-ctx.Done():
		log.Info("stopping", "grace", shutdownGrace)
	case err = <-failed:
	}
	err = errors.Join(err, shutdown(work, public, ops))
	stopWork()
	running.Wait()
	err = errors.Join(err, house.Close(context.WithoutCancel(ctx)))
	if err == nil {
		log.Info("stopped")
	}
	return err
}

// shutdown lets the requests under way finish, and cuts off what takes too long. Metrics and health are there until the last
// answer to the public.
func shutdown(ctx context.Context, public, ops *http.Server) error {
	grace, cancel := context.WithTimeout(ctx, shutdownGrace)
	defer cancel()
	err := errors.Join(public.Shutdown(grace), ops.Shutdown(grace))
	if errors.Is(err, context.DeadlineExceeded) {
		err = &exitError{exitFailed, fmt.Errorf("requests were cut off that still ran %v after the signal", shutdownGrace), "nothing that was answered is lost"}
		return errors.Join(err, public.Close(), ops.Close())
	}
	return err
}

// httpServer bounds what one connection may take: a slow one holds no worker for long.
func httpServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    128 << 10, // above what package cookie reads, so that too many cookies get a page and not a dropped connection
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// version is what this binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
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

	TokenLifetime   time.Duration `group:"Tokens and HTTPS:" default:"10m" help:"Of an access token."`
	RefreshLifetime time.Duration `group:"Tokens and HTTPS:" default:"720h" help:"Of a program's sign-in."`
	TokenAlg        string        `group:"Tokens and HTTPS:" default:"ES256" help:"EdDSA, RS256; not HS256 if other services verify."`
	TokenAudience   string        `group:"Tokens and HTTPS:" placeholder:"URL" help:"Who else accepts the tokens, besides --url."`

	Signup       string   `default:"invite" help:"Who may sign up: invite, open or closed."`
	App          []string `group:"In front of apps:" placeholder:"URL" help:"An app that sends people here; repeatable."`
	Unattended   []string `group:"In front of apps:" placeholder:"HOST/PATH" help:"Where an app asks by itself; repeatable."`
	Protect      []string `group:"In front of apps:" placeholder:"HOST=URL" help:"An app to serve from here; repeatable."`
	Allow        []string `group:"In front of apps:" sep:";" placeholder:"HOST=GROUP,…" help:"Who may there; else everyone signed in."`
	Rule         ruleList `hidden:"" help:"The rules of --config."`
	TrustedProxy []string `group:"In front of apps:" placeholder:"CIDR" help:"A proxy that speaks for clients; repeatable."`

	HTTPS httpsFlags `embed:"" group:"Tokens and HTTPS:"`

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
		Signup: app.SignupMode(c.Signup), Apps: c.App, Protect: c.Protect, Unattended: c.Unattended, Allow: c.Allow, Rules: c.Rule,
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
	if t.self != "" {
		cfg.Hasher = []string{t.self, hashVerb}
	}
	log := c.logger(t)
	certs, err := c.HTTPS.certificates(&cfg, log)
	if err != nil {
		return err
	}
	listeners, err := c.listen()
	if err != nil {
		return err
	}
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
	return c.serve(ctx, house, srv, listeners, certs, log)
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

// serve answers until ctx ends, then lets the requests under way finish.
func (c *serveCmd) serve(ctx context.Context, house *app.App, srv *server.Server, l listeners, certs *tls.Config, log *slog.Logger) error {
	public, ops := httpServer(srv.Public(), log), httpServer(srv.Ops(), log)
	public.TLSConfig = certs
	public.RegisterOnShutdown(srv.EndStreams) // which would be waited for
	var running sync.WaitGroup
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	running.Go(func() { house.Run(work) })
	running.Go(func() { srv.Run(work) })

	failed := make(chan error, 2)
	running.Go(func() { failed <- serveOn(public, l.public) })
	if l.ops != nil {
		running.Go(func() { failed <- ops.Serve(l.ops) })
	}
	if c.HTTPS.early != nil {
		go c.HTTPS.early(work)
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

// version is what this binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}

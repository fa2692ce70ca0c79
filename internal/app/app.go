// Package app holds the use cases that touch several rooms at once: each is one transaction, and
// nothing is answered before it is committed. Start at [Open], then read signin.go.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/internal/journal"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/sqlstore"
)

// migrations are the tables of all rooms.
var migrations = []fs.FS{sqlstore.Migrations, journal.Migrations, account.Migrations, grant.Migrations}

// App is the house with its rooms open. It is safe for concurrent use.
type App struct {
	Config Config

	log      *slog.Logger
	db       *db.DB
	store    *sqlstore.Store
	sessions *session.Manager
	accounts *account.Accounts
	journal  *journal.Journal
	families *grant.Families
	clients  *grant.Clients
	apps     *grant.AppSessions
	feed     *grant.Feed
	follower *follower
	hub      *hub

	ending []func([]session.Ending)

	// OnSessionError answers a request whose session could not be read or saved. The server sets it before it serves.
	OnSessionError func(w http.ResponseWriter, r *http.Request, err error)

	// set by OpenServer
	secret      []byte
	keys        *grant.Keys
	keySchedule grant.Schedule
	verifier    *jwt.Verifier
	bearer      *guard.BearerScheme
}

// Client is who asks, as far as a connection tells.
type Client struct {
	Addr      netip.Addr
	Device    string // "Firefox on Linux"
	RequestID string
	Known     string // account id that this browser signed in as before, from its sealed visit cookie
}

// Open opens the database (making it at the first start) and the rooms that need no secret: enough for
// the commands that look at accounts and sessions. A server calls [OpenServer].
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*App, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	d, err := openDB(ctx, cfg)
	if err != nil {
		return nil, err
	}
	a := &App{Config: cfg, log: log, db: d}
	if err := a.openRooms(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return a, nil
}

func openDB(ctx context.Context, cfg Config) (*db.DB, error) {
	if cfg.Faults != nil {
		return db.OpenWithFaults(ctx, cfg.Database, cfg.Faults, migrations...)
	}
	return db.Open(ctx, cfg.Database, migrations...)
}

// OpenServer is [Open] with the secret file and the signing keys. The secret is looked at before the
// database is touched: a wrong one changes nothing.
func OpenServer(ctx context.Context, cfg Config, log *slog.Logger) (*App, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	return openWithKeys(ctx, cfg, log, cfg.TokenAlg)
}

// OpenKeys is [OpenServer] for a command that looks at the keys: it makes none.
func OpenKeys(ctx context.Context, cfg Config, log *slog.Logger) (*App, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	return openWithKeys(ctx, cfg, log, "")
}

func openWithKeys(ctx context.Context, cfg Config, log *slog.Logger, alg jwt.Algorithm) (*App, error) {
	secret, err := loadSecret(cfg)
	if err != nil {
		return nil, err
	}
	a, err := Open(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	if err := a.openKeys(ctx, secret, alg); err != nil {
		return nil, errors.Join(err, a.Close(ctx))
	}
	return a, nil
}

func (a *App) openRooms() error {
	var err error
	if a.store, err = sqlstore.New(a.db.Writer(), &sqlstore.Options{Reader: a.db.Reader()}); err != nil {
		return err
	}
	a.sessions, err = session.New(a.store, &session.Options{
		Idle: a.Config.Idle, Lifetime: a.Config.Lifetime, Remember: a.Config.Remember,
		MaxPerSubject: a.Config.MaxSessions, Logger: a.log,
		OnError: func(w http.ResponseWriter, r *http.Request, err error) { a.OnSessionError(w, r, err) },
	})
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	a.journal = journal.New(host)
	a.accounts = account.New(&account.Options{Logger: a.log, Fast: a.Config.Fast, Hasher: a.Config.Hasher})
	a.families, a.clients, a.feed, a.apps = grant.NewFamilies(), grant.NewClients(), grant.NewFeed(), grant.NewAppSessions()
	a.follower, a.hub = newFollower(a), newHub(a)
	return nil
}

func loadSecret(cfg Config) ([]byte, error) {
	_, err := os.Stat(cfg.Database)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("app: database: %w", err) // which names the file
	}
	first := err != nil
	if first {
		if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
			return nil, err
		}
	}
	return grant.LoadSecret(cfg.SecretFile, !first)
}

func (a *App) openKeys(ctx context.Context, secret []byte, alg jwt.Algorithm) error {
	a.secret = secret
	var err error
	if a.keys, err = grant.OpenKeys(ctx, a.db.View(), secret); err != nil {
		return err
	}
	a.verifier, err = jwt.NewVerifier(a.Issuer(), a.Issuer(), a.keys, jwt.Algorithms(), &jwt.VerifierOptions{Type: TokenType})
	if err != nil {
		return err
	}
	a.bearer = guard.Bearer(a.verifier, a.tokenLive, a.bySubject)
	a.keySchedule = a.Config.KeySchedule
	a.keySchedule.Up = now()
	if alg != "" {
		start := a.keySchedule
		start.Algorithm = alg
		if _, err := a.changeKeys(ctx, actorSystem, start.Due); err != nil {
			return err
		}
	}
	return a.follower.begin(ctx)
}

// Run does the work that no request asks for, until ctx ends: it follows other processes on the same
// database, writes last-seen times, ends what is past its limits, changes signing keys and signs the journal's head.
func (a *App) Run(ctx context.Context) {
	a.follower.start(ctx)
	keys, sweep, head := a.keySchedule.Ticker(), time.NewTicker(time.Minute), time.NewTicker(time.Minute)
	defer keys.Stop()
	defer sweep.Stop()
	defer head.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-keys.C:
			a.turnKeys(ctx)
		case <-sweep.C:
			a.sweep(ctx)
		case <-head.C:
			a.signHead(ctx)
		}
	}
}

// Close writes what is still in memory and closes the database.
func (a *App) Close(ctx context.Context) error {
	a.hub.stop()
	a.accounts.Close()
	return errors.Join(a.sessions.Flush(ctx), a.sessions.Close(), a.db.Close())
}

// Ready reports whether the house can answer: the readiness probe asks it.
func (a *App) Ready(ctx context.Context) error { return a.db.Ping(ctx) }

// Sessions is the manager behind the session cookie.
func (a *App) Sessions() *session.Manager { return a.sessions }

// Issuer names this house in tokens: the --url without a trailing slash.
func (a *App) Issuer() string { return a.Config.origin.String() }

// PublicKeys is the published key set.
func (a *App) PublicKeys() *jwt.KeySet { return a.keys.PublicSet() }

// Derive makes a key for one purpose from the secret file, so that the file serves several.
func (a *App) Derive(purpose string) []byte { return grant.Derive(a.secret, purpose) }

// Account finds the account of a principal, from memory when it was asked for lately.
func (a *App) Account(ctx context.Context, id string) (account.Account, error) {
	return a.accounts.Lookup(ctx, a.db.View(), id)
}

// Guard tells who makes a request: by the session cookie, else by a bearer token.
func (a *App) Guard(rules ...guard.Rule) (*guard.Guard, error) {
	return guard.New([]guard.Scheme{
		guard.Session(a.sessions, a.bySubject),
		a.bearer,
	}, rules...)
}

func (a *App) bySubject(ctx context.Context, subject string) (guard.Principal, error) {
	acct, err := a.Account(ctx, subject)
	if errors.Is(err, account.ErrNotFound) || err == nil && acct.Disabled {
		// Disabling ends the sessions in the same transaction; this is the second lock on the door.
		return guard.Principal{}, &guard.Error{Reason: session.AccountDisabled}
	}
	if err != nil {
		return guard.Principal{}, err
	}
	return guard.Principal{ID: acct.ID, Email: acct.Email, EmailVerified: acct.EmailTrusted, Name: acct.Name, Groups: acct.Groups, Admin: acct.Admin}, nil
}

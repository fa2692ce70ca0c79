package app

import (
	"context"
	"errors"
	"strings"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/session"
)

// AuthenticateClient returns the program that a secret belongs to. The refusal is an [*Error] with [guard.InvalidClient]; any other error means that
// it could not be found out.
func (a *App) AuthenticateClient(ctx context.Context, id, secret string, from Client) (grant.Client, error) {
	c, err := a.clients.Authenticate(ctx, a.db.View(), id, secret)
	if errors.Is(err, grant.ErrClientSecret) {
		a.log.Warn("client.refused", "addr", from.Addr, "request", from.RequestID)
	}
	return c, clientError(err)
}

// stillRegistered looks inside the transaction that issues tokens: the client may have been removed since it proved who it is.
func (a *App) stillRegistered(ctx context.Context, tx *db.Conn, c grant.Client) error {
	if c.ID == grant.BuiltinClient {
		return nil
	}
	now, err := a.clients.Find(ctx, tx, c.ID)
	if errors.Is(err, grant.ErrNoClient) || err == nil && !now.Created.Equal(c.Created) {
		return clientError(grant.ErrClientSecret)
	}
	return err
}

// Clients lists the programs that have a secret, oldest first.
func (a *App) Clients(ctx context.Context) ([]grant.Client, error) {
	return a.clients.List(ctx, a.db.View())
}

// AddClient registers a program and returns its secret, which is nowhere else. An empty id is made up; an empty label is the id.
func (a *App) AddClient(ctx context.Context, id, label, actor string) (c grant.Client, secret string, err error) {
	err = a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		if c, secret, err = a.clients.Add(ctx, tx, id, label); err != nil {
			return nil, err
		}
		return nil, a.record(ctx, tx, actor, "client.add", "", Client{}, detail{"client": c.ID, "label": c.Label})
	})
	if err != nil {
		return grant.Client{}, "", clientError(err)
	}
	return c, secret, nil
}

// RemoveClient forgets a program and ends the sessions that were opened for it, in one transaction: neither its secret nor a token of its is good
// for anything afterwards. It says how many sessions there were.
func (a *App) RemoveClient(ctx context.Context, id, actor string) (ended int, err error) {
	err = a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		if err := a.clients.Remove(ctx, tx, id); err != nil {
			return nil, err
		}
		es, err := a.endingsOfClient(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		ended = len(es)
		if err := a.record(ctx, tx, actor, "client.remove", "", Client{}, detail{"client": id, "ended": ended}); err != nil {
			return nil, err
		}
		return a.commitEnd(ctx, tx, es, actor, "session.end", Client{})
	})
	return ended, clientError(err)
}

func (a *App) endingsOfClient(ctx context.Context, tx *db.Conn, id string) ([]session.Ending, error) {
	handles, err := a.families.SessionsOfClient(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	var es []session.Ending
	for _, handle := range handles {
		rec, ending, err := a.store.In(tx.SQLTx()).Find(ctx, handle)
		if err != nil && !errors.Is(err, session.ErrNotFound) {
			return nil, err
		}
		if err == nil && ending == nil {
			es = append(es, rec.Ending(session.EndedByAdmin, now()))
		}
	}
	return es, nil
}

// clientError says in the words of the house what is wrong with a client.
func clientError(err error) error {
	reason := guard.InvalidInput
	switch {
	case errors.Is(err, grant.ErrClientSecret):
		return &Error{Reason: guard.InvalidClient, Err: err}
	case errors.Is(err, grant.ErrNoClient):
		reason = guard.NotFound
	case errors.Is(err, grant.ErrClientTaken):
		reason = guard.Taken
	case !errors.Is(err, grant.ErrClientID) && !errors.Is(err, grant.ErrClientLabel):
		return err
	}
	return &Error{Reason: reason, Detail: strings.TrimPrefix(err.Error(), "grant: "), Field: "client", Err: err}
}

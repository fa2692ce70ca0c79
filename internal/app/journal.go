package app

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/journal"
	"github.com/cloakroom/cloakroom/jwt"
)

// detail is what a journal entry says besides who, what and whom. Never a secret.
type detail map[string]any

// ActorCommand is the actor of what was done with the command on the server's own machine.
const ActorCommand = "command"

// record appends to the journal inside the transaction of what it records, and logs the same.
func (a *App) record(ctx context.Context, tx *db.Conn, actor, action, subject string, from Client, d detail) error {
	text := []byte("{}")
	if len(d) > 0 {
		var err error
		if text, err = json.Marshal(d); err != nil {
			return err
		}
	}
	a.log.Info(action, "actor", actor, "subject", subject, "addr", from.Addr, "request", from.RequestID)
	return a.journal.Append(ctx, tx, journal.Entry{
		At: time.Now().UTC(), Actor: actor, Action: action, Subject: subject, Detail: string(text), RequestID: from.RequestID,
	})
}

// signHead logs the journal's newest hash under the feed key, which is no shared secret whatever signs tokens: whoever keeps the log can
// prove later that nothing before this minute was changed.
func (a *App) signHead(ctx context.Context) {
	head, err := a.journal.Head(ctx, a.db.View())
	if err != nil {
		if ctx.Err() == nil {
			a.log.Error("journal.head", "error", err)
		}
		return
	}
	if head.Seq == 0 {
		return
	}
	// The head has no audience and never expires, so it is a signed payload and no token of anybody.
	payload, err := json.Marshal(map[string]any{
		"iss": a.Issuer(), "node": head.Node, "seq": head.Seq, "at": head.At.Unix(),
		"hash": base64.RawURLEncoding.EncodeToString(head.Hash[:]),
	})
	if err != nil {
		a.log.Error("journal.sign", "error", err)
		return
	}
	signed, err := jwt.SignPayload(a.keys.FeedSigner(), "cloakroom-journal", payload)
	if err != nil {
		a.log.Error("journal.sign", "error", err)
		return
	}
	a.log.Info("journal.head", "node", head.Node, "seq", head.Seq, "signed", signed)
}

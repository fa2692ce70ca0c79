package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
)

// hash names an id in the log: salted anew in each process, and cut to 48 bits (SE-11).
func (m *Manager) hash(key *Key) string {
	sum := sha256.Sum256(append(m.salt[:], key[:]...))
	return hex.EncodeToString(sum[:6])
}

func (m *Manager) log(ctx context.Context, level slog.Level, event string, attrs ...slog.Attr) {
	m.opt.Logger.LogAttrs(ctx, level, event, attrs...)
}

func (m *Manager) logEnding(ctx context.Context, e *Ending) {
	m.log(ctx, slog.LevelInfo, "session.end", slog.String("session", e.Handle),
		slog.String("account", e.Subject), slog.String("reason", string(e.Reason)))
}

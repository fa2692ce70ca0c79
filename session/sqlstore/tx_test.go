package sqlstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/sessiontest"
	"github.com/cloakroom/cloakroom/session/sqlstore"
)

// inTx runs each call in a transaction of its own, begun outside of the store, beside a change of the caller's.
type inTx struct {
	*sqlstore.Store
	d *db.DB
}

func (s inTx) do(ctx context.Context, f func(session.Store) error) error {
	return s.d.Update(ctx, func(tx *db.Conn) error { return f(s.In(tx.SQLTx())) })
}

func (s inTx) Load(ctx context.Context, key session.Key) (r session.Record, err error) {
	err = s.do(ctx, func(s session.Store) error { r, err = s.Load(ctx, key); return err })
	return r, err
}

func (s inTx) Find(ctx context.Context, handle string) (r session.Record, e *session.Ending, err error) {
	err = s.do(ctx, func(s session.Store) error { r, e, err = s.Find(ctx, handle); return err })
	return r, e, err
}

func (s inTx) List(ctx context.Context, subject string) (rs []session.Record, err error) {
	err = s.do(ctx, func(s session.Store) error { rs, err = s.List(ctx, subject); return err })
	return rs, err
}

// Commit commits the transaction even if the store refuses: a refusal must have left nothing behind in it.
func (s inTx) Commit(ctx context.Context, c session.Change) error {
	var refused error
	err := s.do(ctx, func(s session.Store) error { refused = s.Commit(ctx, c); return nil })
	return errors.Join(refused, err)
}

func (s inTx) Touch(ctx context.Context, ts []session.Touch) error {
	return s.do(ctx, func(s session.Store) error { return s.Touch(ctx, ts) })
}

func (s inTx) Sweep(ctx context.Context, now time.Time) (es []session.Ending, err error) {
	err = s.do(ctx, func(s session.Store) error { es, err = s.Sweep(ctx, now); return err })
	return es, err
}

func TestStoreInsideATransaction(t *testing.T) {
	sessiontest.Run(t, func(t *testing.T) session.Store {
		s, d := open(t)
		return inTx{s, d}
	})
}

func TestInIsSeenOnlyAfterTheCallersCommit(t *testing.T) {
	s, d := open(t)
	live, fresh := record("ann"), record("ann")
	if err := s.Commit(t.Context(), session.Change{Put: []session.Record{live}}); err != nil {
		t.Fatal(err)
	}
	change := session.Change{Put: []session.Record{fresh}, End: []session.Ending{live.Ending(session.Renewed, live.Seen)}}
	stop := errors.New("something else in the transaction failed")
	for _, want := range []error{stop, nil} {
		err := d.Update(t.Context(), func(tx *db.Conn) error {
			in := s.In(tx.SQLTx())
			if err := in.Commit(t.Context(), change); err != nil {
				return err
			}
			if _, err := in.Load(t.Context(), fresh.Key); err != nil {
				t.Errorf("inside: %v", err)
			}
			if _, err := s.Load(t.Context(), fresh.Key); !errors.Is(err, session.ErrNotFound) {
				t.Errorf("outside: got %v, want %v", err, session.ErrNotFound)
			}
			if _, err := s.Load(t.Context(), live.Key); err != nil {
				t.Errorf("outside: the old session: %v", err)
			}
			return want
		})
		if !errors.Is(err, want) {
			t.Fatal(err)
		}
		_, freshErr := s.Load(t.Context(), fresh.Key)
		_, liveErr := s.Load(t.Context(), live.Key)
		_, ended := errors.AsType[*session.EndedError](liveErr)
		if want != nil && (!errors.Is(freshErr, session.ErrNotFound) || liveErr != nil) || want == nil && (freshErr != nil || !ended) {
			t.Errorf("after %v: new session %v, old session %v", want, freshErr, liveErr)
		}
	}
}

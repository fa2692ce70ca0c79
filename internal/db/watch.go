package db

import (
	"context"
	"errors"
	"time"
)

// watchWait bounds how long Watch waits for the writer connection before it calls the watch lost. It must be well below the second in which
// an ending of another process has to be known.
const watchWait = 400 * time.Millisecond

// Watch calls changed after other processes (or anybody with a connection of their own) have committed, but not for commits of d itself.
// It looks each `every` (200 ms is usual), from the state at Open on, so nothing between Open and Watch is missed. Several commits may give one call.
//
// If it cannot look, it calls lost once: from then on the caller must assume that anything may have changed. When it can look
// again it calls changed, whether or not something did.
//
// Watch returns when ctx ends or d is closed; run it in a goroutine. changed and lost are called from there, never at the same time.
func (d *DB) Watch(ctx context.Context, every time.Duration, changed func(), lost func(error)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var known uint64
	blind := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.closed:
			return
		case <-ticker.C:
		}
		err := d.look(ctx)
		switch now := d.foreign.Load(); {
		case ctx.Err() != nil || isClosed(d.closed):
			return
		case err != nil && !blind:
			blind = true
			lost(err)
		case err == nil && (blind || now != known):
			blind, known = false, now
			changed()
		}
	}
}

// look reads data_version on the writer connection. If an Update of ours holds that, nobody else can commit meanwhile, and Update itself
// looked when it began: so a wait that is too long is rare, and then the other process really is in the way.
func (d *DB) look(ctx context.Context) error {
	if err := d.sameFile(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, watchWait)
	defer cancel()
	if err := d.observe(ctx, d.writer); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = &Error{Path: d.path, Err: ErrBusy, Cause: err}
		}
		return wrap(d.path, err)
	}
	return nil
}

// observe notes a commit of somebody else. PRAGMA data_version is a value of one connection: it moves when another connection has
// committed, and means nothing compared with that of an earlier connection; so a new connection counts as a change.
func (d *DB) observe(ctx context.Context, q querier) error {
	var v int64
	if err := q.QueryRowContext(ctx, "pragma data_version").Scan(&v); err != nil {
		return err
	}
	g := d.generation.Load()
	d.seen.Lock()
	defer d.seen.Unlock()
	if g != d.seen.generation || v != d.seen.dataVersion {
		d.seen.generation, d.seen.dataVersion = g, v
		d.foreign.Add(1)
	}
	return nil
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

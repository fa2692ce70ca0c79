package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/account"
	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/session"
)

// Event is one thing that happened to an account.
type Event struct {
	At     time.Time
	Action string // "signin", "password.change", …
	Device string
}

// History is the newest of what the journal says about an account, newest first.
func (a *App) History(ctx context.Context, subject string, limit int) ([]Event, error) {
	records, err := a.journal.About(ctx, a.db.View(), subject, limit)
	if err != nil {
		return nil, err
	}
	out := make([]Event, 0, len(records))
	for _, rec := range records {
		var d struct {
			Device string `json:"device"`
		}
		if err := json.Unmarshal([]byte(rec.Detail), &d); err != nil {
			return nil, err
		}
		out = append(out, Event{At: rec.At, Action: rec.Action, Device: d.Device})
	}
	return out, nil
}

// Ended is a session that ended.
type Ended struct {
	session.Ending
	Device string // on which it was opened; "" = the journal does not say so any more
}

// EndedOf lists how the last sessions of an account ended, newest first.
func (a *App) EndedOf(ctx context.Context, subject string, limit int) ([]Ended, error) {
	endings, err := a.store.EndingsOf(ctx, subject, limit)
	if err != nil || len(endings) == 0 {
		return nil, err
	}
	devices, err := a.devicesOf(ctx, subject)
	if err != nil {
		return nil, err
	}
	out := make([]Ended, len(endings))
	for i, e := range endings {
		out[i] = Ended{e, devices[e.Handle]}
	}
	return out, nil
}

// devicesOf has the devices on which sessions were opened, by their handles, as the newest records of the journal say: an ending keeps none.
func (a *App) devicesOf(ctx context.Context, subject string) (map[string]string, error) {
	const newest = 200
	records, err := a.journal.About(ctx, a.db.View(), subject, newest)
	if err != nil {
		return nil, err
	}
	devices := map[string]string{}
	for _, rec := range records {
		var d struct {
			Session string `json:"session"`
			Device  string `json:"device"`
		}
		if err := json.Unmarshal([]byte(rec.Detail), &d); err != nil {
			return nil, err
		}
		if d.Session != "" && d.Device != "" {
			devices[d.Session] = d.Device
		}
	}
	return devices, nil
}

// Rename changes the name that an account is shown by.
func (a *App) Rename(ctx context.Context, id, name string, from Client) error {
	name = strings.TrimSpace(name)
	if err := account.CheckName(name); err != nil {
		return &Error{Reason: guard.InvalidInput, Detail: badName, Field: "name", Err: err}
	}
	err := a.update(ctx, func(tx *db.Conn) ([]session.Ending, error) {
		if err := a.accounts.SetName(ctx, tx, id, name); err != nil {
			return nil, err
		}
		return nil, a.record(ctx, tx, id, "rename", id, from, nil)
	})
	if err == nil {
		a.accounts.Forget(id)
	}
	return err
}

const badName = "A name has at most 100 characters and no control characters."

// Groups are the names of all groups that somebody is in, sorted.
func (a *App) Groups(ctx context.Context) ([]string, error) {
	all, err := a.Users(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, u := range all {
		names = append(names, u.Groups...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Stats is what the metrics show.
type Stats struct {
	Cached           int // sessions in memory
	PasswordsWaiting int // password checks that wait for a core
	PasswordsHashed  uint64
	WatchLost        bool
	FeedReaders      int // streams and waiting polls
}

// Stats returns the state of the house.
func (a *App) Stats() Stats {
	gate := a.accounts.Gate().Stats()
	return Stats{
		Cached: a.sessions.Stats().Sessions, PasswordsWaiting: gate.Waiting, PasswordsHashed: gate.Done,
		WatchLost: a.follower.lost.Load(), FeedReaders: a.hub.count(),
	}
}

// FeedStats returns where the feed stands, and how many entries a newcomer would get.
func (a *App) FeedStats(ctx context.Context) (position int64, entries int, err error) {
	if position, err = a.feed.Head(ctx, a.db.View()); err != nil {
		return 0, 0, err
	}
	entries, err = a.feed.Count(ctx, a.db.View())
	return position, entries, err
}

package jar

import (
	"slices"
	"time"
)

// A Change is a cookie that is new or different, or that is gone.
type Change struct {
	Cookie  Cookie
	Deleted bool
	At      time.Time // of the change
}

// Changes returns what has changed since the jar was made or last saved, each cookie once: what must be done to a file that
// several programs share, so that none undoes what another did. Call saved when it has been done; until then the changes
// are returned again.
//
// A cookie that was only used has not changed. One that came and went in between is left out, and one that has expired is
// deleted.
func (j *Jar) Changes() (changes []Change, saved func()) { return j.changes(time.Now()) }

func (j *Jar) changes(now time.Time) ([]Change, func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.journal.tick(now)
	j.drop(func(e *entry) bool { return e.expired(now) })
	n := &j.journal
	var all []*Change
	for _, e := range j.queue {
		if e.change > n.saved {
			all = append(all, &Change{Cookie: e.Cookie, At: e.at})
		}
		e.saved = true
	}
	for _, g := range n.gone {
		all = append(all, &Change{Cookie: g.Cookie, Deleted: true, At: g.at})
	}
	slices.SortFunc(all, func(a, b *Change) int { return a.Cookie.compare(&b.Cookie) })
	changes := make([]Change, len(all))
	for i, c := range all {
		changes[i] = *c
	}
	until := n.last
	return changes, func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		n.settle(until)
	}
}

// A journal numbers the changes of a jar. It remembers cookies that are gone only if a file may have them, so that it is
// never larger than the file.
type journal struct {
	now         time.Time // the latest that the jar was told
	last, saved uint64    // changes, so far and written down
	gone        map[identity]departed
}

// A departed is a cookie that is gone, and by which change.
type departed struct {
	Cookie
	change uint64
	at     time.Time
}

// An identity is what no two cookies of a jar share (draft-22 section 5.7 step 23).
type identity struct {
	name, domain, path, partition string
	hostOnly                      bool
}

func (k *Cookie) identity() identity {
	return identity{k.Name, k.Domain, k.Path, k.Partition, k.HostOnly}
}

// tick moves the time of the changes on; it never goes back.
func (n *journal) tick(now time.Time) {
	if now = now.Round(0).UTC(); now.After(n.now) {
		n.now = now
	}
}

// came notes a cookie that was put into the jar.
func (n *journal) came(e *entry) {
	n.last++
	e.change, e.at = n.last, n.now
	if id := e.identity(); len(n.gone) > 0 {
		_, e.saved = n.gone[id]
		delete(n.gone, id)
	}
}

// went notes a cookie that was taken out.
func (n *journal) went(e *entry) {
	if !e.saved {
		return
	}
	n.last++
	if n.gone == nil {
		n.gone = map[identity]departed{}
	}
	n.gone[e.identity()] = departed{e.Cookie, n.last, n.now}
}

// settle forgets the changes up to that one: they are written down.
func (n *journal) settle(until uint64) {
	n.saved = max(n.saved, until)
	for id, g := range n.gone {
		if g.change <= until {
			delete(n.gone, id)
		}
	}
}

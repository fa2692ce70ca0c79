package jar

import (
	"net/http"
	"slices"
	"time"
)

// index finds the rows of cookies. Of two that are the same cookie the later one counts, as for curl, and the other goes.
func (s *sheet) index() map[identity]*row {
	places := make(map[identity]int, len(s.rows))
	for i := range s.rows {
		if k := s.rows[i].cookie; k != nil {
			if twin, ok := places[k.identity()]; ok {
				s.rows[twin].line = gone
			}
			places[k.identity()] = i
		}
	}
	rows := make(map[identity]*row, len(places))
	for id, i := range places {
		rows[id] = &s.rows[i]
	}
	return rows
}

// gone is the line of a row that is to be taken out.
const gone = -1

func (s *sheet) sweep() {
	s.rows = slices.DeleteFunc(s.rows, func(r row) bool { return r.line == gone })
}

// A deletion is remembered in the file for a while: a program may have set the cookie before, and save that later.
const (
	maxDeletedAge = time.Hour
	maxDeleted    = 1000
)

// deletion is the row that remembers one. Without its note it is a cookie that ended long ago.
func deletion(k Cookie, at time.Time) row {
	return row{deleted: true, changed: at, cookie: &Cookie{
		Name: k.Name, Value: "deleted", Domain: k.Domain, HostOnly: k.HostOnly, Path: k.Path, Partition: k.Partition,
		SameSite: http.SameSiteDefaultMode, Persistent: true, Expires: time.Unix(1, 0).UTC(),
	}}
}

// apply does changes to the sheet, but where the sheet has a later one of the same cookie.
func (s *sheet) apply(changes []Change, now time.Time) {
	rows := s.index()
	var added []*row
	for _, c := range changes {
		k, r := c.Cookie, rows[c.Cookie.identity()]
		switch {
		case r != nil && r.changed.After(c.At):
		case c.Deleted && k.Persistent && !k.Expires.After(now): // by itself, and so everywhere
			if r != nil {
				r.line = gone
			}
		case c.Deleted && r != nil:
			*r = deletion(k, c.At)
		case c.Deleted:
			added = append(added, new(deletion(k, c.At)))
		case r != nil && r.deleted:
			*r = row{cookie: &k, changed: c.At}
		case r != nil:
			if r.cookie.Created.Before(k.Created) { // section 5.7 step 23.3: somebody else had it first
				k.Created = r.cookie.Created
			}
			r.cookie, r.changed = &k, c.At
		default:
			added = append(added, &row{cookie: &k, changed: c.At})
		}
	}
	slices.SortStableFunc(added, func(a, b *row) int { return a.cookie.Created.Compare(b.cookie.Created) })
	for _, r := range added {
		s.rows = append(s.rows, *r)
	}
	s.sweep()
}

// touch notes the last uses of cookies: who is used least goes first when the jar is full.
func (s *sheet) touch(used []Cookie) {
	rows := s.index()
	for i := range used {
		if r := rows[used[i].identity()]; r != nil && !r.deleted && r.cookie.Accessed.Before(used[i].Accessed) {
			r.cookie.Accessed = used[i].Accessed
		}
	}
	s.sweep()
}

// forget takes out deletions that are old, or too many.
func (s *sheet) forget(now time.Time) {
	n := 0
	for i := len(s.rows) - 1; i >= 0; i-- {
		if r := &s.rows[i]; r.deleted {
			if n++; n > maxDeleted || now.Sub(r.changed) > maxDeletedAge {
				r.line = gone
			}
		}
	}
	s.sweep()
}

// evict takes out what a jar of this profile would: what has expired, and what is too much. Cookies that the jar would
// refuse stay as they are.
func (s *sheet) evict(p *Profile, now time.Time) {
	j := New(&Options{Profile: p})
	verdicts := j.restore(s.cookies(), now)
	kept := map[identity]bool{}
	for _, k := range j.all(now) {
		kept[k.identity()] = true
	}
	n := 0
	for i := range s.rows {
		r := &s.rows[i]
		if !r.isCookie() {
			continue
		}
		v := &verdicts[n]
		n++
		if v.Outcome == Rejected {
			continue
		}
		k := v.Cookie // its life is cut to 400 days
		k.Created, k.Accessed = r.cookie.Created, r.cookie.Accessed
		if r.cookie = &k; !kept[v.Cookie.identity()] {
			r.line = gone
		}
	}
	s.sweep()
}

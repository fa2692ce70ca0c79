package jar

import (
	"strings"
	"time"
)

func (j *Jar) set(r Request, lines []string, now time.Time) []Verdict {
	c := j.context(r, now)
	verdicts := make([]Verdict, len(lines))
	j.mu.Lock()
	defer j.mu.Unlock()
	j.journal.tick(c.now)
	for i, text := range lines {
		l := parse(text, c.now)
		v := j.judge(&c, &l)
		v.Line = text
		if v.Outcome == Stored {
			j.insert(&c, &l, &v)
		} else {
			v.Fix = j.fix(&c, &l, &v)
		}
		verdicts[i] = v
	}
	return verdicts
}

// insert is steps 23 and 24, and the evictions at the end of section 5.7.
func (j *Jar) insert(c *context, l *line, v *Verdict) {
	k, order := &v.Cookie, j.orders+1
	key := shelfKey{c.domain, k.Partition}
	old := j.find(key, k)
	if old != nil && !old.expired(c.now) && j.keepsPlace(old, k) {
		k.Created, order = old.Created, old.order // step 23.3
	} else {
		j.made = k.Created
	}
	if old != nil {
		j.remove(old) // step 23.4
	}
	if k.Persistent && !k.Expires.After(c.now) {
		if l.maxAge.set {
			v.add(DeletedByMaxAge, "5.7/6", "Max-Age is zero or less: it deletes the cookie")
		} else {
			v.add(Expired, "5.7/6", "Expires has passed: it deletes the cookie")
		}
		return
	}
	j.putIn(key, v, order, c.now)
}

// putIn is step 24 for the cookie of a verdict. If there is no room for it, the verdict says so.
func (j *Jar) putIn(key shelfKey, v *Verdict, order uint64, now time.Time) {
	e := j.add(key, v.Cookie, order)
	j.evict(e.shelf, now)
	if e.shelf == nil {
		v.add(Evicted, "5.7", "the jar is full, with %d cookies of a domain or %d in all, and the others go before it",
			j.profile.MaxPerDomain, j.profile.MaxTotal)
	}
}

// instant is now, or a nanosecond after the last cookie if that was made at the same time: so the order of the cookies of a
// response survives in their times.
func (j *Jar) instant(now time.Time) time.Time {
	if d := j.made.Sub(now); 0 <= d && d < time.Millisecond {
		return j.made.Add(1)
	}
	return now
}

// find returns the cookie that this one would replace (step 23), also if it has expired.
func (j *Jar) find(key shelfKey, k *Cookie) *entry {
	if s := j.shelves[key]; s != nil {
		return s.find(k)
	}
	return nil
}

// add puts a cookie into the jar, whatever its limits. There must be none of its identity.
func (j *Jar) add(key shelfKey, k Cookie, order uint64) *entry {
	s := j.shelves[key]
	if s == nil {
		s = newShelf(key)
		j.shelves[s.shelfKey] = s
	}
	j.orders = max(j.orders, order)
	k.own()
	e := &entry{Cookie: k, order: order, shelf: s}
	s.put(e)
	j.queue.add(e)
	if k.Persistent && k.Expires.Before(j.ending) {
		j.ending = k.Expires
	}
	j.journal.came(e)
	return e
}

func (j *Jar) remove(e *entry) {
	s := e.shelf
	if s.take(e); s.count == 0 {
		delete(j.shelves, s.shelfKey)
	}
	j.queue.remove(e)
	e.shelf = nil
	j.journal.went(e)
}

// drop removes all cookies that are meant.
func (j *Jar) drop(meant func(*entry) bool) {
	var gone []*entry
	for _, e := range j.queue {
		if meant(e) {
			gone = append(gone, e)
		}
	}
	for _, e := range gone {
		j.remove(e)
	}
}

// own copies what the cookie keeps: a short name must not keep the long line alive that it was cut from.
func (k *Cookie) own() {
	k.Name, k.Value = strings.Clone(k.Name), strings.Clone(k.Value)
	k.Domain, k.Path, k.Partition = strings.Clone(k.Domain), strings.Clone(k.Path), strings.Clone(k.Partition)
}

// coversSecure is step 16: a cookie from http would stand in front of a Secure one of the same name. Both are of the same
// registrable domain: those of a public suffix and of a host below it match by their names, but are never sent together.
func (j *Jar) coversSecure(c *context, k *Cookie) bool {
	s := j.shelves[shelfKey{domain: c.domain}]
	if s == nil {
		return false
	}
	for e := range s.all() {
		if e.Secure && e.Name == k.Name && !e.expired(c.now) && pathMatch(k.Path, e.Path) &&
			(domainMatch(e.Domain, k.Domain) || domainMatch(k.Domain, e.Domain)) {
			return true
		}
	}
	return false
}

package jar

import (
	"container/heap"
	"net/http"
	"strings"
	"time"
)

// A withheld is the set of reasons for which a cookie is not sent; none is zero.
type withheld uint16

const (
	otherDomain withheld = 1 << iota
	otherPath
	insecure
	httpOnly
	otherSite
	thirdParty
	otherPartition
	expired
)

// why is draft-22 section 5.8.3 step 3 for one cookie.
func (j *Jar) why(c *context, e *entry) (w withheld) {
	if e.Domain != c.host && (e.HostOnly || !domainMatch(c.host, e.Domain)) {
		w |= otherDomain
	}
	if !pathMatch(c.path, e.Path) {
		w |= otherPath
	}
	if e.Secure && !c.secure {
		w |= insecure
	}
	if e.HTTPOnly && c.script {
		w |= httpOnly
	}
	if c.relation != sameSite && j.sameSiteReason(c.relation, e.SameSite) != "" && !j.travels(c, e) {
		w |= otherSite
	}
	if c.foreign && j.profile.NoThirdParties && e.Partition == "" {
		w |= thirdParty
	}
	if e.Partition != "" && e.Partition != c.partition {
		w |= otherPartition
	}
	if e.expired(c.now) {
		w |= expired
	}
	return w
}

// travels reports whether a SameSite cookie goes with a request from another site: when a person follows a link.
func (j *Jar) travels(c *context, e *entry) bool {
	switch {
	case c.script || c.embedded || e.SameSite == http.SameSiteStrictMode:
		return false
	case c.safe:
		return true
	}
	return j.laxAllowsUnsafe(c, e)
}

// laxAllowsUnsafe is section 5.6.7.2: a cookie without SameSite that is young goes with a POST from another site.
func (j *Jar) laxAllowsUnsafe(c *context, e *entry) bool {
	return e.SameSite == http.SameSiteDefaultMode && j.profile.LaxAllowUnsafe > 0 && c.now.Sub(e.Created) <= j.profile.LaxAllowUnsafe
}

// sendable appends the cookies of a request to list, in the order of step 4.
func (j *Jar) sendable(c *context, list []*entry) []*entry {
	own := j.shelves[shelfKey{c.domain, ""}]
	if own != nil {
		for _, e := range own.entries {
			if j.why(c, e) == 0 {
				list = append(list, e)
			}
		}
	}
	return list
}

// use is step 5.
func (j *Jar) use(e *entry, now time.Time) {
	e.Accessed = now
	if now.Before(e.key) { // the clock was put back
		e.key = now
		heap.Fix(&j.queue, e.place)
	}
}

func (j *Jar) header(r Request, now time.Time) string {
	c := j.context(r, now)
	if c.problem != "" {
		return ""
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	var few [32]*entry
	list := j.sendable(&c, few[:0])
	for _, e := range list {
		j.use(e, c.now)
	}
	return serialize(list)
}

// serialize is step 6.
func serialize(list []*entry) string {
	n := 0
	for _, e := range list {
		n += len(e.Name) + len(e.Value) + len("=; ")
	}
	var b strings.Builder
	b.Grow(n)
	for i, e := range list {
		if i > 0 {
			b.WriteString("; ")
		}
		if e.Name != "" {
			b.WriteString(e.Name)
			b.WriteByte('=')
		}
		b.WriteString(e.Value)
	}
	return b.String()
}

func (j *Jar) match(r Request, now time.Time, use bool) (string, []Verdict) {
	c := j.context(r, now)
	verdicts := []Verdict{}
	if c.problem != "" {
		return "", verdicts
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	list := j.sendable(&c, nil)
	for _, e := range list {
		verdicts = append(verdicts, Verdict{Name: e.Name, Outcome: Sent, Reasons: []Reason{}, Cookie: e.Cookie})
		if use {
			j.use(e, c.now)
		}
	}
	return serialize(list), verdicts
}

package jar

import (
	"cmp"
	"container/heap"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A withheld is the set of reasons for which a cookie is not sent. Zero: it is sent.
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
	if e.Partition != c.partition && (e.Partition != "" || c.foreign && j.profile.PartitionThirdParties) {
		w |= otherPartition
	}
	if e.expired(c.now) {
		w |= expired
	}
	return w
}

// travels reports whether a SameSite cookie goes with a request from another site: when a person follows a link.
func (j *Jar) travels(c *context, e *entry) bool {
	if c.script || c.embedded || e.SameSite == http.SameSiteStrictMode {
		return false
	}
	return c.safe || j.laxAllowsUnsafe(c, e)
}

// laxAllowsUnsafe is section 5.6.7.2: a cookie without SameSite that is young goes with a POST from another site, too.
func (j *Jar) laxAllowsUnsafe(c *context, e *entry) bool {
	return e.SameSite == http.SameSiteDefaultMode && j.profile.LaxAllowUnsafe > 0 && c.now.Sub(e.Created) <= j.profile.LaxAllowUnsafe
}

// sendable appends the cookies of a request to list, in the order of step 4.
func (j *Jar) sendable(c *context, list []*entry) []*entry {
	if c.problem != "" {
		return list
	}
	first := j.shelves[shelfKey{domain: c.domain}]
	list = j.sendableFrom(first, c, list)
	if second := j.shelves[shelfKey{c.domain, c.partition}]; second != nil {
		list = j.sendableFrom(second, c, list)
		slices.SortFunc(list, before)
	}
	return list
}

func (j *Jar) sendableFrom(s *shelf, c *context, list []*entry) []*entry {
	if s == nil {
		return list
	}
	for _, e := range s.entries {
		if j.why(c, e) == 0 {
			list = append(list, e)
		}
	}
	return list
}

// use is step 5.
func (j *Jar) use(list []*entry, now time.Time) {
	for _, e := range list {
		e.Accessed = now
		if now.Before(e.key) { // the clock was put back
			e.key = now
			heap.Fix(&j.queue, e.place)
		}
	}
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

func (j *Jar) header(r Request, now time.Time) string {
	c := j.context(r, now)
	j.mu.Lock()
	defer j.mu.Unlock()
	var few [32]*entry
	list := j.sendable(&c, few[:0])
	j.use(list, c.now)
	return serialize(list)
}

func (j *Jar) match(r Request, now time.Time, use bool) (string, []Verdict) {
	c := j.context(r, now)
	j.mu.Lock()
	defer j.mu.Unlock()
	list := j.sendable(&c, nil)
	if use {
		j.use(list, c.now)
	}
	verdicts := []Verdict{}
	for _, e := range list {
		verdicts = append(verdicts, j.explainSent(&c, e))
	}
	for _, s := range j.near(&c) {
		for _, e := range s.entries {
			if w := j.why(&c, e); w != 0 {
				verdicts = append(verdicts, j.explainWithheld(&c, e, w))
			}
		}
	}
	return serialize(list), verdicts
}

// near are the shelves of a request's registrable domain, the one without a partition first.
func (j *Jar) near(c *context) []*shelf {
	if c.problem != "" {
		return nil
	}
	var near []*shelf
	for key, s := range j.shelves {
		if key.domain == c.domain {
			near = append(near, s)
		}
	}
	slices.SortFunc(near, func(a, b *shelf) int { return cmp.Compare(a.partition, b.partition) })
	return near
}

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
	runs := 0
	for _, key := range [...]shelfKey{{domain: c.domain}, {c.domain, c.partition}} {
		s := j.shelves[key]
		if s == nil {
			continue
		}
		// The host and the domains above it, as far as a Domain can go.
		for host := c.host; ; _, host, _ = strings.Cut(host, ".") {
			n := len(list)
			for _, e := range s.hosts[host] {
				if j.why(c, e) == 0 {
					list = append(list, e)
				}
			}
			if len(list) > n {
				runs++
			}
			if len(host) <= len(c.domain) {
				break
			}
		}
	}
	if runs > 1 {
		slices.SortFunc(list, before)
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
	list, near := j.sendable(&c, nil), j.near(&c)
	if use {
		j.use(list, c.now)
	}
	verdicts := make([]Verdict, 0, len(near))
	for _, e := range list {
		verdicts = append(verdicts, j.explainSent(&c, e))
	}
	for _, e := range near {
		if w := j.why(&c, e); w != 0 {
			verdicts = append(verdicts, j.explainWithheld(&c, e, w))
		}
	}
	return serialize(list), verdicts
}

// near are all cookies of a request's registrable domain, those without a partition first, in the order of retrieval.
func (j *Jar) near(c *context) []*entry {
	if c.problem != "" {
		return nil
	}
	var near []*entry
	for key, s := range j.shelves {
		if key.domain == c.domain {
			near = slices.AppendSeq(near, s.all())
		}
	}
	slices.SortFunc(near, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.Partition, b.Partition), before(a, b))
	})
	return near
}

package jar

import (
	"time"

	"github.com/cloakroom/cloakroom/cookie"
)

// evict makes room after a cookie came to a shelf (draft-22 section 5.7, the end): expired ones go first, then those that are
// not Secure in a domain with too many, then any in it, then any at all; of equals the one whose last use is longest ago.
// So whoever can only set cookies over http never puts out a Secure one of the same domain.
func (j *Jar) evict(s *shelf, now time.Time) {
	j.evictDomain(s, now)
	j.evictPartition(s, now)
	j.evictTotal(now)
}

// evictDomain keeps the number of cookies of a domain. Of Secure ones it puts out more than one at once only if there is
// nothing else.
func (j *Jar) evictDomain(s *shelf, now time.Time) {
	most, room := j.profile.MaxPerDomain, roomAfter(j.profile.MaxPerDomain, j.profile.PurgePerDomain)
	if most <= 0 || s.count <= most {
		return
	}
	j.dropExpired(s, now)
	for _, secureToo := range []bool{false, true} {
		if s.count > most {
			for s.count > room && j.evictFrom(s, secureToo) {
			}
		}
	}
}

// evictPartition keeps the octets of a domain in a partition.
func (j *Jar) evictPartition(s *shelf, now time.Time) {
	most := j.profile.MaxPartition
	if most <= 0 || s.partition == "" || s.size <= most {
		return
	}
	j.dropExpired(s, now)
	for s.size > most && j.evictFrom(s, true) {
	}
}

// evictTotal keeps the number of all cookies.
func (j *Jar) evictTotal(now time.Time) {
	most, room := j.profile.MaxTotal, roomAfter(j.profile.MaxTotal, j.profile.PurgeTotal)
	if most <= 0 || len(j.queue) <= most {
		return
	}
	j.sweep(now)
	if len(j.queue) <= most {
		return
	}
	for len(j.queue) > room {
		e := j.queue.oldest()
		if len(j.queue) <= most && now.Sub(e.Accessed) < j.profile.PurgeSafe {
			return
		}
		j.remove(e)
	}
}

// roomAfter is how many cookies are left when one too many has come.
func roomAfter(most, purge int) int { return max(0, most-purge) }

// evictFrom puts out the one of a shelf whose last use is longest ago, a Secure one only if secure is true.
func (j *Jar) evictFrom(s *shelf, secure bool) bool {
	var oldest *entry
	for e := range s.all() {
		if (secure || !e.Secure) && (oldest == nil || e.usedBefore(oldest)) {
			oldest = e
		}
	}
	if oldest == nil {
		return false
	}
	j.remove(oldest)
	return true
}

func (e *entry) usedBefore(o *entry) bool {
	if d := e.Accessed.Compare(o.Accessed); d != 0 {
		return d < 0
	}
	return e.order < o.order
}

func (j *Jar) dropExpired(s *shelf, now time.Time) {
	var gone []*entry
	for e := range s.all() {
		if e.expired(now) {
			gone = append(gone, e)
		}
	}
	for _, e := range gone {
		j.remove(e)
	}
}

// sweep takes out all that have expired, if any can have, and finds out when the next one will.
func (j *Jar) sweep(now time.Time) {
	if j.ending.After(now) {
		return
	}
	j.drop(func(e *entry) bool { return e.expired(now) })
	j.ending = now.Add(cookie.MaxAge)
	for _, e := range j.queue {
		if e.Persistent && e.Expires.Before(j.ending) {
			j.ending = e.Expires
		}
	}
}

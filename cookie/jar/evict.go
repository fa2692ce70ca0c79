package jar

import (
	"time"
)

// evict makes room after a cookie came to a shelf (draft-22 section 5.7, the end): expired ones go first, then those that are
// not Secure in a domain with too many, then any in it, then any at all; of equals the one whose last use is longest ago.
// So whoever can only set cookies over http never puts out a Secure one of the same domain.
func (j *Jar) evict(s *shelf, now time.Time) {
	p := &j.profile
	if len(s.entries) > p.MaxPerDomain && p.MaxPerDomain > 0 {
		j.dropExpired(s, now)
		room := p.MaxPerDomain - max(0, p.PurgePerDomain-1)
		if len(s.entries) > p.MaxPerDomain {
			for len(s.entries) > room && j.evictFrom(s, false) {
			}
		}
		if len(s.entries) > p.MaxPerDomain {
			for len(s.entries) > room && j.evictFrom(s, true) {
			}
		}
	}
	for s.partition != "" && p.MaxPartition > 0 && s.size > p.MaxPartition && j.evictFrom(s, true) {
	}
	if p.MaxTotal <= 0 || len(j.queue) <= p.MaxTotal {
		return
	}
	if !j.ending.After(now) {
		j.sweep(now)
	}
	if len(j.queue) <= p.MaxTotal {
		return
	}
	room := p.MaxTotal - max(0, p.PurgeTotal-1)
	for len(j.queue) > room {
		e := j.queue.oldest()
		if len(j.queue) <= p.MaxTotal && now.Sub(e.Accessed) < p.PurgeSafe {
			return
		}
		j.remove(e)
	}
}

// evictFrom puts out the one of a shelf whose last use is longest ago, a Secure one only if secure is true.
func (j *Jar) evictFrom(s *shelf, secure bool) bool {
	var oldest *entry
	for _, e := range s.entries {
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
	for i := len(s.entries) - 1; i >= 0; i-- {
		if e := s.entries[i]; e.expired(now) {
			j.remove(e)
		}
	}
}

// sweep takes out all that have expired, and finds out when the next one will.
func (j *Jar) sweep(now time.Time) {
	j.drop(func(e *entry) bool { return e.expired(now) })
	j.ending = now.Add(1<<63 - 1)
	for _, e := range j.queue {
		if e.Persistent && e.Expires.Before(j.ending) {
			j.ending = e.Expires
		}
	}
}

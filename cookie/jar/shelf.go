package jar

import (
	"iter"
	"slices"
	"strings"
)

// A shelf holds the cookies of one registrable domain in one partition: what counts together against the limits, and what
// can be meant for the hosts of that domain.
type shelf struct {
	shelfKey
	hosts map[string][]*entry // by Domain, each in the order of retrieval
	count int
	size  int // in octets of names and values
}

type shelfKey struct{ domain, partition string }

func newShelf(key shelfKey) *shelf {
	return &shelf{shelfKey: shelfKey{strings.Clone(key.domain), strings.Clone(key.partition)}, hosts: map[string][]*entry{}}
}

// before is the order of retrieval (draft-22 section 5.8.3 step 4): longer paths first, then earlier ones.
func before(a, b *entry) int {
	if d := len(b.Path) - len(a.Path); d != 0 {
		return d
	}
	if d := a.Created.Compare(b.Created); d != 0 {
		return d
	}
	if a.order < b.order {
		return -1
	}
	return 1
}

func (s *shelf) put(e *entry) {
	list := s.hosts[e.Domain]
	i, _ := slices.BinarySearchFunc(list, e, before)
	s.hosts[e.Domain] = slices.Insert(list, i, e)
	s.count++
	s.size += e.size()
}

func (s *shelf) take(e *entry) {
	list := s.hosts[e.Domain]
	if i := slices.Index(list, e); len(list) > 1 {
		s.hosts[e.Domain] = slices.Delete(list, i, i+1)
	} else {
		delete(s.hosts, e.Domain)
	}
	s.count--
	s.size -= e.size()
}

// all are the cookies of the shelf, in no order.
func (s *shelf) all() iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for _, list := range s.hosts {
			for _, e := range list {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// find is section 5.7 step 23: a cookie is known by its name, domain, host-only-flag and path, and here its partition.
func (s *shelf) find(k *Cookie) *entry {
	for _, e := range s.hosts[k.Domain] {
		if e.HostOnly == k.HostOnly && e.Name == k.Name && e.Path == k.Path {
			return e
		}
	}
	return nil
}

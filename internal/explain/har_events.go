package explain

import (
	"cmp"
	"slices"
	"time"
)

// An event is a request that leaves, or the head of a response that arrives.
type event struct {
	at       time.Time
	response bool
	entry    *harEntry
}

// events are all that happened, in the order of time. Clocks of recordings tick in milliseconds and are put together from parts:
// a response counts as there a millisecond early, and before the request to which it redirects.
func (w *walk) events() []*event {
	var last time.Time
	for _, e := range w.file.entries {
		if e.start.IsZero() {
			e.start = last
		}
		last = e.start
	}
	byURL := map[string][]*harEntry{}
	for _, e := range w.file.entries {
		byURL[e.url] = append(byURL[e.url], e)
	}
	events := make([]*event, 0, 2*len(w.file.entries))
	for _, e := range w.file.entries {
		head := e.start.Add(max(e.took-time.Millisecond, 0))
		if e.redirect != "" {
			if next := follower(e, byURL); next != nil && next.start.Before(head) {
				head = next.start
			}
		}
		events = append(events, &event{e.start, false, e}, &event{head, true, e})
	}
	slices.SortStableFunc(events, func(a, b *event) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		switch { // its own request before a response, any response before a request
		case a.entry == b.entry:
			return boolCompare(a.response, b.response)
		case a.response != b.response:
			return boolCompare(b.response, a.response)
		}
		return cmp.Compare(a.entry.n, b.entry.n)
	})
	return events
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// follower is the request that a redirect leads to.
func follower(e *harEntry, byURL map[string][]*harEntry) *harEntry {
	list := byURL[e.follows()]
	i, _ := slices.BinarySearchFunc(list, e.n, func(x *harEntry, n int) int { return cmp.Compare(x.n, n+1) })
	if i < len(list) && !list[i].start.Before(e.start) {
		return list[i]
	}
	return nil
}

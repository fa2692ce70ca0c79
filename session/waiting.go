package session

// waiting holds the activities that wait to be written, by the short part of their keys as the cache does: there may be one for each
// live session. Activities with the same part hang on each other.
type waiting struct {
	heads map[short]*activity
	n     int
}

// get returns the activity of the key, or nil.
func (w *waiting) get(key *Key) *activity {
	a := w.heads[key.short()]
	for a != nil && a.key != *key {
		a = a.next
	}
	return a
}

// add takes an activity whose key is not there yet.
func (w *waiting) add(a *activity) {
	a.next = w.heads[a.key.short()]
	w.heads[a.key.short()] = a
	w.n++
}

// remove takes the activity of the key out and returns it, or nil.
func (w *waiting) remove(key *Key) *activity {
	a := w.get(key)
	if a == nil {
		return nil
	}
	if head := w.heads[key.short()]; head != a {
		for head.next != a {
			head = head.next
		}
		head.next = a.next
	} else if a.next != nil {
		w.heads[key.short()] = a.next
	} else {
		delete(w.heads, key.short())
	}
	a.next = nil
	w.n--
	return a
}

// all returns those that fit.
func (w *waiting) all(fits func(*activity) bool) []*activity {
	list := make([]*activity, 0, w.n)
	for _, a := range w.heads {
		for ; a != nil; a = a.next {
			if fits(a) {
				list = append(list, a)
			}
		}
	}
	return list
}

package session

// Stats are counts since New, and sizes now.
type Stats struct {
	Hits, Misses, Evictions uint64 // of the cache
	Sessions                int    // in the cache
	Bytes                   int    // of the cache
	Touches                 int    // last-seen times that wait to be written
}

// Stats returns the state of the cache.
func (m *Manager) Stats() Stats {
	var st Stats
	for i := range m.cache.stripes {
		s := &m.cache.stripes[i]
		s.mu.Lock()
		st.Hits += s.hits
		st.Misses += s.misses
		st.Evictions += s.evictions
		st.Sessions += s.entries.n
		st.Bytes += s.bytes
		s.mu.Unlock()
	}
	m.touches.mu.Lock()
	st.Touches = m.touches.waiting.n
	m.touches.mu.Unlock()
	return st
}

package trace

import (
	"cmp"
	"time"
)

// Limits that nobody needs to change.
const (
	maxURL         = 64 << 10    // octets
	maxHost        = 3 * 4 * 253 // octets of a host as it is written: four for a character, percent-encoded
	maxFields      = 1000        // of one head
	maxInterim     = 16          // 1xx responses before the final one
	maxJunk        = 1 << 10     // octets before a status line
	maxChunkLine   = 4 << 10     // octets of one chunk-size line
	maxChunkExtra  = 64 << 10    // octets of all chunk extensions
	maxCodings     = 3           // stacked content codings
	freeRatio      = 64 << 10    // decoded octets before MaxRatio counts
	maxServerNames = 100         // entries of Server-Timing
)

// withDefaults returns the options with every zero replaced. o may be nil.
func (o *Options) withDefaults() Options {
	var s Options
	if o != nil {
		s = *o
	}
	s.MaxRedirs = cmp.Or(s.MaxRedirs, 20)
	s.MaxHead = cmp.Or(s.MaxHead, 256<<10)
	s.MaxBody = cmp.Or(s.MaxBody, 8<<20)
	s.MaxRatio = cmp.Or(s.MaxRatio, 200)
	s.DNSTimeout = cmp.Or(s.DNSTimeout, 5*time.Second)
	s.DialTimeout = cmp.Or(s.DialTimeout, 10*time.Second)
	s.Timeout = cmp.Or(s.Timeout, 30*time.Second)
	if s.Method == "" {
		s.Method = "GET"
		if len(s.Body) > 0 {
			s.Method = "POST"
		}
	}
	if s.Progress == nil {
		s.Progress = func(int, PhaseName, string) {}
	}
	return s
}

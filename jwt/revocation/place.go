package revocation

import (
	"strconv"
	"time"
)

// A place is where a follower stands in the feed. What happens is numbered without a gap; so a follower knows whether it has missed something.
type place struct {
	known bool  // it has had a whole snapshot, and everything since
	seq   int64 // the number of what happened last

	beat time.Time // when the last heartbeat of this connection was signed

	// Of a snapshot that is being read:
	part   int // the last one that came; 0 if none is being read
	snap   int64
	listed int
}

// take moves the place on by a message. It reports whether the message is news, and whether everything is known that was known when it was signed. An
// error says that something was missed, or that the feed is not what it should be: connect again.
//
// What is repeated, or comes late, moves nothing and is no news.
func (p *place) take(m *message, mostEntries int) (news, whole bool, err error) {
	switch {
	case m.kind == snapshot:
		return p.takePart(m, mostEntries)
	case p.part > 0:
		return false, false, refuse(ErrGap, "the snapshot ended after part "+strconv.Itoa(p.part))
	case !p.known:
		return false, false, refuse(ErrGap, "no snapshot came first")
	case m.seq < p.seq, m.kind == happened && m.seq == p.seq:
		return false, false, nil
	case m.kind == heartbeat && m.seq == p.seq:
		news = m.issued.After(p.beat)
		p.beat = m.issued
		return news, true, nil
	case m.kind == happened && m.seq == p.seq+1:
		p.seq = m.seq
		return true, false, nil // more may have happened meanwhile
	}
	p.known = false
	return false, false, refuse(ErrGap, "number: got "+strconv.FormatInt(m.seq, 10)+", last was "+strconv.FormatInt(p.seq, 10))
}

// takePart counts what is listed, so that a snapshot has an end, whatever stands in it.
func (p *place) takePart(m *message, mostEntries int) (news, whole bool, err error) {
	if m.part == 1 {
		p.part, p.snap, p.listed = 0, m.seq, 0
	}
	if m.part != p.part+1 || m.seq != p.snap {
		return false, false, refuse(ErrGap, "part of a snapshot: got "+strconv.Itoa(m.part)+", last was "+strconv.Itoa(p.part))
	}
	p.part++
	p.listed += len(m.entries)
	if p.listed > mostEntries {
		return false, false, refuse(ErrTooMany, gotLimit("entries of a snapshot", p.listed, mostEntries))
	}
	if !m.last {
		return true, false, nil
	}
	*p = place{known: true, seq: m.seq}
	return true, true, nil
}

// reconnect forgets what a connection began and did not end.
func (p *place) reconnect() { *p = place{known: p.known, seq: p.seq} }

package trace

import (
	"context"
	"net/netip"
	"slices"
	"time"
)

// lateAnswers is how long the end of a hop waits for answers that nothing depended on.
const lateAnswers = 100 * time.Millisecond

// A systemLookup is what the system's own resolver says, for comparison and as the last resort.
type systemLookup struct {
	done   chan struct{}
	addrs  []netip.Addr
	cancel context.CancelFunc
	late   time.Duration
}

func (r *resolver) askSystem(ctx context.Context, name string) *systemLookup {
	ctx, cancel := context.WithCancel(ctx)
	s := &systemLookup{done: make(chan struct{}), cancel: cancel, late: r.late}
	go func() {
		defer close(s.done)
		s.addrs, _ = r.system(ctx, "ip", name) // an error is no address
		for i := range s.addrs {
			s.addrs[i] = s.addrs[i].Unmap()
		}
		s.addrs = slices.DeleteFunc(s.addrs, func(a netip.Addr) bool { return !r.wants(a) })
	}()
	return s
}

func (s *systemLookup) wait(ctx context.Context) []netip.Addr {
	select {
	case <-s.done:
		return slices.Clone(s.addrs)
	case <-ctx.Done():
		return nil
	}
}

// finish notes what the system says if it differs from what was found.
func (s *systemLookup) finish(k *lookup) {
	if s == nil {
		return
	}
	timer := time.NewTimer(s.late)
	defer timer.Stop()
	select {
	case <-s.done:
	case <-timer.C:
	}
	s.cancel()
	<-s.done
	var ours, theirs []string
	for _, a := range k.dns.Addresses {
		ours = append(ours, a.Data)
	}
	for _, a := range s.addrs {
		theirs = append(theirs, a.String())
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	if len(theirs) > 0 && !slices.Equal(ours, theirs) {
		k.dns.System = theirs
	}
}

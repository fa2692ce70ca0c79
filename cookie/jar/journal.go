package jar

// A journal remembers what has changed since the jar was last written down.
type journal struct{ change uint64 }

func (n *journal) changed(e *entry) {}
func (n *journal) removed(e *entry) {}

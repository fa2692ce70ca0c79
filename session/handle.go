package session

import (
	"context"
	"errors"
	"sync"
	"time"
)

// LoadHandle is Load for a session that is known by its public handle, such as the sid of an access token. It
// costs no more than Load once the handle has been seen.
//
// A handle is no secret: it must come from a token whose signature was verified, or from the program
// itself, and never from a request as it is.
func (m *Manager) LoadHandle(ctx context.Context, handle string) (*Session, error) {
	s := &Session{m: m}
	if handle == "" {
		s.why = NoCredentials
		return s, nil
	}
	now := time.Now()
	key, known := m.handles.get(handle)
	if !known {
		rec, ending, err := m.store.Find(ctx, handle)
		switch {
		case errors.Is(err, ErrNotFound):
			s.why = UnknownSession
			return s, nil
		case err != nil:
			return nil, storeError("find", err)
		case ending != nil:
			s.why, s.ending = ending.Reason, ending
			return s, nil
		}
		key = rec.Key
		m.handles.put(rec.Handle, key)
	}
	if err := m.loadSession(ctx, s, &key, now); err != nil {
		return nil, err
	}
	return s, nil
}

// handles remembers which key a handle has. That never changes, so it needs no care: whether the session is
// live is for the cache and the store to say.
type handles struct {
	mu   sync.RWMutex
	keys map[string]Key
}

// maxHandles bounds the memory to some 8 MiB. When it is full it begins anew.
const maxHandles = 1 << 16

func (h *handles) get(handle string) (Key, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	key, ok := h.keys[handle]
	return key, ok
}

func (h *handles) put(handle string, key Key) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.keys == nil || len(h.keys) >= maxHandles {
		h.keys = make(map[string]Key)
	}
	h.keys[handle] = key
}

package session

import (
	"hash/maphash"
	"log/slog"
	"net/http"
	"strings"
)

// watchDevice logs a session that is used from a device other than the one it was opened on (SE-08).
func (m *Manager) watchDevice(e *entry, r *http.Request) {
	if e.traits.device == "" {
		return
	}
	agent := uint32(maphash.String(m.agents, r.Header.Get("User-Agent"))) | 1
	if e.act.agent.Load() == agent {
		return
	}
	e.act.agent.Store(agent)
	if device := m.device(r); device != e.traits.device {
		m.log(r.Context(), slog.LevelWarn, "session.device", slog.String("session", e.unpack().handle),
			slog.String("opened_on", e.traits.device), slog.String("used_on", device))
	}
}

// maxDevice bounds the name of a device, in bytes.
const maxDevice = 200

func (m *Manager) device(r *http.Request) string {
	if m.opt.Device == nil || r == nil {
		return ""
	}
	return cut(m.opt.Device(r))
}

func cut(device string) string {
	if len(device) > maxDevice {
		device = strings.ToValidUTF8(device[:maxDevice], "") // no half of a character
	}
	return device
}

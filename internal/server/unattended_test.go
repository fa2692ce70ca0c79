package server

import (
	"net/http"
	"strings"
	"testing"
)

// Requests as browsers and scripts send them, and whether a person is behind them for all that can be known.
func TestUnattendedRequests(t *testing.T) {
	rows := []struct {
		story, header string
		want          bool
	}{
		{"somebody follows a link", "Sec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\nSec-Fetch-User: ?1\nAccept: text/html", false},
		{"a page that sends itself on", "Sec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\nAccept: text/html", false},
		{"a picture", "Sec-Fetch-Mode: no-cors\nSec-Fetch-Dest: image", false},
		{"a fetch: somebody types, or a timer runs; it cannot be told", "Sec-Fetch-Mode: cors\nSec-Fetch-Dest: empty\nSec-Fetch-Site: same-origin", false},
		{"an EventSource is opened, or opens itself again", "Sec-Fetch-Mode: cors\nAccept: text/event-stream\nLast-Event-ID: 7", false},
		{"a WebSocket is opened, or opens itself again", "Sec-Fetch-Mode: websocket\nUpgrade: websocket\nConnection: Upgrade", false},
		{"an old browser that says nothing", "", false},

		{"a script says that it polls", "X-Cloakroom-Unattended: 1", true},
		{"in small letters, as HTTP/2 has it", "x-cloakroom-unattended: 1", true},
		{"a script says that it does not", "X-Cloakroom-Unattended: 0", false},
		{"a script says nothing", "X-Cloakroom-Unattended:", false},
		{"another value than the one that is written down", "X-Cloakroom-Unattended: true", false},
		{"a proxy adds a second one", "X-Cloakroom-Unattended: 0\nX-Cloakroom-Unattended: 1", true},
		{"with underscores it is another header", "X_Cloakroom_Unattended: 1", false},

		{"a link is fetched ahead", "Sec-Purpose: prefetch", true},
		{"a page is drawn ahead", "Sec-Purpose: prefetch;prerender", true},
		{"a link is fetched ahead through a proxy of the browser's maker", "Sec-Purpose: prefetch;anonymous-client-ip", true},
		{"with a space", "Sec-Purpose: prefetch; prerender", true},
		{"a page is drawn ahead, by a name of its own", "Sec-Purpose: prerender", true},
		{"a link is fetched ahead by an older browser", "Purpose: prefetch", true},
		{"in capitals", "Purpose: Prefetch", true},
		{"a purpose that is not known", "Sec-Purpose: speculation", false},
		{"the name of one as part of another", "Sec-Purpose: prefetched", false},
		{"only a parameter says so", "Sec-Purpose: preview;prefetch", false},
		{"no purpose", "Sec-Purpose:", false},
	}
	for _, row := range rows {
		h := http.Header{}
		for line := range strings.Lines(row.header) {
			name, value, _ := strings.Cut(line, ":")
			h.Add(name, strings.TrimSpace(value))
		}
		if got := unattended(h); got != row.want {
			t.Errorf("%s: %v, want %v", row.story, got, row.want)
		}
	}
}

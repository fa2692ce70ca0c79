package trace

import (
	"slices"
	"strings"
)

// message makes a message of a field section: its Raw is how HTTP/1.1 would write it. What net/http refuses becomes a
// sentence (RFC 9113 sections 8.2 and 8.3).
func (h *h2Head) message() (m *Message, status int, err error) {
	m = &Message{Proto: "HTTP/2", StartLine: "HTTP/2", Fields: []Field{}, HeadBytes: h.size}
	f := (*faults)(&m.Malformed)
	for _, hf := range h.fields {
		switch {
		case hf.Name == ":status" && status == 0 && len(m.Fields) == 0:
			n, ok := parseLength(hf.Value, 10)
			if !ok || len(hf.Value) != 3 || n < 100 {
				return m, 0, failf(PhaseRead, "bad-status", "ask who runs the server: no browser understands this answer", "the status is %s", excerpt(hf.Value))
			}
			if status = int(n); status >= 600 {
				f.add("the status code %d is above 599", status)
			}
			m.StartLine += " " + hf.Value
			continue
		case strings.HasPrefix(hf.Name, ":"):
			f.add("the pseudo-header field %s has no place there", excerpt(hf.Name))
			continue
		case hf.Name != strings.ToLower(hf.Name):
			f.add("the name %s is not in lower case", excerpt(hf.Name))
		case slices.Contains(connectionFields, hf.Name):
			f.add("%s belongs to HTTP/1.1", hf.Name)
		}
		checkField(f, hf.Name, hf.Value)
		if hf.Value != trimOWS(hf.Value) {
			f.add("white space stands around the value of %s", excerpt(hf.Name))
		}
		m.Fields = append(m.Fields, Field{Name: hf.Name, Value: trimOWS(hf.Value)})
	}
	m.Raw = requestHead(m)
	if status == 0 {
		return m, 0, failf(PhaseRead, "bad-status", "ask who runs the server: no browser understands this answer", "the head of the response has no status")
	}
	return m, status, nil
}

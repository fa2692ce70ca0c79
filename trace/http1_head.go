package trace

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// A headReader reads one head of an HTTP/1 response as browsers do: what net/http refuses becomes a sentence in
// Message.Malformed, and the rest is kept.
type headReader struct {
	r   *bufio.Reader
	max int // octets of the head
	m   *Message
	f   *faults
}

// readHead reads a head. The message is never nil, and holds what came even if the error is not nil.
func readHead(r *bufio.Reader, limit int) (m *Message, status int, err error) {
	m = &Message{Fields: []Field{}}
	h := &headReader{r: r, max: limit, m: m, f: (*faults)(&m.Malformed)}
	status, err = h.statusLine()
	if err == nil {
		m.Fields, err = h.fields(m.Fields)
	}
	m.HeadBytes = int64(len(m.Raw))
	return m, status, err
}

// line reads up to a LF and returns the line without its end. What was read is kept in Raw.
func (h *headReader) line() ([]byte, error) {
	start := len(h.m.Raw)
	for {
		part, err := h.r.ReadSlice('\n')
		if len(h.m.Raw)+len(part) > h.max {
			h.m.Raw = append(h.m.Raw, part[:h.max-len(h.m.Raw)]...)
			return nil, failf(PhaseRead, "head-too-large", "no browser takes a head of that size; ask who runs the server", "the head of the response is larger than %d octets", h.max)
		}
		h.m.Raw = append(h.m.Raw, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return h.m.Raw[start:], err
		}
	}
	line := h.m.Raw[start : len(h.m.Raw)-1]
	if !bytes.HasSuffix(line, []byte("\r")) {
		h.f.add("a line of the head ends in LF without CR")
		return line, nil
	}
	return line[:len(line)-1], nil
}

// statusLine finds and reads the status line (RFC 9112 section 4).
func (h *headReader) statusLine() (status int, err error) {
	if err := h.skipJunk(); err != nil {
		return 0, err
	}
	start := len(h.m.Raw)
	line, err := h.line()
	if err != nil {
		return 0, err
	}
	h.m.StartLine = string(line)
	proto, rest, _ := strings.Cut(h.m.StartLine, " ")
	h.m.Proto = strings.ToUpper(proto)
	switch {
	case proto != h.m.Proto:
		h.f.add("the protocol is written %s", excerpt(proto))
	case proto != "HTTP/1.1" && proto != "HTTP/1.0":
		h.f.add("the protocol is %s", excerpt(proto))
	}
	trimmed := strings.TrimLeft(rest, " ")
	if trimmed != rest {
		h.f.add("more than one space before the status code")
	}
	code, _, hasReason := strings.Cut(trimmed, " ")
	if len(code) != 3 || strings.Trim(code, "0123456789") != "" || code[0] == '0' {
		return 0, failf(PhaseRead, "bad-status", "ask who runs the server: no browser understands this answer",
			"the status line %s has no status code", excerpt(h.m.Raw[start:]))
	}
	status = int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	if status >= 600 {
		h.f.add("the status code %d is above 599", status)
	}
	if !hasReason {
		h.f.add("the status line ends without the space that stands before the reason phrase")
	}
	return status, nil
}

var httpSlash = []byte("HTTP/")

// skipJunk goes on to "HTTP/" in any case. Browsers skip some octets too: they are the end of an answer before, or empty
// lines of an old server.
func (h *headReader) skipJunk() error {
	var junk []byte
	for {
		b, err := h.r.Peek(len(httpSlash))
		if bytes.EqualFold(b, httpSlash) {
			break
		}
		if err != nil {
			rest, _ := h.r.Peek(h.r.Buffered())
			h.m.Raw = append(h.m.Raw, rest...)
			if len(bytes.TrimSpace(h.m.Raw)) > 0 && !isPrefixFold(httpSlash, rest) {
				return notHTTP(h.m.Raw, err)
			}
			return err
		}
		junk = append(junk, b[0])
		h.m.Raw = append(h.m.Raw, b[0])
		_, _ = h.r.Discard(1) // it was peeked at
		foreign := b[0] == '\n' && len(bytes.TrimSpace(junk)) > 0
		if foreign || len(junk) > maxJunk || len(h.m.Raw) >= h.max {
			return notHTTP(junk, nil)
		}
	}
	if len(junk) > 0 {
		h.f.add("before the status line came %s", excerpt(junk))
	}
	return nil
}

func isPrefixFold(s, prefix []byte) bool {
	return len(prefix) <= len(s) && bytes.EqualFold(s[:len(prefix)], prefix)
}

func notHTTP(got []byte, err error) *Failure {
	f := failf(PhaseRead, "not-http", "another protocol is spoken on this port: check the port", "the answer is not HTTP: it begins with %s", excerpt(got))
	if len(got) > 1 && (got[0] == 0x15 || got[0] == 0x16) && got[1] == 3 {
		f.Hint = "the port speaks TLS: try https://"
	}
	f.Err = err
	return f
}

// fields reads field lines up to the empty line (RFC 9112 section 5). It reads trailers too.
func (h *headReader) fields(fields []Field) ([]Field, error) {
	for n := 0; ; n++ {
		line, err := h.line()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return fields, err
		}
		if len(line) == 0 {
			return fields, nil
		}
		if n >= maxFields {
			return fields, failf(PhaseRead, "head-too-large", "no browser takes so many; ask who runs the server", "the head of the response has more than %d lines", maxFields)
		}
		if line[0] == ' ' || line[0] == '\t' {
			h.f.add("a field is folded over several lines")
			if len(fields) > 0 {
				last := &fields[len(fields)-1]
				last.Value = trimOWS(last.Value + " " + trimOWS(string(line)))
			}
			continue
		}
		name, value, found := strings.Cut(string(line), ":")
		trimmed := strings.TrimRight(name, " \t")
		switch {
		case !found:
			h.f.add("a line of the head has no colon: %s", excerpt(name))
			continue
		case trimmed == "":
			h.f.add("a field has no name")
			continue
		case trimmed != name:
			h.f.add("white space stands between the name %s and its colon", excerpt(trimmed))
		}
		value = trimOWS(value)
		checkField(h.f, trimmed, value)
		fields = append(fields, Field{Name: trimmed, Value: value})
	}
}

// checkField notes what may not stand in the name or value of a field (RFC 9110 section 5).
func checkField(f *faults, name, value string) {
	if !httpguts.ValidHeaderFieldName(name) {
		f.add("%s is not a name of a field", excerpt(name))
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			f.add("the value of %s holds the control character 0x%02X", excerpt(name), c)
			return
		}
	}
}

func trimOWS(s string) string { return strings.Trim(s, " \t") }

// get returns the values of a field, in order.
func (m *Message) get(name string) (values []string) {
	for _, f := range m.Fields {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// first returns the first value of a field, "" if it is not there.
func (m *Message) first(name string) string {
	if values := m.get(name); len(values) > 0 {
		return values[0]
	}
	return ""
}

// list returns the members of a field that is a comma-separated list, lower case.
func (m *Message) list(name string) (members []string) {
	for _, v := range m.get(name) {
		for member := range strings.SplitSeq(v, ",") {
			if member = strings.ToLower(trimOWS(member)); member != "" {
				members = append(members, member)
			}
		}
	}
	return members
}

// A wire carries requests and responses on one connection, one after the other.
type wire interface {
	// send writes a request.
	send(m *Message) error
	// receive reads heads up to that of the final response, whose status it returns. arrived is when that head's first octet
	// came, zero if none did. The message is nil only if nothing came.
	receive(method string) (m *Message, status int, body io.Reader, arrived time.Time, err error)
	// reusable reports, after the body was read to its end, whether another request may follow.
	reusable() bool
}

package trace

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strings"
	"time"
)

// An http1 is the wire of HTTP/1.1 (RFC 9112).
type http1 struct {
	conn net.Conn
	r    *bufio.Reader
	max  int // octets of a head
	keep bool
	done bool     // the body was read to its end
	last *Message // the request
}

func newHTTP1(conn net.Conn, maxHead int) *http1 {
	return &http1{conn: conn, r: bufio.NewReaderSize(conn, 16<<10), max: maxHead}
}

// requestHead writes a head as it goes over the wire of HTTP/1.1.
func requestHead(m *Message) []byte {
	b := append([]byte(m.StartLine), "\r\n"...)
	for _, f := range m.Fields {
		b = append(b, f.Name...)
		b = append(b, ": "...)
		b = append(b, f.Value...)
		b = append(b, "\r\n"...)
	}
	return append(b, "\r\n"...)
}

func (x *http1) send(m *Message) error {
	x.last = m
	_, err := x.conn.Write(slices.Concat(m.Raw, m.Body))
	return err
}

func (x *http1) receive(method string) (*Message, int, io.Reader, time.Time, error) {
	x.keep, x.done = false, false
	var interim []int
	for {
		if _, err := x.r.Peek(1); err != nil {
			if len(interim) == 0 {
				return nil, 0, nil, time.Time{}, err
			}
			return &Message{Interim: interim}, 0, nil, time.Time{}, err
		}
		arrived := time.Now()
		m, status, err := readHead(x.r, x.max)
		m.Interim = interim
		if err != nil {
			return m, status, nil, arrived, err
		}
		if status >= 200 || status == 101 {
			body, err := x.body(method, status, m)
			return m, status, body, arrived, err
		}
		if interim = append(interim, status); len(interim) > maxInterim {
			return m, 0, nil, arrived, failf(PhaseRead, "too-many-interim", "ask who runs the server",
				"more than %d interim responses came, the last of them %d", maxInterim, status)
		}
	}
}

// body finds out how the body is framed (RFC 9112 section 6.3).
func (x *http1) body(method string, status int, m *Message) (io.Reader, error) {
	f := (*faults)(&m.Malformed)
	codings, lengths := m.list("Transfer-Encoding"), m.list("Content-Length")
	connection := append(m.list("Connection"), x.last.list("Connection")...)
	x.keep = m.Proto == "HTTP/1.1" && !slices.Contains(connection, "close") ||
		m.Proto == "HTTP/1.0" && slices.Contains(connection, "keep-alive")
	if status == 101 {
		x.keep = false
		f.add("the server switches protocols, which nobody asked it to")
		return strings.NewReader(""), nil
	}
	if len(codings) > 0 && m.Proto == "HTTP/1.0" {
		f.add("HTTP/1.0 knows no Transfer-Encoding: it is ignored")
		codings = nil
	}
	length, known, err := contentLength(lengths, f)
	switch {
	case method == "HEAD" || status == 204 || status == 304:
		x.done = true
		return strings.NewReader(""), nil
	case len(codings) > 0:
		if len(lengths) > 0 {
			f.add("both Transfer-Encoding and Content-Length are there: the length is ignored")
			x.keep = false
		}
		if len(codings) == 1 && codings[0] == "chunked" {
			return &chunked{http1: x, m: m}, nil
		}
		f.add("the transfer coding %s is unknown: the body is taken as it comes", excerpt(strings.Join(codings, ", ")))
	case err != nil:
		return nil, err
	case known:
		return &counted{http1: x, left: length}, nil
	}
	x.keep = false
	return &untilClose{http1: x, f: f}, nil
}

// contentLength reads Content-Length: a list of equal numbers is one number, different ones could smuggle a response, and
// what is no number is as good as nothing, as in browsers.
func contentLength(values []string, f *faults) (n int64, known bool, err error) {
	if len(values) == 0 {
		return 0, false, nil
	}
	if len(values) > 1 {
		f.add("Content-Length is there %d times", len(values))
	}
	for _, v := range values[1:] {
		if v != values[0] {
			return 0, false, failf(PhaseRead, "content-length-conflict", "browsers refuse this, since it can hide a second response; ask who runs the server",
				"Content-Length is %s and also %s", excerpt(values[0]), excerpt(v))
		}
	}
	if n, known = parseLength(values[0], 10); !known {
		f.add("Content-Length is %s and ignored", excerpt(values[0]))
	}
	return n, known, nil
}

func (x *http1) reusable() bool { return x.keep && x.done && x.r.Buffered() == 0 }

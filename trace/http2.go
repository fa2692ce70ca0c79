package trace

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// What we say of ourselves, and the limits that no honest server meets.
const (
	ourWindow        = 1 << 20 // octets that a server may send before we say that we have read some
	maxContinuations = 64      // frames of one head
	maxIdleFrames    = 1000    // in a row that bring neither head nor body
)

// An http2Wire is the wire of HTTP/2 (RFC 9113), one request at a time. http2.Transport would drop a response for one bad byte
// in a cookie; this one reads the frames itself.
type http2Wire struct {
	scheme string
	w      *bufio.Writer
	framer *http2.Framer
	max    int // octets of a head

	block bytes.Buffer
	enc   *hpack.Encoder
	dec   *hpack.Decoder

	stream     uint32 // of the request that is under way; they are odd
	greeted    bool   // the server's SETTINGS came, which are its first frame
	open       bool   // the server has more to say on the stream
	sent       bool   // the request is out as a whole
	gone       bool   // the server takes no other request
	idle       int    // frames in a row that brought nothing
	unread     int    // octets of bodies that we have not given back to the server's window
	early      *h2Head
	frameSize  int   // that the server takes
	firstChunk int64 // the server's initial window of a stream
	connWindow int64 // what we may send
	ownWindow  int64 // what we may send on the stream
}

// An h2Head is a field section as it came.
type h2Head struct {
	fields  []hpack.HeaderField
	size    int64 // on the wire
	arrived time.Time
	last    bool // nothing follows
}

func newHTTP2(conn net.Conn, scheme string, maxHead int) *http2Wire {
	x := &http2Wire{scheme: scheme, w: bufio.NewWriter(conn), max: maxHead, frameSize: 16 << 10, firstChunk: 65535, connWindow: 65535}
	x.framer = http2.NewFramer(x.w, bufio.NewReader(conn))
	x.framer.SetMaxReadFrameSize(16 << 10)
	x.enc = hpack.NewEncoder(&x.block)
	x.dec = hpack.NewDecoder(4096, nil)
	x.dec.SetMaxStringLength(maxHead)
	return x
}

func (x *http2Wire) send(m *Message) error {
	if x.stream == 0 {
		x.stream = 1
		if err := x.greet(); err != nil {
			return err
		}
	} else {
		x.stream += 2
	}
	x.open, x.sent, x.early, x.ownWindow = true, false, nil, x.firstChunk
	if err := x.sendHead(m); err != nil {
		return err
	}
	return x.sendBody(m.Body)
}

// greet sends the preface (RFC 9113 section 3.4).
func (x *http2Wire) greet() error {
	_, err := x.w.WriteString(http2.ClientPreface)
	return errors.Join(err,
		x.framer.WriteSettings(
			http2.Setting{ID: http2.SettingEnablePush, Val: 0},
			http2.Setting{ID: http2.SettingInitialWindowSize, Val: ourWindow},
			http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: uint32(x.max)}),
		x.framer.WriteWindowUpdate(0, ourWindow-65535))
}

// Fields that belong to a connection of HTTP/1.1 (RFC 9113 section 8.2.2).
var connectionFields = []string{"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}

// sendHead turns the message into one of HTTP/2 and writes it.
func (x *http2Wire) sendHead(m *Message) error {
	m.Proto, m.StartLine = "HTTP/2", strings.TrimSuffix(m.StartLine, " HTTP/1.1")+" HTTP/2"
	for i := range m.Fields {
		m.Fields[i].Name = strings.ToLower(m.Fields[i].Name)
	}
	m.Fields = slices.DeleteFunc(m.Fields, func(f Field) bool { return slices.Contains(connectionFields, f.Name) })
	m.Raw = requestHead(m)

	method, target, _ := strings.Cut(strings.TrimSuffix(m.StartLine, " HTTP/2"), " ")
	x.block.Reset()
	for _, f := range []Field{{":method", method}, {":scheme", x.scheme}, {":authority", m.first("host")}, {":path", target}} {
		x.encode(f, false)
	}
	for _, f := range m.Fields {
		if f.Name != "host" {
			x.encode(f, f.Name == "authorization" || f.Name == "cookie")
		}
	}
	m.HeadBytes = 0
	for first, block := true, x.block.Bytes(); first || len(block) > 0; first = false {
		part := block[:min(len(block), x.frameSize)]
		block = block[len(part):]
		m.HeadBytes += int64(len(part)) + 9
		var err error
		if first {
			err = x.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: x.stream, BlockFragment: part, EndHeaders: len(block) == 0, EndStream: len(m.Body) == 0})
		} else {
			err = x.framer.WriteContinuation(x.stream, len(block) == 0, part)
		}
		if err != nil {
			return err
		}
	}
	return x.w.Flush()
}

// encode adds a field to the block. A secret stays out of the table (RFC 7541 section 7.1.3).
func (x *http2Wire) encode(f Field, secret bool) {
	_ = x.enc.WriteField(hpack.HeaderField{Name: f.Name, Value: f.Value, Sensitive: secret}) // a bytes.Buffer takes all
}

// sendBody writes DATA frames as the server's windows allow. A server that answers before it has read all is listened to.
func (x *http2Wire) sendBody(body []byte) error {
	for len(body) > 0 {
		n := min(int64(len(body)), int64(x.frameSize), x.connWindow, x.ownWindow)
		if n <= 0 {
			head, data, err := x.next()
			if err != nil {
				return err
			}
			if head != nil || data != nil {
				x.early = head
				return nil
			}
			continue
		}
		if err := x.framer.WriteData(x.stream, n == int64(len(body)), body[:n]); err != nil {
			return err
		}
		if err := x.w.Flush(); err != nil {
			return err
		}
		body, x.connWindow, x.ownWindow = body[n:], x.connWindow-n, x.ownWindow-n
	}
	x.sent = true
	return nil
}

func (x *http2Wire) receive(string) (*Message, int, io.Reader, time.Time, error) {
	var interim []int
	for {
		head, err := x.head()
		if err != nil {
			if len(interim) == 0 {
				return nil, 0, nil, time.Time{}, err
			}
			return &Message{Interim: interim}, 0, nil, time.Time{}, err
		}
		m, status, err := head.message()
		m.Interim = interim
		if err != nil || status >= 200 {
			x.open = x.open && !head.last
			return m, status, &h2Body{x: x, m: m}, head.arrived, err
		}
		if head.last {
			return m, 0, nil, head.arrived, failf(PhaseRead, "closed", "the server's log may say why", "the server ended the stream after an interim response, %d", status)
		}
		if interim = append(interim, status); len(interim) > maxInterim {
			return m, 0, nil, head.arrived, failf(PhaseRead, "too-many-interim", "ask who runs the server", "more than %d interim responses came, the last of them %d", maxInterim, status)
		}
	}
}

// head waits for a field section on the stream.
func (x *http2Wire) head() (*h2Head, error) {
	if head := x.early; head != nil {
		x.early = nil
		return head, nil
	}
	for {
		head, data, err := x.next()
		if head != nil || err != nil {
			return head, err
		}
		if data != nil {
			return nil, failf(PhaseWait, "h2-protocol", "--http1.1 may work", "the server sent a body without a head")
		}
	}
}

func (x *http2Wire) reusable() bool {
	return !x.open && x.sent && !x.gone && x.stream < 1<<30
}

// h2Body is the body of the response.
type h2Body struct {
	x    *http2Wire
	m    *Message
	data []byte
}

func (b *h2Body) Read(p []byte) (int, error) {
	for len(b.data) == 0 {
		if !b.x.open {
			return 0, io.EOF
		}
		head, data, err := b.x.next()
		if err != nil {
			return 0, cutShort(err)
		}
		if head != nil {
			if b.x.open = false; !head.last {
				(*faults)(&b.m.Malformed).add("a second head comes in the middle of the body")
			}
			for _, f := range head.fields {
				b.m.Trailers = append(b.m.Trailers, Field{f.Name, f.Value})
			}
			continue
		}
		if data != nil {
			b.data = data.Data()
			b.x.open = !data.StreamEnded()
		}
	}
	n := copy(p, b.data)
	b.data = b.data[n:]
	return n, nil
}

package front_test

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// The opcodes of frames that tests use (RFC 6455 section 5.2).
const (
	text     = 1
	rawBytes = 2
	bye      = 8
)

// frame is a message of a WebSocket, in one piece.
type frame struct {
	opcode byte
	body   []byte
}

// write sends a frame; a client's is masked (RFC 6455 section 5.3).
func (f frame) write(w io.Writer, masked bool) error {
	b := []byte{0x80 | f.opcode, 127}
	b = binary.BigEndian.AppendUint64(b, uint64(len(f.body)))
	body := f.body
	if masked {
		b[1] |= 0x80
		mask := make([]byte, 4)
		rand.Read(mask)
		b, body = append(b, mask...), mix(body, mask)
	}
	_, err := w.Write(append(b, body...))
	return err
}

func readFrame(r io.Reader) (f frame, err error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(r, head); err != nil {
		return f, err
	}
	f.opcode = head[0] & 0x0f
	size := make([]byte, 8)
	if head[1]&0x7f != 127 {
		return f, fmt.Errorf("a length of another form: %x", head)
	}
	if _, err := io.ReadFull(r, size); err != nil {
		return f, err
	}
	var mask []byte
	if head[1]&0x80 != 0 {
		mask = make([]byte, 4)
		if _, err := io.ReadFull(r, mask); err != nil {
			return f, err
		}
	}
	f.body = make([]byte, binary.BigEndian.Uint64(size))
	_, err = io.ReadFull(r, f.body)
	if mask != nil {
		f.body = mix(f.body, mask)
	}
	return f, err
}

func mix(b, mask []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = b[i] ^ mask[i%4]
	}
	return out
}

// accept is the answer to a handshake's key (RFC 6455 section 1.3).
func accept(key string) string {
	h := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(h[:])
}

// echoSocket is an app that sends back each frame, and tells when it lost its client.
type echoSocket struct{ lost chan struct{} }

func newEchoSocket() *echoSocket { return &echoSocket{make(chan struct{}, 100)} }

func (e *echoSocket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Connection") != "Upgrade" || r.Header.Get("Remote-User") == "" {
		http.Error(w, "no handshake", http.StatusUpgradeRequired)
		return
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\nSet-Cookie: __host-session=evil\r\nSet-Cookie: a=1\r\n\r\n",
		accept(r.Header.Get("Sec-WebSocket-Key")))
	for {
		f, err := readFrame(rw)
		if err != nil {
			e.lost <- struct{}{}
			return
		}
		if err := f.write(conn, false); err != nil || f.opcode == bye {
			e.lost <- struct{}{}
			return
		}
	}
}

// webSocket is the client's end.
type webSocket struct {
	net.Conn
	r      *bufio.Reader
	answer *http.Response
}

// handshake asks for a WebSocket.
func handshake(t *testing.T, conn net.Conn, header ...string) *webSocket {
	t.Helper()
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	lines := append([]string{"GET /socket HTTP/1.1", "Host: " + host, "Upgrade: websocket", "Sec-WebSocket-Key: " + key, "Sec-WebSocket-Version: 13"}, header...)
	if len(header) == 0 {
		lines = append(lines, "Connection: keep-alive, Upgrade, Remote-User")
	}
	if _, err := fmt.Fprint(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	ws := &webSocket{Conn: conn, r: bufio.NewReader(conn)}
	var err error
	if ws.answer, err = http.ReadResponse(ws.r, nil); err != nil {
		t.Fatal(err)
	}
	if ws.answer.StatusCode == http.StatusSwitchingProtocols && ws.answer.Header.Get("Sec-WebSocket-Accept") != accept(key) {
		t.Errorf("the answer is not the app's: %v", ws.answer.Header)
	}
	return ws
}

// says sends a frame and holds that it comes back.
func (ws *webSocket) says(t *testing.T, opcode byte, body string) {
	t.Helper()
	if err := (frame{opcode, []byte(body)}).write(ws, true); err != nil {
		t.Fatal(err)
	}
	if got, err := readFrame(ws.r); err != nil || got.opcode != opcode || string(got.body) != body {
		t.Fatalf("got %d %.50q %v, want %d %.50q", got.opcode, got.body, err, opcode, body)
	}
}

// closed holds that the connection ends, and says when.
func (ws *webSocket) closed(t *testing.T) time.Time {
	t.Helper()
	ws.SetReadDeadline(time.Now().Add(5 * time.Second))
	if f, err := readFrame(ws.r); err == nil {
		t.Errorf("a frame came: %v", f)
	} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
		t.Error("it is open")
	}
	return time.Now()
}

func TestWebSocket(t *testing.T) {
	app := newEchoSocket()
	s := newStand(t, app.ServeHTTP, "HTTP/1.1")
	ws := handshake(t, s.raw(t))
	if ws.answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(ws.answer.Status)
	}
	if got := ws.answer.Header["Set-Cookie"]; len(got) != 1 || got[0] != "a=1" {
		t.Errorf("cookies of the handshake: %q", got)
	}
	ws.says(t, text, "hello")
	ws.says(t, rawBytes, strings.Repeat("\x00\xff", 100_000))
	ws.says(t, bye, "\x03\xe8")
	ws.closed(t)
	<-app.lost

	t.Run("the client leaves", func(t *testing.T) {
		ws := handshake(t, s.raw(t))
		ws.says(t, text, "hello")
		ws.Close()
		<-app.lost
	})
}

// TestOtherProtocolsAreRefused: the app does not hear of them, so that nothing can be said past the front.
func TestOtherProtocolsAreRefused(t *testing.T) {
	s := newStand(t, echo, "HTTP/1.1")
	for _, tt := range []struct{ what, request string }{
		{"HTTP/2 without TLS", "GET / HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nConnection: Upgrade, HTTP2-Settings"},
		{"an unknown one", "GET / HTTP/1.1\r\nUpgrade: tunnel\r\nConnection: Upgrade"},
		{"a list", "GET / HTTP/1.1\r\nUpgrade: websocket, h2c\r\nConnection: Upgrade"},
		{"two", "GET / HTTP/1.1\r\nUpgrade: h2c\r\nUpgrade: websocket\r\nConnection: Upgrade"},
		{"two, the other way round", "GET / HTTP/1.1\r\nUpgrade: websocket\r\nUpgrade: h2c\r\nConnection: Upgrade"},
		{"a WebSocket by POST", "POST / HTTP/1.1\r\nContent-Length: 0\r\nUpgrade: websocket\r\nConnection: Upgrade"},
		{"a WebSocket that Connection does not name", "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: close"},
	} {
		conn := s.raw(t)
		fmt.Fprint(conn, tt.request+"\r\nHost: "+host+"\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(body); res.StatusCode != http.StatusOK || !strings.Contains(got, "Remote-User: u1") ||
			strings.Contains(got, "Upgrade") || strings.Contains(got, "Http2-Settings") {
			t.Errorf("%s: %s\n%s", tt.what, res.Status, got)
		}
	}
}

// TestAnAppThatSwitchesUnasked gets nowhere.
func TestAnAppThatSwitchesUnasked(t *testing.T) {
	for _, asked := range []bool{false, true} {
		s := newStand(t, func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			defer conn.Close()
			fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: tunnel\r\nConnection: Upgrade\r\n\r\n")
		}, "HTTP/1.1")
		header := "Connection: close"
		if asked {
			header = "Connection: Upgrade"
		}
		if ws := handshake(t, s.raw(t), header); ws.answer.StatusCode != http.StatusBadGateway {
			t.Errorf("asked for a WebSocket %v: %s", asked, ws.answer.Status)
		}
	}
}

// TestASocketEndsWithItsSession: within a second, whichever side is busy, and no other.
func TestASocketEndsWithItsSession(t *testing.T) {
	app := newEchoSocket()
	s := newStand(t, app.ServeHTTP, "HTTP/1.1")
	mine := handshake(t, s.raw(t))
	mine.says(t, text, "hello")
	s.visitor.Session = "another"
	other := handshake(t, s.raw(t))
	other.says(t, text, "hello")

	start := time.Now()
	s.front.End("unknown", handle)
	if took := mine.closed(t).Sub(start); took > testenv.Soon {
		t.Errorf("took %v", took)
	}
	<-app.lost
	other.says(t, text, "still here")

	t.Run("a client that does not read", func(t *testing.T) {
		deaf := handshake(t, s.raw(t))
		go func() {
			for (frame{text, make([]byte, 1<<20)}).write(deaf, true) == nil {
			}
		}()
		start := time.Now()
		s.front.End("another")
		<-app.lost // other's
		<-app.lost
		if took := time.Since(start); took > testenv.Soon {
			t.Errorf("took %v", took)
		}
	})
}

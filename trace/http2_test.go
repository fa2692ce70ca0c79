package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

func TestHTTP2AgainstNetHTTP(t *testing.T) {
	page := strings.Repeat("HTTP forgets you after every request. ", 80_000) // three windows
	var at []string
	s := secure(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		at = append(at, fmt.Sprintf("%s %s %s host=%s accept=%v cookie=%q body=%d", r.Proto, r.Method, r.URL, r.Host, r.Header["Accept-Language"], r.Header.Get("Cookie"), len(body)))
		switch r.URL.Path {
		case "/":
			w.Header().Add("Set-Cookie", "a=b")
			w.WriteHeader(http.StatusEarlyHints)
			http.Redirect(w, r, "/page?x=1", http.StatusTemporaryRedirect)
		case "/page":
			w.Header().Set("Trailer", "Digest")
			io.WriteString(w, page)
			w.Header().Set("Digest", "xyz")
		}
	}), true, -1, 30, "shop.test")
	port := portOf(s.Listener.Addr().String())
	o := &Options{
		Roots: authority().PEM(), Resolve: map[string][]string{"shop.test:" + port: {"127.0.0.1"}},
		Body:   bytes.Repeat([]byte("x"), 200_000), // more than the first window
		Header: http.Header{"Accept-Language": {"en"}, "Cookie": {"id=1"}},
	}
	tr, err := runWith(t, "https://shop.test:"+port, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"HTTP/2.0 POST / host=shop.test:" + port + ` accept=[en] cookie="id=1" body=200000`,
		"HTTP/2.0 POST /page?x=1 host=shop.test:" + port + ` accept=[en] cookie="a=b; id=1" body=200000`,
	}
	if !slices.Equal(at, want) {
		t.Errorf("the server saw %q", at)
	}
	first, last := tr.Hops[0], tr.last()
	if first.TLS.ALPN != "h2" || !first.TLS.Verified || first.TCP.Reused || !last.TCP.Reused || len(last.Phases) != 4 {
		t.Errorf("%+v, then %+v %+v", first.TLS, last.TCP, last.Phases)
	}
	if !slices.Equal(first.Response.Interim, []int{103}) || first.Response.StartLine != "HTTP/2 307" {
		t.Errorf("interim %v, %q", first.Response.Interim, first.Response.StartLine)
	}
	m := last.Response
	if string(m.Body) != page || m.Proto != "HTTP/2" || len(m.Trailers) != 1 || m.Trailers[0] != (Field{"digest", "xyz"}) || m.Malformed != nil {
		t.Errorf("%d octets, %q, %v, %q", len(m.Body), m.StartLine, m.Trailers, m.Malformed)
	}
	if raw := string(last.Request.Raw); !strings.HasPrefix(raw, "POST /page?x=1 HTTP/2\r\nhost: shop.test:") {
		t.Errorf("the request is shown as %q", raw)
	}
}

func TestHTTP2WithPriorKnowledge(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	defer s.Close()
	tr, err := runWith(t, s.URL, &Options{HTTP: "2"}, nil)
	if err != nil || string(tr.last().Response.Body) != "HTTP/2.0" {
		t.Fatalf("%+v %v", tr.last().Response, err)
	}
}

// A peer is the server's side of a connection, by hand.
type peer struct {
	t      *testing.T
	framer *http2.Framer
	block  bytes.Buffer
	enc    *hpack.Encoder
	stream uint32 // of the last request
}

// next reads frames up to the end of a request, and acknowledges settings.
func (p *peer) next() bool {
	for {
		f, err := p.framer.ReadFrame()
		if err != nil {
			return false
		}
		if h, ok := f.(*http2.HeadersFrame); ok && h.HeadersEnded() {
			p.stream = h.StreamID
			return true
		}
	}
}

// head makes the block of a field section.
func (p *peer) head(fields ...string) []byte {
	p.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		p.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return bytes.Clone(p.block.Bytes())
}

func (p *peer) answer(end bool, fields ...string) {
	p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: p.stream, BlockFragment: p.head(fields...), EndHeaders: true, EndStream: end})
}

// inPieces sends a head with n continuations, all but the last without content.
func (p *peer) inPieces(n int) {
	block := p.head(":status", "200")
	p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: p.stream, BlockFragment: block, EndStream: true})
	for i := range n {
		p.framer.WriteContinuation(p.stream, i == n-1, nil)
	}
}

// h2Server serves each connection by hand, after the preface.
func h2Server(t *testing.T, f func(*peer)) string {
	t.Helper()
	return listen(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		if _, err := r.Discard(len(http2.ClientPreface)); err != nil {
			return
		}
		p := &peer{t: t, framer: http2.NewFramer(c, r)}
		p.framer.AllowIllegalWrites = true
		p.enc = hpack.NewEncoder(&p.block)
		f(p)
		io.Copy(io.Discard, r)
	})
}

func TestHTTP2FramesByHand(t *testing.T) {
	settings := func(p *peer) { p.framer.WriteSettings() }
	tests := []struct {
		what   string
		serve  func(p *peer)
		phase  PhaseName // "" is no failure
		reason string
		detail string // of the failure, or the body and the malformed sentences
	}{
		{"what Transport would drop: a bad byte in a cookie", func(p *peer) {
			settings(p)
			p.answer(true, ":status", "200", "set-cookie", "a=\x01b", "Upper", "x", "connection", "close", "x", " y ")
		}, "", "", `"set-cookie" holds the control character 0x01; the name "Upper" is not in lower case; connection belongs to HTTP/1.1; white space`},
		{"a head in pieces, padding, pings, settings in between", func(p *peer) {
			settings(p)
			block := p.head(":status", "200", "server", strings.Repeat("x", 100))
			p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: p.stream, BlockFragment: block[:5], PadLength: 7})
			p.framer.WriteContinuation(p.stream, false, block[5:50])
			p.framer.WriteContinuation(p.stream, true, block[50:])
			p.framer.WritePing(false, [8]byte{1})
			p.framer.WriteDataPadded(p.stream, false, []byte("he"), make([]byte, 99))
			p.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 10})
			p.framer.WriteRawFrame(0xbb, 0, p.stream, []byte("unknown"))
			p.framer.WriteData(p.stream, true, []byte("llo"))
		}, "", "", "hello"},
		{"no SETTINGS first", func(p *peer) { p.answer(true, ":status", "200") }, PhaseWait, "not-http2", "HEADERS"},
		{"no frames", func(p *peer) {
			p.framer.WriteRawFrame(0x54, 0x54, 0x502f312e, []byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		}, PhaseWait, "not-http2", ""},
		{"a stream broken off", func(p *peer) {
			settings(p)
			p.framer.WriteRSTStream(p.stream, http2.ErrCodeInternal)
		}, PhaseRead, "h2-reset", "INTERNAL_ERROR"},
		{"a stream broken off in the body", func(p *peer) {
			settings(p)
			p.answer(false, ":status", "200")
			p.framer.WriteData(p.stream, false, []byte("hel"))
			p.framer.WriteRSTStream(p.stream, http2.ErrCodeCancel)
		}, PhaseRead, "h2-reset", "CANCEL"},
		{"HTTP/1.1 is wanted", func(p *peer) {
			settings(p)
			p.framer.WriteRSTStream(p.stream, http2.ErrCodeHTTP11Required)
		}, PhaseRead, "h2-reset", "HTTP_1_1_REQUIRED"},
		{"goodbye", func(p *peer) {
			settings(p)
			p.framer.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, []byte("go\x1b"))
		}, PhaseWait, "h2-goaway", `ENHANCE_YOUR_CALM, "go\x1b"`},
		{"goodbye after this one", func(p *peer) {
			settings(p)
			p.framer.WriteGoAway(p.stream, http2.ErrCodeNo, nil)
			p.answer(true, ":status", "204")
		}, "", "", ""},
		{"a push", func(p *peer) {
			settings(p)
			p.framer.WritePushPromise(http2.PushPromiseParam{StreamID: p.stream, PromiseID: 2, BlockFragment: p.head(":status", "200"), EndHeaders: true})
		}, PhaseRead, "h2-protocol", "pushes"},
		{"a body without a head", func(p *peer) {
			settings(p)
			p.framer.WriteData(p.stream, true, []byte("x"))
		}, PhaseWait, "h2-protocol", "without a head"},
		{"no status", func(p *peer) {
			settings(p)
			p.answer(true, "server", "x")
		}, PhaseRead, "bad-status", "no status"},
		{"a status that is none", func(p *peer) {
			settings(p)
			p.answer(true, ":status", "ok")
		}, PhaseRead, "bad-status", `"ok"`},
		{"a head that is no HPACK", func(p *peer) {
			settings(p)
			p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: p.stream, BlockFragment: []byte{0xff, 0xff, 0xff}, EndHeaders: true})
		}, PhaseRead, "h2-compression", "decompressed"},
		{"as many continuations as may be", func(p *peer) {
			settings(p)
			p.inPieces(maxContinuations)
		}, "", "", ""},
		{"one more", func(p *peer) {
			settings(p)
			p.inPieces(maxContinuations + 1)
		}, PhaseRead, "head-too-large", "64 frames"},
		{"a flood of continuations", func(p *peer) {
			settings(p)
			p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: p.stream, BlockFragment: p.head(":status", "200")})
			for p.framer.WriteContinuation(p.stream, false, nil) == nil {
			}
		}, PhaseRead, "head-too-large", "64 frames"},
		{"a small head that becomes large", func(p *peer) {
			settings(p)
			block := p.head(":status", "200", "x", strings.Repeat("y", 3000))
			for range 500 {
				block = append(block, 0xbe) // the same field again, from the table
			}
			p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: p.stream, BlockFragment: block, EndHeaders: true, EndStream: true})
		}, PhaseRead, "head-too-large", "larger than"},
		{"a flood of pings", func(p *peer) {
			settings(p)
			var reading sync.WaitGroup // to its end: whoever drains the connection next reads from the same buffer
			reading.Go(func() { io.Copy(io.Discard, readerOf{p}) })
			for p.framer.WritePing(false, [8]byte{}) == nil {
			}
			reading.Wait()
		}, PhaseRead, "h2-flood", "1000 frames"},
		{"a flood of empty data", func(p *peer) {
			settings(p)
			p.answer(false, ":status", "200")
			for p.framer.WriteData(p.stream, false, nil) == nil {
			}
		}, PhaseRead, "h2-flood", "1000 frames"},
		{"a frame out of order", func(p *peer) {
			settings(p)
			p.framer.WriteContinuation(p.stream, true, nil)
		}, PhaseRead, "h2-protocol", "CONTINUATION"},
		{"a frame that is too large", func(p *peer) {
			settings(p)
			p.framer.WriteRawFrame(http2.FrameData, 0, p.stream, make([]byte, 20_000))
		}, PhaseRead, "h2-protocol", "frame too large"},
		{"closed in the body", func(p *peer) {
			settings(p)
			p.answer(false, ":status", "200")
			p.framer.WriteGoAway(p.stream, http2.ErrCodeNo, nil)
			p.framer.WriteRSTStream(p.stream, http2.ErrCodeNo)
		}, PhaseRead, "h2-reset", "NO_ERROR"},
		{"the stream ends after an interim response", func(p *peer) {
			settings(p)
			p.answer(true, ":status", "103")
		}, PhaseRead, "closed", "interim"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			addr := h2Server(t, func(p *peer) {
				if p.next() {
					tt.serve(p)
				}
			})
			tr, err := runWith(t, "http://"+addr+"/", &Options{HTTP: "2"}, nil)
			if tt.phase == "" {
				if err != nil {
					t.Fatal(err)
				}
				m := tr.last().Response
				if got := string(m.Body) + strings.Join(m.Malformed, "; "); !strings.Contains(got, tt.detail) {
					t.Errorf("got %q, want %q", got, tt.detail)
				}
				return
			}
			f, ok := errors.AsType[*Failure](err)
			if !ok || f.Phase != tt.phase && f.Phase != PhaseWait || f.Reason != tt.reason || !strings.Contains(f.Detail, tt.detail) || f.Hint == "" {
				t.Errorf("got %+v", f)
			}
		})
	}
}

// readerOf reads what comes to a peer, frame by frame, so that it can go on sending.
type readerOf struct{ p *peer }

func (r readerOf) Read(b []byte) (int, error) {
	_, err := r.p.framer.ReadFrame()
	return 0, err
}

// A connection that the server has closed in the meantime is dialled anew, once; one that answers is used again.
func TestStaleConnectionIsDialledAnew(t *testing.T) {
	for _, version := range []string{"1.1", "2"} {
		t.Run(version, func(t *testing.T) {
			var conns atomic.Int32
			redirect := func(path string) (string, bool) { return "/2", path == "/" }
			var addr string
			if version == "2" {
				addr = h2Server(t, func(p *peer) {
					n := conns.Add(1)
					p.framer.WriteSettings()
					p.next()
					if n == 1 {
						p.answer(true, ":status", "302", "location", "/2")
						p.next()
						p.framer.WriteGoAway(p.stream-2, http2.ErrCodeNo, nil)
						return
					}
					p.answer(true, ":status", "200")
				})
			} else {
				addr = listen(t, func(c net.Conn) {
					conns.Add(1)
					head, _ := readRequest(bufio.NewReader(c))
					if to, ok := redirect(strings.Fields(head)[1]); ok {
						io.WriteString(c, "HTTP/1.1 302 Found\r\nLocation: "+to+"\r\nContent-Length: 0\r\n\r\n")
						return // and close, without a word of it
					}
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				})
			}
			tr, err := runWith(t, "http://"+addr+"/", &Options{HTTP: version}, nil)
			if err != nil {
				t.Fatal(err)
			}
			h := tr.last()
			if h.Status != 200 || conns.Load() != 2 || h.TCP.Reused || h.Phases[1].Name != PhaseDNS {
				t.Errorf("status %d over %d connections, %+v", h.Status, conns.Load(), h.Phases)
			}
		})
	}
}

// Whatever frames come: no panic, no more memory than the limits, and an end.
func FuzzHTTP2(f *testing.F) {
	frames := func(write func(p *peer)) []byte {
		var b bytes.Buffer
		p := &peer{framer: http2.NewFramer(&b, nil), stream: 1}
		p.enc = hpack.NewEncoder(&p.block)
		write(p)
		return b.Bytes()
	}
	f.Add(frames(func(p *peer) {
		p.framer.WriteSettings()
		p.answer(false, ":status", "200", "a", "b")
		p.framer.WriteData(1, true, []byte("hello"))
	}))
	f.Add(frames(func(p *peer) {
		p.framer.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 20})
		p.answer(false, ":status", "103")
		p.framer.WritePing(false, [8]byte{})
		p.answer(false, ":status", "404")
		p.answer(true, "trailer", "x")
	}))
	f.Fuzz(func(t *testing.T, in []byte) {
		const maxHead = 2048
		x := newHTTP2(&scripted{r: bytes.NewReader(in)}, "http", maxHead)
		q := &request{method: "GET", to: &location{scheme: "http", host: "a", port: "80", path: "/"}}
		if err := x.send(q.message("")); err != nil {
			t.Fatal(err)
		}
		m, status, body, _, err := x.receive("GET")
		if err != nil {
			return
		}
		b, _ := io.ReadAll(body)
		if len(b) > len(in) || len(m.Fields) > maxFields || status < 200 {
			t.Fatalf("%d octets of body from %d, %d fields, status %d", len(b), len(in), len(m.Fields), status)
		}
		size := 0
		for _, f := range m.Fields {
			size += len(f.Name) + len(f.Value)
		}
		if size > maxHead {
			t.Fatalf("a head of %d octets", size)
		}
	})
}

// scripted is a connection on which everything was said beforehand.
type scripted struct {
	net.Conn
	r io.Reader
}

func (s *scripted) Read(p []byte) (int, error)  { return s.r.Read(p) }
func (s *scripted) Write(p []byte) (int, error) { return len(p), nil }

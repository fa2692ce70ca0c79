package trace

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/zlib"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// encode writes s in a content coding.
func encode(t testing.TB, coding, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := encoder(t, coding, &b)
	io.WriteString(w, s)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func encoder(t testing.TB, coding string, to io.Writer) io.WriteCloser {
	t.Helper()
	switch coding {
	case "gzip":
		return gzip.NewWriter(to)
	case "br":
		return brotli.NewWriterLevel(to, 4)
	case "zstd":
		w, err := zstd.NewWriter(to, zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		return w
	case "deflate":
		return zlib.NewWriter(to)
	case "bare deflate":
		w, err := flate.NewWriter(to, 6)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	t.Fatal(coding)
	return nil
}

func TestEveryEncodingIsRead(t *testing.T) {
	page := strings.Repeat("HTTP forgets you after every request. ", 1000)
	tests := []struct {
		what, field string
		body        string
		want        string
		encoding    string
		malformed   string
	}{
		{"none", "", page, page, "", ""},
		{"identity", "identity", page, page, "", ""},
		{"gzip", "gzip", encode(t, "gzip", page), page, "gzip", ""},
		{"gzip by its old name", "X-GZIP", encode(t, "gzip", page), page, "x-gzip", ""},
		{"deflate", "deflate", encode(t, "deflate", page), page, "deflate", ""},
		{"deflate without zlib", "deflate", encode(t, "bare deflate", page), page, "deflate", "header of zlib"},
		{"brotli", "br", encode(t, "br", page), page, "br", ""},
		{"zstd", "zstd", encode(t, "zstd", page), page, "zstd", ""},
		{"zstd in gzip in brotli", "zstd, gzip, br", encode(t, "br", encode(t, "gzip", encode(t, "zstd", page))), page, "zstd, gzip, br", ""},
		{"nothing at all", "gzip", "", "", "gzip", ""},
		{"an unknown coding", "rot13", "uryyb", "uryyb", "rot13", "unknown"},
		{"two members of gzip", "gzip", encode(t, "gzip", "a") + encode(t, "gzip", "b"), "ab", "gzip", ""},
		{"garbage after gzip", "gzip", encode(t, "gzip", page) + "garbage, quite a lot of it", page, "gzip", "belong to nothing"},
		{"garbage after zstd", "zstd", encode(t, "zstd", page) + "garbage, quite a lot of it", page, "zstd", "belong to nothing"},
		{"garbage after brotli", "br", encode(t, "br", page) + strings.Repeat("garbage", 2000), page, "br", "belong to nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if tt.field != "" {
					w.Header().Set("Content-Encoding", tt.field)
				}
				io.WriteString(w, tt.body)
			}))
			defer s.Close()
			tr, err := runWith(t, s.URL, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			m := tr.last().Response
			if string(m.Body) != tt.want || m.Encoding != tt.encoding || m.BodyBytes != int64(len(tt.body)) || m.Decoded != int64(len(tt.want)) || m.Truncated {
				t.Errorf("%q, %d octets became %d (truncated: %v), want %d to %d", m.Encoding, m.BodyBytes, m.Decoded, m.Truncated, len(tt.body), len(tt.want))
			}
			if all := strings.Join(m.Malformed, "; "); !strings.Contains(all, tt.malformed) || (tt.malformed == "") != (all == "") {
				t.Errorf("malformed: %q, want %q", all, tt.malformed)
			}
		})
	}
}

// zeros are ten gigabytes, made as they are read.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left -= n
	return int(n), nil
}

// A bomb is a finding and a truncated body, never memory.
func TestBombsAreCut(t *testing.T) {
	const huge = 10 << 30
	bomb := func(codings ...string) func(io.Writer) {
		return func(to io.Writer) {
			w := io.WriteCloser(nopCloser{to})
			for i := range codings {
				w = encoder(t, codings[len(codings)-1-i], w)
			}
			io.Copy(w, &zeros{huge}) // until the other side has had enough
		}
	}
	tests := []struct {
		what, codings string
		send          func(io.Writer)
		code          string
	}{
		{"gzip", "gzip", bomb("gzip"), "compression-bomb"},
		{"brotli", "br", bomb("br"), "compression-bomb"},
		{"zstd", "zstd", bomb("zstd"), "compression-bomb"},
		{"gzip in gzip", "gzip, gzip", bomb("gzip", "gzip"), "compression-bomb"},
		{"ten gigabytes of zeros as they are", "", func(w io.Writer) { io.Copy(w, &zeros{huge}) }, "body-too-large"},
		{"empty members without end", "gzip", func(w io.Writer) {
			empty := bytes.Repeat([]byte(encode(t, "gzip", "")), 1000)
			for {
				if _, err := w.Write(empty); err != nil {
					return
				}
			}
		}, "body-too-large"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			addr := listen(t, func(c net.Conn) {
				if _, err := readRequest(bufio.NewReader(c)); err != nil {
					return
				}
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Encoding: "+tt.codings+"\r\n\r\n")
				tt.send(c)
			})
			var tr *Trace
			var err error
			start := time.Now()
			grown := peak(func() { tr, err = runWith(t, "http://"+addr+"/", nil, nil) })
			if err != nil {
				t.Fatal(err)
			}
			m := tr.last().Response
			if !m.Truncated || len(tr.Findings) != 1 || tr.Findings[0].Code != tt.code {
				t.Errorf("truncated %v, findings %+v", m.Truncated, tr.Findings)
			}
			if m.BodyBytes > 9<<20 || m.Decoded > 8<<20 || int64(len(m.Body)) != m.Decoded {
				t.Errorf("%d octets became %d", m.BodyBytes, m.Decoded)
			}
			if grown > 64<<20 {
				t.Errorf("the heap grew by %d MiB", grown>>20)
			}
			t.Logf("%d octets became %d; %d MiB; %v", m.BodyBytes, m.Decoded, grown>>20, time.Since(start).Round(time.Millisecond))
		})
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// peak is by how many octets the heap grew at most while f ran.
func peak(f func()) uint64 {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			runtime.ReadMemStats(&now)
			most.Store(max(most.Load(), now.HeapAlloc))
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	}()
	f()
	close(done)
	<-over
	return most.Load() - min(most.Load(), before.HeapAlloc)
}

// The limits hold to the octet.
func TestBodyLimitAtItsEdge(t *testing.T) {
	for _, n := range []int{999, 1000, 1001} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, strings.Repeat("x", n)) }))
		tr, err := runWith(t, s.URL, &Options{MaxBody: 1000}, nil)
		s.Close()
		m := tr.last().Response
		if err != nil || m.Truncated != (n > 1000) || len(m.Body) != min(n, 1000) {
			t.Error(fmt.Sprintf("%d octets:", n), m.Truncated, len(m.Body), err)
		}
	}
}

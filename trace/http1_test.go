package trace

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"
)

// readResponse reads a response from its octets.
func readResponse(raw, method string, maxHead int) (m *Message, status int, body string, reusable bool, err error) {
	x := &http1{r: bufio.NewReader(strings.NewReader(raw)), max: maxHead, last: &Message{}}
	m, status, r, _, err := x.receive(method)
	if err != nil {
		return m, status, "", false, err
	}
	b, err := io.ReadAll(r)
	return m, status, string(b), x.reusable(), err
}

func TestWhatBrowsersTakeIsTakenAndNamed(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	tests := []struct {
		what, raw string
		fields    string // name=value, in order
		body      string
		malformed string // part of the one sentence, "" for none
		reusable  bool
	}{
		{"a plain response", ok + "A: b\r\nContent-Length: 2\r\n\r\nhi", "A=b Content-Length=2", "hi", "", true},
		{"no reason phrase, with its space", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "Content-Length=0", "", "", true},
		{"no reason phrase and no space", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "Content-Length=0", "", "without the space", true},
		{"HTTP/1.0 ends with the connection", "HTTP/1.0 200 OK\r\n\r\nhi", "", "hi", "", false},
		{"HTTP/1.0 with keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", "Connection=keep-alive Content-Length=2", "hi", "", true},
		{"lower case", "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "Content-Length=0", "", `written "http/1.1"`, true},
		{"a protocol of the future", "HTTP/3.7 200 OK\r\n\r\nhi", "", "hi", `protocol is "HTTP/3.7"`, false},
		{"a status above 599", "HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n", "Content-Length=0", "", "above 599", true},
		{"two spaces", "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n", "Content-Length=0", "", "more than one space", true},
		{"empty lines in front", "\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n", "Content-Length=0", "", `before the status line came "\r\n\r\n"`, true},
		{"the end of another body in front", "xy" + ok + "Content-Length: 0\r\n\r\n", "Content-Length=0", "", `came "xy"`, true},
		{"bare LF", "HTTP/1.1 200 OK\nA: b\nContent-Length: 2\n\nhi", "A=b Content-Length=2", "hi", "LF without CR", true},
		{"a folded field", ok + "A: b\r\n  c\r\n\td\r\nContent-Length: 0\r\n\r\n", "A=b c d Content-Length=0", "", "folded", true},
		{"a fold before any field", ok + " A: b\r\nContent-Length: 0\r\n\r\n", "Content-Length=0", "", "folded", true},
		{"a control character in a cookie", ok + "Set-Cookie: a=\x01b\r\nContent-Length: 0\r\n\r\n", "Set-Cookie=a=\x01b Content-Length=0", "", `"Set-Cookie" holds the control character 0x01`, true},
		{"NUL", ok + "A: b\x00c\r\nContent-Length: 0\r\n\r\n", "A=b\x00c Content-Length=0", "", "0x00", true},
		{"a CR in the middle", ok + "A: b\rc\r\nContent-Length: 0\r\n\r\n", "A=b\rc Content-Length=0", "", "0x0D", true},
		{"octets that are not ASCII", ok + "A: \xe9\xff\r\nContent-Length: 0\r\n\r\n", "A=\xe9\xff Content-Length=0", "", "", true},
		{"no colon", ok + "hello\r\nContent-Length: 0\r\n\r\n", "Content-Length=0", "", `no colon: "hello"`, true},
		{"no name", ok + ": x\r\nContent-Length: 0\r\n\r\n", "Content-Length=0", "", "no name", true},
		{"space before the colon", ok + "A : b\r\nContent-Length: 0\r\n\r\n", "A=b Content-Length=0", "", "its colon", true},
		{"a name that is none", ok + "A(: b\r\nContent-Length: 0\r\n\r\n", "A(=b Content-Length=0", "", "not a name", true},
		{"an empty value", ok + "A:\r\nContent-Length: 0\r\n\r\n", "A= Content-Length=0", "", "", true},
		{"the same length twice", ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", "Content-Length=2 Content-Length=2", "hi", "2 times", true},
		{"a length that is none", ok + "Content-Length: +2\r\n\r\nhi there", "Content-Length=+2", "hi there", "ignored", false},
		{"chunks", ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\na\r\n, you all!\r\n0\r\n\r\n", "Transfer-Encoding=chunked", "hi, you all!", "", true},
		{"chunk extensions", ok + "Transfer-Encoding: chunked\r\n\r\n2;a=\"b\"\r\nhi\r\n0;x\r\n\r\n", "Transfer-Encoding=chunked", "hi", "", true},
		{"chunks with bare LF", ok + "Transfer-Encoding: chunked\r\n\r\n2\nhi\n0\n\n", "Transfer-Encoding=chunked", "hi", "LF without CR", true},
		{"space after a size", ok + "Transfer-Encoding: chunked\r\n\r\n2 \r\nhi\r\n0\r\n\r\n", "Transfer-Encoding=chunked", "hi", "around the size", true},
		{"chunks and a length", ok + "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", "Content-Length=9 Transfer-Encoding=chunked", "hi", "both", false},
		{"a coding that nobody knows", ok + "Transfer-Encoding: rot13\r\n\r\nuv", "Transfer-Encoding=rot13", "uv", "unknown", false},
		{"chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi", "Transfer-Encoding=chunked", "2\r\nhi", "HTTP/1.0", false},
		{"204 has no body", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "Content-Length=5", "", "", true},
		{"304 has no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "Content-Length=5", "", "", true},
		{"more than the length", ok + "Content-Length: 2\r\n\r\nhi there", "Content-Length=2", "hi", "", false},
		{"Connection: close", ok + "Connection: close\r\nContent-Length: 2\r\n\r\nhi", "Connection=close Content-Length=2", "hi", "", false},
		{"a switch of protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "Upgrade=x", "", "switches", false},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			m, _, body, reusable, err := readResponse(tt.raw, "GET", 1<<10)
			if err != nil {
				t.Fatal(err)
			}
			var fields []string
			for _, f := range m.Fields {
				fields = append(fields, f.Name+"="+f.Value)
			}
			if got := strings.Join(fields, " "); got != tt.fields {
				t.Errorf("fields %q, want %q", got, tt.fields)
			}
			if body != tt.body || reusable != tt.reusable {
				t.Errorf("body %q, reusable %v; want %q, %v", body, reusable, tt.body, tt.reusable)
			}
			if all := strings.Join(m.Malformed, "; "); !strings.Contains(all, tt.malformed) || (tt.malformed == "") != (all == "") {
				t.Errorf("malformed: %q, want %q", all, tt.malformed)
			}
			if !strings.HasPrefix(tt.raw, string(m.Raw)) || m.HeadBytes != int64(len(m.Raw)) {
				t.Errorf("the head is not as it came: %q", m.Raw)
			}
		})
	}
}

func TestHeadHasNoBodyAndTrailersAreKept(t *testing.T) {
	_, _, body, reusable, err := readResponse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", 1<<10)
	if err != nil || body != "" || !reusable {
		t.Errorf("HEAD: %q %v %v", body, reusable, err)
	}
	m, _, _, _, err := readResponse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nDigest: x\r\n\r\n", "GET", 1<<10)
	if err != nil || len(m.Trailers) != 1 || m.Trailers[0] != (Field{"Digest", "x"}) {
		t.Errorf("trailers: %v %v", m.Trailers, err)
	}
	m, status, _, _, err := readResponse("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "GET", 1<<10)
	if err != nil || status != 404 || !slices.Equal(m.Interim, []int{103, 100}) || len(m.Fields) != 1 {
		t.Errorf("interim: %d %v %v %v", status, m.Interim, m.Fields, err)
	}
}

// Every limit is met at its edge.
func TestLimitsOfTheReader(t *testing.T) {
	head := func(n int) string { // a head of n octets
		s := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: "
		return s + strings.Repeat("x", n-len(s)-4) + "\r\n\r\n"
	}
	fields := func(n int) string {
		return "HTTP/1.1 200 OK\r\n" + strings.Repeat("a:b\r\n", n-1) + "Content-Length:0\r\n\r\n"
	}
	chunk := func(ext int) string {
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", ext) + "\r\na\r\n0\r\n\r\n"
	}
	tests := []struct {
		what, raw string
		limit     int    // octets of the head
		reason    string // "" is taken
	}{
		{"a head as large as it may be", head(4096), 4096, ""},
		{"one octet more", head(4097), 4096, "head-too-large"},
		{"as many fields as may be", fields(maxFields), 1 << 20, ""},
		{"one more", fields(maxFields + 1), 1 << 20, "head-too-large"},
		{"as many interim responses as may be", strings.Repeat("HTTP/1.1 100 C\r\n\r\n", maxInterim) + head(100), 1 << 20, ""},
		{"one more", strings.Repeat("HTTP/1.1 100 C\r\n\r\n", maxInterim+1) + head(100), 1 << 20, "too-many-interim"},
		{"as much junk as may be", strings.Repeat("x", maxJunk) + head(100), 1 << 20, ""},
		{"one octet more", strings.Repeat("x", maxJunk+1) + head(100), 1 << 20, "not-http"},
		{"a chunk's line as long as may be", chunk(maxChunkLine - 4), 1 << 20, ""},
		{"one octet more", chunk(maxChunkLine - 3), 1 << 20, "bad-chunk"},
		{"a size of 64 bits", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 1 << 20, "bad-chunk"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			_, _, _, _, err := readResponse(tt.raw, "GET", tt.limit)
			f, _ := errors.AsType[*Failure](err)
			if tt.reason == "" && err != nil || tt.reason != "" && (f == nil || f.Reason != tt.reason) {
				t.Errorf("got %v, want %q", err, tt.reason)
			}
		})
	}
}

var wellFormed = []string{
	"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 404 Not Found\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: D\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nD: e\r\n\r\n",
	"HTTP/1.0 302 Found\r\nLocation: /x\r\n\r\nuntil the end",
	"HTTP/1.1 204 No Content\r\n\r\n",
	"HTTP/1.1 200 OK\r\nX:  spaces \t around\t\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 200 \r\nEmpty:\r\nContent-Length: 1\r\n\r\n\x00",
}

// What has nothing wrong is read as net/http reads it, and nothing takes more memory than the limits.
func FuzzHTTP1(f *testing.F) {
	for _, raw := range wellFormed {
		f.Add(raw)
	}
	f.Add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\n a\nb\n\n")
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		const maxHead = 2048
		m, status, body, _, err := readResponse(raw, "GET", maxHead)
		if m != nil && (len(m.Raw) > maxHead || len(m.Fields) > maxFields || len(m.Malformed) > maxFaults) {
			t.Fatalf("%d octets, %d fields, %d faults", len(m.Raw), len(m.Fields), len(m.Malformed))
		}
		if len(body) > len(raw) {
			t.Fatalf("a body of %d octets came out of %d", len(body), len(raw))
		}
		if m == nil || len(m.Interim) > 0 || len(m.Malformed) > 0 {
			return
		}
		compareWithNetHTTP(t, raw, m, status, body, err)
	})
}

func compareWithNetHTTP(t *testing.T, raw string, m *Message, status int, body string, err error) {
	res, theirs := http.ReadResponse(bufio.NewReader(strings.NewReader(raw)), &http.Request{Method: "GET"})
	if theirs != nil {
		return // it is the stricter one
	}
	defer res.Body.Close()
	want, theirs := io.ReadAll(res.Body)
	if err != nil {
		if theirs == nil && res.StatusCode >= 200 && res.StatusCode < 600 {
			t.Fatalf("net/http takes it, and we: %v", err)
		}
		return
	}
	if theirs != nil {
		t.Fatalf("we take it, and net/http: %v", theirs)
	}
	if status != res.StatusCode || body != string(want) {
		t.Fatalf("status %d, body %q; net/http %d, %q", status, body, res.StatusCode, want)
	}
	ours := http.Header{}
	for _, f := range m.Fields {
		name := textproto.CanonicalMIMEHeaderKey(f.Name)
		ours[name] = append(ours[name], f.Value)
	}
	for _, name := range []string{"Transfer-Encoding", "Content-Length", "Trailer"} { // net/http takes them out, or tidies them
		ours.Del(name)
		res.Header.Del(name)
	}
	if len(ours) != len(res.Header) {
		t.Fatalf("fields %q; net/http %q", ours, res.Header)
	}
	for name, values := range res.Header {
		if !slices.Equal(values, ours[name]) {
			t.Fatalf("%s is %q; net/http %q", name, ours[name], values)
		}
	}
}

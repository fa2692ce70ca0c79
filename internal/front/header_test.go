package front_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// echo answers with the request line and the header as the app sees them, sorted.
func echo(w http.ResponseWriter, r *http.Request) {
	lines := []string{r.Method + " " + r.RequestURI, "Host: " + r.Host}
	for name, values := range r.Header {
		for _, v := range values {
			lines = append(lines, name+": "+v)
		}
	}
	slices.Sort(lines[2:])
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(w, "%s\n\n%s", strings.Join(lines, "\n"), body)
}

// TestOnlyOurIdentityArrives_FA02_FA03_FA04: in whatever spelling a client claims to be somebody, and whatever it has
// Connection remove, the app reads the four names as we set them, and nothing else that reads like them.
func TestOnlyOurIdentityArrives_FA02_FA03_FA04(t *testing.T) {
	want := []string{"Remote-Email: anna@example.org", "Remote-Groups: staff,ops", "Remote-Name: Anna Ä", "Remote-User: u1"}
	var spellings [][]string
	for _, name := range []string{"Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups"} {
		flat := strings.ReplaceAll(name, "-", "_")
		for _, s := range []string{
			name, strings.ToLower(name), strings.ToUpper(name), flat, strings.ToUpper(flat), strings.ToLower(flat),
			strings.ReplaceAll(name, "-", "."), strings.ReplaceAll(name, "-", "--"), strings.ReplaceAll(name, "-", "-_"),
			strings.ReplaceAll(name, "-", ""), name + "_", "_" + flat, strings.ReplaceAll(name, "-", "~"), strings.ReplaceAll(name, "-", "'"),
		} {
			spellings = append(spellings, []string{s + ": root"}, []string{s + ": root", s + ": admin"}, []string{s + ": "})
		}
		spellings = append(spellings, []string{name + ": root", strings.ToLower(name) + ": root", flat + ": root"})
	}
	each(t, echo, func(t *testing.T, s *stand) {
		for _, lines := range spellings {
			for _, connection := range []string{"", "Remote-User, remote-email, Remote_Name,Remote-Groups", "close, Remote-User"} {
				sent := slices.Clone(lines)
				if connection != "" {
					if strings.HasPrefix(s.url, "https") {
						continue // HTTP/2 has no such field, and the client refuses to send it
					}
					sent = append(sent, "Connection: "+connection)
				}
				_, body := s.do(t, "GET", "/", "", sent...)
				var got []string
				for line := range strings.Lines(body) {
					name, _, _ := strings.Cut(line, ":")
					if letters := strings.Map(onlyLetters, strings.ToLower(name)); strings.Contains(letters, "remote") {
						got = append(got, strings.TrimSpace(line))
					}
				}
				if !slices.Equal(got, want) {
					t.Fatalf("sent %q, the app reads %q", sent, got)
				}
			}
		}
	})
}

func onlyLetters(c rune) rune {
	if 'a' <= c && c <= 'z' {
		return c
	}
	return -1
}

// TestEmptyIdentityIsSaid_FA02: a person without e-mail address and groups has these fields too, empty.
func TestEmptyIdentityIsSaid_FA02(t *testing.T) {
	each(t, echo, func(t *testing.T, s *stand) {
		s.visitor.Email, s.visitor.Name, s.visitor.Groups = "", "", ""
		_, body := s.do(t, "GET", "/", "", "Remote-Email: root@example.org", "Remote_Groups: admin")
		for _, want := range []string{"Remote-Email: \n", "Remote-Groups: \n", "Remote-Name: \n", "Remote-User: u1\n"} {
			if !strings.Contains(body, want) {
				t.Errorf("%q is missing:\n%s", want, body)
			}
		}
	})
}

// TestForwardedFieldsAreOurs_FA05: what a client says of hosts, addresses and paths on the way arrives in no spelling.
func TestForwardedFieldsAreOurs_FA05(t *testing.T) {
	lies := []string{
		"X-Forwarded-For: 10.0.0.1", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: ftp", "X-Forwarded-Port: 1", "X-Forwarded-Prefix: /x",
		"X-Forwarded-Uri: /x", "X-Forwarded-Method: PUT", "X-Forwarded-Server: x", "X-Forwarded-User: root", "X-Forwarded-Anything: x", "X-Forwarded: x",
		"X_Forwarded_For: 10.0.0.1", "x.forwarded.host: evil.example", "X--Forwarded-Proto: ftp", "Forwarded: for=10.0.0.1", "X-Real-IP: 10.0.0.1",
		"X_Real_Ip: 10.0.0.1", "X-Original-URL: /x", "X-Original-Method: PUT", "X-Rewrite-URL: /x", "X-Client-IP: 10.0.0.1", "True-Client-IP: 10.0.0.1",
		"X-Cluster-Client-IP: 10.0.0.1", "Proxy: http://10.0.0.1",
	}
	each(t, echo, func(t *testing.T, s *stand) {
		_, body := s.do(t, "GET", "/", "", append(lies, "X-Mine: stays", "Accept-Language: ko")...)
		for _, want := range []string{
			"Host: app.example\n", "X-Forwarded-For: 192.0.2.7\n", "X-Forwarded-Host: app.example\n", "X-Forwarded-Proto: https\n", "X-Mine: stays\n", "Accept-Language: ko\n",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("%q is missing", want)
			}
		}
		for _, lie := range []string{"10.0.0.1", "evil", "ftp", "/x", "PUT", ": x\n", "root", "X-Forwarded-Port"} {
			if strings.Contains(body, lie) {
				t.Errorf("%q arrived", lie)
			}
		}
		if t.Failed() {
			t.Log(body)
		}
	})
}

func TestCookiesOfOursStayHere(t *testing.T) {
	tests := []struct {
		what string
		send []string
		want []string // nil = no Cookie field at all
	}{
		{"one of the app's", []string{"a=1"}, []string{"a=1"}},
		{"ours alone", []string{"__Host-session=s"}, nil},
		{"ours first", []string{"__Host-session=s; a=1"}, []string{"a=1"}},
		{"ours last", []string{"a=1; __Host-session=s"}, []string{"a=1"}},
		{"ours in between", []string{"a=1; __Host-visit=v; b=2"}, []string{"a=1; b=2"}},
		{"both", []string{"__Host-session=s; __Host-visit=v"}, nil},
		{"doubled", []string{"__Host-session=s; a=1; __Host-session=t"}, []string{"a=1"}},
		{"in other case", []string{"__host-Session=s; a=1; __HOST-VISIT=v"}, []string{"a=1"}},
		{"without spaces", []string{"a=1;__Host-session=s;b=2"}, []string{"a=1;b=2"}},
		{"with more spaces", []string{"a=1;   __Host-session  =s ;\tb=2"}, []string{"a=1;\tb=2"}},
		{"without a name", []string{"=__Host-session=s; a=1"}, []string{"a=1"}},
		{"without a value", []string{"__Host-session; a=1"}, []string{"a=1"}},
		{"a name that begins the same", []string{"__Host-sessions=1; __Host-session.2=x"}, []string{"__Host-sessions=1; __Host-session.2=x"}},
		{"odd ones of the app", []string{`a="x y"; =; ;;b; c==; d=é`}, []string{`a="x y"; =; ;;b; c==; d=é`}},
		{"odd ones beside ours", []string{`a="x y"; ;; __Host-session=s;c==`}, []string{`a="x y"; ;;c==`}},
	}
	each(t, echo, func(t *testing.T, s *stand) {
		for _, tt := range tests {
			t.Run(tt.what, func(t *testing.T) {
				var lines []string
				for _, c := range tt.send {
					lines = append(lines, "Cookie: "+c)
				}
				_, body := s.do(t, "GET", "/", "", lines...)
				var got []string
				for line := range strings.Lines(body) {
					if c, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "Cookie: "); ok {
						got = append(got, c)
					}
				}
				want := slices.Clone(tt.want)
				if strings.HasPrefix(s.url, "https") { // HTTP/2 sends the pairs by themselves (RFC 9113 section 8.2.3)
					for i := range want {
						want[i] = strings.ReplaceAll(strings.ReplaceAll(want[i], "; ", ";"), ";", "; ")
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	})
}

// TestCookiesOverSeveralLines: HTTP/1.1 may have several fields, each is looked at.
func TestCookiesOverSeveralLines(t *testing.T) {
	s := newStand(t, echo, "HTTP/1.1")
	_, body := s.do(t, "GET", "/", "", "Cookie: a=1; __Host-session=s", "Cookie: __Host-visit=v", "Cookie: b=2")
	if !strings.Contains(body, "\nCookie: a=1\nCookie: b=2\n") || strings.Contains(body, "__Host") {
		t.Error(body)
	}
}

// TestAuthorization_FA09: the app has its own, but not that by which Cloakroom recognised the program.
func TestAuthorization_FA09(t *testing.T) {
	each(t, echo, func(t *testing.T, s *stand) {
		if _, body := s.do(t, "GET", "/", "", "Authorization: Basic YTpi"); !strings.Contains(body, "Authorization: Basic YTpi\n") {
			t.Error(body)
		}
		s.visitor.HideAuthorization = true
		if _, body := s.do(t, "GET", "/", "", "Authorization: Bearer x"); strings.Contains(body, "Authorization") {
			t.Error(body)
		}
	})
}

func TestAnswersAreCleaned(t *testing.T) {
	tests := []struct {
		what      string
		says      [2]string // field of the app's answer
		passed    string    // value that arrives, "" for none
		unchanged bool
	}{
		{what: "a cookie of the app", says: [2]string{"Set-Cookie", "a=1; Path=/"}, unchanged: true},
		{what: "our session", says: [2]string{"Set-Cookie", "__Host-session=evil; Path=/; Secure"}},
		{what: "our visit", says: [2]string{"Set-Cookie", "__Host-visit=evil"}},
		{what: "our session in other case", says: [2]string{"Set-Cookie", "__HOST-Session=evil"}},
		{what: "our session, indented", says: [2]string{"Set-Cookie", " \t __Host-session =evil"}},
		{what: "our session as a value without a name", says: [2]string{"Set-Cookie", "=__Host-session=evil"}},
		{what: "our name as a value without a name", says: [2]string{"Set-Cookie", "__Host-session"}},
		{what: "a name that begins the same", says: [2]string{"Set-Cookie", "__Host-session2=1; Secure; Path=/"}, unchanged: true},
		{what: "our name in a value", says: [2]string{"Set-Cookie", "a=__Host-session=x"}, unchanged: true},
		{what: "clearing the cache", says: [2]string{"Clear-Site-Data", `"cache"`}, unchanged: true},
		{what: "clearing cookies", says: [2]string{"Clear-Site-Data", `"cookies"`}},
		{what: "clearing cookies and storage", says: [2]string{"Clear-Site-Data", `"cookies","storage"`}, passed: `"storage"`},
		{what: "clearing all", says: [2]string{"Clear-Site-Data", `"*"`}, passed: `"cache", "storage", "executionContexts"`},
		{what: "another server", says: [2]string{"Alt-Svc", `h3=":443"`}},
		{what: "a policy", says: [2]string{"Content-Security-Policy", "default-src 'none'"}, unchanged: true},
	}
	answer := func(w http.ResponseWriter, r *http.Request) {
		name, value, _ := strings.Cut(r.Header.Get("X-Say"), ": ")
		w.Header()[name] = []string{value}
		if r.URL.Path == "/hint" {
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Del(name)
		}
		w.WriteHeader(http.StatusOK)
	}
	each(t, answer, func(t *testing.T, s *stand) {
		for _, tt := range tests {
			t.Run(tt.what, func(t *testing.T) {
				name, value := tt.says[0], tt.says[1]
				if tt.unchanged {
					tt.passed = value
				}
				res, _ := s.do(t, "GET", "/", "", "X-Say: "+name+": "+value)
				if got := res.Header.Get(name); got != tt.passed || len(res.Header.Values(name)) > 1 {
					t.Errorf("got %q, want %q", res.Header.Values(name), tt.passed)
				}
				if hint := s.hint(t, name+": "+value); hint.Get(name) != tt.passed {
					t.Errorf("an early hint has %q, want %q", hint.Get(name), tt.passed)
				}
			})
		}
	})
}

// TestPathsArriveAsTheyWereJudged_FA06: octet for octet, but for octets that no URL may have.
func TestPathsArriveAsTheyWereJudged_FA06(t *testing.T) {
	for _, tt := range [][2]string{ // what is sent, what arrives; "" is the same
		{"/", ""}, {"/a/b", ""}, {"/a/../b", ""}, {"/a//b", ""}, {"//a", ""}, {"//evil.example/a", ""}, {"/a/./b", ""},
		{"/a%2fb", ""}, {"/a%2Fb", ""}, {"/%2e%2e/a", ""}, {"/a;b=c/d", ""}, {"/a%5cb", ""}, {"/a%00b", ""}, {"/a%23b", ""}, {"/a%3fb", ""}, {"/%61", ""},
		{"/a?b", ""}, {"/a?", ""}, {"/a?b?c/../d", ""}, {"/a?x=1;y=2", ""}, {"/a?x=%zz&%", ""}, {"/a?" + strings.Repeat("x&", 10_001), ""}, {"/a?é|\"", ""},
		{"/a[0]", ""}, {"/a!$&'()*+,=:@~b", ""}, {"/%e4%bd%a0", ""}, {"/%E4%BD%A0", ""},
		{`/a\b`, "/a%5Cb"}, {`/a\..\b%2fc`, "/a%5C..%5Cb%2fc"}, {"/a|b%2Fc", "/a%7Cb%2Fc"}, {"/a^b", "/a%5Eb"}, {`/"a"`, "/%22a%22"}, {"/a#b", "/a%23b"},
		{"/é%2f", "/%C3%A9%2f"}, {"/{a}", "/%7Ba%7D"},
		{"http://app.example/a%2fb?c", "/a%2fb?c"}, {"http://app.example?c", "/?c"},
	} {
		s := newStand(t, echo, "HTTP/1.1")
		conn := s.raw(t)
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n", tt[0])
		want := tt[1]
		if want == "" {
			want = tt[0]
		}
		if got := readAll(t, conn); !strings.Contains(got, "\r\n\r\n") || !strings.Contains(got, "GET "+want+"\n") {
			t.Errorf("sent %.100q, want %.100q, got\n%.600s", tt[0], want, got)
		}
	}
}

// TestWhatIsNotPassedOn: requests of which the app might read another path than the one that was judged.
func TestWhatIsNotPassedOn(t *testing.T) {
	s := newStand(t, func(http.ResponseWriter, *http.Request) { t.Error("it arrived") }, "HTTP/1.1")
	for _, tt := range []struct{ line, want string }{
		{"CONNECT app.example:443", "405"},
		{"TRACE /", "405"},
		{"GET *", "400"},
		{"GET http:a", "400"},
	} {
		conn := s.raw(t)
		fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n", tt.line)
		if got := readAll(t, conn); !strings.HasPrefix(got, "HTTP/1.1 "+tt.want) {
			t.Errorf("%s: got %.200q, want %s", tt.line, got, tt.want)
		}
	}
	conn := s.raw(t)
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n")
	if got := readAll(t, conn); !strings.HasPrefix(got, "HTTP/1.1 400") {
		t.Errorf("another host: %.200q", got)
	}
}

func readAll(t *testing.T, conn net.Conn) string {
	t.Helper()
	b, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

package trace

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// A bad byte in one cookie takes nothing else with it, and the jar is shown the line as it stood on the wire.
func TestSetCookieLinesReachTheJarAsTheyStand(t *testing.T) {
	addr := listen(t, func(c net.Conn) {
		if _, err := readRequest(bufio.NewReader(c)); err == nil {
			io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nSet-Cookie: early=1\r\n\r\n"+
				"HTTP/1.1 500 Oops\r\nSet-Cookie: good=1\r\nset-cookie:  bad=\x01; Path=/ \r\nSet-Cookie: utf=\xc3\xbc\xff\r\n\r\n")
		}
	})
	j := jar.New(nil)
	tr, err := runWith(t, "http://"+addr+"/", &Options{Jar: j}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, v := range tr.last().SetCookies {
		got = append(got, fmt.Sprintf("%q %s", v.Line, v.Outcome))
	}
	want := `"good=1" stored, "bad=\x01; Path=/" rejected, "utf=ü\xff" stored`
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	if n := len(j.All()); n != 2 {
		t.Errorf("the jar holds %d cookies", n)
	}
	var codes []string
	for _, f := range tr.Findings {
		codes = append(codes, f.Code)
	}
	if s := strings.Join(codes, " "); s != "cookie-rejected malformed" {
		t.Errorf("findings: %s", s)
	}
}

// A chain of redirects that a typed URL began is same-site at every hop (draft-22 section 5.2): SameSite=Strict travels.
func TestChainOfATypedURLIsSameSite(t *testing.T) {
	var seen []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Host+" "+r.Header.Get("Cookie"))
		port := portOf(r.Context().Value(http.LocalAddrContextKey).(net.Addr).String())
		switch {
		case r.URL.Path == "/":
			http.Redirect(w, r, "http://www.shop.test:"+port+"/same", http.StatusFound)
		case r.URL.Path == "/same":
			http.Redirect(w, r, "http://bank.test:"+port+"/other", http.StatusFound)
		case r.URL.Path == "/other":
			http.Redirect(w, r, "http://shop.test:"+port+"/back", http.StatusFound)
		}
	}))
	defer s.Close()
	port := portOf(s.Listener.Addr().String())
	j := jar.New(nil)
	for _, host := range []string{"shop.test", "www.shop.test", "bank.test"} {
		u := &url.URL{Scheme: "http", Host: host + ":" + port, Path: "/"}
		j.Set(jar.Request{URL: u}, "strict=1; SameSite=Strict", "lax=1; SameSite=Lax")
	}
	tr, err := runWith(t, "http://shop.test:"+port, &Options{Jar: j, Resolve: map[string][]string{"*:" + port: {"127.0.0.1"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.ReplaceAll("shop.test:P strict=1; lax=1|www.shop.test:P strict=1; lax=1|bank.test:P strict=1; lax=1|shop.test:P strict=1; lax=1", "P", port)
	if got := strings.Join(seen, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if first := tr.last().Cookies[0]; first.Name != "strict" || first.Outcome != jar.Sent {
		t.Errorf("%+v", first)
	}
}

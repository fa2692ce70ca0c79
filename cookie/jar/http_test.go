package jar

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// A real client with the jar in it: what is set comes back.
func TestHTTPClient(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/set/":
			for _, line := range []string{"a=1; Path=/", `b="x y"; Path=/`, "c=1; Path=/set", "d=1; Expires=Sun Nov  6 08:49:37 1994; Path=/", "__Host-e=1; Path=/", "f=1; SameSite=None"} {
				w.Header().Add("Set-Cookie", line)
			}
			http.Redirect(w, r, "/get", http.StatusSeeOther)
		default:
			fmt.Fprint(w, r.Header.Get("Cookie"))
		}
	}))
	defer server.Close()
	j := New(nil)
	client := server.Client()
	client.Jar = j
	resp, err := client.Get(server.URL + "/set/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body strings.Builder
	if err := resp.Write(&body); err != nil {
		t.Fatal(err)
	}
	if want := `a=1; b="x y"`; !strings.HasSuffix(body.String(), want) {
		t.Errorf("the server got %q, want %q at its end", body.String(), want)
	}
}

// What net/http has taken apart is judged as the line would be, as far as it is still there.
func TestSetCookies(t *testing.T) {
	u := mustURL(t, "https://www.example.com/a/")
	for _, row := range []struct {
		story  string
		cookie http.Cookie
		want   string // what is in the jar then
	}{
		{"a name and a value", http.Cookie{Name: "a", Value: "1"}, "a=1 www.example.com true /a false"},
		{"all attributes", http.Cookie{Name: "a", Value: "1", Domain: ".example.com", Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 60},
			"a=1 example.com false / true"},
		{"quoted", http.Cookie{Name: "a", Value: "1", Quoted: true}, `a="1" www.example.com true /a false`},
		{"deleted", http.Cookie{Name: "a", MaxAge: -1}, ""},
		{"a date that net/http does not know", http.Cookie{Name: "a", RawExpires: "Sun Nov  6 08:49:37 1994"}, ""},
		{"a date from a program", http.Cookie{Name: "a", Value: "1", Expires: then.Add(-time.Hour)}, ""},
		{"a date ahead", http.Cookie{Name: "a", Value: "1", Expires: then.Add(time.Hour)}, "a=1 www.example.com true /a false"},
		{"a path too long", http.Cookie{Name: "a", Value: "1", Path: "/" + strings.Repeat("p", 1024)}, "a=1 www.example.com true /a false"},
		{"a prefix", http.Cookie{Name: "__Host-a", Value: "1", Path: "/"}, ""},
		{"a foreign domain", http.Cookie{Name: "a", Value: "1", Domain: "example.org"}, ""},
		{"a line feed", http.Cookie{Name: "a", Value: "1\n2"}, ""},
	} {
		t.Run(row.story, func(t *testing.T) {
			j := New(nil)
			j.setCookies(u, []*http.Cookie{&row.cookie}, then)
			got := ""
			for _, k := range j.all(then) {
				got = fmt.Sprintf("%s=%s %s %t %s %t", k.Name, k.Value, k.Domain, k.HostOnly, k.Path, k.Secure)
			}
			if got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

func TestCookies(t *testing.T) {
	j := New(nil)
	tell(t, j, "https://example.com/", "a=1", "=nameless", `b="q"`, `c="`)
	var got []string
	for _, c := range j.cookies(mustURL(t, "https://example.com/"), then) {
		got = append(got, fmt.Sprintf("%s %s %t", c.Name, c.Value, c.Quoted))
	}
	if want := `[a 1 false b q true c " false]`; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
	if c := j.cookies(mustURL(t, "https://example.org/"), then); c != nil {
		t.Errorf("%v", c)
	}
}

// Everybody at once, for the race detector.
func TestConcurrent(t *testing.T) {
	j := New(nil)
	var wg sync.WaitGroup
	for g := range 8 {
		r := Request{URL: mustURL(t, fmt.Sprintf("https://h%d.example.com/", g%3))}
		wg.Go(func() {
			for i := range 200 {
				j.Set(r, fmt.Sprintf("n%d=1; Domain=example.com", i), fmt.Sprintf("m%d=1; Max-Age=%d", i%10, i%2))
				j.Match(r)
				j.Header(r)
				j.Peek(r)
				j.SetCookies(r.URL, j.Cookies(r.URL))
				switch i % 50 {
				case 7:
					j.Restore(j.All())
				case 17:
					_, saved := j.Changes()
					saved()
				case 27:
					j.Close()
				}
			}
		})
	}
	wg.Wait()
	if n := len(j.All()); n > 180 {
		t.Errorf("%d cookies of a domain", n)
	}
}

package main

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// lookalikes are the ways in which a client may try to be somebody else: headers that an app could take for ours (FA-02 to
// FA-04, CV-40, CV-73, CV-75).
var lookalikes = []struct {
	what  string
	lines []string
}{
	{"nothing", nil},
	{"as we write them", []string{"Remote-User: root", "Remote-Email: root@example.org", "Remote-Name: Root", "Remote-Groups: admins"}},
	{"in lower case", []string{"remote-user: root", "remote-email: root@example.org", "remote-name: Root", "remote-groups: admins"}},
	{"in upper case", []string{"REMOTE-USER: root", "REMOTE-EMAIL: root@example.org", "REMOTE-NAME: Root", "REMOTE-GROUPS: admins"}},
	{"in mixed case", []string{"rEmOtE-UsEr: root", "ReMoTe-EmAiL: root@example.org"}},
	{"with an underscore, which CGI takes for a dash", []string{"Remote_User: root", "Remote_Email: root@example.org", "Remote_Name: Root", "Remote_Groups: admins"}},
	{"with an underscore, in capitals", []string{"REMOTE_USER: root", "REMOTE_EMAIL: root@example.org", "HTTP_REMOTE_USER: root"}},
	{"doubled", []string{"Remote-User: root", "Remote-User: root", "Remote-Email: root@example.org", "Remote-Email: root@example.org"}},
	{"doubled, first empty", []string{"Remote-User:", "Remote-User: root", "Remote-Email:", "Remote-Email: root@example.org"}},
	{"empty", []string{"Remote-User:", "Remote-Email:", "Remote-Name:", "Remote-Groups:"}},
	{"CV-75 named hop-by-hop, so that a proxy drops ours", []string{"Connection: close, Remote-User, Remote-Email, Remote-Groups", "Remote-User: root"}},
	{"CV-75 named hop-by-hop in lower case and twice", []string{"Connection: remote-user", "Connection: remote-groups, close"}},
	{"named hop-by-hop by other headers", []string{"Keep-Alive: Remote-User", "TE: Remote-User", "Proxy-Connection: Remote-User"}},
	{"without a space", []string{"Remote-User:root", "Remote-Email:root@example.org"}},
	{"with a tab", []string{"Remote-User:\troot", "Remote-Email:\troot@example.org"}},
	{"with a dot", []string{"Remote.User: root", "Remote.Email: root@example.org"}},
	{"with a list", []string{"Remote-User: root, root", "Remote-Groups: admins,admins"}},
	{"as our own internal headers", []string{"X-Cloakroom-Reason: x", "X-Original-URL: /admin", "X-Original-Method: GET"}},
}

// TestNginxIdentity: the app sees exactly our four headers, whatever the client sent.
func TestNginxIdentity(t *testing.T) {
	for _, proxy := range []struct{ what, around string }{
		{"as printed", ""},
		{"beside a default server that lets underscores and anything else in",
			"  server { listen ADDR default_server; underscores_in_headers on; ignore_invalid_headers off; return 404; }\n"},
	} {
		t.Run(proxy.what, func(t *testing.T) {
			s := newStreet(t, proxy.around, nil)
			sent, id := s.person("anna@example.org")
			rename(t, s, sent, "Anna Åström")
			if _, err := s.house.App.ChangeGroups(t.Context(), "anna@example.org", []string{"staff", "cooks"}, nil, "test"); err != nil {
				t.Fatal(err)
			}
			// Nobody has verified the address: no Remote-Email, and not the client's either.
			want := http.Header{"Remote-User": {id}, "Remote-Name": {"Anna Åström"}, "Remote-Groups": {"cooks,staff"}}
			for _, l := range lookalikes {
				t.Run(l.what, func(t *testing.T) {
					lines := append([]string{sent}, l.lines...)
					if !strings.Contains(strings.Join(lines, "\n"), "Connection:") {
						lines = append(lines, "Connection: close")
					}
					// What comes before Host is read by the rules of the first server of the port.
					h := s.ask("GET /", append(lines, "Host: "+s.host)...).heard(t)
					got := http.Header{}
					for name, v := range h.Header {
						plain := strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
						if strings.Contains(plain, "remote-") {
							got[name] = v
						}
					}
					if proxy.around != "" {
						// HTTP_REMOTE_USER is no spelling of ours, nor is a dot one in any gateway: the operator has let them in.
						delete(got, "Http_remote_user")
						maps.DeleteFunc(got, func(n string, _ []string) bool { return strings.Contains(n, ".") })
					}
					if !maps.EqualFunc(got, want, slices.Equal) {
						t.Errorf("the app heard %v\nwant          %v", got, want)
					}
				})
			}
		})
	}
}

// rename gives the account of a cookie another name.
func rename(t *testing.T, s *street, cookie, name string) {
	t.Helper()
	c := s.house.Client()
	_, value, _ := strings.Cut(cookie, "__Host-session=")
	c.SetCookie("__Host-session", value)
	if a := c.Form("/account", url.Values{"name": {name}}); a.StatusCode != http.StatusOK {
		t.Fatalf("rename: %d %s", a.StatusCode, a.Body)
	}
}

// TestNginxTrustedEmail: an address that an administrator wrote reaches the app, instead of the client's.
func TestNginxTrustedEmail(t *testing.T) {
	s := newStreet(t, "", func(c *app.Config) { c.Signup = app.SignupInvite })
	link, err := s.house.App.Invite(t.Context(), app.Invitation{Email: "bea@example.org", Groups: []string{"staff"}}, "test", app.Client{})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	c := s.house.Client()
	if a := c.JSON("/api/signup", map[string]string{"email": "bea@example.org", "password": servertest.Password, "invitation": u.Query().Get("invitation")}); a.StatusCode != http.StatusCreated {
		t.Fatalf("sign up: %d %s", a.StatusCode, a.Body)
	}
	h := s.ask("GET /", "Cookie: __Host-session="+c.Cookie("__Host-session"), "Remote-Email: root@example.org", "Connection: close").heard(t)
	if got := h.Header["Remote-Email"]; !slices.Equal(got, []string{"bea@example.org"}) {
		t.Errorf("the app heard %q", got)
	}
	if got := h.Header["Remote-Name"]; len(got) != 0 {
		t.Errorf("an empty name arrives as %q", got)
	}
}

// TestNginxForwarded: what the app hears about the way is what nginx saw (FA-05).
func TestNginxForwarded(t *testing.T) {
	s := newStreet(t, "", nil)
	cookie, _ := s.person("anna@example.org")
	h := s.ask("GET /", cookie, "Connection: close",
		"X-Forwarded-For: 10.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test", "X-Forwarded-Port: 443", "X-Forwarded-Prefix: /evil",
		"X-Forwarded-Uri: /evil", "X-Forwarded-Method: DELETE", "X-Real-IP: 10.0.0.1", "Forwarded: for=10.0.0.1;host=evil.test", "X-Forwarded-Server: evil.test",
		"X-Original-URL: /evil", "X-Original-Method: DELETE", "X-Rewrite-URL: /evil",
	).heard(t)
	_, port, _ := strings.Cut(s.host, ":")
	want := map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Host": s.host, "X-Real-Ip": "127.0.0.1", "X-Forwarded-Port": port}
	for name, v := range h.Header {
		if (strings.HasPrefix(name, "X-Forwarded-") || name == "Forwarded" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Original") || name == "X-Rewrite-Url") && strings.Join(v, "|") != want[name] {
			t.Errorf("the app heard %s: %q, want %q", name, v, want[name])
		}
	}
	q := s.gate.last().Header
	if q.Get("X-Forwarded-For") != "127.0.0.1" || q.Get("X-Original-Url") != "http://"+s.host+"/" {
		t.Errorf("the question was %v", q)
	}
}

// TestNginxCookies: our cookies stay with us, those of the app go on, wherever each stands.
func TestNginxCookies(t *testing.T) {
	s := newStreet(t, "", nil)
	line, _ := s.person("anna@example.org")
	_, secret, _ := strings.Cut(line, "__Host-session=")
	our, visit := "__Host-session="+secret, "__Host-visit=v-v_v"
	long := strings.Repeat("x", 3500)
	for _, tt := range []struct {
		what string
		sent []string // lines
		want string
	}{
		{"alone", []string{our}, ""},
		{"first", []string{our + "; a=1; b=2"}, "a=1; b=2"},
		{"in the middle", []string{"a=1; " + our + "; b=2"}, "a=1; b=2"},
		{"last", []string{"a=1; b=2; " + our}, "a=1; b=2"},
		{"both, apart", []string{"a=1; " + our + "; b=2; " + visit + "; c=3"}, "a=1; b=2; c=3"},
		{"both, the other way round", []string{visit + "; a=1; " + our}, "a=1"},
		{"both, side by side", []string{visit + "; " + our}, ""},
		{"both, last", []string{"a=1; " + our + "; " + visit}, "a=1"},
		{"without spaces", []string{"a=1;" + our + ";b=2"}, "a=1;b=2"},
		{"in a line of its own", []string{"a=1", our, "b=2"}, "a=1; b=2"},
		{"an app's cookie whose name ends like ours", []string{"my-session=1; session=2; " + our + "; visit=3"}, "my-session=1; session=2; visit=3"},
		{"an app's cookie with a value of many kinds of signs", []string{`a="x y", b={1}=$2\3; ` + our}, `a="x y", b={1}=$2\3`},
		{"an app's cookie of the same name twice", []string{"a=1; " + our + "; a=2"}, "a=1; a=2"},
		{"two visits: a trick, so the app hears of no cookie", []string{visit + "; a=1; " + our + "; " + visit}, ""},
		{"much of everything", []string{"a=" + long + "; " + our + "; b=" + long}, "a=" + long + "; b=" + long},
	} {
		t.Run(tt.what, func(t *testing.T) {
			lines := []string{"Connection: close"}
			for _, c := range tt.sent {
				lines = append(lines, "Cookie: "+c)
			}
			h := s.ask("GET /", lines...).heard(t)
			if got := strings.Join(h.Header["Cookie"], "|"); got != tt.want {
				t.Errorf("the app heard %q, want %q", got, tt.want)
			}
			for name, v := range h.Header {
				if strings.Contains(strings.Join(v, ""), secret) {
					t.Errorf("the app heard the session in %s", name)
				}
			}
		})
	}
	t.Run("more than nginx reads: nobody gets in", func(t *testing.T) {
		before := s.app.count()
		r := s.ask("GET /", "Cookie: "+our+"; a="+strings.Repeat("x", 9000), "Connection: close")
		if r.StatusCode != http.StatusBadRequest || s.app.count() != before {
			t.Errorf("got %d", r.StatusCode)
		}
	})
	t.Run("a name that is ours in other letters: nobody gets in", func(t *testing.T) {
		before := s.app.count()
		r := s.ask("GET /", "Cookie: "+our+"; __host-session=x", byScript, "Connection: close")
		if r.StatusCode != http.StatusBadRequest || s.app.count() != before {
			t.Errorf("got %d", r.StatusCode)
		}
		wantProblem(t, r, "duplicate-cookie")
	})
	t.Run("more cookies than we read: nobody gets in", func(t *testing.T) {
		before := s.app.count()
		r := s.ask("GET /", "Cookie: "+our+strings.Repeat("; a=1", 700), byScript, "Connection: close")
		if r.StatusCode != http.StatusRequestHeaderFieldsTooLarge || s.app.count() != before {
			t.Errorf("got %d %s", r.StatusCode, r.body)
		}
		wantProblem(t, r, "too-large")
	})
}

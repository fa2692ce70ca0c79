package main

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// house is one database file and who serves it: the real program, once or twice.
type house struct {
	top   *testing.T // the servers live as long
	t     *testing.T // who asks now
	dir   string
	url   string // of the house, where the first server stands
	up    []*proc
	asked int
	past  []*proc  // that were ended
	given []string // all tokens

	between func() // what happens to the servers between two steps of a story
}

const signUpOpen = "--signup=open"

func openHouse(t *testing.T, servers int) *house {
	t.Helper()
	h := &house{top: t, t: t, dir: t.TempDir(), between: func() {}}
	for range servers {
		addr := freeAddr(t)
		if h.url == "" {
			h.url = "http://" + addr
		}
		h.up = append(h.up, serveAt(t, h.dir, addr, h.url, signUpOpen))
	}
	a, err := h.next().guest().json("/api/signup", owner)
	must(t, http.StatusCreated, a, err)
	return h
}

var owner = credentials{Email: "anna@example.org", Password: goodPassword}

// next is the server that the next request goes to: they take turns.
func (h *house) next() *proc {
	h.asked++
	return h.up[h.asked%len(h.up)]
}

// again starts the servers that were ended.
func (h *house) again() {
	h.past = append(h.past, h.up...)
	for i, p := range h.up {
		h.up[i] = serveAt(h.top, h.dir, p.addr, h.url, signUpOpen)
	}
}

// log is what all servers said, also those that were ended.
func (h *house) log() string {
	var all strings.Builder
	for _, p := range append(h.past, h.up...) {
		all.WriteString(p.log.String())
	}
	return all.String()
}

// file opens the database as another process on the same machine could.
func (h *house) file() *sql.DB {
	h.t.Helper()
	d, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, "cloakroom-data", "cloakroom.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

// sleep lets time pass for everything that is stored: no test waits for thirty days.
func (h *house) sleep(d time.Duration) {
	h.t.Helper()
	file := h.file()
	defer file.Close()
	for _, statement := range []string{
		`update refresh_families set started = started - ?1, rotated = rotated - ?1, expires = expires - ?1`,
		`update sessions set created = created - ?1, auth_time = auth_time - ?1, seen = seen - ?1, expires = expires - ?1`,
	} {
		if _, err := file.Exec(statement, d.Nanoseconds()); err != nil {
			h.t.Fatal(err)
		}
	}
}

// pair is the answer to a refresh.
type pair struct{ access, refresh string }

func (h *house) pair(a answer) pair {
	p := pair{a.text("access_token"), a.text("refresh_token")}
	h.given = append(h.given, p.access, p.refresh)
	return p
}

func (h *house) signIn() pair {
	h.t.Helper()
	a, err := h.next().guest().json("/api/token", owner)
	a = must(h.t, http.StatusOK, a, err)
	return h.pair(a)
}

// refresh presents a refresh token and wants a successor.
func (h *house) refresh(token string) pair {
	h.t.Helper()
	a, err := h.next().guest().form("/oauth/token", refreshForm(token))
	a = must(h.t, http.StatusOK, a, err)
	return h.pair(a)
}

// refuses presents a refresh token and wants it refused.
func (h *house) refuses(token, reason string) {
	h.t.Helper()
	a, err := h.next().guest().form("/oauth/token", refreshForm(token))
	a = must(h.t, http.StatusBadRequest, a, err)
	if a.text("error") != "invalid_grant" || a.text("reason") != reason {
		h.t.Errorf("refused with %s, want the reason %s", a.body, reason)
	}
}

// works wants an access token accepted by all servers, for whatever reason "", else refused by all within a second.
func (h *house) works(access, reason string) {
	h.t.Helper()
	for _, p := range h.up {
		within(h.t, testenv.Soon, "the access token is judged as "+reason, func() bool {
			a, err := p.guest().ask("GET", "/api/me", "", "Authorization: Bearer "+access)
			return err == nil && a.text("reason") == reason && (a.status == http.StatusOK) == (reason == "")
		})
	}
}

// atOnce presents a token from two tabs at the same moment, where there are two servers one at each.
func (h *house) atOnce(token string) (tabs [2]pair) {
	h.t.Helper()
	var answers [2]answer
	var errs [2]error
	var both sync.WaitGroup
	for i := range tabs {
		tab := h.next().guest()
		both.Go(func() { answers[i], errs[i] = tab.form("/oauth/token", refreshForm(token)) })
	}
	both.Wait()
	for i, a := range answers {
		a = must(h.t, http.StatusOK, a, errs[i])
		tabs[i] = h.pair(a)
	}
	return tabs
}

func (h *house) twoTabs() {
	first := h.signIn()
	token := first.refresh
	for range 3 {
		tabs := h.atOnce(token)
		if tabs[0].refresh != tabs[1].refresh || tabs[0].refresh == token {
			h.t.Fatal("two tabs hold two successors")
		}
		h.between()
		if late := h.refresh(token); late.refresh != tabs[0].refresh {
			h.t.Fatal("a late tab got another successor")
		}
		for _, access := range []string{first.access, tabs[0].access, tabs[1].access} {
			h.works(access, "")
		}
		token = tabs[0].refresh
	}
}

func (h *house) reuse() {
	all := []pair{h.signIn()}
	for range 3 {
		all = append(all, h.refresh(all[len(all)-1].refresh))
		h.between()
	}
	var claims struct {
		Session string `json:"sid"`
	}
	if err := json.Unmarshal(inspect(h.t, all[0].access).Payload, &claims); err != nil {
		h.t.Fatal(err)
	}
	h.refuses(all[0].refresh, "reused") // a copy; the owner is three tokens ahead
	h.between()
	for _, p := range all {
		h.refuses(p.refresh, "ended")
		h.works(p.access, "token-reuse")
	}
	if out := h.up[0].beside("session", "why", claims.Session); !strings.HasPrefix(out, "token-reuse: ") {
		h.t.Errorf("session why says %s", out)
	}
	a, err := h.next().guest().json("/api/token", owner) // signing in again is all it takes
	must(h.t, http.StatusOK, a, err)
}

// lostAnswer: the program was told nothing and comes again, as often as it takes.
func (h *house) lostAnswer() {
	before := h.signIn()
	lost := h.refresh(before.refresh)
	for range 3 {
		h.between()
		if again := h.refresh(before.refresh); again.refresh != lost.refresh {
			h.t.Fatal("another successor than the one that was lost")
		}
	}
	h.works(h.refresh(lost.refresh).access, "")
}

func (h *house) sleepingLaptop() {
	// Asleep before the answer came, for longer than any access token lives.
	before := h.signIn()
	lost := h.refresh(before.refresh)
	h.sleep(20 * 24 * time.Hour)
	h.between()
	got := h.refresh(before.refresh)
	if got.refresh != lost.refresh {
		h.t.Fatal("another successor than the one that was lost")
	}
	// Asleep after it came.
	next := h.refresh(got.refresh)
	h.sleep(9 * 24 * time.Hour)
	h.between()
	latest := h.refresh(next.refresh)
	// One tab slept and wakes with an older token than the others use: good for 30 s, then it cannot be told from a thief.
	h.sleep(20 * time.Second)
	if late := h.refresh(got.refresh); late.refresh != next.refresh {
		h.t.Fatal("a late tab got another successor")
	}
	h.works(latest.access, "")
	h.sleep(11 * time.Second)
	h.between()
	h.refuses(got.refresh, "reused")
	h.refuses(latest.refresh, "ended")
	h.works(latest.access, "token-reuse")

	// Asleep for longer than the sign-in lives.
	old := h.signIn()
	h.sleep(31 * 24 * time.Hour)
	h.between()
	h.refuses(old.refresh, "expired")
	h.refuses(old.refresh+"x", "unknown")
}

// The stories of a refresh through the real program, each told with nothing, a restart and a kill between the steps, and by two servers on one
// file. The log names the theft and no token.
func TestRefreshStories_TK36_TK37(t *testing.T) {
	t.Parallel()
	stories := []struct {
		what string
		tell func(h *house)
	}{
		{"two tabs", (*house).twoTabs}, {"reuse", (*house).reuse}, {"the answer was lost", (*house).lostAnswer}, {"the laptop slept", (*house).sleepingLaptop},
	}
	for _, c := range []struct {
		what    string
		servers int
		between func(h *house)
	}{
		{"nothing in between", 1, func(*house) {}},
		{"a restart in between", 1, func(h *house) {
			if code := h.up[0].stop(syscall.SIGTERM); code != 0 {
				h.t.Errorf("the server ended with %d", code)
			}
			h.again()
		}},
		{"a kill in between", 1, func(h *house) {
			h.up[0].kill()
			h.again()
		}},
		{"two servers on one file, in turn", 2, func(*house) {}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			h := openHouse(t, c.servers)
			h.between = func() { c.between(h) }
			for _, s := range stories {
				t.Run(s.what, func(t *testing.T) {
					h.t = t
					s.tell(h)
				})
			}
			waitFor(t, "the thefts are in the log", func() bool { return strings.Count(h.log(), "msg=token-reuse") >= 2 })
			log := h.log()
			if n := strings.Count(log, "msg=token-reuse"); n != 2 {
				t.Errorf("%d thefts in the log, want 2:\n%s", n, log)
			}
			for _, token := range h.given {
				if strings.Contains(log, token) {
					t.Error("a token is in the log")
				}
			}
		})
	}
}

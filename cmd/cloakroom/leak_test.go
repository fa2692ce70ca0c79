package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestNothingUsableIsStored: with 1,000 live session ids and 1,000 live refresh tokens, and all passwords and links that made
// them, the database, its WAL and SHM, everything else in the directory and a debug log hold none of them: not raw, not in
// hex, not in base64 (SE-11, SE-21, T5).
func TestNothingUsableIsStored(t *testing.T) {
	t.Parallel()
	const accounts, each = 25, 40 // 2 × 40 sessions of an account stay below the limit of 100
	p := fast(t, t.TempDir(), freeAddr(t))
	var s searcher
	var people sync.WaitGroup
	work := make(chan int, accounts)
	for i := range accounts {
		work <- i
	}
	close(work)
	for range 4 {
		people.Go(func() {
			for i := range work {
				livePerson(t, p, &s, i, each)
			}
		})
	}
	people.Wait()
	for i := range 5 {
		s.learn("invitation", lastLink(p.beside("user", "add", fmt.Sprintf("guest%d@example.org", i))))
		s.learn("reset link", lastLink(p.beside("user", "reset", fmt.Sprintf("person%d@example.org", i))))
	}
	for kind, least := range map[string]int{"session id": accounts * each, "refresh token": accounts * each, "access token": accounts, "password": accounts, "invitation": 5, "reset link": 5, "form token": accounts} {
		if s.learned[kind] < least {
			t.Errorf("only %d of kind %s", s.learned[kind], kind)
		}
	}

	places := map[string][]byte{"log": []byte(p.log.String())}
	read(t, places, filepath.Join(p.dir, "cloakroom-data"))
	for _, name := range []string{"cloakroom.db", "cloakroom.db-wal", "cloakroom.db-shm", "secret", "log"} {
		if len(places[name]) == 0 {
			t.Errorf("%s is empty or not there", name)
		}
	}
	if !strings.Contains(string(places["log"]), "level=DEBUG") {
		t.Errorf("it is no debug log:\n%s", lastLines(string(places["log"]), 5))
	}
	total := 0
	for name, text := range places {
		total += len(text)
		if found := s.search(text); len(found) > 0 {
			t.Errorf("%s holds %d secrets: %v", name, len(found), found[:min(3, len(found))])
		}
	}
	t.Logf("%v in %d places, %d bytes", s.learned, len(places), total)

	t.Run("one that is planted is found", func(t *testing.T) {
		// A person who takes their own session id for a name puts it where it must not be.
		who := credentials{Email: "eve@example.org", Password: rand.Text()}
		g := p.guest()
		a, err := g.json("/api/signup", who)
		must(t, http.StatusCreated, a, err)
		id := g.cookie["__Host-session"]
		a, err = g.page("/account", url.Values{"name": {id}})
		must(t, http.StatusOK, a, err)
		var own searcher
		own.learn("session id", id)
		places := map[string][]byte{}
		read(t, places, filepath.Join(p.dir, "cloakroom-data"))
		if found := own.search(slices.Concat(places["cloakroom.db"], places["cloakroom.db-wal"])); len(found) == 0 {
			t.Errorf("it is not")
		}
	})
}

// livePerson signs somebody up, who then has many browsers and programs.
func livePerson(t *testing.T, p *proc, s *searcher, i, each int) {
	who := credentials{Email: fmt.Sprintf("person%d@example.org", i), Password: rand.Text()}
	s.learn("password", who.Password)
	g := p.guest()
	a, err := g.json("/api/signup", who)
	for n := range each {
		if err != nil || a.status != http.StatusOK && a.status != http.StatusCreated {
			t.Errorf("sign in: %d %v %s", a.status, err, a.body)
			return
		}
		s.learn("session id", g.cookie["__Host-session"])
		if n == 0 {
			page, err := g.ask("GET", "/account", "")
			if err != nil || page.status != http.StatusOK {
				t.Errorf("account: %d %v", page.status, err)
				return
			}
			_, after, _ := strings.Cut(page.body, `name="form_token" value="`)
			form, _, _ := strings.Cut(after, `"`)
			s.learn("form token", form)
		}
		a, err = p.guest().json("/api/token", who)
		if n%4 == 0 && err == nil { // some are refreshed: their old token is worth nothing, but is nobody's business either
			s.learn("refresh token", a.text("refresh_token"))
			a, err = p.guest().form("/oauth/token", refreshForm(a.text("refresh_token")))
		}
		if err != nil || a.status != http.StatusOK {
			t.Errorf("token: %d %v %s", a.status, err, a.body)
			return
		}
		s.learn("refresh token", a.text("refresh_token"))
		access := a.text("access_token")
		s.learn("access token", access[strings.LastIndexByte(access, '.')+1:]) // the signature: what is before it is no secret
		if n == 0 {
			misuse(t, p, who, g.cookie["__Host-session"], a.text("refresh_token"), access)
		}
		g = p.guest()
		a, err = g.json("/api/signin", who)
	}
}

// misuse shows secrets where they do not belong: what is refused is logged, and what was shown must not be.
func misuse(t *testing.T, p *proc, who credentials, id, refresh, access string) {
	for _, bad := range []struct {
		what   string
		status int
		try    func(g *guest) (answer, error)
	}{
		{"the password in the field of the address", http.StatusUnauthorized, func(g *guest) (answer, error) {
			return g.json("/api/signin", credentials{Email: who.Password, Password: who.Password})
		}},
		{"the password with a typing mistake", http.StatusUnauthorized, func(g *guest) (answer, error) {
			return g.json("/api/signin", credentials{Email: who.Email, Password: who.Password + "x"})
		}},
		{"the session id as a bearer token", http.StatusUnauthorized, func(g *guest) (answer, error) {
			return g.ask("GET", "/api/me", "", "Authorization: Bearer "+id)
		}},
		{"the refresh token as a bearer token", http.StatusUnauthorized, func(g *guest) (answer, error) {
			return g.ask("GET", "/api/me", "", "Authorization: Bearer "+refresh)
		}},
		{"an access token with one character more", http.StatusUnauthorized, func(g *guest) (answer, error) {
			return g.ask("GET", "/api/me", "", "Authorization: Bearer "+access+"A")
		}},
		{"the access token as a refresh token", http.StatusBadRequest, func(g *guest) (answer, error) {
			return g.form("/oauth/token", refreshForm(access))
		}},
		{"the refresh token in a query", http.StatusBadRequest, func(g *guest) (answer, error) {
			return g.ask("POST", "/oauth/token?refresh_token="+refresh+";x", "", "Content-Type: application/x-www-form-urlencoded")
		}},
		{"the session id twice", http.StatusBadRequest, func(g *guest) (answer, error) {
			return g.ask("GET", "/api/me", "", "Cookie: __Host-session="+id+"; __Host-session="+id)
		}},
		{"the session id in other letters", http.StatusBadRequest, func(g *guest) (answer, error) {
			return g.ask("GET", "/api/me", "", "Cookie: __host-session="+id)
		}},
		{"the session id with one character more", http.StatusUnauthorized, func(g *guest) (answer, error) {
			return g.ask("GET", "/api/me", "", "Cookie: __Host-session="+id+"A")
		}},
		{"a body that is cut off in the password", http.StatusBadRequest, func(g *guest) (answer, error) {
			return g.ask("POST", "/api/signin", `{"email":"`+who.Email+`","password":"`+who.Password, "Content-Type: application/json")
		}},
	} {
		if a, err := bad.try(p.guest()); err != nil || a.status != bad.status {
			t.Errorf("%s: got %d %v, want %d: %s", bad.what, a.status, err, bad.status, a.body)
		}
	}
}

// lastLink is the secret of a link that a command printed.
func lastLink(out string) string {
	link := linkLine.FindString(out)
	return link[max(0, len(link)-43):]
}

func read(t *testing.T, places map[string][]byte, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if places[f.Name()], err = os.ReadFile(filepath.Join(dir, f.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// searcher finds secrets in any of the forms in which they would lie around.
type searcher struct {
	mu      sync.Mutex
	learned map[string]int
	needles map[[12]byte][]needle // by their first bytes
}

type needle struct {
	text []byte
	what string
}

// learn takes a secret in; one that is base64url also counts for the octets that it stands for.
func (s *searcher) learn(kind, secret string) {
	if len(secret) < 26 {
		panic("not a secret: " + kind + " " + secret)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.needles == nil {
		s.learned, s.needles = map[string]int{}, map[[12]byte][]needle{}
	}
	s.learned[kind]++
	all := forms([]byte(secret))
	if raw, err := base64.RawURLEncoding.DecodeString(secret); err == nil {
		all = append(all, forms(raw)...)
	}
	for _, f := range all {
		// A part of it is enough: logs like to show the beginning, or the end.
		for _, part := range [][]byte{f.text[:f.enough], f.text[len(f.text)-f.enough:]} {
			first := [12]byte(part)
			s.needles[first] = append(s.needles[first], needle{part, kind + " as " + f.name})
		}
	}
}

func (s *searcher) search(hay []byte) (found []string) {
	for i := range max(0, len(hay)-11) {
		for _, n := range s.needles[[12]byte(hay[i:])] {
			if bytes.HasPrefix(hay[i:], n.text) {
				found = append(found, fmt.Sprintf("%s at %d", n.what, i))
			}
		}
	}
	return found
}

// form is one spelling of a secret. As many of its bytes as are enough cannot be there by chance.
type form struct {
	name   string
	text   []byte
	enough int
}

func forms(secret []byte) []form {
	lower := hex.EncodeToString(secret)
	all := []form{
		{"itself", secret, 12}, {"hex", []byte(lower), 24}, {"HEX", []byte(strings.ToUpper(lower)), 24},
	}
	// In base64 the spelling depends on how many octets stand before: 0, 1 or 2 of a group of three. Characters that others
	// have a share in are left out.
	for before := range 3 {
		for name, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			text := enc.EncodeToString(slices.Concat(make([]byte, before), secret))
			text = text[(before*8+5)/6:]
			if (before+len(secret))%3 != 0 {
				text = text[:len(text)-1]
			}
			all = append(all, form{fmt.Sprintf("%s after %d octets", name, before), []byte(text), 12})
		}
	}
	return all
}

// TestSearcher: each form is found wherever it stands, and nothing is found where nothing is.
func TestSearcher(t *testing.T) {
	t.Parallel()
	token := rand.Text() + rand.Text()[:17] // 43 characters
	raw, err := base64.RawURLEncoding.DecodeString(token[:42] + "A")
	if err != nil {
		t.Fatal(err)
	}
	var s searcher
	s.learn("token", token[:42]+"A")
	for _, secret := range [][]byte{[]byte(token[:42] + "A"), raw} {
		for before := range 7 {
			hay := slices.Concat([]byte("#!\xff{\x00~|")[:before], secret, []byte("\x00\x01rest"))
			for name, text := range map[string]string{
				"itself": string(hay), "hex": hex.EncodeToString(hay), "HEX": fmt.Sprintf("%X", hay),
				"base64": base64.StdEncoding.EncodeToString(hay), "base64url": base64.URLEncoding.EncodeToString(hay),
				"the beginning": string(hay[:before+12]), "the end": string(hay[before+len(secret)-12:]),
			} {
				if len(s.search([]byte(text))) == 0 {
					t.Errorf("%s after %d octets is not found in %q", name, before, text)
				}
			}
		}
	}
	noise := make([]byte, 1<<20)
	_, _ = rand.Read(noise)
	if found := s.search(append(noise, base64.StdEncoding.EncodeToString(noise)...)); len(found) > 0 {
		t.Errorf("found in noise: %v", found)
	}
}

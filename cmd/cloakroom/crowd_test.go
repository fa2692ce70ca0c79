package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// person is one client of a crowd: it does one thing after the other, on accounts of its own, and remembers what was
// acknowledged. While a request is under way its outcome is in doubt; after it the answer counts.
type person struct {
	t      *testing.T
	name   string
	random *rand.Rand
	g      *guest

	accounts []*holder
	logins   []*login
	programs []*program
	acks     int // changes that were answered with success
}

// holder is an account.
type holder struct {
	credentials
	name     string // as acknowledged
	renaming string // under way
}

// login is a browser's session.
type login struct {
	*holder
	cookie, id string
	ended      string // acknowledged reason; "" = lives
	ending     string // under way
}

// program is a sign-in with tokens.
type program struct {
	*holder
	access, refresh, before string // before is the token that refresh succeeded
	ended, ending           string
}

// what a crowd does, and how often.
var deeds = []struct {
	weight int
	do     func(p *person) error
}{
	{2, (*person).signUp}, {5, (*person).signIn}, {4, (*person).signOut}, {2, (*person).endOther},
	{3, (*person).getToken}, {6, (*person).refresh}, {2, (*person).revoke}, {3, (*person).rename}, {6, (*person).look},
}

// act does things until no answer comes any more: the server was killed.
func (p *person) act() {
	for {
		n := p.random.IntN(33)
		for _, d := range deeds {
			if n -= d.weight; n < 0 {
				if err := d.do(p); err != nil {
					return
				}
				break
			}
		}
	}
}

// want holds that an answer, if there is one, has the status; else the crowd has found a fault.
func (p *person) want(status int, what string, a answer, err error) error {
	if err == nil && a.status != status {
		p.t.Errorf("%s: %s: got %d %s, want %d", p.name, what, a.status, a.body, status)
		return fmt.Errorf("status %d", a.status)
	}
	return err
}

// as asks with the cookie of a session, or with none.
func (p *person) as(l *login) *guest {
	p.g.cookie = map[string]string{}
	if l != nil {
		p.g.cookie["__Host-session"] = l.cookie
	}
	return p.g
}

func (p *person) signUp() error {
	email := fmt.Sprintf("%s-%d@example.org", p.name, len(p.accounts))
	h := &holder{credentials: credentials{Email: email, Password: goodPassword}}
	a, err := p.as(nil).json("/api/signup", h.credentials)
	// Whether it was made is not known without an answer: the number is not given out again.
	p.accounts = append(p.accounts, nil)
	if err := p.want(http.StatusCreated, "sign up", a, err); err != nil {
		return err
	}
	p.accounts[len(p.accounts)-1] = h
	p.entered(h, a)
	return nil
}

func (p *person) entered(h *holder, a answer) {
	p.acks++
	p.logins = append(p.logins, &login{holder: h, cookie: p.g.cookie["__Host-session"], id: a.inner("session", "id")})
}

func (p *person) signIn() error {
	h := p.anAccount()
	if h == nil || p.countLogins("") > 20 {
		return p.signOut()
	}
	a, err := p.as(nil).json("/api/signin", h.credentials)
	if err := p.want(http.StatusOK, "sign in", a, err); err != nil {
		return err
	}
	p.entered(h, a)
	return nil
}

func (p *person) signOut() error {
	l := p.aLogin(nil)
	if l == nil {
		return p.signUp()
	}
	l.ending = "signed-out"
	a, err := p.as(l).ask("POST", "/api/signout", "")
	if err := p.want(http.StatusNoContent, "sign out", a, err); err != nil {
		return err
	}
	p.acks++
	l.ended, l.ending = l.ending, ""
	return nil
}

func (p *person) endOther() error {
	l := p.aLogin(nil)
	if l == nil {
		return p.signUp()
	}
	other := p.aLogin(func(o *login) bool { return o.holder == l.holder && o != l })
	if other == nil {
		return p.signIn()
	}
	other.ending = "signed-out-elsewhere"
	a, err := p.as(l).ask("DELETE", "/api/sessions/"+other.id, "")
	if err := p.want(http.StatusNoContent, "end another", a, err); err != nil {
		return err
	}
	p.acks++
	other.ended, other.ending = other.ending, ""
	return nil
}

func (p *person) getToken() error {
	h := p.anAccount()
	if h == nil || len(p.programs) > 30 {
		return p.revoke()
	}
	a, err := p.as(nil).json("/api/token", h.credentials)
	if err := p.want(http.StatusOK, "get a token", a, err); err != nil {
		return err
	}
	p.acks++
	p.programs = append(p.programs, &program{holder: h, access: a.text("access_token"), refresh: a.text("refresh_token")})
	return nil
}

func (p *person) refresh() error {
	c := p.aProgram()
	if c == nil {
		return p.signIn()
	}
	a, err := p.as(nil).form("/oauth/token", refreshForm(c.refresh))
	if err := p.want(http.StatusOK, "refresh", a, err); err != nil {
		return err
	}
	p.acks++
	c.before, c.refresh, c.access = c.refresh, a.text("refresh_token"), a.text("access_token")
	return nil
}

func (p *person) revoke() error {
	c := p.aProgram()
	if c == nil {
		return p.look()
	}
	c.ending = "signed-out"
	a, err := p.as(nil).form("/oauth/revoke", url.Values{"token": {c.refresh}})
	if err := p.want(http.StatusOK, "revoke", a, err); err != nil {
		return err
	}
	p.acks++
	c.ended, c.ending = c.ending, ""
	return nil
}

func (p *person) rename() error {
	l := p.aLogin(nil)
	if l == nil {
		return p.signUp()
	}
	l.renaming = fmt.Sprintf("Name %d", p.random.IntN(1000))
	a, err := p.as(l).page("/account", url.Values{"name": {l.renaming}})
	if err := p.want(http.StatusOK, "rename", a, err); err != nil {
		return err
	}
	p.acks++
	l.name, l.renaming = l.renaming, ""
	return nil
}

func (p *person) look() error {
	l := p.aLogin(nil)
	if l == nil {
		return p.signUp()
	}
	a, err := p.as(l).ask("GET", "/api/me", "")
	return p.want(http.StatusOK, "look", a, err)
}

func (p *person) countLogins(ended string) (n int) {
	for _, l := range p.logins {
		if l.ended == ended {
			n++
		}
	}
	return n
}

func (p *person) anAccount() *holder {
	return pick(p.random, p.accounts, func(h *holder) bool { return h != nil })
}

func (p *person) aLogin(also func(*login) bool) *login {
	return pick(p.random, p.logins, func(l *login) bool { return l.ended == "" && (also == nil || also(l)) })
}

func (p *person) aProgram() *program {
	return pick(p.random, p.programs, func(c *program) bool { return c.ended == "" })
}

// pick draws one of those that are ok, nil if there is none.
func pick[T any](r *rand.Rand, all []*T, ok func(*T) bool) *T {
	var some []*T
	for _, v := range all {
		if ok(v) {
			some = append(some, v)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return some[r.IntN(len(some))]
}

// crowd is several persons at once.
type crowd []*person

// load lets the crowd act on a server until stop has been called, which must kill it.
func (c crowd) load(p *proc, stop func()) {
	var acting sync.WaitGroup
	for _, who := range c {
		who.g = p.guest()
		who.g.http.Transport = &http.Transport{}
		acting.Go(who.act)
	}
	stop()
	acting.Wait()
	for _, who := range c {
		who.g.http.CloseIdleConnections()
	}
}

// check holds everything that was acknowledged against a server that was started again, and settles what was in doubt.
func (c crowd) check(p *proc) (checked int) {
	var checking sync.WaitGroup
	for _, who := range c {
		who.g = p.guest()
		checking.Go(who.check)
	}
	checking.Wait()
	for _, who := range c {
		checked += len(who.logins) + len(who.programs)
		who.forget()
	}
	return checked
}

func (p *person) check() {
	for _, l := range p.logins {
		p.checkLogin(l)
	}
	for _, c := range p.programs {
		p.checkProgram(c)
	}
}

func (p *person) checkLogin(l *login) {
	a, err := p.as(l).ask("GET", "/api/me", "")
	switch reason := a.text("reason"); {
	case err != nil:
		p.t.Errorf("%s: after the restart: %v", p.name, err)
	case l.ended == "" && a.status == http.StatusOK:
		p.checkName(l.holder, a)
		l.ending = "" // what was under way did not happen
	case l.ending != "" && a.status == http.StatusUnauthorized && reason == l.ending:
		l.ended, l.ending = l.ending, "" // it did
	case l.ended == "":
		p.t.Errorf("%s: session %s was acknowledged (ending: %q) and is refused: %d %s", p.name, l.id, l.ending, a.status, a.body)
	case a.status != http.StatusUnauthorized || reason != l.ended:
		p.t.Errorf("%s: session %s ended by %s, and the answer is %d %s", p.name, l.id, l.ended, a.status, a.body)
	}
}

// checkName: the newest acknowledged name, or the one that was under way, counts.
func (p *person) checkName(h *holder, a answer) {
	got := a.inner("account", "name")
	if a.inner("account", "email") != h.Email || got != h.name && (h.renaming == "" || got != h.renaming) {
		p.t.Errorf("%s: the account %s is %s, want the name %q or %q", p.name, h.Email, a.body, h.name, h.renaming)
	}
	h.name, h.renaming = got, ""
}

func (p *person) checkProgram(c *program) {
	if c.before != "" && c.ended == "" && c.ending == "" {
		// Whoever lost the last answer is given the same one again.
		a, err := p.as(nil).form("/oauth/token", refreshForm(c.before))
		if err != nil || a.status != http.StatusOK || a.text("refresh_token") != c.refresh {
			p.t.Errorf("%s: the predecessor does not give the acknowledged successor: %d %v %s", p.name, a.status, err, a.body)
		}
	}
	first, err := p.as(nil).form("/oauth/token", refreshForm(c.refresh))
	switch reason := first.text("session_reason"); {
	case err != nil:
		p.t.Errorf("%s: after the restart: %v", p.name, err)
		return
	case c.ended == "" && first.status == http.StatusOK:
		c.ending = ""
	case c.ending != "" && first.status == http.StatusBadRequest && reason == c.ending:
		c.ended, c.ending = c.ending, ""
	case c.ended == "":
		p.t.Errorf("%s: a refresh token was acknowledged (ending: %q) and is refused: %d %s", p.name, c.ending, first.status, first.body)
		return
	case first.status != http.StatusBadRequest || reason != c.ended:
		p.t.Errorf("%s: a refresh token was ended by %s, and the answer is %d %s", p.name, c.ended, first.status, first.body)
		return
	}
	bearer, err := p.as(nil).ask("GET", "/api/me", "", "Authorization: Bearer "+c.access)
	if c.ended != "" {
		if err != nil || bearer.status != http.StatusUnauthorized || bearer.text("reason") != c.ended {
			p.t.Errorf("%s: the access token of an ended sign-in: %d %v %s", p.name, bearer.status, err, bearer.body)
		}
		return
	}
	if err != nil || bearer.status != http.StatusOK {
		p.t.Errorf("%s: an access token: %d %v %s", p.name, bearer.status, err, bearer.body)
	}
	second, err := p.as(nil).form("/oauth/token", refreshForm(c.refresh))
	if err != nil || second.text("refresh_token") != first.text("refresh_token") || second.status != http.StatusOK {
		p.t.Errorf("%s: one token has two successors: %v\n%s\n%s", p.name, err, first.body, second.body)
	}
	c.before, c.refresh, c.access = c.refresh, second.text("refresh_token"), second.text("access_token")
}

// forget drops the oldest of what has ended, so that checking stays quick.
func (p *person) forget() {
	const keep = 40
	over := len(p.logins) - keep
	p.logins = slices.DeleteFunc(p.logins, func(l *login) bool { over--; return l.ended != "" && over >= 0 })
	over = len(p.programs) - keep/2
	p.programs = slices.DeleteFunc(p.programs, func(c *program) bool { over--; return c.ended != "" && over >= 0 })
}

// String is for the report at the end.
func (c crowd) String() string {
	acks, accounts := 0, 0
	for _, p := range c {
		acks += p.acks
		accounts += len(p.accounts)
	}
	return strings.TrimSpace(fmt.Sprintf("%d clients, %d accounts, %d acknowledged changes", len(c), accounts, acks))
}

package grant

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/jwt/jwks"
)

// A house is a server whose keys change by the real schedule, in a real database. It is also the transport that its verifiers fetch by.
type house struct {
	t      *testing.T
	db     *db.DB
	secret []byte
	keys   *Keys
	up     time.Time // zero while it is down
	made   map[string]*jwt.Key
	leaked map[string]bool // what the feed tells
}

func newHouse(t *testing.T) *house {
	d, err := db.Open(t.Context(), t.TempDir()+"/test.db", Migrations)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	_, secret := readVectors(t)
	h := &house{t: t, db: d, secret: secret, made: map[string]*jwt.Key{}, leaked: map[string]bool{}}
	h.start()
	return h
}

func (h *house) start() {
	keys, err := OpenKeys(h.t.Context(), h.db.View(), h.secret)
	if err != nil {
		h.t.Fatal(err)
	}
	h.keys, h.up = keys, time.Now()
	h.do(Schedule{Algorithm: jwt.EdDSA, Up: h.up}.Due)
}

func (h *house) tick() { h.do(Schedule{Up: h.up}.Due) }

// do carries a plan out if there is something to do, and says whether there was.
func (h *house) do(plan Plan) bool {
	h.t.Helper()
	_, steps, err := h.keys.Make(plan, time.Now())
	switch {
	case errors.Is(err, ErrTooEarly), errors.Is(err, ErrNextKey), err == nil && len(steps) == 0:
		return false
	case err != nil:
		h.t.Fatal(err)
	}
	for _, s := range carry(h.t, h.db, h.keys, plan, time.Now()) {
		if s.Leaked {
			h.leaked[s.Key] = true
		}
	}
	for _, l := range h.keys.current.Load().keys {
		if l.private != nil && l.info.Purpose == TokenKey {
			h.made[l.info.ID] = l.private
		}
	}
	return true
}

func (h *house) RoundTrip(r *http.Request) (*http.Response, error) {
	if h.up.IsZero() {
		return nil, errors.New("connection refused")
	}
	set, err := h.keys.PublicSet().MarshalJSON()
	if err != nil {
		h.t.Error(err)
	}
	head := http.Header{"Content-Type": {"application/jwk-set+json"}, "Cache-Control": {"max-age=900"}}
	return &http.Response{StatusCode: 200, Header: head, Body: io.NopCloser(strings.NewReader(string(set))), Request: r}, nil
}

// A stubborn verifier keeps a key set for its time and asks for nothing before, not even for a key that it does not know.
type stubborn struct {
	house *house
	keeps time.Duration
	set   *jwt.KeySet
	asked time.Time
}

func (s *stubborn) Key(kid string) (*jwt.Key, error) {
	if (s.set == nil || time.Since(s.asked) >= s.keeps) && !s.house.up.IsZero() {
		s.set, s.asked = s.house.keys.PublicSet(), time.Now()
	}
	return s.set.Key(kid)
}

// token is a good one, from when it was made until it expires.
type signedToken struct {
	text    string
	kid     string
	expires time.Time
}

func (h *house) sign(k *jwt.Key, life time.Duration) signedToken {
	h.t.Helper()
	expires := time.Now().Add(life)
	text, err := jwt.Sign(k, "at+jwt", jwt.Claims{Issuer: "i", Audience: jwt.Audience{"a"}, Expires: jwt.At(expires)})
	if err != nil {
		h.t.Fatal(err)
	}
	return signedToken{text, k.ID(), expires}
}

func (h *house) verifier(keys jwt.KeySource) *jwt.Verifier {
	h.t.Helper()
	v, err := jwt.NewVerifier("i", "a", keys, []jwt.Algorithm{jwt.EdDSA}, &jwt.VerifierOptions{
		Type: "at+jwt", KeepBytes: 1 << 20,
		Revoked: func(t *jwt.Token) error { // as package revocation does
			if h.leaked[t.Header().KeyID] {
				return jwt.ErrRevoked
			}
			return nil
		},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

// ownKeys are the keys of the server that runs now.
type ownKeys struct{ house *house }

func (o ownKeys) Key(kid string) (*jwt.Key, error) { return o.house.keys.Key(kid) }

// In 90 days of the real schedule no good token is refused and no bad one accepted, by the server itself, by verifiers of package jwks, and by
// such as keep a key set for 15 minutes or a day whatever comes. Good is what was signed by the server and has not expired, unless its
// key was retired at once; bad is what is signed by a key that was dropped, after the verifier's time with its old set, if it could fetch another. The server is
// restarted, and off for hours; somebody rotates keys by hand, and retires some at once.
func TestKeysFor90Days_TK23(t *testing.T) {
	for _, tt := range []struct {
		what   string
		keeps  time.Duration
		byHand bool
		leaks  bool
	}{
		{"a verifier that keeps the set for a day", 24 * time.Hour, false, false},
		{"a verifier that keeps it for 15 minutes, and rotations by hand", 15 * time.Minute, true, false},
		{"the same, and keys that leak", 15 * time.Minute, true, true},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { ninetyDays(t, tt.keeps, tt.byHand, tt.leaks) })
		})
	}
}

// step is how often somebody looks in 90 days.
const step = 6 * time.Minute

// A quarter is 90 days of a house, and what verifiers say in it.
type quarter struct {
	*house
	random    *rand.Rand
	begin     time.Time
	own       *jwt.Verifier
	elsewhere map[string]*jwt.Verifier
	source    *jwks.Source
	stubborn  []*stubborn // which fetched their first set at different times

	living       []signedToken
	signer       string
	since        time.Time // it signs
	unknownUntil time.Time // a stubborn verifier may not know it: the price of retiring the one before at once
	dropped      map[string]time.Time

	good, bad, signers, off int
}

func ninetyDays(t *testing.T, keeps time.Duration, byHand, leaks bool) {
	h := newHouse(t)
	source, err := jwks.New("https://login.example/.well-known/jwks.json", &jwks.Options{Transport: h})
	if err != nil {
		t.Fatal(err)
	}
	q := &quarter{
		house: h, random: rand.New(rand.NewPCG(23, uint64(keeps))), begin: time.Now(), dropped: map[string]time.Time{},
		own: h.verifier(ownKeys{h}), source: source,
	}
	const crowd = 24
	for n := range crowd {
		q.stubborn = append(q.stubborn, &stubborn{house: h, keeps: keeps, set: h.keys.PublicSet(), asked: q.begin.Add(-keeps / crowd * time.Duration(n))})
	}
	q.elsewhere = map[string]*jwt.Verifier{"jwks": h.verifier(source), "stubborn": h.verifier(q.stubborn[0])}
	for n := 0; time.Since(q.begin) < 90*day; n++ {
		q.tick()
		q.hand(byHand, leaks)
		if s := q.keys.Signer().ID(); s != q.signer {
			q.signer, q.since = s, time.Now()
			q.signers++
		}
		for n, s := range q.stubborn {
			if _, err := s.Key(q.signer); err != nil && !time.Now().Before(q.unknownUntil) {
				t.Fatalf("after %v, stubborn verifier %d does not know the key that signs", time.Since(q.begin), n)
			}
		}
		if n%5 == 0 || time.Since(q.since) < time.Hour {
			tok := q.sign(q.keys.Signer(), []time.Duration{10 * time.Minute, time.Hour}[q.random.IntN(2)])
			q.check(tok)
			q.living = append(q.living, tok)
			q.forge()
		}
		q.checkLast()
		if q.random.IntN(700) == 0 {
			q.stop(byHand)
			continue // there is no moment between a start and the first token
		}
		time.Sleep(step)
	}
	for _, k := range h.keys.List() {
		if old := time.Since(k.VerifyUntil); k.State == KeyDropped && old > keyMemory+3*time.Hour {
			t.Errorf("a key is still kept that was dropped %v ago", old)
		}
	}
	t.Logf("%d good tokens were checked, and %d bad ones; %d keys signed; off %d times", q.good, q.bad, q.signers, q.off)
	if q.signers < 3 || q.good < 8_000 || q.bad < 25 {
		t.Error("that proves little")
	}
}

// hand is what somebody does now and then.
func (q *quarter) hand(changes, leaks bool) {
	switch n := q.random.IntN(6000); {
	case n < 3 && changes:
		q.do(Schedule{}.Publish(TokenKey, ""))
	case n < 30 && changes:
		q.do(Schedule{}.Rotate(TokenKey, false))
	case n < 34 && leaks:
		q.do(Schedule{}.Retire(q.keys.Signer().ID()))
		q.unknownUntil = time.Now().Add(q.stubborn[0].keeps)
	case n > 5990:
		q.start()
	}
}

// stop is a server that is off for up to three hours. Verifiers go on.
func (q *quarter) stop(byHand bool) {
	q.up = time.Time{}
	q.off++
	if byHand {
		q.do(Schedule{}.Publish(TokenKey, "")) // of which nobody can know
	}
	for range q.random.IntN(30) {
		time.Sleep(step)
		for _, tok := range q.living {
			if time.Until(tok.expires) > 0 {
				q.checkElsewhere(tok)
			}
		}
	}
	q.source.Key("a stranger's") // a second before it is there again: package jwks does not ask for a while
	time.Sleep(time.Second)
	q.start()
}

func (q *quarter) check(tok signedToken) {
	q.t.Helper()
	q.good++
	_, err := q.own.Verify(tok.text)
	q.say("the server", tok, err)
	q.checkElsewhere(tok)
}

func (q *quarter) checkElsewhere(tok signedToken) {
	q.t.Helper()
	for who, v := range q.elsewhere {
		_, err := v.Verify(tok.text)
		if who == "stubborn" && time.Now().Before(q.unknownUntil) && errors.Is(err, jwt.ErrUnknownKey) {
			continue
		}
		q.say(who, tok, err)
	}
}

func (q *quarter) say(who string, tok signedToken, err error) {
	q.t.Helper()
	if (err == nil) == q.leaked[tok.kid] {
		q.t.Fatalf("after %v, %s says of a token that expires in %v: %v; leaked: %v", time.Since(q.begin), who, time.Until(tok.expires), err, q.leaked[tok.kid])
	}
}

// checkLast checks tokens shortly before they expire.
func (q *quarter) checkLast() {
	q.living = slices.DeleteFunc(q.living, func(tok signedToken) bool {
		left := time.Until(tok.expires)
		if left > 0 && left <= step {
			q.check(tok)
		}
		return left <= step
	})
}

// forge shows what was signed with keys that are dropped, for six hours after the last verifier has lost them.
func (q *quarter) forge() {
	for _, k := range keysFor(q.keys, TokenKey) {
		if k.State != KeyDropped {
			continue
		}
		at, known := q.dropped[k.ID]
		if !known {
			at = time.Now()
			q.dropped[k.ID] = at
		}
		if time.Since(at) > q.stubborn[0].keeps+6*time.Hour {
			continue
		}
		forged := q.sign(q.made[k.ID], time.Hour)
		q.bad++
		if _, err := q.own.Verify(forged.text); !errors.Is(err, jwt.ErrUnknownKey) {
			q.t.Fatalf("the server says of a dropped key: %v", err)
		}
		lost := time.Since(at) > q.stubborn[0].keeps+step && time.Since(q.up) > jwks.Pause
		for who, v := range q.elsewhere {
			if _, err := v.Verify(forged.text); err == nil && (q.leaked[k.ID] || lost) {
				q.t.Fatalf("%s accepts what a dropped key signed, %v after", who, time.Since(at))
			}
		}
	}
}

package jwks

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

const (
	tokenLife = 10 * time.Minute
	rotates   = 3 * 24 * time.Hour
)

// A phase is the life of one key: published, then signing, then only published, then gone.
type phase struct {
	key              *jwt.Key
	publishedAt      time.Time
	signsAt, untilAt time.Time // it signs in [signsAt, untilAt)
}

// rotatingIssuer follows the rule of TK-23: a key signs no earlier than lead after it was published, and is published
// until its last token has expired.
type rotatingIssuer struct {
	phases []phase
}

func (r *rotatingIssuer) at(now time.Time) (signer *jwt.Key, published []*jwt.Key) {
	for _, p := range r.phases {
		if !now.Before(p.publishedAt) && !now.After(p.untilAt.Add(tokenLife)) {
			published = append(published, p.key)
		}
		if !now.Before(p.signsAt) && now.Before(p.untilAt) {
			signer = p.key
		}
	}
	return signer, published
}

// rotation90 runs 90 days, a token each seven minutes; each is verified when made, and again just before it ends. Tokens of keys
// that are not published yet, of keys that are gone for longer than the set is kept, and of a stranger under a published id, must
// be refused. It returns how many good ones were refused and bad ones accepted.
func rotation90(t *testing.T, lead time.Duration) (good, refused, bad, accepted int, fetches int64) {
	t.Helper()
	start := time.Now()
	r := new(rotatingIssuer)
	for n := range int(90*24*time.Hour/rotates) + 2 {
		signs := start.Add(time.Duration(n) * rotates)
		r.phases = append(r.phases, phase{newKey(t, fmt.Sprint("key ", n)), signs.Add(-lead), signs, signs.Add(rotates)})
	}
	i := &issuer{control: "max-age=900"}
	s := newSource(t, i, Options{})
	v, err := jwt.NewVerifier("i", "a", s, []jwt.Algorithm{jwt.EdDSA}, &jwt.VerifierOptions{KeepBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	sign := func(k *jwt.Key) string {
		token, err := jwt.Sign(k, "", jwt.Claims{Issuer: "i", Audience: jwt.Audience{"a"}, Expires: jwt.At(time.Now().Add(tokenLife))})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	verify := func(token string) error {
		_, published := r.at(time.Now())
		i.mu.Lock()
		i.body = publish(t, published...)
		i.mu.Unlock()
		_, err := v.Verify(token)
		return err
	}
	check := func(token string, isGood bool) {
		switch err := verify(token); {
		case isGood:
			good++
			if err != nil {
				refused++
			}
		default:
			bad++
			if err == nil {
				accepted++
			} else if !errors.Is(err, jwt.ErrUnknownKey) && !errors.Is(err, jwt.ErrSignature) {
				t.Fatalf("a bad token was refused for another reason: %v", err)
			}
		}
	}
	for n := 0; time.Since(start) < 90*24*time.Hour; n++ {
		now := time.Now()
		signer, published := r.at(now)
		token := sign(signer)
		check(token, true)
		for _, p := range r.phases {
			switch {
			case n%20 != 0:
			case now.Before(p.publishedAt), now.After(p.untilAt.Add(tokenLife + DefaultFresh)):
				check(sign(p.key), false)
			}
		}
		if n%20 == 0 {
			check(sign(newKey(t, published[0].ID())), false)
		}
		time.Sleep(7 * time.Minute)
		check(token, true)
	}
	return good, refused, bad, accepted, i.fetches.Load()
}

func TestRotationFor90Days_TK_23(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good, refused, bad, accepted, fetches := rotation90(t, DefaultFresh)
		t.Logf("%d good tokens, %d refused; %d bad ones, %d accepted; %d fetches", good, refused, bad, accepted, fetches)
		if refused != 0 || accepted != 0 || good < 30_000 || bad < 10_000 {
			t.Errorf("%d of %d good tokens refused, %d of %d bad ones accepted", refused, good, accepted, bad)
		}
	})
}

// An issuer that signs with a key at once is saved by the refetch for unknown ids, unless a stranger used that up just before.
func TestPublishBeforeSigningMatters_TK_23(t *testing.T) {
	for _, tt := range []struct {
		what string
		lead time.Duration
		want bool
	}{
		{"published 15 minutes before it signs", DefaultFresh, true},
		{"signs at once", 0, false},
	} {
		t.Run(tt.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				old, next := newKey(t, "old"), newKey(t, "next")
				i := &issuer{body: publish(t, old)}
				s := newSource(t, i, Options{})
				s.Key("old")
				time.Sleep(time.Hour)
				if tt.lead > 0 {
					i.body = publish(t, old, next)
					time.Sleep(tt.lead)
				}
				s.Key("from a stranger")
				i.body = publish(t, old, next)
				if _, err := s.Key("next"); (err == nil) != tt.want {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

package app

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/jwt"
)

// TestTheFeedIsSignedByItsOwnKey_TK14: ES256 whatever signs tokens, published, and good for no token.
func TestTheFeedIsSignedByItsOwnKey_TK14(t *testing.T) {
	for _, alg := range []jwt.Algorithm{jwt.HS256, jwt.EdDSA, jwt.ES256} {
		a := open(t, t.TempDir(), nil, func(c *Config) { c.TokenAlg = alg })
		m, err := follow(t, a, 0, true).Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		read(t, a, m) // by the published keys, with ES256
		if _, err := a.keys.Key(a.keys.FeedSigner().ID()); err == nil {
			t.Errorf("%s: the feed's key verifies access tokens", alg)
		}
		if d := bearer(t, a, m.Set); d.Allowed() {
			t.Errorf("%s: a message is an access token", alg)
		}
	}
}

// TestAKeyThatLeakedIsTold for thirty days, whenever its tokens expire.
func TestAKeyThatLeakedIsTold(t *testing.T) {
	a := open(t, t.TempDir(), nil)
	at := time.Now()
	if err := a.db.Update(t.Context(), func(tx *db.Conn) error { return a.feed.KeyRetired(t.Context(), tx, "the-kid", at) }); err != nil {
		t.Fatal(err)
	}
	m := next(t, a, follow(t, a, 0, false))
	if m.kind() != "key-retired" || m.about(t) != "the-kid" {
		t.Errorf("%+v", m)
	}
	if got := string(m.Events[eventKey]); got != `{"event_timestamp":`+secs(at)+`,"kid":"the-kid","until":`+secs(at.Add(720*time.Hour+time.Second))+`}` {
		t.Errorf("got %s", got)
	}
}

// TestRemovingAClientIsTold: the sessions that were opened for it end with it.
func TestRemovingAClientIsTold(t *testing.T) {
	a := open(t, t.TempDir(), nil)
	signUp(t, a, anna)
	_, stays := program(t, a, anna)
	tok, err := a.IssueTokensTo(t.Context(), registered(t, a, "orders"), Credentials{Email: anna, Password: password}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.RemoveClient(t.Context(), "orders", ActorCommand); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, a); !slices.Equal(got, []string{"session " + handle(t, tok) + " ended-by-admin"}) {
		t.Errorf("the feed has %q; %s lives", got, stays)
	}
}

func secs(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

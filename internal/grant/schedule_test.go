package grant

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
	"github.com/cloakroom/cloakroom/jwt/jwks"
)

const day = 24 * time.Hour

// Keys of stories. Times are distances from the now of the story.

func activeKey(id string, since time.Duration) KeyInfo {
	return KeyInfo{ID: id, Purpose: TokenKey, Algorithm: jwt.ES256, State: KeyActive, Created: epoch.Add(since - day), NotBefore: epoch.Add(since)}
}

func nextKey(id string, published, signs time.Duration) KeyInfo {
	return KeyInfo{ID: id, Purpose: TokenKey, Algorithm: jwt.ES256, State: KeyNext, Created: epoch.Add(published), NotBefore: epoch.Add(signs)}
}

func retiredKey(id string, verifies time.Duration) KeyInfo {
	until := epoch.Add(verifies)
	return KeyInfo{ID: id, Purpose: TokenKey, Algorithm: jwt.ES256, State: KeyRetired, Retired: until.Add(-MaxTokenLifetime), VerifyUntil: until}
}

func droppedKey(id string, at time.Duration) KeyInfo {
	return KeyInfo{ID: id, Purpose: TokenKey, Algorithm: jwt.ES256, State: KeyDropped, VerifyUntil: epoch.Add(at)}
}

func feedKey(k KeyInfo) KeyInfo { k.Purpose = FeedKey; return k }

func ofAlgorithm(k KeyInfo, alg jwt.Algorithm) KeyInfo { k.Algorithm = alg; return k }

// quietFeed is a feed key with which nothing happens for long.
var quietFeed = feedKey(activeKey("feed", -time.Hour))

// told is steps as a story tells them: "token published new ES256, signs in 24h0m0s".
func told(steps []Step) string {
	var lines []string
	for _, s := range steps {
		key := s.Key
		if key == "" {
			key = "new " + string(s.Algorithm)
		}
		line := fmt.Sprintf("%s %s %s", s.Purpose, key, s.Act)
		if s.Leaked {
			line += " at once"
		}
		if !s.Signs.IsZero() {
			line += ", signs in " + s.Signs.Sub(epoch).String()
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

func TestWhatIsDue_TK23(t *testing.T) {
	up := func(since time.Duration) Schedule { return Schedule{Up: epoch.Add(-since)} }
	for _, tt := range []struct {
		what     string
		schedule Schedule
		keys     []KeyInfo
		want     string
	}{
		{"the first start", Schedule{}, nil, "token new ES256 signs; feed new ES256 signs"},
		{"the first start, for EdDSA", Schedule{Algorithm: jwt.EdDSA}, nil, "token new EdDSA signs; feed new ES256 signs"},
		{"an old database has no feed key", Schedule{}, []KeyInfo{activeKey("a", -time.Hour)}, "feed new ES256 signs"},

		{"29 days less a nanosecond", Schedule{}, []KeyInfo{activeKey("a", -29*day+1), quietFeed}, ""},
		{"29 days", Schedule{}, []KeyInfo{activeKey("a", -29*day), quietFeed}, "token new ES256 published, signs in 24h0m0s"},
		{"the feed key goes by the same rule", Schedule{}, []KeyInfo{activeKey("a", 0), feedKey(activeKey("f", -29*day))}, "feed new ES256 published, signs in 24h0m0s"},
		{"tokens of EdDSA stay of EdDSA", Schedule{}, []KeyInfo{ofAlgorithm(activeKey("a", -29*day), jwt.EdDSA), quietFeed}, "token new EdDSA published, signs in 24h0m0s"},
		{"the server was off for a year: published before it signs even so", Schedule{}, []KeyInfo{activeKey("a", -365*day), quietFeed}, "token new ES256 published, signs in 24h0m0s"},
		{"the clock was set back", Schedule{}, []KeyInfo{activeKey("a", 365*day), quietFeed}, ""},

		{"the next key is not known for long enough by a nanosecond", Schedule{}, []KeyInfo{activeKey("a", -30*day), nextKey("n", -day+1, 1), quietFeed}, ""},
		{"the next key is known", Schedule{}, []KeyInfo{activeKey("a", -30*day), nextKey("n", -day, 0), quietFeed}, "token n signs"},
		{"the server has just come up: nobody could fetch the next key", up(15*time.Minute - 1), []KeyInfo{activeKey("a", -30*day), nextKey("n", -3*day, -2*day), quietFeed}, ""},
		{"the server is up for 15 minutes", up(15 * time.Minute), []KeyInfo{activeKey("a", -30*day), nextKey("n", -3*day, -2*day), quietFeed}, "token n signs"},
		{"somebody deleted the active key: the next one signs, known or not", up(0), []KeyInfo{nextKey("n", 0, day), quietFeed}, "token n signs"},

		{"an old key at its limit", Schedule{}, []KeyInfo{activeKey("a", -day), retiredKey("r", 0), quietFeed}, ""},
		{"an old key past its limit", Schedule{}, []KeyInfo{activeKey("a", -day), retiredKey("r", -1), quietFeed}, "token r dropped"},
		{"a dropped key, a nanosecond less than 30 days ago", Schedule{}, []KeyInfo{activeKey("a", -day), droppedKey("d", -30*day+1), quietFeed}, ""},
		{"a dropped key, 30 days ago", Schedule{}, []KeyInfo{activeKey("a", -day), droppedKey("d", -30*day), quietFeed}, "token d forgotten"},

		{"a start with another algorithm: published an hour before it signs", Schedule{Algorithm: jwt.EdDSA, Up: epoch}, []KeyInfo{activeKey("a", -day), quietFeed},
			"token new EdDSA published, signs in 1h0m0s"},
		{"another start with it finds the next key", Schedule{Algorithm: jwt.EdDSA, Up: epoch}, []KeyInfo{activeKey("a", -day), ofAlgorithm(nextKey("n", -1, time.Hour), jwt.EdDSA), quietFeed}, ""},
		{"a next key of the old algorithm is thrown away", Schedule{Algorithm: jwt.EdDSA}, []KeyInfo{activeKey("a", -day), nextKey("n", -1, time.Hour), quietFeed},
			"token n dropped; token new EdDSA published, signs in 1h0m0s"},
		{"a next key that is not wanted any more", Schedule{Algorithm: jwt.ES256}, []KeyInfo{activeKey("a", -day), ofAlgorithm(nextKey("n", -1, time.Hour), jwt.EdDSA), quietFeed}, "token n dropped"},
		{"each minute nobody asks for an algorithm", Schedule{}, []KeyInfo{activeKey("a", -day), ofAlgorithm(nextKey("n", -1, time.Hour), jwt.EdDSA), quietFeed}, ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			steps, err := tt.schedule.Due(tt.keys, epoch)
			if got := told(steps); got != tt.want || err != nil {
				t.Errorf("got  %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

func TestWhatSomebodyAsksFor(t *testing.T) {
	var s Schedule
	a := activeKey("a", -time.Hour)
	for _, tt := range []struct {
		what string
		plan Plan
		keys []KeyInfo
		want string
		rule error
	}{
		{"key new", s.Publish(TokenKey, ""), []KeyInfo{a}, "token new ES256 published, signs in 1h0m0s", nil},
		{"key new --alg RS256", s.Publish(TokenKey, jwt.RS256), []KeyInfo{a}, "token new RS256 published, signs in 1h0m0s", nil},
		{"key new --feed", s.Publish(FeedKey, ""), []KeyInfo{a, quietFeed}, "feed new ES256 published, signs in 1h0m0s", nil},
		{"key new where nothing signs", s.Publish(TokenKey, ""), nil, "token new ES256 signs", nil},
		{"key new, the second time", s.Publish(TokenKey, ""), []KeyInfo{a, nextKey("n", 0, time.Hour)}, "", ErrNextKey},

		{"key rotate without a next one", s.Rotate(TokenKey, false), []KeyInfo{a}, "token new ES256 published, signs in 1h0m0s", nil},
		{"key rotate, an hour less a nanosecond after key new", s.Rotate(TokenKey, false), []KeyInfo{a, nextKey("n", -time.Hour+1, 1)}, "", ErrTooEarly},
		{"key rotate, an hour after key new", s.Rotate(TokenKey, false), []KeyInfo{a, nextKey("n", -time.Hour, 0)}, "token n signs", nil},
		{"key rotate an hour after one was published by itself", s.Rotate(TokenKey, false), []KeyInfo{a, nextKey("n", -time.Hour, 23*time.Hour)}, "token n signs", nil},
		{"key rotate --now", s.Rotate(TokenKey, true), []KeyInfo{a, ofAlgorithm(nextKey("n", 0, time.Hour), jwt.EdDSA)}, "token n signs", nil},
		{"key rotate --now without a next one", s.Rotate(TokenKey, true), []KeyInfo{a}, "token new ES256 signs", nil},

		{"key retire of the active key: the next one signs, known or not", s.Retire("a"), []KeyInfo{a, nextKey("n", 0, day)}, "token a dropped at once; token n signs", nil},
		{"key retire of the active key without a next one", s.Retire("a"), []KeyInfo{ofAlgorithm(a, jwt.EdDSA)}, "token a dropped at once; token new EdDSA signs", nil},
		{"key retire of the next key", s.Retire("n"), []KeyInfo{a, nextKey("n", 0, day)}, "token n dropped at once", nil},
		{"key retire of an old key", s.Retire("r"), []KeyInfo{a, retiredKey("r", time.Hour)}, "token r dropped at once", nil},
		{"key retire of a dropped key: whoever has it writes any exp", s.Retire("d"), []KeyInfo{a, droppedKey("d", -day)}, "token d dropped at once", nil},
		{"key retire of the feed key", s.Retire("feed"), []KeyInfo{a, quietFeed}, "feed feed dropped at once; feed new ES256 signs", nil},
		{"key retire of no key", s.Retire("x"), []KeyInfo{a, quietFeed}, "", ErrNoKey},
	} {
		t.Run(tt.what, func(t *testing.T) {
			steps, err := tt.plan(tt.keys, epoch)
			if got := told(steps); got != tt.want || !errors.Is(err, tt.rule) {
				t.Errorf("got  %s, %v\nwant %s, %v", got, err, tt.want, tt.rule)
			}
			if detail, ok := errors.AsType[*KeyError](err); ok && !strings.Contains(err.Error(), detail.Key.ID) {
				t.Errorf("%v does not name the key", err)
			}
		})
	}
}

// What is ahead is everything that will happen, the soonest first, and what is due is its beginning.
func TestWhatIsAhead(t *testing.T) {
	keys := []KeyInfo{activeKey("a", -10*day), nextKey("n", -time.Hour, 23*time.Hour), retiredKey("r", 2*time.Hour), droppedKey("d", -day), quietFeed}
	steps := Schedule{}.Ahead(keys, epoch)
	if got, want := told(steps), "token r dropped; token n signs; feed new ES256 published, signs in 719h0m0s; token d forgotten"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for n, s := range steps {
		due, err := Schedule{}.Due(keys, s.At)
		if err != nil || len(due) != n+1 {
			t.Errorf("at step %d, %d are due: %v", n, len(due), err)
		}
	}
}

// The times fit together: nothing that was signed is refused, and nothing that leaked is forgotten too early.
func TestTimesFitTogether(t *testing.T) {
	s := Schedule{}.resolve()
	switch {
	case s.Lead < jwks.MostFresh, s.ManualLead < 4*jwks.DefaultFresh, s.Settle < jwks.Pause, s.ManualLead <= s.Settle, s.Life <= s.Lead+MaxTokenLifetime:
		t.Errorf("%+v", s)
	case keyMemory < keyMargin:
		t.Error("a key is forgotten before the feed forgets that it leaked")
	}
}

package grant

import (
	"cmp"
	"slices"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

const (
	// MaxTokenLifetime is the longest that a token may be valid which these keys sign: a key verifies for so long after
	// another took its place.
	MaxTokenLifetime = 24 * time.Hour

	// keyMemory is how long a key that verifies no more is still listed, and can be told from one that never was: as long as the
	// feed tells of one that was retired at once.
	keyMemory = keyMargin

	// maxKeys bounds the keys of a purpose that verify at one time. Every verifier elsewhere has to load them all.
	maxKeys = 32
)

// Schedule says when keys change. Its methods are all of the policy: they look at keys and a clock, and say what is to be done;
// [Keys.Carry] does it. The zero value is what a server should have.
type Schedule struct {
	// Life is how long a key signs before the next one takes its place: 30 days if 0.
	Life time.Duration

	// Lead is how long a key is published before it signs by itself: 24 hours if 0. That is the longest that package jwks takes a
	// set for fresh, whatever proxies between here and a verifier say (jwks.MostFresh), and more than other libraries do.
	Lead time.Duration

	// ManualLead is the same for a change that somebody asked for: an hour if 0. Our set says of itself that it is fresh for five minutes, and
	// verifiers that do not listen keep one for ten or fifteen: that four times, for a fetch that fails.
	ManualLead time.Duration

	// Settle is how long a server is up before it puts a key to work that waits: 15 minutes if 0. While it was down, nobody could fetch
	// the key.
	Settle time.Duration

	// Every is how often a server looks what is due: each minute if 0.
	Every time.Duration

	// Up is since when the server is up; zero if it always was.
	Up time.Time

	// Algorithm is what tokens are to be signed with, as a server that starts wants it. If it is empty, they are signed with what they were.
	Algorithm jwt.Algorithm
}

// Act is what a [Step] does with a key.
type Act string

// The acts, in the order of a key's life.
const (
	PublishKey Act = "published" // a new key becomes the next one
	UseKey     Act = "signs"     // the next key, or a new one, becomes the active one, which retires
	DropKey    Act = "dropped"   // a key verifies no more
	ForgetKey  Act = "forgotten" // nothing is left of it
)

// Step is one thing that is, or was, done with a key.
type Step struct {
	Act       Act
	Purpose   Purpose
	Key       string // its kid; empty if it is yet to be made
	Algorithm jwt.Algorithm
	At        time.Time // when it is due
	Signs     time.Time // of PublishKey: when it will sign
	Leaked    bool      // of DropKey: before its time, and what it signed is dead

	Public *jwt.Key // of a key that was made and has a public half
}

// A Plan says which steps are to be taken now, and why none can be.
type Plan func(keys []KeyInfo, now time.Time) ([]Step, error)

// Due is the plan of what goes by itself. It never fails.
func (s Schedule) Due(keys []KeyInfo, now time.Time) ([]Step, error) {
	steps := s.Ahead(keys, now)
	n := 0
	for n < len(steps) && !steps[n].At.After(now) {
		n++
	}
	return steps[:n], nil
}

// Ahead returns what will happen with the keys as they are, the soonest first: for each purpose the one step that leads to another
// signer, for each key the one that leads to its end.
func (s Schedule) Ahead(keys []KeyInfo, now time.Time) []Step {
	s = s.resolve()
	var steps []Step
	for _, p := range []Purpose{TokenKey, FeedKey} {
		for _, next := range s.succession(keys, p, now) {
			steps = inOrder(steps, next)
		}
	}
	for _, k := range keys {
		end := Step{Purpose: k.Purpose, Key: k.ID, Algorithm: k.Algorithm}
		switch k.State {
		case KeyRetired:
			end.Act, end.At = DropKey, k.VerifyUntil.Add(1) // it verifies at that instant
		case KeyDropped:
			end.Act, end.At = ForgetKey, k.VerifyUntil.Add(keyMemory)
		default:
			continue
		}
		steps = inOrder(steps, end)
	}
	return steps
}

// inOrder puts a step behind those that are due before it or with it. There are a few dozen at most, and slices.SortFunc would add 12 KB to the program.
func inOrder(steps []Step, s Step) []Step {
	steps = append(steps, s)
	for i := len(steps) - 1; i > 0 && steps[i-1].At.After(s.At); i-- {
		steps[i-1], steps[i] = s, steps[i-1]
	}
	return steps
}

// succession is what leads to the next signer of a purpose.
func (s Schedule) succession(keys []KeyInfo, p Purpose, now time.Time) (steps []Step) {
	active, next := keyIn(keys, p, KeyActive), keyIn(keys, p, KeyNext)
	alg := s.algorithm(p, active, next)
	if next != nil && next.Algorithm != alg { // it has signed nothing yet
		steps = append(steps, Step{Act: DropKey, Purpose: p, Key: next.ID, Algorithm: next.Algorithm, At: now})
		next = nil
	}
	use, publish := Step{Act: UseKey, Purpose: p, Algorithm: alg}, Step{Act: PublishKey, Purpose: p, Algorithm: alg}
	switch {
	case next != nil && active != nil:
		use.Key, use.At = next.ID, latest(next.NotBefore, s.Up.Add(s.Settle))
		return append(steps, use)
	case next != nil: // somebody deleted the active one
		use.Key, use.At = next.ID, now
		return append(steps, use)
	case active == nil: // the first start
		use.At = now
		return append(steps, use)
	case active.Algorithm != alg:
		publish.At, publish.Signs = now, now.Add(s.ManualLead)
	default:
		publish.At = active.NotBefore.Add(s.Life - s.Lead)
		publish.Signs = latest(publish.At, now).Add(s.Lead)
	}
	return append(steps, publish)
}

// algorithm is what the next signer should have.
func (s Schedule) algorithm(p Purpose, active, next *KeyInfo) jwt.Algorithm {
	switch {
	case p == FeedKey:
		return jwt.ES256
	case s.Algorithm != "":
		return s.Algorithm
	case next != nil:
		return next.Algorithm
	case active != nil:
		return active.Algorithm
	}
	return jwt.ES256
}

// Publish is the plan for a next key of a purpose: it signs after the ManualLead. With an empty alg it is of the algorithm that signs now.
func (s Schedule) Publish(p Purpose, alg jwt.Algorithm) Plan {
	s = s.resolve()
	return func(keys []KeyInfo, now time.Time) ([]Step, error) {
		active, next := keyIn(keys, p, KeyActive), keyIn(keys, p, KeyNext)
		if next != nil {
			return nil, &KeyError{Rule: ErrNextKey, Key: *next}
		}
		st := Step{Act: PublishKey, Purpose: p, Algorithm: cmp.Or(alg, s.algorithm(p, active, nil)), At: now, Signs: now.Add(s.ManualLead)}
		if active == nil {
			st.Act, st.Signs = UseKey, time.Time{}
		}
		return []Step{st}, nil
	}
}

// Rotate is the plan to have the next key of a purpose sign now. It fails with [ErrTooEarly] if that was published less than the
// ManualLead ago, unless early is set. If there is no next key, one is published, and signs after the ManualLead, or at once if early is set.
func (s Schedule) Rotate(p Purpose, early bool) Plan {
	s = s.resolve()
	return func(keys []KeyInfo, now time.Time) ([]Step, error) {
		next := keyIn(keys, p, KeyNext)
		st := Step{Act: UseKey, Purpose: p, Algorithm: s.algorithm(p, keyIn(keys, p, KeyActive), next), At: now}
		if next == nil {
			if early {
				return []Step{st}, nil
			}
			return s.Publish(p, "")(keys, now)
		}
		st.Key = next.ID
		if ready := next.Created.Add(s.ManualLead); now.Before(ready) && !early {
			return nil, &KeyError{Rule: ErrTooEarly, Key: *next, At: ready}
		}
		return []Step{st}, nil
	}
}

// Retire is the plan to end a key at once, whatever its state: nothing that it signed holds from now on. If it is the one that
// signs, the next key takes its place, published for long enough or not, or a new one.
func (s Schedule) Retire(kid string) Plan {
	s = s.resolve()
	return func(keys []KeyInfo, now time.Time) ([]Step, error) {
		i := slices.IndexFunc(keys, func(k KeyInfo) bool { return k.ID == kid })
		if i < 0 {
			return nil, &KeyError{Rule: ErrNoKey, Key: KeyInfo{ID: kid}}
		}
		k := keys[i]
		steps := []Step{{Act: DropKey, Purpose: k.Purpose, Key: kid, Algorithm: k.Algorithm, At: now, Leaked: true}}
		if k.State != KeyActive {
			return steps, nil
		}
		next := keyIn(keys, k.Purpose, KeyNext)
		use := Step{Act: UseKey, Purpose: k.Purpose, Algorithm: s.algorithm(k.Purpose, &k, next), At: now}
		if next != nil {
			use.Key = next.ID
		}
		return append(steps, use), nil
	}
}

// Ticker ticks when a server is to look what is due.
func (s Schedule) Ticker() *time.Ticker { return time.NewTicker(s.resolve().Every) }

func (s Schedule) resolve() Schedule {
	s.Life = cmp.Or(s.Life, 30*24*time.Hour)
	s.Lead = cmp.Or(s.Lead, 24*time.Hour)
	s.ManualLead = cmp.Or(s.ManualLead, time.Hour)
	s.Settle = cmp.Or(s.Settle, 15*time.Minute)
	s.Every = cmp.Or(s.Every, time.Minute)
	return s
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

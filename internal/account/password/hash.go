package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Params are the cost of one argon2id hash (RFC 9106).
type Params struct {
	Memory  uint32 // KiB
	Time    uint32 // passes
	Threads uint8  // lanes
}

// DefaultParams are OWASP's minimum for argon2id (AU-07): 19 MiB, two passes, one lane.
var DefaultParams = Params{Memory: 19456, Time: 2, Threads: 1}

// FastParams cost almost nothing and protect almost nothing: for throwaway servers and tests.
var FastParams = Params{Memory: 64, Time: 1, Threads: 1}

const (
	saltBytes = 16 // AU-08
	sumBytes  = 32

	// What a stored hash may ask for: whoever can write to the database must not be able to make one sign-in eat the machine.
	maxMemory  = 256 * 1024 // KiB
	maxTime    = 16
	maxThreads = 16
	maxSalt    = 64
	maxSum     = 64
	maxPHC     = 256 // bytes of the whole string
)

// ErrHash is a stored hash that is not the argon2id string that this package writes.
var ErrHash = errors.New("password: not an argon2id hash")

// hashed is a stored hash, taken apart.
type hashed struct {
	Params
	salt, sum []byte
}

// ParseHash checks a stored hash without checking a password: a string in the PHC format,
// $argon2id$v=19$m=19456,t=2,p=1$SALT$SUM. The error is [ErrHash] with what is wrong, never with the hash.
func ParseHash(stored string) (Params, error) {
	h, err := parseHash(stored)
	return h.Params, err
}

func parseHash(s string) (hashed, error) {
	bad := func(what string) (hashed, error) { return hashed{}, fmt.Errorf("%w: %s", ErrHash, what) }
	if len(s) > maxPHC {
		return bad(fmt.Sprintf("got %d bytes, limit %d", len(s), maxPHC))
	}
	f := strings.Split(s, "$")
	if len(f) != 6 || f[0] != "" {
		return bad("not five fields after a $")
	}
	if f[1] != "argon2id" {
		return bad("another algorithm")
	}
	if f[2] != "v=19" {
		return bad("another version of argon2")
	}
	var h hashed
	costs := strings.Split(f[3], ",")
	if len(costs) != 3 {
		return bad("not the three costs m, t, p")
	}
	m, ok1 := parseCost(costs[0], "m=", 8, maxMemory)
	t, ok2 := parseCost(costs[1], "t=", 1, maxTime)
	p, ok3 := parseCost(costs[2], "p=", 1, maxThreads)
	if !ok1 || !ok2 || !ok3 || m < 8*p { // RFC 9106 section 3.1: at least 8 p KiB
		return bad("costs outside their limits")
	}
	h.Params = Params{Memory: m, Time: t, Threads: uint8(p)}
	var err error
	if h.salt, err = strict64.DecodeString(f[4]); err != nil || len(h.salt) < 8 || len(h.salt) > maxSalt {
		return bad("salt is not 8 to 64 bytes of base64")
	}
	if h.sum, err = strict64.DecodeString(f[5]); err != nil || len(h.sum) < 16 || len(h.sum) > maxSum {
		return bad("sum is not 16 to 64 bytes of base64")
	}
	if h.String() != s { // base64 skips line breaks, for one
		return bad("not written as we write it")
	}
	return h, nil
}

var strict64 = base64.RawStdEncoding.Strict()

// parseCost reads a decimal without sign or leading zeros.
func parseCost(s, prefix string, least, most uint32) (uint32, bool) {
	digits, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), err == nil && uint32(n) >= least && uint32(n) <= most
}

func (h hashed) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.Memory, h.Time, h.Threads,
		strict64.EncodeToString(h.salt), strict64.EncodeToString(h.sum))
}

// weakerThan compares the product of memory and time, which is what a guesser pays (ASVS appendix C trades one for the other), and
// the sizes of salt and sum.
func (h hashed) weakerThan(p Params) bool {
	return uint64(h.Memory)*uint64(h.Time) < uint64(p.Memory)*uint64(p.Time) || len(h.salt) < saltBytes || len(h.sum) < sumBytes
}

// dummyHash belongs to nobody and to no password: its sum was not made by argon2. It asks for the same work as a real one (AU-10).
func dummyHash(p Params) string {
	return hashed{Params: p, salt: []byte("nobody's salt 16"), sum: []byte("no password of this world fits!!")}.String()
}

type deriveFunc func(password, salt []byte, p Params, size uint32) []byte

func argon2id(password, salt []byte, p Params, size uint32) []byte {
	return argon2.IDKey(password, salt, p.Time, p.Memory, p.Threads, size)
}

func (g *Gate) hash(password string) string {
	h := hashed{Params: g.params, salt: make([]byte, saltBytes)}
	rand.Read(h.salt) // never fails: crypto/rand ends the program instead
	h.sum = g.derive([]byte(password), h.salt, h.Params, sumBytes)
	g.done.Add(1)
	return h.String()
}

func (g *Gate) verify(stored, password string) (ok, weak bool, err error) {
	nobody := stored == ""
	if nobody {
		stored = g.dummy
	}
	h, err := parseHash(stored)
	if err != nil {
		// Somebody damaged the row. Do the work of any other refusal, then say so.
		h, _ = parseHash(g.dummy)
	}
	sum := g.derive([]byte(password), h.salt, h.Params, uint32(len(h.sum)))
	g.done.Add(1)
	equal := subtle.ConstantTimeCompare(sum, h.sum) == 1
	if err != nil || nobody || !equal {
		return false, false, err
	}
	return true, h.weakerThan(g.params), nil
}

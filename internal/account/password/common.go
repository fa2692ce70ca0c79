package password

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"sort"
)

//go:generate go run gen.go passwords.json

// commonWords is a list of passwords (see NOTICE): of each the first 47 bits of its SHA-256 and a bit that is set for the 3,000
// that guessers try first (ASVS 6.2.4), 6 octets in big endian, in ascending order. It is wrong for one word in 10^9: a
// password is looked up in hundreds of pieces, and a good one must not be refused by chance.
//
//go:embed common.words
var commonWords string

const (
	shortestWord = 4
	longestWord  = 20 // of the list
)

// wordMark is what stands in the list for a word.
func wordMark(word []byte) uint64 {
	sum := sha256.Sum256(word)
	return binary.BigEndian.Uint64(sum[:]) >> 17 << 1
}

func markAt(i int) uint64 {
	s := commonWords[6*i:][:6]
	return uint64(s[0])<<40 | uint64(s[1])<<32 | uint64(s[2])<<24 | uint64(s[3])<<16 | uint64(s[4])<<8 | uint64(s[5])
}

// commonWord says how many bits it takes to name the word among the common ones, 0 if it is none of them.
func commonWord(word []byte) float64 {
	mark, n := wordMark(word), len(commonWords)/6
	i := sort.Search(n, func(i int) bool { return markAt(i) >= mark })
	switch {
	case i == n || markAt(i)&^1 != mark:
		return 0
	case markAt(i) != mark:
		return 11.6 // log2(3,000)
	}
	return 15.6 // log2(49,233)
}

package password

import (
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"math/bits"
)

//go:generate go run gen.go passwords.json

// commonWords is a list of passwords (see NOTICE), searched where it lies. Of the SHA-256 of each it has the first 39 bits: the
// first 16 of them say in which of 65,536 drawers it is, the other 23 are what lies there. A word is taken for a common one by
// chance once in 10^7: a password is looked up in hundreds of pieces, and a good one must not be refused by chance.
//
// The first drawersBytes octets say how full the drawers are, one after the other, the lowest bit of an octet first: as many
// ones as it has words, and a zero. Then come the words in the order of their drawers, each in 3 octets, big endian: the 23
// bits, and one that is set for the 3,000 that guessers try first (ASVS 6.2.4).
//
//go:embed common.words
var commonWords string

const (
	commonCount  = 49_233
	drawers      = 1 << 16
	drawersBytes = (drawers + commonCount + 63) / 64 * 8

	shortestWord = 4
	longestWord  = 20 // of the list
)

// wordMark is the drawer of a word, and what lies there of it.
func wordMark(word []byte) (drawer int, mark uint32) {
	sum := sha256.Sum256(word)
	return int(binary.BigEndian.Uint16(sum[:])), binary.BigEndian.Uint32(sum[2:]) >> 9 << 1
}

// fill says how full the next 64 places of the drawers are.
func fill(place int) uint64 {
	s := commonWords[place/8:][:8]
	var w uint64
	for i := 7; i >= 0; i-- {
		w = w<<8 | uint64(s[i])
	}
	return w
}

// firstOf is the number of the first word of a drawer, and the place where what says how many there are begins.
func firstOf(drawer int) (word, place int) {
	closed := 0 // drawers that end before place
	for {
		ends := bits.OnesCount64(^fill(place))
		if closed+ends >= drawer {
			break
		}
		closed += ends
		place += 64
	}
	for w := ^fill(place); closed < drawer; closed++ {
		next := bits.TrailingZeros64(w) + 1
		w = w >> (next - 1) >> 1
		place += next
	}
	return place - drawer, place
}

func markAt(word int) uint32 {
	s := commonWords[drawersBytes+3*word:][:3]
	return uint32(s[0])<<16 | uint32(s[1])<<8 | uint32(s[2])
}

func hasWord(place int) bool { return commonWords[place/8]>>(place%8)&1 == 1 }

// commonWord says how many bits it takes to name the word among the common ones, 0 if it is none of them.
func commonWord(word []byte) float64 {
	drawer, mark := wordMark(word)
	for i, place := firstOf(drawer); hasWord(place); i, place = i+1, place+1 {
		switch markAt(i) {
		case mark | 1:
			return 11.6 // log2(3,000)
		case mark:
			return 15.6 // log2(49,233)
		}
	}
	return 0
}

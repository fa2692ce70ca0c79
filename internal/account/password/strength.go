package password

import (
	"math"
	"unicode"
	"unicode/utf8"
)

// enough is what a password must be worth in bits: about four thousand million guesses. Online, an account takes a hundred; offline,
// at 25 ms each, they are three years of one core. Two common words together are not enough, three are.
const enough = 32

// This is zxcvbn's idea in a few hundred lines. The library itself (nbutton23/zxcvbn-go) keeps 7.6 MiB of word lists in memory from the
// start of the program, takes 3 s for 100 bytes made for the purpose, finds "1qaz" 25 times a strong password, and knows no Korean.

// span is a piece of the password that a guesser has a cheaper name for than its characters.
type span struct {
	from, to int
	bits     float64
	why      Reason
}

// text is the password as guessers look at it: in lower case, and with the usual replacements of letters undone in two ways.
type text struct {
	runes []rune // lower case
	upper []bool
	views [3]view
}

type view struct {
	runes   []rune
	bytes   []byte // the same, 0xff for what is not ASCII: the word lists are
	changed []int  // how many characters before i differ from text.runes
}

// judge finds the cheapest way to spell the password as a chain of spans and single characters, and says what most of it is made of if
// that is not enough.
func judge(s string, context []string) (Reason, bool) {
	t := newText(s)
	n := len(t.runes)
	best := make([]float64, n+1)
	last := make([]span, n+1) // the span that ends here on the best way
	for i := range n {
		best[i+1] = math.Inf(1)
	}
	words := contextWords(context)
	repeats := newRepeats(t.runes)
	for i := range n {
		offer := func(to int, bits float64, why Reason) {
			if b := best[i] + bits; b < best[to] {
				best[to], last[to] = b, span{i, to, bits, why}
			}
		}
		offer(i+1, t.character(i), "")
		t.context(i, words, offer)
		t.korean(i, offer)
		t.common(i, offer)
		t.sequence(i, offer)
		t.walk(i, offer)
		t.date(i, offer)
		repeats.at(i, offer)
	}
	if best[n] >= enough {
		return "", false
	}
	return mostly(last), true
}

// mostly names what the best way is made of; the person's own words go before the rest, which they may not know to be there.
func mostly(last []span) Reason {
	covered := map[Reason]int{}
	for at := len(last) - 1; at > 0; at = last[at].from {
		covered[last[at].why] += last[at].to - last[at].from
	}
	switch {
	case covered[Context] > 0:
		return Context
	case covered[Common] > 0:
		return Common
	}
	return Pattern
}

// leet undoes replacements: 1 stands for i or l.
var leet = [2]map[rune]rune{
	{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '@': 'a', '$': 's', '!': 'i', '+': 't', '|': 'i', '(': 'c', '€': 'e'},
	{'0': 'o', '1': 'l', '3': 'e', '4': 'a', '5': 's', '7': 't', '9': 'g', '@': 'a', '$': 's', '!': 'l', '+': 't', '|': 'l', '2': 'z', '6': 'g'},
}

func newText(s string) *text {
	t := &text{}
	for _, r := range s {
		low := unicode.ToLower(r)
		t.runes = append(t.runes, low)
		t.upper = append(t.upper, low != r)
	}
	t.views[0] = newView(t.runes, nil)
	t.views[1] = newView(t.runes, leet[0])
	t.views[2] = newView(t.runes, leet[1])
	return t
}

func newView(runes []rune, replace map[rune]rune) view {
	v := view{changed: make([]int, len(runes)+1)}
	for i, r := range runes {
		to, ok := replace[r]
		if !ok {
			to = r
		}
		b := byte(0xff)
		if to < utf8.RuneSelf {
			b = byte(to)
		}
		v.runes, v.bytes = append(v.runes, to), append(v.bytes, b)
		v.changed[i+1] = v.changed[i]
		if ok {
			v.changed[i+1]++
		}
	}
	return v
}

// character is what one character costs that is part of nothing.
func (t *text) character(i int) float64 {
	switch r := t.runes[i]; {
	case t.upper[i]:
		return 5.7
	case 'a' <= r && r <= 'z':
		return 4.7
	case '0' <= r && r <= '9':
		return 2.5 // people's digits are not random
	case r == '!' || r == '.' || r == '-' || r == '_' || r == ' ':
		return 3
	case r < utf8.RuneSelf:
		return 5
	}
	return 7
}

// decoration is what upper case and replacements add to a word: guessers try few of the ways.
func (t *text) decoration(v view, from, to int) (bits float64) {
	if v.changed[to] > v.changed[from] {
		bits++
	}
	for _, up := range t.upper[from:to] {
		if up {
			return bits + 1
		}
	}
	return bits
}

// common offers the words of the list that start at i.
func (t *text) common(i int, offer func(int, float64, Reason)) {
	for k, v := range t.views {
		for to := i + shortestWord; to <= min(i+longestWord, len(t.runes)); to++ {
			if k > 0 && v.changed[to] == v.changed[i] {
				continue // the same word as in the first view
			}
			if bits := commonWord(v.bytes[i:to]); bits > 0 {
				offer(to, bits+t.decoration(v, i, to), Common)
			}
		}
	}
}

// context offers the words that guessers know of this account.
func (t *text) context(i int, words [][]rune, offer func(int, float64, Reason)) {
	for k, v := range t.views {
		for _, w := range words {
			if to := i + len(w); hasPrefix(v.runes[i:], w) && (k == 0 || v.changed[to] > v.changed[i]) {
				offer(to, 2+t.decoration(v, i, to), Context)
			}
		}
	}
}

// korean offers common Korean words, in Hangul and as the Latin letters on the same keys.
func (t *text) korean(i int, offer func(int, float64, Reason)) {
	for _, w := range koreanWords() {
		if hasPrefix(t.runes[i:], w) {
			offer(i+len(w), 7, Common)
		}
	}
}

func hasPrefix(s, prefix []rune) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i, r := range prefix {
		if s[i] != r {
			return false
		}
	}
	return true
}

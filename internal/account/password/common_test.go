package password

import (
	"math/rand/v2"
	"testing"
)

func TestListOfCommonWords(t *testing.T) {
	n, top := len(commonWords)/6, 0
	if n != 49233 || len(commonWords)%6 != 0 {
		t.Fatalf("%d octets", len(commonWords))
	}
	for i := range n {
		if i > 0 && markAt(i)&^1 <= markAt(i-1)&^1 {
			t.Fatalf("word %d is not in order", i)
		}
		top += int(markAt(i) & 1)
	}
	if top != 3000 {
		t.Errorf("%d words are what guessers try first", top)
	}
	for word, bits := range map[string]float64{"password": 11.6, "123456": 11.6, "dragon": 11.6, "marmalade": 15.6, "plumgravel": 0, "": 0} {
		if got := commonWord([]byte(word)); got != bits {
			t.Errorf("%q takes %v bits, want %v", word, got, bits)
		}
	}
}

func TestRandomWordsAreNotCommon(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := make([]byte, 12)
	for range 200_000 {
		for i := range word {
			word[i] = byte('a' + r.IntN(26))
		}
		if commonWord(word) != 0 {
			t.Errorf("%q is taken for a common word", word)
		}
	}
}

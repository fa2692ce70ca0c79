package password

import (
	"math/rand/v2"
	"testing"
)

func TestListOfCommonWords(t *testing.T) {
	if len(commonWords) != drawersBytes+3*commonCount {
		t.Fatalf("%d octets", len(commonWords))
	}
	top, next := 0, 0
	for drawer := range drawers {
		i, place := firstOf(drawer)
		if i != next {
			t.Fatalf("drawer %d begins with word %d, want %d", drawer, i, next)
		}
		for before := uint32(0); hasWord(place); i, place = i+1, place+1 {
			if i > next && markAt(i)&^1 <= before {
				t.Fatalf("word %d is not in order", i)
			}
			before = markAt(i) &^ 1
			top += int(markAt(i) & 1)
		}
		next = i
	}
	if next != commonCount {
		t.Errorf("%d words, want %d", next, commonCount)
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

package password

import (
	"bytes"
	_ "embed"
	"sync"

	"github.com/bits-and-blooms/bloom/v3"
)

//go:generate go run gen.go passwords.json

// Two filters of the same list (see NOTICE): all of it, and the first 3,000, which guessers try first (ASVS 6.2.4). They are wrong for
// one word in 10^9: a password is looked up in hundreds of pieces, and a good one must not be refused by chance.
var (
	//go:embed common.bloom
	commonBytes []byte
	//go:embed top.bloom
	topBytes []byte
)

const (
	shortestWord = 4
	longestWord  = 20 // of the list
)

// wordLists are read at the first new password, not at the start.
var wordLists = sync.OnceValue(func() (lists struct{ all, top *bloom.BloomFilter }) {
	lists.all, lists.top = readFilter(commonBytes), readFilter(topBytes)
	return lists
})

func readFilter(b []byte) *bloom.BloomFilter {
	f := new(bloom.BloomFilter)
	if _, err := f.ReadFrom(bytes.NewReader(b)); err != nil {
		panic("password: the embedded list is damaged: " + err.Error())
	}
	return f
}

// commonWord says how many bits it takes to name the word among the common ones, 0 if it is none of them.
func commonWord(word []byte) float64 {
	lists := wordLists()
	switch {
	case !lists.all.Test(word):
		return 0
	case lists.top.Test(word):
		return 11.6 // log2(3,000)
	}
	return 15.6 // log2(49,233)
}

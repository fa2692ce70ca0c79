//go:build ignore

// Gen makes common.words from a JSON list of passwords, most common first:
//
//	npm pack @zxcvbn-ts/language-common@4.1.3 && tar xzf zxcvbn-ts-language-common-4.1.3.tgz
//	go run gen.go package/src/passwords.json
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"log"
	"os"
	"slices"
	"strings"
)

const (
	top     = 3000 // words with the bit that guessers try them first
	drawers = 1 << 16
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run gen.go passwords.json")
	}
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var words []string
	if err := json.Unmarshal(raw, &words); err != nil {
		log.Fatal(err)
	}
	seen := map[uint64]bool{}
	var marks []uint64 // 16 bits of the drawer, 23 of the word, and one for the top
	for i, w := range words {
		sum := sha256.Sum256([]byte(strings.ToLower(w)))
		mark := binary.BigEndian.Uint64(sum[:]) >> 25 << 1
		if seen[mark] {
			continue
		}
		seen[mark] = true
		if i < top {
			mark |= 1
		}
		marks = append(marks, mark)
	}
	slices.Sort(marks)
	out := make([]byte, (drawers+len(marks)+63)/64*8)
	place := 0
	var list []byte
	for drawer, i := uint64(0), 0; drawer < drawers; drawer++ {
		for ; i < len(marks) && marks[i]>>24 == drawer; i++ {
			out[place/8] |= 1 << (place % 8)
			place++
			list = append(list, byte(marks[i]>>16), byte(marks[i]>>8), byte(marks[i]))
		}
		place++
	}
	out = append(out, list...)
	if err := os.WriteFile("common.words", out, 0o644); err != nil {
		log.Fatal(err)
	}
	log.Printf("%d words, %d bytes", len(marks), len(out))
}

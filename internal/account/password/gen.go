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

const top = 3000 // words with the bit that guessers try them first

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
	var marks []uint64
	for i, w := range words {
		sum := sha256.Sum256([]byte(strings.ToLower(w)))
		mark := binary.BigEndian.Uint64(sum[:]) >> 17 << 1
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
	var out []byte
	for _, m := range marks {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], m)
		out = append(out, b[2:]...)
	}
	if err := os.WriteFile("common.words", out, 0o644); err != nil {
		log.Fatal(err)
	}
	log.Printf("%d words, %d bytes", len(marks), len(out))
}

//go:build ignore

// Gen makes common.bloom and top.bloom from a JSON list of passwords, most common first:
//
//	npm pack @zxcvbn-ts/language-common@4.1.3 && tar xzf zxcvbn-ts-language-common-4.1.3.tgz
//	go run gen.go package/src/passwords.json
package main

import (
	"encoding/json"
	"log"
	"os"
	"strings"

	"github.com/bits-and-blooms/bloom/v3"
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
	write("common.bloom", words)
	write("top.bloom", words[:3000])
}

func write(name string, words []string) {
	filter := bloom.NewWithEstimates(uint(len(words)), 1e-9)
	for _, w := range words {
		filter.AddString(strings.ToLower(w))
	}
	f, err := os.Create(name)
	if err != nil {
		log.Fatal(err)
	}
	n, err := filter.WriteTo(f)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("%s: %d words, %d bytes", name, len(words), n)
}

//go:build ignore

// Gen_ksx1001 makes ksx1001.txt: KS X 1001, row after row.
package main

import (
	"log"
	"os"
	"strings"

	"golang.org/x/text/encoding/korean"
)

func main() {
	decoder := korean.EUCKR.NewDecoder()
	var table strings.Builder
	for lead := byte(0xa1); lead <= 0xfd; lead++ {
		for trail := byte(0xa1); trail <= 0xfe; trail++ {
			text, err := decoder.Bytes([]byte{lead, trail})
			if err != nil || len([]rune(string(text))) != 1 {
				text = []byte("\ufffd")
			}
			table.Write(text)
		}
	}
	if err := os.WriteFile("ksx1001.txt", []byte(table.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}

package trace

import (
	"testing"

	"golang.org/x/text/encoding/korean"
)

// TestEveryPairOfKorean reads whatever two octets there are, alone and before a letter, as golang.org/x/text does.
func TestEveryPairOfKorean(t *testing.T) {
	decoder := korean.EUCKR.NewDecoder()
	for lead := range 256 {
		for trail := range 256 {
			for _, in := range [][]byte{{byte(lead), byte(trail)}, {'<', byte(lead), byte(trail), '>'}} {
				want, err := decoder.Bytes(in)
				if err != nil {
					t.Fatal(err)
				}
				if got := eucKR(in); got != string(want) {
					t.Errorf("%x: got %q, want %q", in, got, want)
				}
			}
		}
	}
}

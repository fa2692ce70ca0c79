package trace

import (
	"fmt"
	"slices"
	"strconv"
)

const maxFaults = 20 // sentences about one message

// faults are sentences about what is wrong with a message, each once.
type faults []string

func (f *faults) add(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	if len(*f) < maxFaults && !slices.Contains(*f, s) {
		*f = append(*f, s)
	}
}

// excerpt quotes the beginning of what a stranger sent.
func excerpt[T string | []byte](s T) string {
	const most = 40
	if len(s) > most {
		return strconv.QuoteToASCII(string(s[:most])) + "…"
	}
	return strconv.QuoteToASCII(string(s))
}

package screen

import (
	"strings"
	"unicode/utf8"

	"github.com/cloakroom/cloakroom/trace"
)

// maxRawBody is how much of a body --raw shows.
const maxRawBody = 64 << 10

// message prints a message as it stood on the wire, each line with a mark. Its lines are as long as they are.
func (s *Screen) message(mark string, m *trace.Message) {
	if m == nil {
		return
	}
	mark = "  " + s.paint(mark, Faint) + " "
	defer s.Gap()
	if m.Proto == "HTTP/2" {
		s.put(mark + s.paint("(HTTP/2 says it in binary; this is how HTTP/1.1 would)", Faint))
	}
	head := strings.TrimSuffix(strings.TrimSuffix(string(m.Raw), "\n"), "\r")
	for line := range strings.SplitSeq(head, "\n") {
		s.put(mark + Printable(strings.TrimSuffix(line, "\r")))
	}
	switch body := string(m.Body); {
	case body == "":
	case !isProse(body):
		s.put(mark + s.paint("("+size(int64(len(body)))+" that are not text)", Faint))
	default:
		cut := len(body) > maxRawBody
		if cut {
			body = strings.ToValidUTF8(body[:maxRawBody], "")
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(body, "\n"), "\n") {
			s.put(mark + Printable(strings.TrimSuffix(strings.ReplaceAll(line, "\t", "    "), "\r")))
		}
		if cut {
			s.put(mark + s.paint("(and "+size(m.Decoded-maxRawBody)+" more)", Faint))
		}
	}
	for _, f := range m.Trailers {
		s.put(mark + Printable(f.Name+": "+f.Value) + s.paint("  (came after the body)", Faint))
	}
}

// isProse reports whether a body is for reading: UTF-8 or nearly so, and without zeros.
func isProse(body string) bool {
	sample := body[:min(len(body), 4<<10)]
	odd := 0
	for i := 0; i < len(sample); {
		c, n := utf8.DecodeRuneInString(sample[i:])
		if c == utf8.RuneError && n == 1 || c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			odd++
		}
		i += n
	}
	return odd*10 <= len(sample) && !strings.Contains(sample, "\x00")
}

package revocation

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// mostMessage is the longest token that a message may be, and about the longest line.
const mostMessage = 1 << 20

// stream reads server-sent events (HTML Living Standard, section 9.2.6), of which only the data of those named "set" matter. The number in
// the id is not looked at: that in the message is signed.
type stream struct{ lines *bufio.Scanner }

func newStream(r io.Reader) *stream {
	s := &stream{bufio.NewScanner(r)}
	s.lines.Buffer(nil, mostMessage+len("data: \r\n"))
	return s
}

// next returns the next message. One that the stream ends in the middle of is none.
func (s *stream) next() (token string, err error) {
	var event, data string
	for s.lines.Scan() {
		line := s.lines.Text()
		if line == "" {
			if event == "set" && data != "" {
				return data, nil
			}
			event, data = "", ""
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case field == "event":
			event = value
		case field == "data" && data != "":
			return "", refuse(ErrMessage, "it is on several lines")
		case field == "data":
			data = value
		}
	}
	switch err := s.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return "", refuse(ErrTooLarge, "a line of more than 1 MiB")
	case err != nil:
		return "", &Error{Rule: ErrConnection, Err: err}
	}
	return "", refuse(ErrConnection, "the stream has ended")
}

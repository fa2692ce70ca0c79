package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest texts of an entry, in bytes.
const (
	MaxText   = 1 << 10 // Actor, Action, Subject, RequestID
	MaxDetail = 8 << 10
)

var (
	ErrEntry  = errors.New("the entry cannot be written down")       // too long, not text, not JSON
	ErrBroken = errors.New("the journal was changed after the fact") // by Verify
)

// Error says which record of which chain is meant.
type Error struct {
	Node       string
	Seq        int64 // 0: no record in particular
	Err        error
	Reason     string // one sentence, where Err alone says too little
	Got, Limit int    // bytes, where something is too long
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("journal: ")
	if e.Node != "" {
		fmt.Fprintf(&b, "node %q: ", e.Node)
	}
	if e.Seq != 0 {
		fmt.Fprintf(&b, "record %d: ", e.Seq)
	}
	b.WriteString(e.Err.Error())
	if e.Reason != "" {
		b.WriteString(": " + e.Reason)
	}
	if e.Limit != 0 {
		fmt.Fprintf(&b, ": got %d bytes, limit %d", e.Got, e.Limit)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// check refuses what could not be shown on one line later, and what is no JSON object.
func (e *Entry) check(node string) error {
	if e.Action == "" || strings.Trim(e.Action, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" {
		return &Error{Node: node, Err: ErrEntry, Reason: fmt.Sprintf("got action %+q, want lower-case letters, digits, dots and hyphens", e.Action)}
	}
	for _, f := range []struct{ name, text string }{{"node", node}, {"actor", e.Actor}, {"action", e.Action}, {"subject", e.Subject}, {"request id", e.RequestID}} {
		switch {
		case len(f.text) > MaxText:
			return &Error{Node: node, Err: ErrEntry, Reason: "the " + f.name + " is too long", Got: len(f.text), Limit: MaxText}
		case !utf8.ValidString(f.text) || strings.ContainsFunc(f.text, unicode.IsControl):
			return &Error{Node: node, Err: ErrEntry, Reason: "the " + f.name + " has control characters or is not UTF-8"}
		}
	}
	if y := e.At.Year(); y < 1970 || y > 2261 { // what fits into nanoseconds
		return &Error{Node: node, Err: ErrEntry, Reason: fmt.Sprintf("got the year %d, want 1970 to 2261", y)}
	}
	if e.Detail == "" {
		return nil
	}
	if len(e.Detail) > MaxDetail {
		return &Error{Node: node, Err: ErrEntry, Reason: "the detail is too long", Got: len(e.Detail), Limit: MaxDetail}
	}
	// A JSON text cannot hold a line feed but between its tokens.
	if !json.Valid([]byte(e.Detail)) || e.Detail[0] != '{' || !utf8.ValidString(e.Detail) || strings.ContainsAny(e.Detail, "\r\n\t") {
		return &Error{Node: node, Err: ErrEntry, Reason: "the detail is not a JSON object on one line"}
	}
	return nil
}

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// An operation is one line of a replay.
type operation struct {
	Op, Profile       string
	URL, Site, Method string
	Now               string
	SetCookie         setCookieLines
	Script            bool
	Embedded          *bool
}

// setCookieLines are texts and nothing else: encoding/json would take null for an empty line.
type setCookieLines []string

func (s *setCookieLines) UnmarshalJSON(text []byte) error {
	var lines []*string
	if err := json.Unmarshal(text, &lines); err != nil {
		return err
	}
	for _, line := range lines {
		if line == nil {
			return &json.UnmarshalTypeError{Value: "null"}
		}
		*s = append(*s, *line)
	}
	return nil
}

// members says which members an operation may have, and which it must.
var members = map[string]struct{ may, must []string }{
	"new":   {may: []string{"profile"}},
	"set":   {may: []string{"now", "script", "site", "method", "embedded"}, must: []string{"url", "set_cookie"}},
	"get":   {may: []string{"now", "script", "site", "method", "embedded"}, must: []string{"url"}},
	"close": {},
}

// parseOperation reads a line. What encoding/json would repair or pass over is refused: another operation than the one that
// was meant would be played.
func parseOperation(line string) (*operation, error) {
	switch {
	case len(line) > maxLine:
		return nil, replayError("split the lines of a response over several operations", "the line has more than %d bytes", maxLine)
	case !utf8.ValidString(line):
		return nil, replayError("JSON can hold no other octets", "the line is not UTF-8")
	case hasHalfSurrogate(line):
		return nil, replayError(`write the character itself, or both halves: \ud83c\udf6a`, `the line has a \u escape that is half a character`)
	}
	op := &operation{}
	given, err := op.decode(json.NewDecoder(strings.NewReader(line)))
	if err != nil {
		return nil, err
	}
	known, ok := members[op.Op]
	if !ok {
		return nil, replayError("new, set, get or close", "op: %q is none", op.Op)
	}
	for _, name := range given {
		if name != "op" && !slices.Contains(known.may, name) && !slices.Contains(known.must, name) {
			return nil, replayError("it takes "+cmp.Or(strings.Join(slices.Concat(known.must, known.may), ", "), "no other"), "%s has no member %q", op.Op, name)
		}
	}
	for _, name := range known.must {
		if !slices.Contains(given, name) {
			return nil, replayError(membersHint, "%s needs a member %q", op.Op, name)
		}
	}
	return op, nil
}

// decode reads one object and returns the names of its members.
func (op *operation) decode(d *json.Decoder) (given []string, err error) {
	notJSON := func(err error) error {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return replayError(`one object a line: {"op":"get","url":"https://app.example/"}`, "not a JSON object: %w", err)
	}
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		if err == nil {
			err = errors.New("it begins otherwise")
		}
		return nil, notJSON(err)
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, notJSON(err)
		}
		name, _ := token.(string)
		if slices.Contains(given, name) {
			return nil, replayError("leave one of them", "the member %q is there twice", name)
		}
		given = append(given, name)
		into := op.member(name)
		if into == nil {
			return nil, replayError("op, url, set_cookie, now, script, site, method, embedded, profile", "there is no member %q", name)
		}
		if err := d.Decode(into); err != nil {
			if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
				return nil, replayError(membersHint, "%s cannot be a JSON %s", name, wrong.Value)
			}
			return nil, notJSON(err)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, notJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, notJSON(errors.New("something follows it"))
	}
	return given, nil
}

// member is where a member is kept, nil if there is none of that very name.
func (op *operation) member(name string) any {
	switch name {
	case "op":
		return &op.Op
	case "profile":
		return &op.Profile
	case "url":
		return &op.URL
	case "site":
		return &op.Site
	case "method":
		return &op.Method
	case "now":
		return &op.Now
	case "set_cookie":
		return &op.SetCookie
	case "script":
		return &op.Script
	case "embedded":
		return &op.Embedded
	}
	return nil
}

// hasHalfSurrogate reports whether a JSON text has a \u escape that stands for no character: encoding/json would replace it.
func hasHalfSurrogate(text string) bool {
	for {
		i := strings.IndexByte(text, '\\')
		if i < 0 || i+1 >= len(text) {
			return false
		}
		text = text[i:]
		c, ok := escaped(text)
		switch {
		case !ok:
			text = text[2:]
		case !utf16.IsSurrogate(c):
			text = text[6:]
		default:
			second, ok := escaped(text[6:])
			if !ok || utf16.DecodeRune(c, second) == utf8.RuneError {
				return true
			}
			text = text[12:]
		}
	}
}

// escaped is the \uXXXX that a text begins with.
func escaped(text string) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(text[2:6], 16, 16)
	return rune(n), err == nil
}

package jar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// MaxFile is how many octets a cookie file may have.
const MaxFile = 16 << 20

// More limits of a cookie file, to be held before anything is kept of it. The longest line that a jar can write has 37 KiB:
// every octet a tab.
const (
	maxFileLine    = 64 << 10
	maxFileLines   = 100_000
	maxFileCookies = 20_000
)

// A sheet is a cookie file taken apart: cookies, and between them comments and empty lines, which stay as they are.
type sheet struct {
	rows     []row
	problems []*FileError
}

// A row is a cookie, or else a line of text.
type row struct {
	text    string
	cookie  *Cookie
	changed time.Time // zero if that is not known
	deleted bool      // what is left of a cookie, for programs that have set it before and save it later
	line    int       // of the cookie; 0 if it was added
}

func (r *row) isCookie() bool { return r.cookie != nil && !r.deleted }

// magic is how the first line of a cookie file ends: programs other than curl insist on it.
const magic = "HTTP Cookie File"

func newSheet() *sheet {
	return &sheet{rows: []row{
		{text: "# Netscape " + magic},
		{text: "# https://curl.se/docs/http-cookies.html"},
		{text: "# What this format cannot hold is in the lines that begin with " + strings.TrimSpace(notePrefix)},
		{text: ""},
	}}
}

// A FileCookie is a cookie of a file, and the number of its line.
type FileCookie struct {
	Cookie
	Line int
}

// Read reads a cookie file as curl, browsers' extensions and other programs write it, and goes on after lines that it does
// not understand: each is one of the problems. It judges no cookie; [Jar.Restore] does. An error is about the whole.
//
// Times that the file does not tell are zero.
func Read(r io.Reader) (cookies []FileCookie, problems []*FileError, err error) {
	text, err := readText(r)
	if err != nil {
		return nil, nil, err
	}
	s, err := parseSheet(text)
	if err != nil {
		return nil, nil, err
	}
	for i := range s.rows {
		if row := &s.rows[i]; row.isCookie() {
			cookies = append(cookies, FileCookie{*row.cookie, row.line})
		}
	}
	return cookies, s.problems, nil
}

func readText(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err == nil && len(text) > MaxFile {
		err = tooLarge("has more than %d octets", MaxFile)
	}
	return text, err
}

func tooLarge(format string, args ...any) *FileError {
	return &FileError{Rule: fmt.Sprintf(format, args...), Hint: "is it the right file?", Err: ErrFileTooLarge}
}

func parseSheet(text []byte) (*sheet, error) {
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))
	if t := bytes.TrimLeft(text, " \t\r\n"); len(t) > 0 && (t[0] == '{' || t[0] == '[') {
		return nil, &FileError{Rule: "is JSON and not in the format of curl", Hint: "cloakroom jar import reads it", Err: ErrFile}
	}
	s := &sheet{}
	var pending *note // waits for its cookie
	cookies, number := 0, 0
	for line := range bytes.Lines(text) {
		if number++; number > maxFileLines {
			return nil, tooLarge("has more than %d lines", maxFileLines)
		}
		l, problem := parseFileLine(string(bytes.TrimRight(line, "\r\n")))
		if pending != nil && l.cookie == nil {
			s.stray(pending)
		}
		switch {
		case problem != nil:
			problem.Line = number
			s.problems = append(s.problems, problem)
		case l.note != nil:
			l.note.line = number
		case l.cookie == nil:
			s.rows = append(s.rows, row{text: l.text})
		default:
			r := row{cookie: l.cookie, line: number}
			if pending != nil && !pending.apply(&r) {
				s.stray(pending)
			}
			if cookies++; cookies > maxFileCookies {
				return nil, tooLarge("has more than %d cookies", maxFileCookies)
			}
			s.rows = append(s.rows, r)
		}
		pending = l.note
	}
	if pending != nil {
		s.stray(pending)
	}
	slices.SortStableFunc(s.problems, func(a, b *FileError) int { return a.Line - b.Line })
	return s, nil
}

func (s *sheet) stray(n *note) {
	s.problems = append(s.problems, &FileError{Line: n.line, Rule: "is about a cookie that does not follow it", Hint: "it can be deleted", Err: ErrStray})
}

// notUnderstood is the first problem by which something would be lost, if the file were written back.
func (s *sheet) notUnderstood() error {
	for _, p := range s.problems {
		if !errors.Is(p, ErrStray) {
			e := *p
			e.Hint = "cloakroom jar check says more; a # in front makes it a comment"
			return &e
		}
	}
	return nil
}

// age gives times to cookies that have none: those of the file. They were made before it was written.
func (s *sheet) age(written time.Time) {
	for i := range s.rows {
		if k := s.rows[i].cookie; k != nil && k.Created.IsZero() {
			k.Created = written.Round(0).UTC()
			k.Accessed = k.Created
		}
	}
}

func (s *sheet) cookies() []Cookie {
	var all []Cookie
	for i := range s.rows {
		if r := &s.rows[i]; r.isCookie() {
			all = append(all, *r.cookie)
		}
	}
	return all
}

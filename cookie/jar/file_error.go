package jar

import (
	"errors"
	"fmt"
)

// What can be wrong with a cookie file. A [FileError] says where.
var (
	// ErrFile: it is not a file that could hold cookies.
	ErrFile = errors.New("not a cookie file")
	// ErrLine: a line that is not understood.
	ErrLine = errors.New("not a line of a cookie file")
	// ErrStray: a line of Cloakroom's own that belongs to no cookie. Nothing is lost with it.
	ErrStray = errors.New("a note without its cookie")
	// ErrFileTooLarge: more octets or cookies than a file may have.
	ErrFileTooLarge = errors.New("cookie file too large")
	// ErrLocked: another program keeps the file locked.
	ErrLocked = errors.New("another program is writing it")
)

// A FileError says what is wrong with a cookie file ([errors.Is] with one of the Err variables), in which line, and what
// helps. It never holds a cookie's value.
type FileError struct {
	Path string // "" if the text did not come from a file
	Line int    // from 1; 0 if it is about the whole
	Rule string // what is wrong, with what was got and what is allowed
	Hint string // what helps, if there is something
	Err  error
}

func (e *FileError) Error() string {
	switch {
	case e.Path == "" && e.Line == 0:
		return "the cookie file " + e.Rule
	case e.Path == "":
		return fmt.Sprintf("line %d: %s", e.Line, e.Rule)
	case e.Line == 0:
		return e.Path + " " + e.Rule
	}
	return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Rule)
}

func (e *FileError) Unwrap() error { return e.Err }

func broken(hint, format string, args ...any) *FileError {
	return &FileError{Rule: fmt.Sprintf(format, args...), Hint: hint, Err: ErrLine}
}

func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

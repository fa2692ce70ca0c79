package explain

import "fmt"

// A Level is how much a finding weighs.
type Level string

const (
	Problem Level = "problem" // it does not work, or it is not safe
	Warning Level = "warning" // it works, but is unwise
	Note    Level = "note"    // good to know
)

// A Finding is something that a person should know.
type Finding struct {
	Code   string `json:"code"` // stable: people script against it
	Level  Level  `json:"level"`
	About  string `json:"about"`         // what it is about: "Set-Cookie sid", "token", "Cookie sid: token"
	Detail string `json:"detail"`        // one sentence of fact
	Fix    string `json:"fix,omitempty"` // one sentence of help
	Ref    string `json:"ref,omitempty"` // where it is written: "ASVS 3.3.4", "RFC 8725 section 3.1"
}

// findings are about one thing.
type findings struct {
	about string
	list  []Finding
}

//go:noinline
func (f *findings) add(level Level, code, ref, fix, format string, args ...any) {
	f.list = append(f.list, Finding{
		Code: code, Level: level, About: f.about, Ref: ref, Fix: fix, Detail: fmt.Sprintf(format, args...),
	})
}

func (f *findings) has(code string) bool {
	for _, one := range f.list {
		if one.Code == code {
			return true
		}
	}
	return false
}

// problems says whether one of them is a [Problem].
func problems(list []Finding) bool {
	for _, f := range list {
		if f.Level == Problem {
			return true
		}
	}
	return false
}

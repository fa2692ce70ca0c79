package cookie

import (
	"net/http"
	"time"
)

// Set adds a Set-Cookie line to the response. It must be called before the
// first byte of the body is written. A line that was set before for the same
// name is replaced, because browsers do not agree on which of two they keep
// (draft-22 section 4.1.1: a response must not have two).
//
// The cookie must pass [Check]; otherwise the error of Check is returned and the
// response is not changed. [New] makes cookies that pass.
func Set(w http.ResponseWriter, c *http.Cookie) error {
	line, err := Format(c)
	if err != nil {
		return err
	}
	setLine(w.Header(), c.Name, line)
	return nil
}

// UnsafeSet is [Set] for a cookie that passes [UnsafeCheck]: one that script can
// read, that travels over plain http, that other hosts can replace or other
// sites can send. Say beside the call why that is right.
func UnsafeSet(w http.ResponseWriter, c *http.Cookie) error {
	line, err := UnsafeFormat(c)
	if err != nil {
		return err
	}
	setLine(w.Header(), c.Name, line)
	return nil
}

// Delete adds the Set-Cookie line by which a browser forgets a cookie: an empty
// value, Max-Age=0 and an Expires in the past. Give it the cookie as it was set:
// a browser takes another Path or Domain for another cookie, and refuses a name
// with a prefix without its attributes. The value is of no matter, and c is not
// changed.
//
// A deletion cannot be unsafe, so the cookie must only pass [UnsafeCheck];
// otherwise the response is not changed. For cookies made by [New],
// Delete(w, New(name, "")) is enough, with Partitioned if it was.
func Delete(w http.ResponseWriter, c *http.Cookie) error {
	if c == nil {
		return checkGrammar(nil)
	}
	gone := *c
	gone.Value, gone.Quoted = "", false
	gone.MaxAge, gone.Expires = -1, time.Unix(0, 0)
	return UnsafeSet(w, &gone)
}

// setLine puts line where an earlier one of the same name was, or at the end. It
// makes a new slice: whoever holds the old one, holds what was.
func setLine(h http.Header, name, line string) {
	old := h["Set-Cookie"]
	lines := make([]string, 0, len(old)+1)
	placed := false
	for _, l := range old {
		if len(l) <= len(name) || l[len(name)] != '=' || l[:len(name)] != name {
			lines = append(lines, l)
		} else if !placed {
			lines = append(lines, line)
			placed = true
		}
	}
	if !placed {
		lines = append(lines, line)
	}
	h["Set-Cookie"] = lines
}

package jar

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// A note is what the fields of a cookie cannot hold.
type note struct {
	Name      string    `json:"name"` // of the cookie that it is about: lines get sorted, and lost
	SameSite  string    `json:"samesite,omitempty"`
	Partition string    `json:"partition,omitempty"`
	Expires   time.Time `json:"expires,omitzero"` // to the nanosecond, if it is not a full second
	Created   time.Time `json:"created,omitzero"`
	Accessed  time.Time `json:"accessed,omitzero"`
	Changed   time.Time `json:"changed,omitzero"` // set, replaced or deleted
	Deleted   bool      `json:"deleted,omitempty"`

	line int
}

func parseNote(text string) (*note, *FileError) {
	n := &note{}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(n); err != nil {
		return nil, broken("", "is not a note that this version understands: %s", err)
	}
	if d.InputOffset() != int64(len(strings.TrimRight(text, " \t"))) {
		return nil, broken("", "has something behind the note")
	}
	if _, ok := parseSameSite(n.SameSite); !ok && n.SameSite != "" {
		return nil, broken("", "samesite is %s, not Lax, Strict or None", glimpse(n.SameSite))
	}
	for _, t := range []*time.Time{&n.Expires, &n.Created, &n.Accessed, &n.Changed} {
		*t = t.UTC()
	}
	return n, nil
}

// apply adds the note to its cookie, and reports whether it is the right one.
func (n *note) apply(r *row) bool {
	k := r.cookie
	if n.Name != noteName(k) {
		return false
	}
	k.SameSite, _ = parseSameSite(n.SameSite)
	k.Partition, k.Created, k.Accessed, r.changed = n.Partition, n.Created, n.Accessed, n.Changed
	r.deleted = n.Deleted
	if k.Persistent && n.Expires.Unix() == k.Expires.Unix() { // else somebody has edited the field
		k.Expires = n.Expires
	}
	return true
}

// format returns the note about a cookie, with its prefix and its end of line, "" if there is nothing to say.
func (r *row) formatNote() (string, error) {
	k := r.cookie
	n := note{
		Name: noteName(k), SameSite: formatSameSite(k.SameSite), Partition: k.Partition,
		Created: k.Created, Accessed: k.Accessed, Changed: r.changed, Deleted: r.deleted,
	}
	if k.Persistent && k.Expires.Nanosecond() != 0 && 0 < k.Expires.Unix() && k.Expires.Unix() <= lastExpiry {
		n.Expires = k.Expires
	}
	if n == (note{Name: n.Name}) {
		return "", nil
	}
	var b bytes.Buffer
	b.WriteString(notePrefix + " ")
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(&n)
	return b.String(), err
}

// noteName is a name as JSON can hold it.
func noteName(k *Cookie) string { return strings.ToValidUTF8(k.Name, "?") }

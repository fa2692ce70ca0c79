package explain

import (
	"bytes"
	"encoding/json"
	"errors"
)

// A Member is one name of a JSON object with its value.
type Member struct {
	Name  string
	Value json.RawMessage
}

// An Object is a JSON object in the order in which it was written. Of doubled names it keeps all.
type Object []Member

// MarshalJSON writes the object; of doubled names the last, as most readers have it.
func (o Object) MarshalJSON() ([]byte, error) {
	last := make(map[string]int, len(o))
	for i, m := range o {
		last[m.Name] = i
	}
	b := []byte{'{'}
	for i, m := range o {
		if last[m.Name] != i {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		name, err := json.Marshal(m.Name)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), m.Value...)
	}
	return append(b, '}'), nil
}

// get returns the last member of a name.
//
//go:noinline
func (o Object) get(name string) (json.RawMessage, bool) {
	for i := len(o) - 1; i >= 0; i-- {
		if o[i].Name == name {
			return o[i].Value, true
		}
	}
	return nil, false
}

// text returns a member that is a string.
func (o Object) text(name string) (string, bool) {
	raw, ok := o.get(name)
	var s string
	if !ok || json.Unmarshal(raw, &s) != nil || len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	return s, true
}

// readObject reads a JSON object, and as much of a broken one as there is.
func readObject(b []byte) (Object, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil {
		return nil, err
	} else if t != json.Delim('{') {
		return nil, errors.New("not an object")
	}
	o := Object{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return o, err
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return o, err
		}
		o = append(o, Member{name.(string), raw}) // the decoder lets nothing else be a name
	}
	_, err := dec.Token()
	return o, err
}

package explain

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// object calls f with each name of the object that comes next; f reads the value. What is no object is skipped.
//
//go:noinline
func (h *harReader) object(f func(key string) error) error {
	return h.inside('{', func() error {
		t, err := h.dec.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string) // the decoder lets nothing else be a name
		return f(name)
	})
}

// array calls f for each element of the list that comes next; f reads it. What is no list is skipped.
func (h *harReader) array(f func() error) error { return h.inside('[', f) }

func (h *harReader) inside(open json.Delim, f func() error) error {
	t, err := h.dec.Token()
	if err != nil {
		return err
	}
	if t != open {
		return h.finish(t)
	}
	for h.dec.More() {
		if err := f(); err != nil {
			return err
		}
	}
	_, err = h.dec.Token()
	return err
}

// skip reads the value that comes next and keeps nothing of it.
func (h *harReader) skip() error {
	t, err := h.dec.Token()
	if err != nil {
		return err
	}
	return h.finish(t)
}

// finish skips the rest of a value of which the first token was read.
func (h *harReader) finish(first json.Token) error {
	depth := 0
	for t := first; ; {
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth <= 0 {
			return nil
		}
		var err error
		if t, err = h.dec.Token(); err != nil {
			return err
		}
	}
}

// scalar returns a text, number or truth; what is none is skipped.
func (h *harReader) scalar() (json.Token, error) {
	t, err := h.dec.Token()
	if err != nil {
		return nil, err
	}
	if _, nested := t.(json.Delim); nested {
		return nil, h.finish(t)
	}
	return t, nil
}

// texts returns a list of texts, or a text as a list of one.
func (h *harReader) texts() (list []string, err error) {
	const most = 20
	t, err := h.dec.Token()
	if err != nil {
		return nil, err
	}
	if s, ok := t.(string); ok {
		return []string{s}, nil
	}
	if t != json.Delim('[') {
		return nil, h.finish(t)
	}
	for h.dec.More() {
		s, err := h.text()
		if err != nil {
			return nil, err
		}
		if len(list) < most && s != "" && len(s) < 200 {
			list = append(list, s)
		}
	}
	_, err = h.dec.Token()
	return list, err
}

// numbers returns the members of an object that are numbers.
func (h *harReader) numbers() (map[string]float64, error) {
	m := map[string]float64{}
	err := h.object(func(key string) error {
		n, err := h.number()
		if len(m) < maxFields {
			m[key] = n
		}
		return err
	})
	return m, err
}

func (h *harReader) moment() (time.Time, error) {
	s, err := h.text()
	at, bad := time.Parse(time.RFC3339, s)
	if bad != nil || at.Year() < 1970 {
		return time.Time{}, err
	}
	return at, err
}

func (h *harReader) number() (float64, error) {
	t, err := h.scalar()
	n, bad := 0.0, error(nil)
	switch v := t.(type) {
	case json.Number:
		n, bad = v.Float64()
	case string:
		n, bad = strconv.ParseFloat(v, 64)
	}
	if bad != nil || math.IsNaN(n) {
		n = 0
	}
	return n, err
}

func (h *harReader) truth() (bool, error) {
	t, err := h.scalar()
	b, _ := t.(bool)
	return b, err
}

func (h *harReader) text() (string, error) {
	t, err := h.scalar()
	s, _ := t.(string)
	return s, err
}

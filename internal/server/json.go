package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
)

// members are what a JSON body may hold: the name of each member, and where its value goes.
type members map[string]any

// isJSON reports whether a body says that it is application/json in UTF-8 (RFC 8259 sections 8.1 and 11).
func isJSON(h http.Header) bool {
	fields := h["Content-Type"]
	if len(fields) != 1 {
		return false
	}
	media, params, err := mime.ParseMediaType(fields[0])
	charset, given := params["charset"]
	return err == nil && media == "application/json" && (!given || strings.EqualFold(charset, "utf-8"))
}

// readJSON reads a body of application/json with exactly one object. A member that is unknown, comes twice or is
// written in other capitals is refused: what two readers could understand in two ways is no request.
func readJSON(r *http.Request, into members, required ...string) error {
	if !isJSON(r.Header) {
		return errNotJSON
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return unreadable(err)
	}
	got, err := decodeObject(body, into)
	if err != nil {
		return &app.Error{Reason: guard.MalformedRequest, Detail: "The body is not what it should be: " + err.Error() + ".", Err: err}
	}
	for _, name := range required {
		if !got[name] {
			return &app.Error{Reason: guard.MalformedRequest, Detail: fmt.Sprintf("The member %q is missing.", name), Field: name}
		}
	}
	return nil
}

// readNothing reads the body of a request that needs none: there is none, or an object without members.
func readNothing(r *http.Request) error {
	var one [1]byte
	n, err := io.ReadFull(r.Body, one[:])
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return unreadable(err)
	}
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(one[:]), r.Body))
	return readJSON(r, members{})
}

// unreadable is a body that did not arrive, or that is too large.
func unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return &app.Error{Reason: guard.MalformedRequest, Detail: "The body could not be read.", Err: err}
}

var errNotObject = errors.New("not one JSON object")

func decodeObject(body []byte, into members) (got map[string]bool, err error) {
	if !utf8.Valid(body) {
		return nil, errors.New("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errNotObject
	}
	got = map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, errNotObject
		}
		dst, known := into[name]
		switch {
		case !known:
			return nil, fmt.Errorf("unknown member %.40q", name)
		case got[name]:
			return nil, fmt.Errorf("the member %q comes twice", name)
		}
		got[name] = true
		if err := decodeValue(dec, dst); err != nil {
			return nil, fmt.Errorf("the member %q %w", name, err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, errNotObject
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotObject
	}
	return got, nil
}

// decodeValue reads one value, and does not mend what encoding/json would: null is no string, and half a surrogate pair is
// no character, so that two passwords cannot become one.
func decodeValue(dec *json.Decoder, dst any) error {
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return errors.New("cannot be read")
	}
	if string(raw) == "null" || json.Unmarshal(raw, dst) != nil {
		return errors.New("is of another type")
	}
	if text, ok := dst.(*string); ok {
		const mark = "\uFFFD" // what stands for each mended half
		written := strings.Count(string(raw), mark) + strings.Count(strings.ToLower(string(raw)), `\ufffd`)
		if strings.Count(*text, mark) > written {
			return errors.New("holds half a surrogate pair")
		}
	}
	return nil
}

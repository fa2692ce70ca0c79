package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"

	"github.com/cloakroom/cloakroom/guard"
	"github.com/cloakroom/cloakroom/internal/app"
)

// members are what a JSON body may hold: the name of each member, and where its value goes.
type members map[string]any

// readJSON reads a body of application/json with exactly one object. A member that is unknown, comes twice or is
// written in other capitals is refused: what two readers could understand in two ways is no request.
func readJSON(r *http.Request, into members, required ...string) error {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" || params["charset"] != "" && params["charset"] != "utf-8" {
		return &app.Error{Reason: guard.UnsupportedMediaType, Detail: "The body must be application/json.", Err: err}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
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
		if err := dec.Decode(dst); err != nil {
			return nil, fmt.Errorf("the member %q is of another type", name)
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

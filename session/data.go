package session

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
)

// The data of a record is a list of named JSON values (docs/formats.md):
//
//	data  = empty / ( %x01 *pair )
//	pair  = length name length value
//	length = unsigned LEB128 of the fewest bytes
//
// Names are of 1 to 255 bytes and none comes twice. Version 0, which is no longer
// written, was a JSON object of the values; its first byte is "{".
const (
	dataVersion  = 1
	dataVersion0 = '{'
	maxName      = 255
)

// pair returns the first name and value of a list, and the rest of the list.
func pair(list []byte) (name, value, rest []byte, ok bool) {
	if name, rest, ok = field(list); !ok {
		return nil, nil, nil, false
	}
	if value, rest, ok = field(rest); !ok {
		return nil, nil, nil, false
	}
	return name, value, rest, true
}

func field(list []byte) (f, rest []byte, ok bool) {
	n, used := binary.Uvarint(list)
	if used <= 0 || n > uint64(len(list)-used) {
		return nil, nil, false
	}
	end := used + int(n)
	return list[used:end:end], list[end:], true
}

func appendPair(list []byte, name string, value []byte) []byte {
	list = binary.AppendUvarint(list, uint64(len(name)))
	list = append(list, name...)
	list = binary.AppendUvarint(list, uint64(len(value)))
	return append(list, value...)
}

// find returns the value of a name in data that readData has passed.
func find(data []byte, name string) ([]byte, bool) {
	_, value, _ := locate(data, name)
	return value, value != nil
}

// locate also returns where the pair begins and, implied by what follows, ends.
func locate(data []byte, name string) (begin int, value, after []byte) {
	if len(data) == 0 {
		return 0, nil, nil
	}
	list := data[1:]
	for len(list) > 0 {
		n, v, rest, ok := pair(list)
		if !ok {
			return 0, nil, nil
		}
		if string(n) == name {
			return len(data) - len(list), v, rest
		}
		list = rest
	}
	return 0, nil, nil
}

// with returns a copy of the data in which name has the value; nil removes it.
// The data itself, which the cache may hold, stays as it is.
func with(data []byte, name string, value []byte) []byte {
	begin, old, after := locate(data, name)
	head := data
	if old != nil {
		head = data[:begin]
	}
	if value == nil {
		if len(head) <= 1 && len(after) == 0 {
			return nil
		}
		return slices.Concat(head, after)
	}
	changed := make([]byte, 0, 1+len(data)+2*binary.MaxVarintLen16+len(name)+len(value))
	if len(head) == 0 {
		head = []byte{dataVersion}
	}
	changed = append(changed, head...)
	changed = appendPair(changed, name, value) // in the old place, so that the order is stable
	return append(changed, after...)
}

// readData checks stored data and brings it to the current version. What it returns
// may share memory with its argument.
func readData(data []byte) ([]byte, error) {
	switch {
	case len(data) == 0:
		return nil, nil
	case data[0] == dataVersion0:
		return readVersion0(data)
	case data[0] != dataVersion:
		return nil, dataError("version %d, newest known is %d", data[0], dataVersion)
	}
	seen := make([]string, 0, 8)
	for list := data[1:]; len(list) > 0; {
		name, value, rest, ok := pair(list)
		switch {
		case !ok:
			return nil, dataError("cut off at byte %d", len(data)-len(list))
		case len(name) == 0 || len(name) > maxName:
			return nil, dataError("name of %d bytes at byte %d", len(name), len(data)-len(list))
		case len(appendPair(nil, string(name), value)) != len(list)-len(rest):
			return nil, dataError("length of more bytes than needed at byte %d", len(data)-len(list))
		case slices.Contains(seen, string(name)):
			return nil, dataError("name %q twice", name)
		case !json.Valid(value):
			return nil, dataError("value of %q is no JSON", name)
		}
		seen = append(seen, string(name))
		list = rest
	}
	if len(seen) == 0 {
		return nil, nil
	}
	return data, nil
}

// readVersion0 turns the JSON object of version 0 into a list of pairs.
func readVersion0(object []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil { // the brace
		return nil, dataError("version 0: %w", err)
	}
	list := []byte{dataVersion}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, dataError("version 0: %w", err)
		}
		name, _ := token.(string) // a key of an object is a string, or Token fails
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, dataError("version 0: value of %q: %w", name, err)
		}
		if len(name) == 0 || len(name) > maxName {
			return nil, dataError("version 0: name of %d bytes", len(name))
		}
		if _, twice := find(list, name); twice {
			return nil, dataError("version 0: name %q twice", name)
		}
		list = appendPair(list, name, value)
	}
	if _, err := d.Token(); err != nil {
		return nil, dataError("version 0: %w", err)
	}
	if d.More() {
		return nil, dataError("version 0: bytes after the object")
	}
	if len(list) == 1 {
		return nil, nil
	}
	return list, nil
}

func dataError(format string, args ...any) error {
	return &Error{Err: ErrData, Cause: fmt.Errorf(format, args...)}
}

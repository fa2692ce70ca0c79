package session

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
)

// What readData accepts is data in which every name is found, which is accepted again unchanged, and of
// which each value can be taken out and put back.
func FuzzReadData(f *testing.F) {
	for _, data := range []string{
		"", "\x01", "\x01\x01a\x011", "\x01\x04name\x05\"tea\"\x06visits\x013", "\x01\x01a\x011\x01a\x012",
		"\x01\x81\x00a\x011", "\x02\x01a\x011", `{}`, `{"a":1}`, `{"a":{"b":[1,2]},"":1}`, `{"a":1}x`, "\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7fa",
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		data, err := readData(stored)
		if err != nil {
			if data != nil {
				t.Error("data with an error")
			}
			return
		}
		again, err := readData(data)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%q is read as %q: %v", data, again, err)
		}
		if len(data) == 0 {
			return
		}
		for list := data[1:]; len(list) > 0; {
			name, value, rest, ok := pair(list)
			if !ok || !json.Valid(value) {
				t.Fatalf("%q: pair %q %q %v", data, name, value, ok)
			}
			if found, ok := find(data, string(name)); !ok || !bytes.Equal(found, value) {
				t.Errorf("%q: find %q: %q %v", data, name, found, ok)
			}
			if same := with(data, string(name), value); !bytes.Equal(same, data) {
				t.Errorf("%q with %q as it was: %q", data, name, same)
			}
			less := with(data, string(name), nil)
			if _, ok := find(less, string(name)); ok || len(less) >= len(data) {
				t.Errorf("%q without %q: %q", data, name, less)
			}
			if back, err := readData(with(less, string(name), value)); err != nil || len(back) != len(data) {
				t.Errorf("%q put back: %q, %v", name, back, err)
			}
			list = rest
		}
	})
}

// KeyOf accepts exactly the canonical encodings of 32 bytes.
func FuzzKeyOf(f *testing.F) {
	id, _ := newID()
	f.Add(id)
	f.Add(id[:42])
	f.Add(id + "A")
	f.Add(id[:42] + "B")
	f.Add(id[:42] + "=")
	f.Add(id[:21] + "\n" + id[22:])
	f.Add("")
	f.Fuzz(func(t *testing.T, id string) {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(id)
		want := err == nil && len(raw) == 32 && base64.RawURLEncoding.EncodeToString(raw) == id
		key, ok := KeyOf(id)
		if ok != want {
			t.Fatalf("KeyOf(%q) %v, want %v", id, ok, want)
		}
		if ok && key != sha256.Sum256([]byte(id)) || !ok && key != (Key{}) {
			t.Errorf("KeyOf(%q) = %x", id, key)
		}
	})
}

// decode agrees with encoding/json wherever both can read, and what encode writes comes back.
func FuzzValue(f *testing.F) {
	for _, raw := range []string{`1`, `-0`, `01`, `1e3`, `"a"`, `"a\n"`, `"é"`, `true`, `null`, `999999999999999999`, `9999999999999999999`, ` 1`, `-`, `"`} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		agree[int](t, raw)
		agree[int64](t, raw)
		agree[string](t, raw)
		agree[bool](t, raw)
	})
}

func agree[T comparable](t *testing.T, raw []byte) {
	t.Helper()
	got, err := decode[T](raw)
	var want T
	jsonErr := json.Unmarshal(raw, &want)
	if (err == nil) != (jsonErr == nil) || err == nil && got != want {
		t.Fatalf("%T of %q: %v %v, want %v %v", got, raw, got, err, want, jsonErr)
	}
	if err != nil {
		return
	}
	written, err := encode(got)
	if err != nil {
		t.Fatalf("%v read from %q cannot be written: %v", got, raw, err)
	}
	if back, err := decode[T](written); err != nil || back != got {
		t.Errorf("%v written as %q is read as %v, %v", got, written, back, err)
	}
}

func TestKeyOfDoesNotAllocate(t *testing.T) {
	id, key := newID()
	if n := testing.AllocsPerRun(100, func() {
		if k, ok := KeyOf(id); !ok || k != key {
			t.Error("not the key")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// Every key is a different one of 64 last characters away from another: the canonical form is one of 4.
func TestKeyOfRefusesTwins(t *testing.T) {
	id, _ := newID()
	ok := 0
	for c := range 256 {
		if _, is := KeyOf(id[:42] + string([]byte{byte(c)})); is {
			ok++
		}
	}
	if ok != 16 {
		t.Errorf("%d last characters are accepted, want 16", ok)
	}
}

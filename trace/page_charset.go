package trace

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cloakroom/cloakroom/internal/pattern"
)

// A decoder makes text of octets. What is none is U+FFFD. nil is UTF-8.
type decoder func(b []byte) string

// charset finds a decoder by the label of an encoding: those that are still met on the Web. golang.org/x/net/html/charset
// knows all, and adds a megabyte to the program.
func charset(label string) (d decoder, known bool) {
	switch strings.ToLower(strings.TrimSpace(label)) {
	case "utf-8", "utf8", "unicode-1-1-utf-8":
		return nil, true
	case "iso-8859-1", "iso8859-1", "latin1", "l1", "us-ascii", "ascii", "windows-1252", "cp1252", "x-cp1252": // Encoding standard: all are windows-1252
		return octets(windows1252), true
	case "iso-8859-2", "latin2":
		return octets(iso8859_2), true
	case "iso-8859-9", "latin5", "windows-1254":
		return octets(windows1254), true
	case "iso-8859-15", "latin-9":
		return octets(iso8859_15), true
	case "windows-1250":
		return octets(windows1250), true
	case "windows-1251", "cp1251":
		return octets(windows1251), true
	case "koi8-r":
		return octets(koi8r), true
	case "euc-kr", "ks_c_5601-1987", "korean", "ksc5601", "windows-949", "cp949":
		return eucKR, true
	case "shift_jis", "shift-jis", "sjis", "ms_kanji", "windows-31j", "x-sjis", "euc-jp", "x-euc-jp", "iso-2022-jp",
		"gbk", "gb2312", "gb_2312", "gb_2312-80", "chinese", "x-gbk", "gb18030", "big5":
		// Known, but their tables would be a fortieth of the program for one page in 500: what is not ASCII becomes U+FFFD.
		return nil, true
	case "utf-16", "utf-16le":
		return wide(binary.LittleEndian), true
	case "utf-16be":
		return wide(binary.BigEndian), true
	}
	return nil, false
}

// octets is an encoding of one octet a character whose lower half is ASCII.
//
//go:noinline
func octets(upper string) decoder {
	return func(b []byte) string {
		table := []rune(upper)
		var text strings.Builder
		text.Grow(len(b))
		for _, c := range b {
			if c < utf8.RuneSelf {
				text.WriteByte(c)
			} else {
				text.WriteRune(table[c-utf8.RuneSelf])
			}
		}
		return text.String()
	}
}

func wide(order binary.ByteOrder) decoder {
	return func(b []byte) string {
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = order.Uint16(b[2*i:])
		}
		return string(utf16.Decode(units))
	}
}

// metaCharset is compiled for the first page: the server that shares this program never reads one.
var metaCharset = pattern.Lazy(`(?i)<meta[^>]{1,200}?charset\s*=\s*["']?\s*([a-z0-9_:-]{1,40})`)

// toUTF8 decodes a document: a byte order mark decides, else Content-Type, else the document itself, else what fits (HTML
// standard, section 13.2.3.2).
func toUTF8(body []byte, label string, isHTML bool) string {
	d, known, mark := fromMark(body)
	body = body[mark:]
	if mark == 0 {
		d, known = charset(label)
		if m := metaCharset().FindSubmatch(body[:min(len(body), 1024)]); !known && isHTML && m != nil {
			if d, known = charset(string(m[1])); strings.HasPrefix(strings.ToLower(string(m[1])), "utf-16") {
				d = nil // it could be read, so it is none
			}
		}
	}
	if !known && !utf8.Valid(whole(body)) {
		d = octets(windows1252)
	}
	if d == nil {
		return strings.ToValidUTF8(string(body), "\ufffd")
	}
	return d(body)
}

// fromMark reads a byte order mark, and says how long it is.
func fromMark(b []byte) (d decoder, known bool, length int) {
	for mark, label := range map[string]string{"\xef\xbb\xbf": "utf-8", "\xfe\xff": "utf-16be", "\xff\xfe": "utf-16le"} {
		if bytes.HasPrefix(b, []byte(mark)) {
			d, known = charset(label)
			return d, known, len(mark)
		}
	}
	return nil, false, 0
}

// whole is b without a character at its end that the limit has cut.
func whole(b []byte) []byte {
	if len(b) < maxPage {
		return b
	}
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-n:]) {
				return b[:len(b)-n]
			}
			break
		}
	}
	return b
}

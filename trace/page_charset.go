package trace

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
	utf16 "golang.org/x/text/encoding/unicode"
)

// charset finds an encoding by its label: those that are still met on the Web. golang.org/x/net/html/charset knows all, and
// adds twice as much to the program. UTF-8 is nil, and so is what is shown as if it was UTF-8.
func charset(label string) (e encoding.Encoding, known bool) {
	switch strings.ToLower(strings.TrimSpace(label)) {
	case "utf-8", "utf8", "unicode-1-1-utf-8":
		return nil, true
	case "iso-8859-1", "iso8859-1", "latin1", "l1", "us-ascii", "ascii", "windows-1252", "cp1252", "x-cp1252": // Encoding standard: all are windows-1252
		return charmap.Windows1252, true
	case "iso-8859-2", "latin2":
		return charmap.ISO8859_2, true
	case "iso-8859-9", "latin5", "windows-1254":
		return charmap.Windows1254, true
	case "iso-8859-15", "latin-9":
		return charmap.ISO8859_15, true
	case "windows-1250":
		return charmap.Windows1250, true
	case "windows-1251", "cp1251":
		return charmap.Windows1251, true
	case "koi8-r":
		return charmap.KOI8R, true
	case "euc-kr", "ks_c_5601-1987", "korean", "ksc5601", "windows-949", "cp949":
		return korean.EUCKR, true
	case "shift_jis", "shift-jis", "sjis", "ms_kanji", "windows-31j", "x-sjis", "euc-jp", "x-euc-jp", "iso-2022-jp",
		"gbk", "gb2312", "gb_2312", "gb_2312-80", "chinese", "x-gbk", "gb18030", "big5":
		// Known, but their tables would be a fortieth of the program for one page in 500: what is not ASCII becomes U+FFFD.
		return nil, true
	case "utf-16", "utf-16le":
		return utf16.UTF16(utf16.LittleEndian, utf16.IgnoreBOM), true
	case "utf-16be":
		return utf16.UTF16(utf16.BigEndian, utf16.IgnoreBOM), true
	}
	return nil, false
}

var metaCharset = regexp.MustCompile(`(?i)<meta[^>]{1,200}?charset\s*=\s*["']?\s*([a-z0-9_:-]{1,40})`)

// toUTF8 decodes a document: a byte order mark decides, else Content-Type, else the document itself, else what fits (HTML
// standard, section 13.2.3.2).
func toUTF8(body []byte, label string, isHTML bool) string {
	e, known, mark := fromMark(body)
	body = body[mark:]
	if mark == 0 {
		e, known = charset(label)
		if m := metaCharset.FindSubmatch(body[:min(len(body), 1024)]); !known && isHTML && m != nil {
			if e, known = charset(string(m[1])); strings.HasPrefix(strings.ToLower(string(m[1])), "utf-16") {
				e = nil // it could be read, so it is none
			}
		}
	}
	if !known && !utf8.Valid(whole(body)) {
		e = charmap.Windows1252
	}
	if e == nil {
		return strings.ToValidUTF8(string(body), "\ufffd")
	}
	s, err := e.NewDecoder().Bytes(body)
	if err != nil {
		return strings.ToValidUTF8(string(body), "\ufffd")
	}
	return string(s)
}

// fromMark reads a byte order mark, and says how long it is.
func fromMark(b []byte) (e encoding.Encoding, known bool, length int) {
	for mark, label := range map[string]string{"\xef\xbb\xbf": "utf-8", "\xfe\xff": "utf-16be", "\xff\xfe": "utf-16le"} {
		if bytes.HasPrefix(b, []byte(mark)) {
			e, known = charset(label)
			return e, known, len(mark)
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

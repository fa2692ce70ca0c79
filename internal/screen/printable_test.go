package screen

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func TestPrintable(t *testing.T) {
	tests := []struct{ what, in, want string }{
		{"text", "Grüße, 안녕, नमस्ते", "Grüße, 안녕, नमस्ते"},
		{"an escape", "\x1b[31mred", "�[31mred"},
		{"an escape of one byte", "\u009b31m", "�31m"},
		{"a line", "a\r\nb\tc", "a��b�c"},
		{"another line", "a\u2028b\u0085c", "a�b�c"},
		{"text that turns around", "\u202egnirts\u2066", "�gnirts�"},
		{"what cannot be seen", "a\u200bb\ufeffc\u00add\U000e0041", "a�b�c�d�"},
		{"bytes that are not UTF-8", "a\xff\xc3", "a��"},
		{"a family", "👨‍👩‍👧", "👨‍👩‍👧"},
		{"a tower of marks", "a\u0301\u0302\u0303\u0304\u0305\u0306b", "a\u0301\u0302\u0303\u0304b"},
	}
	for _, tt := range tests {
		if got := Printable(tt.in); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.what, got, tt.want)
		}
	}
}

func TestFit(t *testing.T) {
	tests := []struct {
		in   string
		n    int
		want string
	}{
		{"short", 5, "short"},
		{"abcdefghij", 9, "abcd…ghij"},
		{"abcdefghij", 8, "abcd…hij"},
		{"쿠키상자기억", 12, "쿠키상자기억"},
		{"쿠키상자기억", 9, "쿠키…기억"},
		{"쿠키상자기억", 8, "쿠키…억"},
		{"쿠키상자기억", 1, "…"},
	}
	for _, tt := range tests {
		got := Fit(tt.in, tt.n)
		if got != tt.want || Columns(got) > tt.n {
			t.Errorf("%s in %d: got %q (%d columns), want %q", tt.in, tt.n, got, Columns(got), tt.want)
		}
	}
}

// FuzzRow: whatever the words are, no line is too wide, nothing steers the terminal, and not a letter is lost.
func FuzzRow(f *testing.F) {
	f.Add("label", "some words and more words", uint8(2), uint8(10), uint8(40))
	f.Add("", strings.Repeat("쿠키", 40), uint8(0), uint8(0), uint8(9))
	f.Add("\x1b[2J", "a\u202eb\xff "+strings.Repeat("x", 300), uint8(30), uint8(4), uint8(80))
	f.Fuzz(func(t *testing.T, label, text string, indent, column, width uint8) {
		w := 30 + int(width)%100
		at, col := int(indent)%10, int(column)%20
		if Columns(Printable(label)) > w-at {
			label = ""
		}
		var out bytes.Buffer
		(&Screen{W: &out, Width: w}).Row(at, Span{Text: label}, col, Span{Text: text})
		for _, fault := range faults(out.String(), w) {
			t.Error(fault)
		}
		letters := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := letters(out.String()), letters(Printable(label+text)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

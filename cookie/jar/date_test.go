package jar

import (
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	for _, row := range []struct{ story, text, want string }{
		{"as servers should write it", "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z"},
		{"RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z"},
		{"asctime", "Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z"},
		{"CK_D1: parts in any order", "1994 8:49:37 nov 6", "1994-11-06T08:49:37Z"},
		{"CK_D1: two digits are the day before they are the year", "08:49:37 Nov 06 07", "2007-11-06T08:49:37Z"},
		{"CK_D1: one digit each", "6 Nov 1994 8:4:7", "1994-11-06T08:04:07Z"},
		{"CK_D1: something behind the seconds", "6 Nov 1994 08:49:37pm", "1994-11-06T08:49:37Z"},
		{"CK_D1: three digits of seconds", "6 Nov 1994 08:49:371", ""},
		{"CK_D1: something behind the day", "6th November 1994 08:49:37", "1994-11-06T08:49:37Z"},
		{"CK_D1: a month in capitals", "6 NOVember 1994 08:49:37", "1994-11-06T08:49:37Z"},
		{"CK_D1: each part counts once", "6 07 Nov Dec 94 08:49:37 09:00:00", "2007-11-06T08:49:37Z"},
		{"CK_D1: delimiters", "\t6!Nov@1994[08:49:37}", "1994-11-06T08:49:37Z"},
		{"CK_D2: 70 is the last century", "06 Nov 70 00:00:00", "1970-11-06T00:00:00Z"},
		{"CK_D2: 69 is this one", "06 Nov 69 00:00:00", "2069-11-06T00:00:00Z"},
		{"CK_D2: zone is ignored", "06 Nov 1994 08:49:37 +0200 PST", "1994-11-06T08:49:37Z"},
		{"CK_D2: 1601", "06 Nov 1601 00:00:00", "1601-11-06T00:00:00Z"},
		{"CK_D2: 1600", "06 Nov 1600 00:00:00", ""},
		{"CK_D2: 29 February in a leap year", "29 Feb 2024 00:00:00", "2024-02-29T00:00:00Z"},
		{"CK_D2: 29 February in another", "29 Feb 2023 00:00:00", ""},
		{"CK_D2: 30 February", "30 Feb 2024 00:00:00", ""},
		{"CK_D2: day 0", "0 Nov 1994 00:00:00", ""},
		{"CK_D2: day 32", "32 Nov 1994 00:00:00", ""},
		{"CK_D2: 23:59:59", "6 Nov 1994 23:59:59", "1994-11-06T23:59:59Z"},
		{"CK_D2: hour 24", "6 Nov 1994 24:00:00", ""},
		{"CK_D2: minute 60", "6 Nov 1994 23:60:00", ""},
		{"CK_D2: second 60", "6 Nov 1994 23:59:60", ""},
		{"CK_D2: no year", "6 Nov 08:49:37", ""},
		{"CK_D2: no month", "6 1994 08:49:37", ""},
		{"five digits are no year", "6 Nov 19945 08:49:37", ""},
		{"letters that are not ASCII", "6 Növ 1994 08:49:37", ""},
		{"nothing", "", ""},
	} {
		t.Run(row.story, func(t *testing.T) {
			got, ok := ParseDate(row.text)
			if s := got.Format(time.RFC3339); ok && s != row.want || !ok && row.want != "" {
				t.Errorf("%q is %s, %t; want %q", row.text, s, ok, row.want)
			}
		})
	}
}

// CK_D3: what is read can be written, and is read again as the same.
func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"Sun, 06 Nov 1994 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "6-nov-94 1:2:3x", "::", "29 Feb 2024 00:00:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseDate(s)
		if !ok {
			if !got.IsZero() {
				t.Errorf("%q is no date, and is %v", s, got)
			}
			return
		}
		for _, form := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.ANSIC} {
			if again, ok := ParseDate(got.Format(form)); !ok || !again.Equal(got) {
				t.Errorf("%q is %v; written as %q it is %v, %t", s, got, got.Format(form), again, ok)
			}
		}
	})
}

package jar

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// What a browser reads in a line, in the checklist's words.
func TestParse(t *testing.T) {
	day, most := 24*time.Hour, 400*24*time.Hour
	at := func(d time.Duration) lifetime { return lifetime{set: true, until: then.Add(d)} }
	cut := lifetime{set: true, until: then.Add(most), cut: true}
	long := strings.Repeat("p", 1023)
	for _, row := range []struct {
		story, text string
		want        line
	}{
		{"CK_U02: name and value", "a=b", line{name: "a", value: "b"}},
		{"CK_U02: only the first equals sign counts", "a=b=c", line{name: "a", value: "b=c"}},
		{"CK_U02: no equals sign", "token", line{value: "token"}},
		{"CK_U02: nothing before the equals sign", "=b=c", line{value: "b=c"}},
		{"CK_U02: white space around goes, inside stays", " \ta b\t= c\td ;", line{name: "a b", value: "c\td"}},
		{"CK_U02: quotes and percent signs are what they are", `a="b%20;c"`, line{name: "a", value: `"b%20`, warnings: []Reason{WarnIgnoredAttribute}}},
		{"CK_U02: nothing at all", "", line{}},
		{"CK_U04: names in any case, with spaces", "a=b; SECURE ; httponly=no", line{name: "a", value: "b", secure: true, httpOnly: true}},
		{"CK_U04: the last one wins", "a=b; Path=/x; path=/y", line{name: "a", value: "b", path: "/y"}},
		{"CK_U04: a value of 1024 octets", "a=b; Path=/" + long, line{name: "a", value: "b", path: "/" + long}},
		{"CK_U04: one of 1025 is ignored, and the one before counts", "a=b; Path=/x; Path=/p" + long,
			line{name: "a", value: "b", path: "/x", warnings: []Reason{WarnAttributeValueExceedsMaxSize}}},
		{"CK_U04: an unknown one is ignored", "a=b; Priority=High", line{name: "a", value: "b", warnings: []Reason{WarnIgnoredAttribute}}},
		{"CK_U05: a date", "a=b; Expires=Wed, 25 Nov 2020 12:00:00 GMT", line{name: "a", value: "b", expires: at(day)}},
		{"CK_U05: no date, and the one before counts", "a=b; Expires=Wed, 25 Nov 2020 12:00:00 GMT; Expires=soon",
			line{name: "a", value: "b", expires: at(day), warnings: []Reason{WarnIgnoredAttribute}}},
		{"CK_U05: 400 days", "a=b; Expires=Wed, 29 Dec 2021 12:00:00 GMT", line{name: "a", value: "b", expires: at(most)}},
		{"CK_U05: a second less", "a=b; Expires=Wed, 29 Dec 2021 11:59:59 GMT", line{name: "a", value: "b", expires: at(most - time.Second)}},
		{"CK_U05: a second more", "a=b; Expires=Wed, 29 Dec 2021 12:00:01 GMT", line{name: "a", value: "b", expires: cut}},
		{"CK_U06: seconds", "a=b; Max-Age=86400", line{name: "a", value: "b", maxAge: at(day)}},
		{"CK_U06: 400 days", "a=b; Max-Age=34560000", line{name: "a", value: "b", maxAge: at(most)}},
		{"CK_U06: a second less", "a=b; Max-Age=34559999", line{name: "a", value: "b", maxAge: at(most - time.Second)}},
		{"CK_U06: a second more", "a=b; Max-Age=34560001", line{name: "a", value: "b", maxAge: cut}},
		{"CK_U06: 10^30 seconds", "a=b; Max-Age=1" + strings.Repeat("0", 30), line{name: "a", value: "b", maxAge: cut}},
		{"CK_U06: zero", "a=b; Max-Age=0", line{name: "a", value: "b", maxAge: lifetime{set: true}}},
		{"CK_U06: zeros", "a=b; Max-Age=-000", line{name: "a", value: "b", maxAge: lifetime{set: true}}},
		{"CK_U06: less than zero", "a=b; Max-Age=-1" + strings.Repeat("0", 30), line{name: "a", value: "b", maxAge: lifetime{set: true}}},
		{"CK_U06: empty, and the one before counts", "a=b; Max-Age=86400; Max-Age=", line{name: "a", value: "b", maxAge: at(day), warnings: []Reason{WarnIgnoredAttribute}}},
		{"CK_U06: a sign alone", "a=b; Max-Age=-", line{name: "a", value: "b", warnings: []Reason{WarnIgnoredAttribute}}},
		{"CK_U06: a plus sign", "a=b; Max-Age=+1", line{name: "a", value: "b", warnings: []Reason{WarnIgnoredAttribute}}},
		{"CK_U06: a fraction", "a=b; Max-Age=1.5", line{name: "a", value: "b", warnings: []Reason{WarnIgnoredAttribute}}},
		{"CK_U07: a dot in front", "a=b; Domain=.Example.COM", line{name: "a", value: "b", domain: "example.com"}},
		{"CK_U07: two dots", "a=b; Domain=..example.com", line{name: "a", value: "b", domain: ".example.com"}},
		{"CK_U07: an empty Domain takes the one before back", "a=b; Domain=example.com; Domain=", line{name: "a", value: "b"}},
		{"CK_U07: a Path that does not begin with a slash", "a=b; Path=/x; Path=y", line{name: "a", value: "b", warnings: []Reason{WarnIgnoredAttribute}}},
		{"CK_U07: SameSite in any case", "a=b; SameSite=sTRICT", line{name: "a", value: "b", sameSite: http.SameSiteStrictMode}},
		{"CK_U07: an unknown one takes the one before back", "a=b; SameSite=Strict; SameSite=Some",
			line{name: "a", value: "b", warnings: []Reason{WarnIgnoredAttribute}}},
		{"Partitioned", "a=b; partitioned", line{name: "a", value: "b", partitioned: true}},
	} {
		t.Run(row.story, func(t *testing.T) {
			got := parse(row.text, then)
			got.attributes = nil
			if row.want.control = -1; row.want.sameSite == 0 {
				row.want.sameSite = http.SameSiteDefaultMode
			}
			if !reflect.DeepEqual(got, row.want) {
				t.Errorf("%.80q\nis   %+v\nwant %+v", row.text, got, row.want)
			}
		})
	}
}

// CK_U01: of all octets, those of control make the line no line, wherever they are; a tab does not.
func TestParseControl_CK_U01(t *testing.T) {
	for c := range 256 {
		want := c <= 8 || 0x0A <= c && c <= 0x1F || c == 0x7F
		for _, text := range []string{"a" + string([]byte{byte(c)}) + "=b", "a=b; Path=/" + string([]byte{byte(c)}), "a=b; x" + string([]byte{byte(c)})} {
			if got := parse(text, then).control >= 0; got != want {
				t.Errorf("%q: control %t, want %t", text, got, want)
			}
		}
	}
}

// CK_U06: Max-Age beats Expires, whatever stands first.
func TestMaxAgeBeatsExpires_CK_U06(t *testing.T) {
	const expires, maxAge = "; Expires=Wed, 25 Nov 2020 12:00:00 GMT", "; Max-Age=60"
	for _, text := range []string{"a=b" + expires + maxAge, "a=b" + maxAge + expires} {
		l := parse(text, then)
		if got, want := l.lifetime().until, then.Add(time.Minute); !got.Equal(want) {
			t.Errorf("%q ends at %v, want %v", text, got, want)
		}
	}
}

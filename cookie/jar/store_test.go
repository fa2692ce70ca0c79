package jar

import (
	"strings"
	"testing"
	"time"
)

// Each row: what is in the jar already, and what becomes of a line.
func TestSet(t *testing.T) {
	const http, https = "http://www.example.com/a/b", "https://www.example.com/a/b"
	for _, row := range []struct {
		story  string
		before []string // set at https
		at     string
		script bool
		line   string
		want   string
		detail string
		fix    string
		after  string // what https sends then
	}{
		{story: "CK_M01 and CK_U03: neither name nor value", at: https, line: " = ; Secure", want: "rejected NoCookieContent 5.7/2"},
		{story: "CK_M01 and CK_U03: 4,096 octets", at: https, line: "a=" + strings.Repeat("v", 4095), want: "stored", after: "a=" + strings.Repeat("v", 4095)},
		{story: "CK_M01 and CK_U03: 4,097 octets", at: https, line: "a=" + strings.Repeat("v", 4096), want: "rejected NameValuePairExceedsMaxSize 5.6/5"},
		{story: "CK_M01: several reasons, the first step first", at: http, line: "__Host-a=\x01; Secure; Domain=com",
			want: "rejected DisallowedCharacter InvalidDomain SecureOnly InvalidPrefix 5.6/1"},

		{story: "CK_M02: a Domain that is not ASCII", at: "https://www.bücher.example/", line: "a=1; Domain=bücher.example",
			want: "rejected InvalidDomain 5.7/8", detail: `Domain is "bücher.example", and must be ASCII`, fix: "a=1; Domain=xn--bcher-kva.example"},
		{story: "CK_M02: a Domain too long is ignored", at: https, line: "a=1; Domain=example.com; Domain=" + strings.Repeat("x", 1025), want: "stored", after: "a=1"},

		{story: "CK_M03: a public suffix", at: https, line: "a=1; Domain=com", want: "rejected InvalidDomain 5.7/9.2",
			detail: `Domain is "com", a public suffix: others can have names under it`, fix: "a=1"},
		{story: "CK_M03: a private one", at: "https://me.github.io/", line: "a=1; Domain=github.io; Path=/", want: "rejected InvalidDomain 5.7/9.2", fix: "a=1; Path=/"},
		{story: "CK_M03: one that no list knows", at: "https://a.unlisted/", line: "a=1; Domain=unlisted", want: "rejected InvalidDomain 5.7/9.2", fix: "a=1"},
		{story: "CK_M03: with a dot at the end", at: "https://www.example.com./", line: "a=1; Domain=com.", want: "rejected InvalidDomain 5.7/9.2", fix: "a=1"},
		{story: "CK_M03: it is the host itself", at: "https://github.io/", line: "a=1; Domain=github.io", want: "stored"},

		{story: "CK_M04: the domain above", at: https, line: "a=1; Domain=example.com", want: "stored", after: "a=1"},
		{story: "CK_M04: with a dot in front", at: https, line: "a=1; Domain=.Example.Com", want: "stored", after: "a=1"},
		{story: "CK_M04: a host below", at: https, line: "a=1; Domain=x.www.example.com", want: "rejected InvalidDomain 5.7/10.1", fix: "a=1"},
		{story: "CK_M04: a sister", at: https, line: "a=1; Domain=api.example.com", want: "rejected InvalidDomain 5.7/10.1", fix: "a=1"},
		{story: "CK_M04: with a port", at: https, line: "a=1; Domain=example.com:443", want: "rejected InvalidDomain 5.7/10.1", fix: "a=1"},
		{story: "CK_M04: an address", at: "https://127.0.0.1/", line: "a=1; Domain=127.0.0.1", want: "stored"},
		{story: "CK_M04: the end of an address", at: "https://127.0.0.1/", line: "a=1; Domain=0.0.1", want: "rejected InvalidDomain 5.7/10.1", fix: "a=1"},

		{story: "CK_M06: Secure from https", at: https, line: "a=1; Secure", want: "stored", after: "a=1"},
		{story: "CK_M06: Secure from http", at: http, line: "a=1; Secure", want: "rejected SecureOnly 5.7/13", detail: "it is Secure, and came over http: only https can set it"},
		{story: "CK_M06: Secure from http on loopback", at: "http://localhost:8080/", line: "a=1; Secure", want: "rejected SecureOnly 5.7/13"},
		{story: "CK_M06: a web socket is as secure as https", at: "wss://www.example.com/", line: "a=1; Secure", want: "stored", after: "a=1"},

		{story: "CK_M07: script makes a cookie", at: https, script: true, line: "a=1", want: "stored", after: "a=1"},
		{story: "CK_M07: script makes an HttpOnly one", at: https, script: true, line: "a=1; HttpOnly; Secure", want: "rejected HttpOnlyOverwrite 5.7/15", fix: "a=1; Secure"},
		{story: "CK_M07: script replaces an HttpOnly one", before: []string{"a=0; HttpOnly"}, at: https, script: true, line: "a=1", want: "rejected HttpOnlyOverwrite 5.7/23.2", after: "a=0"},
		{story: "CK_M07: script deletes an HttpOnly one", before: []string{"a=0; HttpOnly"}, at: https, script: true, line: "a=; Max-Age=0", want: "rejected HttpOnlyOverwrite 5.7/23.2", after: "a=0"},
		{story: "CK_M07: script makes one of another path", before: []string{"a=0; HttpOnly"}, at: https, script: true, line: "a=1; Path=/", want: "stored", after: "a=0; a=1"},

		{story: "CK_M08: http at a path above", before: []string{"a=0; Secure; Path=/login"}, at: http, line: "a=1; Path=/", want: "stored"},
		{story: "CK_M08: http at another path", before: []string{"a=0; Secure; Path=/login"}, at: http, line: "a=1; Path=/foo", want: "stored"},
		{story: "CK_M08: http at the same path", before: []string{"a=0; Secure; Path=/login"}, at: http, line: "a=1; Path=/login", want: "rejected OverwriteSecure 5.7/16"},
		{story: "CK_M08: http at a path below", before: []string{"a=0; Secure; Path=/login"}, at: http, line: "a=1; Path=/login/en", want: "rejected OverwriteSecure 5.7/16"},
		{story: "CK_M08: http for the domain above", before: []string{"a=0; Secure"}, at: http, line: "a=1; Domain=example.com", want: "rejected OverwriteSecure 5.7/16", after: "a=0"},
		{story: "CK_M08: http from a host below", before: []string{"a=0; Secure; Domain=example.com; Path=/"}, at: "http://x.example.com/", line: "a=1", want: "rejected OverwriteSecure 5.7/16", after: "a=0"},
		{story: "CK_M08: http from a sister", before: []string{"a=0; Secure"}, at: "http://x.example.com/a", line: "a=1", want: "stored", after: "a=0"},
		{story: "CK_M08: https without Secure", before: []string{"a=0; Secure"}, at: https, line: "a=1", want: "stored", after: "a=1"},

		{story: "CK_M09: SameSite=None without Secure", at: https, line: "a=1; samesite=none; Priority=High", want: "rejected SameSiteNoneInsecure 5.7/19",
			detail: "SameSite=None needs Secure", fix: "a=1; samesite=none; Priority=High; Secure"},
		{story: "a correction leaves out what is ignored for its length", at: https, line: "a=1; x=" + strings.Repeat("j", 1025) + "; SameSite=None; Path=/", want: "rejected SameSiteNoneInsecure 5.7/19",
			fix: "a=1; SameSite=None; Path=/; Secure"},
		{story: "CK_M09: over http there is no way out", at: http, line: "a=1; SameSite=None", want: "rejected SameSiteNoneInsecure 5.7/19", detail: "SameSite=None needs Secure, which only https can set"},

		{story: "CK_M10: __Secure-", at: https, line: "__Secure-a=1; Secure", want: "stored", after: "__Secure-a=1"},
		{story: "CK_M10: __Secure- without Secure", at: https, line: "__SECURE-a=1", want: "rejected InvalidPrefix 5.7/20", detail: "__Secure- needs Secure", fix: "__SECURE-a=1; Secure"},
		{story: "CK_M10: __Host-", at: https, line: "__Host-a=1; Secure; Path=/", want: "stored", after: "__Host-a=1"},
		{story: "CK_M10: __Host- with nothing that it needs", at: https, line: "__hOSt-a=1; Domain=example.com; Path=/a; HttpOnly", want: "rejected InvalidPrefix 5.7/21.1",
			fix: "__hOSt-a=1; HttpOnly; Path=/; Secure"},
		{story: "CK_M10: __Host- with an empty Domain", at: https, line: "__Host-a=1; Secure; Path=/; Domain=", want: "stored", after: "__Host-a=1"},
		{story: "CK_M10: __Host- with the host as Domain", at: https, line: "__Host-a=1; Secure; Path=/; Domain=www.example.com", want: "rejected InvalidPrefix 5.7/21.2", fix: "__Host-a=1; Secure; Path=/"},
		{story: "CK_M10: __Host- of the root, without Path", at: "https://www.example.com/", line: "__Host-a=1; Secure", want: "rejected InvalidPrefix 5.7/21.3",
			detail: "__Host- needs Path=/, and has none", fix: "__Host-a=1; Secure; Path=/"},
		{story: "CK_M10: __Host- of the root, with an empty Path", at: "https://www.example.com/", line: "__Host-a=1; Secure; Path=", want: "rejected InvalidPrefix 5.7/21.3", fix: "__Host-a=1; Secure; Path=/"},
		{story: "CK_M10: only the beginning of a prefix", at: https, line: "__Host=1", want: "stored", after: "__Host=1"},

		{story: "CK_M11: __Http-", at: https, line: "__Http-a=1; Secure; HttpOnly", want: "stored", after: "__Http-a=1"},
		{story: "CK_M11: __Http- without HttpOnly", at: https, line: "__http-a=1; Secure", want: "rejected InvalidPrefix layered-cookies/15", detail: "__Http- needs HttpOnly", fix: "__http-a=1; Secure; HttpOnly"},
		{story: "CK_M11: __Http- without Secure", at: https, line: "__Http-a=1; HttpOnly", want: "rejected InvalidPrefix layered-cookies/15", fix: "__Http-a=1; HttpOnly; Secure"},
		{story: "CK_M11: __Http- from script", at: https, script: true, line: "__Http-a=1; Secure", want: "rejected InvalidPrefix layered-cookies/15"},
		{story: "CK_M11: __Http- from script, with all that it needs", at: https, script: true, line: "__Http-a=1; Secure; HttpOnly", want: "rejected HttpOnlyOverwrite InvalidPrefix 5.7/15"},
		{story: "CK_M11: __Host-Http-", at: https, line: "__Host-Http-a=1; Secure; HttpOnly; Path=/", want: "stored", after: "__Host-Http-a=1"},
		{story: "CK_M11: __Host-Http- with a Path", at: https, line: "__Host-Http-a=1; Secure; HttpOnly; Path=/a", want: "rejected InvalidPrefix 5.7/21.3", fix: "__Host-Http-a=1; Secure; HttpOnly; Path=/"},
		{story: "CK_M11: __Host-Http- without HttpOnly", at: https, line: "__Host-Http-a=1; Secure; Path=/", want: "rejected InvalidPrefix layered-cookies/16", fix: "__Host-Http-a=1; Secure; Path=/; HttpOnly"},

		{story: "CK_M12: a value like a prefix, without a name", at: https, line: "=__Host-a=1; Secure; Path=/", want: "rejected InvalidPrefix 5.7/22"},
		{story: "CK_M12: the same without the equals sign", at: https, line: "__http-; Secure", want: "rejected InvalidPrefix 5.7/22"},
		{story: "CK_M12: with a name it is a value", at: https, line: "a=__Host-a", want: "stored", after: "a=__Host-a"},

		{story: "CK_M13: replaced", before: []string{"a=0", "b=0"}, at: https, line: "a=1", want: "stored", after: "a=1; b=0"},
		{story: "CK_M13: another path is another cookie", before: []string{"a=0"}, at: https, line: "a=1; Path=/a/b", want: "stored", after: "a=1; a=0"},
		{story: "CK_M13: host-only is another cookie", before: []string{"a=0"}, at: https, line: "a=1; Domain=www.example.com", want: "stored", after: "a=0; a=1"},
		{story: "CK_M13: case matters", before: []string{"a=0"}, at: https, line: "A=1", want: "stored", after: "a=0; A=1"},

		{story: "deleted by Max-Age", before: []string{"a=0"}, at: https, line: "a=; Max-Age=0", want: "stored DeletedByMaxAge 5.7/6", detail: "Max-Age is zero or less: it deletes the cookie"},
		{story: "deleted by a date", before: []string{"a=0"}, at: https, line: "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", want: "stored Expired 5.7/6"},
		{story: "a deletion of another path deletes nothing", before: []string{"a=0"}, at: https, line: "a=; Max-Age=0; Path=/", want: "stored DeletedByMaxAge 5.7/6", after: "a=0"},

		{story: "Partitioned without Secure", at: https, line: "a=1; Partitioned", want: "rejected PartitionedInsecure CHIPS", fix: "a=1; Partitioned; Secure"},
		{story: "another scheme", at: "ftp://www.example.com/", line: "a=1", want: "rejected SchemeNotSupported 5.7/1", detail: `cookies are for http and https, and this is "ftp"`},
		{story: "no host", at: "https:///a", line: "a=1", want: "rejected SchemeNotSupported 5.7/1", detail: "the URL has no host that can be"},
		{story: "a path that is far too long", at: "https://www.example.com/" + strings.Repeat("p", 9000) + "/x", line: "a=1", want: "rejected HeaderTooLarge 5.7/11", fix: "a=1; Path=/"},
	} {
		t.Run(row.story, func(t *testing.T) {
			j := New(nil)
			for _, v := range tell(t, j, https, row.before...) {
				if v.Outcome != Stored {
					t.Fatalf("before: %q: %s", v.Line, v.Detail)
				}
			}
			v := j.set(Request{URL: mustURL(t, row.at), Script: row.script}, []string{row.line}, then.Add(time.Second))[0]
			if got := ruled(v); got != row.want || v.Line != row.line {
				t.Errorf("%s (%s), want %s", got, v.Detail, row.want)
			}
			if row.detail != "" && v.Detail != row.detail {
				t.Errorf("detail %q, want %q", v.Detail, row.detail)
			}
			if v.Fix != row.fix {
				t.Errorf("fix %q, want %q", v.Fix, row.fix)
			}
			if got := sent(t, j, https, time.Minute); got != row.after && (row.after != "" || len(row.before) == 0 && strings.HasPrefix(row.at, https)) {
				t.Errorf("then %q is sent, want %q", got, row.after)
			}
		})
	}
}

func TestSetWithoutURL(t *testing.T) {
	v := New(nil).Set(Request{}, "a=1", "b=1")
	if len(v) != 2 || v[0].Outcome != Rejected || v[0].Detail != "there is no URL" {
		t.Errorf("%+v", v)
	}
	if h, v := New(nil).Match(Request{}); h != "" || v == nil || len(v) != 0 {
		t.Errorf("%q %v", h, v)
	}
}

// CK_M13: what replaces a cookie keeps the time when that was made.
func TestReplaceKeepsCreation_CK_M13(t *testing.T) {
	j := New(nil)
	tell(t, j, "https://example.com/", "a=1", "b=1")
	j.set(Request{URL: mustURL(t, "https://example.com/")}, []string{"a=2"}, then.Add(time.Hour))
	all := j.all(then)
	if len(all) != 2 || all[0].Value != "2" || !all[0].Created.Equal(then) || !all[0].Accessed.Equal(then.Add(time.Hour)) {
		t.Errorf("%+v", all)
	}
	// Those of one response are a nanosecond apart, so that their order survives a file.
	if got := all[1].Created.Sub(all[0].Created); got != time.Nanosecond {
		t.Errorf("%v apart", got)
	}
}

// CK_M15: when the browser ends, what has no expiry is gone.
func TestClose_CK_M15(t *testing.T) {
	j := New(nil)
	tell(t, j, "https://example.com/", "a=1", "b=1; Max-Age=3600", "c=1; Max-Age=3600", "c=1")
	j.Close()
	if got := sent(t, j, "https://example.com/", time.Minute); got != "b=1" {
		t.Errorf("%q", got)
	}
	if tell(t, j, "https://example.com/", "d=1"); sent(t, j, "https://example.com/", time.Minute) != "b=1; d=1" {
		t.Error("a closed jar can be used on")
	}
}

// A cookie ends in the very moment of its expiry.
func TestExpiry(t *testing.T) {
	j := New(nil)
	tell(t, j, "https://example.com/", "a=1; Max-Age=60")
	for after, want := range map[time.Duration]string{0: "a=1", time.Minute - 1: "a=1", time.Minute: "", time.Hour: ""} {
		if got := sent(t, j, "https://example.com/", after); got != want {
			t.Errorf("after %v %q is sent, want %q", after, got, want)
		}
		if got := len(j.all(then.Add(after))); got != len(want)/3 {
			t.Errorf("after %v %d cookies are there", after, got)
		}
	}
}

package e2e_test

import (
	"fmt"
	"strings"
)

// stories are vectors of our own: what tools disagree about, and what the corpora leave out.
func stories() (all []vector) {
	type steps []step
	const (
		sub, www, safe = "http://localhost/sub/set", "http://www.example.test/set", "https://www.example.test/set"
	)
	once := func(at string, lines ...string) steps { return steps{{at: at, lines: lines}} }
	add := func(name string, s steps, ask string) { all = append(all, vector{name: name, steps: s, ask: ask}) }
	read := func(name string, s steps, ask string) {
		all = append(all, vector{name: name, steps: s, ask: ask, script: true})
	}

	// Lines that four jars take in four ways, on the host that a developer tries them on.
	for _, v := range []struct{ name, line string }{
		{"__Host- without Secure", "__Host-a=1; Path=/"},
		{"__Host- with a Domain", "__Host-b=1; Secure; Path=/; Domain=localhost"},
		{"__Host- without a Path", "__Host-c=1; Secure"},
		{"__Secure- without Secure", "__Secure-d=1"},
		{"__host- in lower case without Secure", "__host-n=1; Path=/"},
		{"SameSite=None without Secure", "n=1; SameSite=None"},
		{"the Domain of somebody else", "o=1; Domain=example.org"},
		{"4,097 octets of name and value", "p=" + strings.Repeat("v", 4096)},
		{"4,096 octets of name and value", "p=" + strings.Repeat("v", 4095)},
		{"a line of 5,100 octets, the most in an attribute that nobody knows", "q=" + strings.Repeat("v", 3000) + "; junk=" + strings.Repeat("j", 2100)},
		{"a control octet in the value", "r=a\x01b"},
		{"no name before the equals sign", "=noname"},
		{"no equals sign", "justtoken"},
		{"Partitioned without Secure", "s=1; Partitioned"},
		{"a date that is none", "t=1; Expires=not-a-date"},
		{"a Path of 1,025 octets", "u=1; Path=/" + strings.Repeat("p", 1024)},
		{"a Path of 1,024 octets", "u=1; Path=/" + strings.Repeat("p", 1023)},
		{"Secure over http on localhost", "v=1; Secure"},
	} {
		add(v.name, once(sub, v.line), "http://localhost/sub/get")
	}
	add("Secure over http on 127.0.0.1", once("http://127.0.0.1/set", "a=1; Secure"), "http://127.0.0.1/get")
	add("Secure over http", once(www, "a=1; Secure", "__Host-b=1; Secure; Path=/", "__Secure-c=1; Secure"), "https://www.example.test/get")
	add("60 lines in one response", once(www, numbered(60)...), www)
	add("181 lines in one response", once(www, numbered(181)...), www)

	// A Secure cookie is left alone by http.
	login := steps{{at: "https://www.example.test/", lines: []string{"a=safe; Secure; Path=/login"}}}
	for _, path := range []string{"/", "/foo", "/login", "/login/en", "/loginen"} {
		add("http beside a Secure cookie of /login, with Path="+path,
			append(login, step{at: www, lines: []string{"a=bad; Path=" + path}}), "https://www.example.test/login/en")
	}
	add("http with a Domain beside a Secure cookie of the host",
		steps{{at: safe, lines: []string{"a=safe; Secure"}}, {at: www, lines: []string{"a=bad; Domain=example.test"}}}, safe)
	add("http beside a Secure cookie of the Domain",
		steps{{at: safe, lines: []string{"a=safe; Secure; Domain=example.test"}}, {at: www, lines: []string{"a=bad"}}}, safe)
	add("http on a sibling beside a Secure cookie of the host",
		steps{{at: safe, lines: []string{"a=safe; Secure"}}, {at: "http://shop.example.test/", lines: []string{"a=bad; Domain=example.test"}}}, safe)
	add("http deletes a Secure cookie",
		steps{{at: safe, lines: []string{"a=safe; Secure"}}, {at: www, lines: []string{"a=; Max-Age=0"}}}, safe)
	add("https takes Secure away",
		steps{{at: safe, lines: []string{"a=1; Secure"}}, {at: safe, lines: []string{"a=2"}}}, www)
	add("http beside a Secure cookie of another name",
		steps{{at: safe, lines: []string{"a=1; Secure"}}, {at: www, lines: []string{"A=2"}}}, safe)

	// Scripts.
	script := func(at string, lines ...string) step { return step{at: at, script: true, lines: lines} }
	add("a script replaces an HttpOnly cookie", steps{{at: www, lines: []string{"a=1; HttpOnly"}}, script(www, "a=2")}, www)
	add("a script deletes an HttpOnly cookie", steps{{at: www, lines: []string{"a=1; HttpOnly"}}, script(www, "a=; Max-Age=0")}, www)
	add("a script makes an HttpOnly cookie", steps{script(www, "a=1; HttpOnly", "b=2")}, www)
	read("a script reads beside HttpOnly", steps{{at: www, lines: []string{"a=1; HttpOnly", "b=2", "c"}}}, www)
	add("a script makes a Secure cookie over http", steps{script(www, "a=1; Secure")}, safe)
	add("a script makes a Secure cookie over https", steps{script(safe, "a=1; Secure", "__Host-b=2; Secure; Path=/")}, safe)
	read("a script reads a Secure cookie over http", steps{{at: safe, lines: []string{"a=1; Secure", "b=2"}}}, www)
	read("a script reads Strict", steps{{at: www, lines: []string{"a=1; SameSite=Strict", "b=2; SameSite=Lax"}}}, www)
	add("a script makes __Http- cookies", steps{script(safe, "__Http-a=1; Secure", "__Host-Http-b=1; Secure; Path=/", "__Http-c=1; Secure; HttpOnly")}, safe)
	add("a script sets a line with a line end, NUL and other controls", steps{script(www, "a=1\nb", "c=1\rd", "e=1\x00f", "g=1\x07h", "i=1\tj")}, www)
	add("a script deletes", steps{{at: www, lines: []string{"a=1", "b=2"}}, script(www, "a=; Max-Age=0")}, www)
	add("a script sets nothing", steps{script(www, "", "=", ";", " ")}, www)

	// Prefixes.
	add("__Http- as it should be", once(safe, "__Http-a=1; Secure; HttpOnly", "__Host-Http-b=1; Secure; HttpOnly; Path=/"), safe)
	add("__Http- without HttpOnly", once(safe, "__Http-a=1; Secure", "__Host-Http-b=1; Secure; Path=/"), safe)
	add("__Host-Http- with a Path", once(safe, "__Host-Http-b=1; Secure; HttpOnly; Path=/x"), "https://www.example.test/x")
	add("prefixes in odd cases", once(safe, "__HOST-a=1; Secure; Path=/x", "__sEcUrE-b=1", "__http-c=1; Secure", "__host-http-d=1; Secure; Path=/"), safe)
	add("prefixes in the value of a cookie without a name", once(safe, "=__Host-a=1", "__Secure-b; Secure", "=__http-c; Secure", " = __Host-d"), safe)
	add("__Host- with an empty Path on the root", once("https://www.example.test/", "__Host-a=1; Secure; Path=", "__Host-b=1; Secure", "__Host-c=1; Secure; Path=/; Domain="), safe)
	add("prefixes that are none", once(safe, "__Host=1", "__Hosta=1", "_Host-a=1", "__Secure=1", "__HostHttp-a=1"), safe)

	// SameSite and Partitioned.
	add("SameSite in odd spellings", once(safe, "a=1; SameSite=strict", "b=1; SameSite=NONE; Secure", "c=1; SameSite", "d=1; SameSite=foo", `e=1; SameSite="Lax"`, "f=1; SameSite=Strict; SameSite=Lax"), safe)
	add("SameSite=None without Secure on https", once(safe, "a=1; SameSite=None", "b=1; SameSite=None; Secure"), safe)
	add("Partitioned", once(safe, "a=1; Secure; Partitioned", "b=1; Secure; Partitioned; SameSite=None", "c=1; Partitioned"), safe)
	add("Partitioned beside the same name without", once(safe, "a=1; Secure", "a=2; Secure; Partitioned"), safe)
	add("__Host- and Partitioned", once(safe, "__Host-a=1; Secure; Path=/; Partitioned; SameSite=None"), safe)
	add("Partitioned with a Domain", once(safe, "a=1; Secure; Partitioned; Domain=example.test"), "https://shop.example.test/")

	// Domains.
	add("a public suffix", once(www, "a=1; Domain=test", "b=1; Domain=.test"), www)
	add("a public suffix of two labels", once("http://www.example.co.uk/", "a=1; Domain=co.uk", "b=1; Domain=example.co.uk"), "http://example.co.uk/")
	add("a host that is a public suffix", once("http://co.uk/", "a=1; Domain=co.uk", "b=2"), "http://co.uk/")
	add("a host that is a public suffix, asked below", once("http://co.uk/", "a=1; Domain=co.uk"), "http://example.co.uk/")
	add("a private suffix", once("http://anna.github.io/", "a=1; Domain=github.io", "b=1; Domain=anna.github.io"), "http://bert.github.io/")
	add("an exception among the suffixes", once("http://www.city.kawasaki.jp/", "a=1; Domain=city.kawasaki.jp", "b=1; Domain=kawasaki.jp"), "http://city.kawasaki.jp/")
	add("Domain is a dot", once(www, "a=1; Domain=.", "b=1; Domain=..", "c=1; Domain=..example.test"), www)
	add("Domain ends with a dot", once(www, "a=1; Domain=example.test.", "b=1; Domain=www.example.test."), www)
	add("a host that ends with a dot", once("http://www.example.test./", "a=1", "b=1; Domain=example.test.", "c=1; Domain=example.test"), "http://www.example.test./")
	add("Domain in capitals, quoted, with a port", once(www, "a=1; Domain=EXAMPLE.Test", `b=1; Domain="example.test"`, "c=1; Domain=example.test:80"), "http://example.test/")
	add("Domain is an address", once("http://127.0.0.1/", "a=1; Domain=127.0.0.1", "b=1; Domain=0.0.1", "c=1; Domain=.127.0.0.1"), "http://127.0.0.1/")
	add("an IPv4 address in another spelling", once("http://127.0.0.1/", "a=1; Domain=127.1", "b=1; Domain=2130706433"), "http://127.0.0.1/")
	add("Domain in letters beyond ASCII", once("http://www.xn--bcher-kva.example/", "a=1; Domain=bücher.example", "b=1; Domain=xn--bcher-kva.example"), "http://www.xn--bcher-kva.example/")
	add("Domain of a child", once(www, "a=1; Domain=a.www.example.test", "b=1; Domain=xample.test"), "http://a.www.example.test/")
	add("host-only and Domain of the same host", once(www, "a=1", "a=2; Domain=www.example.test"), www)
	add("a Domain of 1,025 octets", once(www, "a=1; Domain="+strings.Repeat("x", 1025)), www)
	add("the site by its bare name", once("http://example.test/", "a=1; Domain=example.test", "b=1"), www)
	add("localhost with a Domain", once(sub, "a=1; Domain=localhost", "b=1; Domain=.localhost"), "http://localhost/sub/")
	add("below localhost", once("http://app.localhost/", "a=1; Secure", "b=1; Domain=localhost", "c=1; Domain=app.localhost"), "http://app.localhost/")

	// Paths.
	add("Path in odd spellings", once("http://www.example.test/a/b", "a=1; Path=", "b=1; Path=x", `c=1; Path="/"`, "d=1; Path=/A", "e=1; Path=/a/", "f=1; Path=/%61"), "http://www.example.test/a/c")
	add("a Path beside its longer neighbour", once(www, "a=1; Path=/ab", "b=1; Path=/a", "c=1; Path=/a/b"), "http://www.example.test/ab")
	add("the default path", once("http://www.example.test/x/y/z?q=/w", "a=1"), "http://www.example.test/x/y")
	add("the default path of a folder", once("http://www.example.test/x/y/", "a=1"), "http://www.example.test/x/y/z")
	add("a query is no path", once(www, "a=1; Path=/x"), "http://www.example.test/x?/y")
	add("longer paths first, then older ones", once("http://www.example.test/a/b/c", "p=1; Path=/", "q=1; Path=/a", "r=1; Path=/a/b", "s=1; Path=/"), "http://www.example.test/a/b/")
	add("a cookie that is replaced keeps its place", steps{{at: www, lines: []string{"a=1", "b=1", "a=2"}}}, www)
	add("a cookie that is deleted loses its place", steps{{at: www, lines: []string{"a=1", "b=1", "a=; Max-Age=0", "a=2"}}}, www)

	// Times.
	for _, max := range []string{"0", "-1", "", "1e3", "+10", " 3600 ", `"3600"`, "3600.5", "36 00", "-", "--1", "0x10", "00003600", strings.Repeat("9", 30), "-" + strings.Repeat("9", 30), "34560000", "34560001", "5000000000"} {
		add(fmt.Sprintf("Max-Age=%q", max), once(www, "a=1; Max-Age="+max), www)
	}
	add("Max-Age against Expires", once(www,
		"a=1; Max-Age=3600; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=3600",
		"c=1; Max-Age=0; Expires=Fri, 01 Jan 2038 00:00:00 GMT", "d=1; Max-Age=3600; Max-Age=0", "e=1; Max-Age=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), www)
	for _, date := range []string{
		"Sun, 06 Nov 2044 08:49:37 GMT", "Sunday, 06-Nov-44 08:49:37 GMT", "Sun Nov  6 08:49:37 2044", "06-Nov-69 08:49:37", "06-Nov-70 08:49:37",
		"6 nov 2044 8:9:7", "Wed, 30 Feb 2044 08:49:37 GMT", "Wed, 31 Apr 2044 08:49:37 GMT", "Mon, 29 Feb 2044 08:49:37 GMT", "Tue, 29 Feb 2045 08:49:37 GMT", "Sun, 06 Nov 1600 08:49:37 GMT", "Sun, 06 Nov 1601 08:49:37 GMT",
		"Sun, 06 Nov 2044 24:00:00 GMT", "Sun, 06 Nov 2044 08:60:00 GMT", "Sun, 06 Nov 2044 08:49:60 GMT", "Sun, 06 Nov 2044 08:49:37 +0500", "2044-11-06T08:49:37Z", "Sun, 06 Nov 2044", "08:49:37 06 Nov 2044",
		"Sun, 06 November 2044 08:49:37 GMT", "Sun, 006 Nov 2044 08:49:37 GMT", "Sun, 06 Nov 02044 08:49:37 GMT", "Sun, 06 Nov 9999 08:49:37 GMT", "0", "",
	} {
		add(fmt.Sprintf("Expires=%q", date), once(www, "a=1; Expires="+date), www)
	}

	// Names, values, sizes, encodings.
	add("a name of 4,096 octets", once(www, strings.Repeat("n", 4096)+"=", strings.Repeat("m", 4096)+"=v"), www)
	add("an octet that is not UTF-8", once(www, "a=\xe9"), www)
	add("UTF-8", once(www, "ä=ö; Path=/", "b=\u2028; Path=/"), www)
	add("TAB", once(www, "a\tb=1", "c=1\t2", "\td\t=\t3\t", "e=1; Pa\tth=/x", "f=1;\tPath\t=\t/\t"), www)
	add("DEL and other controls", once(www, "a=\x7f", "b=1; Path=/\x01", "c\x1f=1", "d=1; x=\x02", "e=\x0b"), www)
	add("quotes, commas, equals signs and percents", once(www, `a="x;y"`, "b=1,2", "c==", "d=%00", `e=" x "`, `f="`), www)
	add("spaces", once(www, "  a  =  1  ;Path=/", "b c=d e", " =x", "f= "), www)
	add("names that tell cookies apart", once(www, "a=1", "A=2", "a =3", "%61=4"), www)
	add("attributes with nothing", once(www, "a=1;;;;", "b=1; =x; Path=/", "c=1; ; Secure=no", "d=1;Path"), www)
	add("nothing at all", once(www, "", "=", ";", "; Path=/", " ; a=1"), www)
	return all
}

func numbered(n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf("c%03d=1", i))
	}
	return lines
}

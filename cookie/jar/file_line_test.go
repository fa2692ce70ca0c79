package jar

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Each line is read, and written again as it stands here or as in again.
func TestFileLines(t *testing.T) {
	host := Cookie{Domain: "app.example", HostOnly: true, Path: "/", Name: "a", Value: "1", SameSite: http.SameSiteDefaultMode}
	with := func(change func(*Cookie)) *Cookie {
		k := host
		change(&k)
		return &k
	}
	tests := []struct {
		what, line string
		want       *Cookie
		again      string
	}{
		{"a cookie of one host", "app.example\tFALSE\t/\tFALSE\t0\ta\t1", &host, ""},
		{"a cookie of a domain", ".app.example\tTRUE\t/\tFALSE\t0\ta\t1", with(func(k *Cookie) { k.HostOnly = false }), ""},
		{"a domain without its dot", "app.example\tTRUE\t/\tFALSE\t0\ta\t1", with(func(k *Cookie) { k.HostOnly = false }), ".app.example\tTRUE\t/\tFALSE\t0\ta\t1"},
		{"a dot that means nothing", ".app.example\tFALSE\t/\tFALSE\t0\ta\t1", &host, "app.example\tFALSE\t/\tFALSE\t0\ta\t1"},
		{"an address below which nothing is", "127.0.0.1\tTRUE\t/\tFALSE\t0\ta\t1", with(func(k *Cookie) { k.Domain, k.HostOnly = "127.0.0.1", false }), ""},
		{"an IPv6 address as curl has it", "::1\tFALSE\t/\tFALSE\t0\ta\t1", with(func(k *Cookie) { k.Domain = "[::1]" }), ""},
		{"a host in capitals", "APP.example\tfalse\t/\tFalse\t0\ta\t1", &host, "app.example\tFALSE\t/\tFALSE\t0\ta\t1"},
		{"a name that is not ASCII", "büch.example\tFALSE\t/\tFALSE\t0\ta\t1", with(func(k *Cookie) { k.Domain = "xn--bch-hoa.example" }), "xn--bch-hoa.example\tFALSE\t/\tFALSE\t0\ta\t1"},
		{"Secure", "app.example\tFALSE\t/\tTRUE\t0\ta\t1", with(func(k *Cookie) { k.Secure = true }), ""},
		{"HttpOnly", "#HttpOnly_app.example\tFALSE\t/\tFALSE\t0\ta\t1", with(func(k *Cookie) { k.HTTPOnly = true }), ""},
		{"no value", "app.example\tFALSE\t/\tFALSE\t0\ta\t", with(func(k *Cookie) { k.Value = "" }), ""},
		{"no value, and an editor cut the end", "app.example\tFALSE\t/\tFALSE\t0\ta", with(func(k *Cookie) { k.Value = "" }), "app.example\tFALSE\t/\tFALSE\t0\ta\t"},
		{"spaces and quotes", "app.example\tFALSE\t/a b\tFALSE\t0\ta\t\"1 2\"", with(func(k *Cookie) { k.Path, k.Value = "/a b", `"1 2"` }), ""},
		{"octets that are not UTF-8", "app.example\tFALSE\t/\tFALSE\t0\t\xff\t\xe9", with(func(k *Cookie) { k.Name, k.Value = "\xff", "\xe9" }), ""},
		{"beyond 2038", "app.example\tFALSE\t/\tFALSE\t4102444800\ta\t1", with(func(k *Cookie) {
			k.Persistent, k.Expires = true, time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
		}), ""},
		{"as late as curl can say", "app.example\tFALSE\t/\tFALSE\t9223372036854775807\ta\t1", with(func(k *Cookie) {
			k.Persistent, k.Expires = true, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
		}), "app.example\tFALSE\t/\tFALSE\t253402300799\ta\t1"},
		{"before 1970", "app.example\tFALSE\t/\tFALSE\t-77\ta\t1", with(func(k *Cookie) {
			k.Persistent, k.Expires = true, time.Unix(-1, 0).UTC()
		}), "app.example\tFALSE\t/\tFALSE\t-1\ta\t1"},
		{"no name, which curl would take for one", "app.example\tFALSE\t/\tFALSE\t0\t\tjust", with(func(k *Cookie) { k.Name, k.Value = "", "just" }),
			"#Cloakroom_app.example\tFALSE\t/\tFALSE\t0\t\tjust"},
		{"a TAB, which curl drops", "#Cloakroom_app.example\tFALSE\t/\tFALSE\t0\ta\t1%092%25", with(func(k *Cookie) { k.Value = "1\t2%" }), ""},
		{"hidden and HttpOnly", "#Cloakroom_#HttpOnly_app.example\tFALSE\t/\tFALSE\t0\t\tjust", with(func(k *Cookie) { k.Name, k.Value, k.HTTPOnly = "", "just", true }), ""},
		{"a line as long as curl reads", "app.example\tFALSE\t/" + strings.Repeat("p", curlLine-31) + "\tFALSE\t0\ta\t1",
			with(func(k *Cookie) { k.Path = "/" + strings.Repeat("p", curlLine-31) }), ""},
		{"a line that is longer", "app.example\tFALSE\t/" + strings.Repeat("p", curlLine-30) + "\tFALSE\t0\ta\t1",
			with(func(k *Cookie) { k.Path = "/" + strings.Repeat("p", curlLine-30) }),
			"#Cloakroom_app.example\tFALSE\t/" + strings.Repeat("p", curlLine-30) + "\tFALSE\t0\ta\t1"},
		{"a comment", "# nobody", nil, ""},
		{"nothing", "", nil, ""},
		{"white space", " \t ", nil, ""},
	}
	for _, tt := range tests {
		got, err := parseFileLine(tt.line)
		switch {
		case err != nil:
			t.Errorf("%s: %v", tt.what, err)
		case (got.cookie == nil) != (tt.want == nil), got.cookie != nil && *got.cookie != *tt.want:
			t.Errorf("%s: got %+v, want %+v", tt.what, got.cookie, tt.want)
		case tt.want == nil && got.text != tt.line:
			t.Errorf("%s: got %q", tt.what, got.text)
		case tt.want != nil:
			want := tt.again
			if want == "" {
				want = tt.line
			}
			if again := formatFileLine(got.cookie, false); again != want {
				t.Errorf("%s: written again it is %.200q (%d), want %.200q", tt.what, again, len(again), want)
			}
		}
	}
}

func TestFileLinesThatAreNotUnderstood(t *testing.T) {
	tests := []struct{ what, line, rule, hint string }{
		{"spaces, after an editor or a copy", "app.example FALSE / FALSE 0 a 1", "has 1 field, 7 are needed", "spaces where TABs should be"},
		{"spaces, and HttpOnly", "#HttpOnly_app.example  FALSE  /  FALSE  0  a  1", "has 1 field", "spaces where TABs should be"},
		{"a TAB in the value", "app.example\tFALSE\t/\tFALSE\t0\ta\t1\t2", "has 8 fields", "cannot hold a TAB"},
		{"a header line", "Set-Cookie: a=1; Path=/", "has 1 field", "cloakroom explain"},
		{"a page", "<!DOCTYPE html>", "has 1 field", "HTML"},
		{"a control character", "app.example\tFALSE\t/\tFALSE\t0\ta\t1\x00", "control character at octet 32", ""},
		{"no host", "app..example\tFALSE\t/\tFALSE\t0\ta\t1", "is no host", ""},
		{"a false A-label", "xn--abc-\tFALSE\t/\tFALSE\t0\ta\t1", "is no host", ""},
		{"a flag that is none", "app.example\tyes\t/\tFALSE\t0\ta\t1", `field 2 (include subdomains) is "yes", not TRUE or FALSE`, ""},
		{"another", "app.example\tTRUE\t/\t1\t0\ta\t1", `field 4 (secure) is "1", not TRUE or FALSE`, ""},
		{"no path", "app.example\tTRUE\t\tFALSE\t0\ta\t1", `the path "" does not begin with /`, ""},
		{"a word for the end", "app.example\tTRUE\t/\tFALSE\tSession\ta\t1", `field 5 (expires) is "Session", not a number`, "or 0 for"},
		{"a fraction", "app.example\tTRUE\t/\tFALSE\t1764158400.5\ta\t1", `field 5 (expires) is "1764158400.5"`, ""},
		{"a sign", "app.example\tTRUE\t/\tFALSE\t+1\ta\t1", `field 5 (expires) is "+1"`, ""},
		{"a secret in the wrong place", "app.example\tTRUE\t/\tFALSE\thv90m6Tq2ZlXoJ5n\ta\t1", `field 5 (expires) is "hv90"…(16)`, ""},
		{"no name and no value", "app.example\tTRUE\t/\tFALSE\t0\t\t", "neither a name nor a value", ""},
		{"an escape that is none", "#Cloakroom_app.example\tTRUE\t/\tFALSE\t0\ta\t%2", "neither %09 nor %25", ""},
		{"a note of a later version", `# cloakroom: {"name":"a","colour":"red"}`, `unknown field "colour"`, ""},
		{"half a note", `# cloakroom: {"name":`, "not a note", ""},
		{"more than a note", `# cloakroom: {"name":"a"} {}`, "something behind the note", ""},
		{"a SameSite that is none", `# cloakroom: {"name":"a","samesite":"Loose"}`, `samesite is "Loose"`, ""},
		{"a line without end", "#" + strings.Repeat("x", maxFileLine), "has 65537 octets, 65536 at most", ""},
	}
	for _, tt := range tests {
		got, err := parseFileLine(tt.line)
		if err == nil || !strings.Contains(err.Rule, tt.rule) || !strings.Contains(err.Hint, tt.hint) || tt.hint == "" && err.Hint != "" && !strings.Contains(tt.rule, "expires") {
			t.Errorf("%s: got %+v, %+v; want %q and %q", tt.what, got, err, tt.rule, tt.hint)
		}
	}
}

// What the seven fields cannot hold is in the note before them.
func TestFileNotes(t *testing.T) {
	at := time.Date(2026, 11, 26, 12, 0, 0, 123456789, time.UTC)
	k := Cookie{
		Name: "\xffid", Value: "1", Domain: "app.example", HostOnly: true, Path: "/", Secure: true, HTTPOnly: true, SameSite: http.SameSiteNoneMode,
		Partition: "https://top.example", Persistent: true, Expires: at.Add(time.Hour), Created: at, Accessed: at.Add(time.Second),
	}
	s := newSheet()
	s.rows = append(s.rows, row{cookie: &k, changed: at.Add(time.Millisecond)})
	text, err := s.format()
	if err != nil {
		t.Fatal(err)
	}
	const line = "#Cloakroom_#HttpOnly_app.example\tFALSE\t/\tTRUE\t1795698000\t\xffid\t1\n"
	if !strings.HasSuffix(string(text), line) {
		t.Errorf("got\n%s", text)
	}
	read := func(text string) *sheet {
		s, err := parseSheet([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	got := read(string(text))
	if last := got.rows[len(got.rows)-1]; len(got.problems) > 0 || *last.cookie != k || !last.changed.Equal(at.Add(time.Millisecond)) {
		t.Errorf("got %+v, want %+v, %v", last.cookie, k, got.problems)
	}
	// Somebody has edited the expiry: the field counts, the rest still holds.
	edited := read(strings.Replace(string(text), "1795698000", "1795698001", 1))
	if c := edited.cookies()[0]; !c.Expires.Equal(time.Unix(1795698001, 0)) || c.Partition != k.Partition {
		t.Errorf("edited: %+v", c)
	}
	// Somebody has taken the cookie, and left the note.
	orphan := read(strings.Replace(string(text), line, "", 1))
	if len(orphan.problems) != 1 || orphan.problems[0].Err != ErrStray || orphan.problems[0].Line != 5 || orphan.notUnderstood() != nil {
		t.Errorf("orphan: %v", orphan.problems)
	}
	// Somebody has sorted the lines.
	other := read(strings.Replace(string(text), line, "a.example\tFALSE\t/\tFALSE\t0\tother\t1\n", 1))
	if c := other.cookies()[0]; len(other.problems) != 1 || other.problems[0].Err != ErrStray || c.SameSite != http.SameSiteDefaultMode || c.Partition != "" {
		t.Errorf("another cookie: %+v %v", c, other.problems)
	}
}

package trace

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
)

func pageFrom(t testing.TB, contentType, body string) *Page {
	t.Helper()
	base, err := parseLocation("https://shop.example/dir/page?q=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	return readPage(contentType, base, []byte(body))
}

func TestReadableText(t *testing.T) {
	tests := []struct{ what, in, want string }{
		{"paragraphs", "<p>One\n  and  the\tsame<p>Two", "One and the same\n\nTwo"},
		{"headings", "<h1>Shop</h1>Welcome.<h2> News </h2><p>None.", "# Shop\n\nWelcome.\n\n## News\n\nNone."},
		{"a heading without words", "a<h1><img></h1>b", "a\n\nb"},
		{"phrases", "a<b>b</b>c <i>d</i>, <span>e</span>", "abc d, e"},
		{"lines", "a<br>b<br/>c<br><br>d", "a\nb\nc\n\nd"},
		{"characters by name", "&lt;b&gt; &amp; &eacute; &#8364; &nbsp;x", "<b> & é € x"},
		{"a list", "<ul><li>one<li>two<ul><li>deep</ul><li>three</ul>end", "- one\n- two\n  - deep\n- three\n\nend"},
		{"a list with numbers", "<ol start=9><li>nine<li><p>ten</p><p>more</ol>", "9. nine\n10. ten\n    more"},
		{"an item without words", "<ul><li><li>x</ul>", "- x"},
		{"an item that begins with a block", "<ul><li><div></div><div>x</div></ul>", "- x"},
		{"terms", "<dl><dt>HTTP<dd>forgets<dt>Cookie<dd>remembers</dl>", "HTTP\n    forgets\nCookie\n    remembers"},
		{"a table", "<table><tr><th>name<th>value<tr><td>sid<td>43</table>x", "name\tvalue\nsid\t43\n\nx"},
		{"a table with paragraphs and gaps", "<table><tr><td><td>b<td></tr><tr><td><p>c</p></td><td><p>d</p></td></table>", "\tb\nc\td"},
		{"verbatim", "<pre>\nif x {\n\ty  <b>z</b>\n}\n</pre>after", "    if x {\n        y  z\n    }\n\nafter"},
		{"a quotation", "<blockquote>Wise.</blockquote>", "    Wise."},
		{"a picture with words, one without", `<img alt="a cat" src=c.png>, <img src=d.png>`, "(image: a cat) ,"},
		{"a rule", "a<hr>b", "a\n\n---\n\nb"},
		{"no scripts and styles", "a<script>if (a<b) alert('</p>')</script><style>p{}</style><template>t</template><svg><title>T</title><path/>s</svg>b", "ab"},
		{"what is for browsers without script", "<noscript><p>Turn it on</noscript>", "Turn it on"},
		{"hidden", `a<div hidden>b<p>c</div><p style="color:red; Display : NONE">d</p><dialog>e</dialog><dialog open>f</dialog>g`, "a\nf\ng"},
		{"a hidden paragraph that nobody closes", `<p hidden>a<p>b`, "b"},
		{"a stray end tag does not uncover", `<span><div hidden>a</span>b</div>c`, "c"},
		{"a head that nobody closes", "<head><title>t</title><meta x>text", "text"},
		{"a head that a paragraph ends", "<head><title>t</title><p>text", "text"},
		{"an element that nobody knows", "<my-app hidden>a<i>b</i></my-app><x-y>c</x-y>d", "cd"},
		{"a comment and a doctype", "<!doctype html><!-- <p>no -->yes", "yes"},
		{"control characters", "a\x00\x1b[31mb\u009bc\u0085d", "a [31mb c d"},
		{"a tag that never ends", "<p>a<a href='", "a"},
		{"a button", "<button>Go</button><input type=submit value=No>", "Go"},
	}
	for _, tt := range tests {
		if got := pageFrom(t, "text/html", tt.in).Text; got != tt.want {
			t.Errorf("%s: %s\ngot  %q\nwant %q", tt.what, tt.in, got, tt.want)
		}
	}
}

func TestTitle(t *testing.T) {
	tests := []struct{ what, in, want string }{
		{"in the head", "<head><title> A\n&amp; B </title></head>", "A & B"},
		{"the first counts", "<title>a</title><title>b</title>", "a"},
		{"that of a drawing is none", "<svg><title>a</title></svg><title>b</title>", "b"},
		{"markup in it is text", "<title><b>a</b></title>", "<b>a</b>"},
		{"without end", "<title>a<p>b", "a<p>b"},
	}
	for _, tt := range tests {
		if got := pageFrom(t, "text/html; charset=utf-8", tt.in).Title; got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.what, got, tt.want)
		}
	}
}

func TestLinks(t *testing.T) {
	p := pageFrom(t, "text/html", `<a href="/a">A</a>, <a href=../b?x#y>B <b>b</b></a>, again <a href=https://shop.example/a>a</a>
		<a href="#top">top</a> <a href="javascript:alert(1)">no</a> <a href="mailto:a@b.example">mail</a>
		<a href=//other.example/><img src=x alt="Home"></a> <a href=/cart title="Cart"><svg></svg></a> <a name=x>anchor</a><a href=/none></a>
		<a href=/block><div>Block</div></a><base href=/deep/er/><base href=/no/><a href=rel>R`)
	want := "A [1], B b [2], again a [1] top no mail [3] (image: Home) [4] Cart [5] anchor [6]\nBlock [7]\nR [8]"
	if p.Text != want {
		t.Errorf("got %q\nwant %q", p.Text, want)
	}
	var got strings.Builder
	for _, l := range p.Links {
		fmt.Fprintf(&got, "%d %s %s\n", l.N, l.Text, l.URL)
	}
	if want := `1 A https://shop.example/a
2 B b https://shop.example/b?x#y
3 mail mailto:a@b.example
4 (image: Home) https://other.example/
5 Cart https://shop.example/cart
6  https://shop.example/none
7 Block https://shop.example/block
8 R https://shop.example/deep/er/rel
`; got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
}

func TestForms(t *testing.T) {
	p := pageFrom(t, "text/html", `<form action=/signin method=post><input type=hidden name=csrf value=abc>
		<label>E-mail <input name=email type=email value="a@b.example"></label> <input type=password name=password value=leaked>
		<input type=checkbox name=remember checked><input type=radio name=r value=1>
		<select name=lang><option value=en>English<option value=ko selected>한국어</select> <select name=size><option>Small<option>Big</select>
		<textarea name=note>two
		lines</textarea><form action=/nested><input name=in></form>
		<button name=do value=in>Sign in</button></form><input name=outside>
		<form><button type=button>Cancel</button><input type=submit value=Send></form>`)
	if want := "[form 1]\nE-mail\n\nSign in\n\n[form 2]\nCancel (Send)"; p.Text != want {
		t.Errorf("got %q, want %q", p.Text, want)
	}
	var got strings.Builder
	for _, f := range p.Forms {
		fmt.Fprintln(&got, f.N, f.Method, f.Action)
		for _, in := range f.Inputs {
			fmt.Fprintf(&got, "  %s (%s) %q%s\n", in.Name, in.Type, in.Value, map[bool]string{true: ", not chosen"}[in.NotChosen])
		}
	}
	if want := `1 POST https://shop.example/signin
  csrf (hidden) "abc"
  email (email) "a@b.example"
  password (password) ""
  remember (checkbox) ""
  r (radio) "1", not chosen
  lang (select) "ko"
  size (select) "Small"
  note (textarea) "two lines"
  in (text) ""
2 GET https://shop.example/dir/page?q=1
   (button) "Cancel"
   (submit) "Send"
`; got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
}

func TestCharsets(t *testing.T) {
	const greeting = "안녕하세요"
	encode := func(s string, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	euckr := encode(korean.EUCKR.NewEncoder().String(greeting))
	tests := []struct{ what, contentType, body, want string }{
		{"UTF-8, said", "text/html; charset=UTF-8", greeting, greeting},
		{"UTF-8, not said", "text/html", greeting, greeting},
		{"UTF-8 with a mark, whatever is said", "text/html; charset=euc-kr", "\ufeff" + greeting, greeting},
		{"UTF-8 with an error", "text/html; charset=utf-8", "a\xffb", "a\ufffdb"},
		{"Latin-1, said", "text/html; charset=iso-8859-1", "caf\xe9 \x80", "café €"},
		{"Latin-1, not said", "text/html", "caf\xe9", "café"},
		{"EUC-KR in Content-Type", `text/html; charset="EUC-KR"`, euckr, greeting},
		{"EUC-KR in the document", "text/html", `<meta http-equiv="Content-Type" content="text/html; charset=euc-kr">` + euckr, greeting},
		{"EUC-KR in the document, new spelling", "text/html", `<META CHARSET='euc-kr'>` + euckr, greeting},
		{"Content-Type before the document", "text/html; charset=utf-8", `<meta charset=euc-kr>` + greeting, greeting},
		{"Shift JIS, which is not decoded", "text/plain; charset=shift_jis", "abc \x82\xb1", "abc \ufffd"},
		{"UTF-16 with a mark", "text/html", "\xff\xfeh\x00i\x00", "hi"},
		{"UTF-16 in a document that can be read", "text/html", "<meta charset=utf-16>hi", "hi"},
		{"an encoding that nobody knows", "text/html; charset=klingon", greeting, greeting},
		{"a document cannot name it in plain text", "text/plain", "<meta charset=euc-kr>", "<meta charset=euc-kr>"},
	}
	for _, tt := range tests {
		if got := pageFrom(t, tt.contentType, tt.body).Text; got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.what, got, tt.want)
		}
	}
}

func TestOtherTypes(t *testing.T) {
	deep := strings.Repeat("[", maxJSONDepth+1) + strings.Repeat("]", maxJSONDepth+1)
	tests := []struct{ what, contentType, body, wantType, want string }{
		{"text", "text/plain", "a\r\n  b\tc\x1b\n\n", "text/plain", "a\n  b    c\ufffd"},
		{"JSON", "application/json", `{"a":[1,"{"]}`, "application/json", "{\n  \"a\": [\n    1,\n    \"{\"\n  ]\n}"},
		{"a problem", "application/problem+json; charset=utf-8", `{}`, "application/problem+json", "{}"},
		{"JSON that is none", "application/json", "<p>oops", "application/json", "<p>oops"},
		{"JSON too deep to indent", "application/json", deep, "application/json", deep},
		{"a picture", "image/png", "\x89PNG", "image/png", "An image (image/png) of 4 octets: it is not text."},
		{"a file", "application/zip", "PK", "application/zip", "A file (application/zip) of 2 octets: it is not text."},
		{"a page that does not say so", "", "<!doctype html><title>t</title>hi", "text/html", "hi"},
		{"a type that is none", "html", "<html><p>hi", "text/html", "hi"},
		{"a type that steers", "text/pl\x1bain", "hi", "text/plain", "hi"},
		{"nothing", "text/html", "", "text/html", ""},
	}
	for _, tt := range tests {
		p := pageFrom(t, tt.contentType, tt.body)
		if p.Text != tt.want || p.Type != tt.wantType {
			t.Errorf("%s: got %s, %q, want %s, %q", tt.what, p.Type, p.Text, tt.wantType, tt.want)
		}
	}
}

// TestPageLimits: at each limit all is there, and one more is left out.
func TestPageLimits(t *testing.T) {
	links := func(n int) (s string) {
		for i := range n {
			s += fmt.Sprintf("<a href=/%d>x</a> ", i)
		}
		return s
	}
	tests := []struct {
		what, body string
		got        func(p *Page) int
		want       int
	}{
		{"links", links(maxPageLinks), func(p *Page) int { return len(p.Links) }, maxPageLinks},
		{"one link more", links(maxPageLinks + 1), func(p *Page) int { return len(p.Links) }, maxPageLinks},
		{"forms", strings.Repeat("<form></form>", maxPageForms+1), func(p *Page) int { return len(p.Forms) }, maxPageForms},
		{"inputs", "<form>" + strings.Repeat("<input name=a>", maxPageInputs+1), func(p *Page) int { return len(p.Forms[0].Inputs) }, maxPageInputs},
		{"a value", "<form><input value=" + strings.Repeat("x", maxPageValue+1) + ">", func(p *Page) int { return len(p.Forms[0].Inputs[0].Value) }, maxPageValue + len("…")},
		{"title", "<title>" + strings.Repeat("x", maxPageTitle+1), func(p *Page) int { return len(p.Title) }, maxPageTitle + len("…")},
		{"text", strings.Repeat("x", maxPageText), func(p *Page) int { return len(p.Text) }, maxPageText},
		{"one octet of text more", strings.Repeat("x", maxPageText+1), func(p *Page) int { return len(p.Text) }, maxPageText + len("\n\n"+pageCut)},
		{"what is looked at", strings.Repeat("<p>", maxPage/3) + "<p>x", func(p *Page) int { return len(p.Text) }, len("\n\n" + pageCut)},
		{"depth", strings.Repeat("<div><b>", maxOpen) + "x" + strings.Repeat("</b></div>", maxOpen), func(p *Page) int { return len(p.Text) }, 1},
	}
	for _, tt := range tests {
		if got := tt.got(pageFrom(t, "text/html", tt.body)); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.what, got, tt.want)
		}
	}
}

// TestACutCharacterIsNoOtherEncoding: a limit may fall into the middle of a character.
func TestACutCharacterIsNoOtherEncoding(t *testing.T) {
	for n := range 3 {
		p := pageFrom(t, "text/html", "<h1>é</h1><!--"+strings.Repeat("x", maxPage-15-n)+"안 -->")
		if want := "# é\n\n" + pageCut; p.Text != want {
			t.Errorf("%d octets before the limit: got %q, want %q", n, p.Text, want)
		}
	}
}

// FuzzPage: whatever a server sends, the page is bounded, is text, and has only links that its text counts.
func FuzzPage(f *testing.F) {
	f.Add("text/html", "<!doctype html><title>t</title><h1>a</h1><table><tr><td>b<td>c</table><a href=/x>d</a><form><select><option>e</form>")
	f.Add("text/html; charset=euc-kr", "<ol start=-9><li><pre>\x00\xb0\xa1</pre><template><p></template><svg><a></svg>")
	f.Add("application/json", `{"a":[{}]}`)
	f.Add("", "\xff\xfe<\x00p\x00")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		p := pageFrom(t, contentType, body)
		if len(p.Text) > maxPageText+len("\n\n"+pageCut) || len(p.Links) > maxPageLinks || len(p.Forms) > maxPageForms {
			t.Errorf("%d octets of text, %d links, %d forms", len(p.Text), len(p.Links), len(p.Forms))
		}
		texts := []string{p.Text, p.Title, p.Type}
		for i, l := range p.Links {
			if l.N != i+1 {
				t.Errorf("link %d has number %d", i, l.N)
			}
			texts = append(texts, l.Text, l.URL)
		}
		for _, form := range p.Forms {
			texts = append(texts, form.Action, form.Method)
			for _, in := range form.Inputs {
				if texts = append(texts, in.Name, in.Type, in.Value); in.Type == "password" && in.Value != "" {
					t.Errorf("a password: %q", in.Value)
				}
			}
		}
		for i, s := range texts {
			if at := strings.IndexFunc(s, func(c rune) bool { return unicode.IsControl(c) && (i > 0 || c != '\n' && c != '\t') }); at >= 0 || !utf8.ValidString(s) {
				t.Errorf("%q holds what no text holds, at %d", s, at)
			}
		}
	})
}

func TestThePageOfTheLastHop(t *testing.T) {
	there := answering(t, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 50\r\n\r\n<title>There</title><p>You are <a href=x>here</a>.")
	here := answering(t, "HTTP/1.1 302 Found\r\nLocation: http://"+there+"/\r\nContent-Type: text/html\r\nContent-Length: 8\r\n\r\n<p>Moved")
	got, err := runWith(t, "http://"+here+"/", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Hops[0].Page != nil {
		t.Errorf("the redirect has a page: %+v", got.Hops[0].Page)
	}
	if p := got.last().Page; p == nil || p.Title != "There" || p.Text != "You are here [1]." || p.Links[0].URL != "http://"+there+"/x" {
		t.Errorf("got %+v", p)
	}
	if got, err = runWith(t, "http://"+here+"/", &Options{MaxRedirs: -1}, nil); err != nil || got.last().Page.Text != "Moved" {
		t.Errorf("a redirect that is not followed: %+v, %v", got.last().Page, err)
	}
	short := answering(t, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99\r\n\r\nHalf of")
	if got, err = runWith(t, "http://"+short+"/", nil, nil); err == nil || got.last().Page.Text != "Half of" {
		t.Errorf("a page that did not come whole: %+v, %v", got.last().Page, err)
	}
}

// TestOctets compares our tables with those of golang.org/x/text.
func TestOctets(t *testing.T) {
	for label, want := range map[string]*charmap.Charmap{
		"windows-1250": charmap.Windows1250, "windows-1251": charmap.Windows1251, "latin1": charmap.Windows1252, "iso-8859-9": charmap.Windows1254,
		"iso-8859-2": charmap.ISO8859_2, "iso-8859-15": charmap.ISO8859_15, "KOI8-R": charmap.KOI8R,
	} {
		d, known := charset(label)
		if !known {
			t.Errorf("%s is not known", label)
			continue
		}
		for b := range 256 {
			c := want.DecodeByte(byte(b))
			if b >= 0x80 && unicode.IsControl(c) {
				c = unicode.ReplacementChar
			}
			if got := d([]byte{byte(b)}); got != string(c) {
				t.Errorf("%s: %#x is %q, want %q", label, b, got, c)
			}
		}
	}
}

package page

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var pages Pages

func render(t testing.TB, v any) string {
	t.Helper()
	var b strings.Builder
	if err := pages.Render(&b, v); err != nil {
		t.Fatalf("%T: %v", v, err)
	}
	return b.String()
}

// element is one start tag.
type element struct {
	name  string
	attrs map[string]string
	form  int // of which form it is a part, counted from 1; 0 = none
}

func (e element) has(attr string) bool { _, ok := e.attrs[attr]; return ok }

// parse reads a page with a parser that knows nothing of templates, and checks that its tags are balanced.
func parse(t testing.TB, html string) (elements []element, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(html))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var b strings.Builder
	var open []string
	form, forms := 0, 0
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("parse: %v", err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if tok.Name.Local == "form" {
				if form != 0 {
					t.Error("a form inside a form")
				}
				forms++
				form = forms
			}
			e := element{name: tok.Name.Local, attrs: map[string]string{}, form: form}
			for _, a := range tok.Attr {
				if _, twice := e.attrs[a.Name.Local]; twice {
					t.Errorf("<%s> has %s twice", e.name, a.Name.Local)
				}
				e.attrs[a.Name.Local] = a.Value
			}
			elements = append(elements, e)
			open = append(open, e.name)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != tok.Name.Local {
				t.Fatalf("</%s> closes %v", tok.Name.Local, open)
			}
			open = open[:len(open)-1]
			if tok.Name.Local == "form" {
				form = 0
			}
		case xml.CharData:
			b.Write(tok)
		}
	}
	if len(open) != 0 {
		t.Errorf("left open: %v", open)
	}
	return elements, b.String()
}

// each runs check on every sample.
func each(t *testing.T, check func(t *testing.T, s sample, html string, elements []element, text string)) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			html := render(t, s.view)
			elements, text := parse(t, html)
			check(t, s, html, elements, text)
		})
	}
}

// everyView has one of each.
var everyView = []view{Setup{}, SignIn{}, SignUp{}, Reset{}, Account{}, Devices{}, Security{}, Confirm{}, Invite{}, Error{}, Refused{}, Diagnosis{}}

func TestRendersZeroViewsAndPointers(t *testing.T) {
	for _, v := range everyView {
		parse(t, render(t, v))
	}
	if render(t, &SignIn{Frame: nobody()}) != render(t, SignIn{Frame: nobody()}) {
		t.Error("a pointer to a view renders something else than the view")
	}
}

func TestNothingIsWrittenBeforeAnError(t *testing.T) {
	var (
		p Pages
		b strings.Builder
	)
	if err := p.Render(&b, struct{ Frame }{}); err == nil || b.Len() != 0 {
		t.Errorf("a foreign view: error %v, %d bytes written", err, b.Len())
	}
	// A template that breaks half way has written nothing either.
	files, err := p.parse()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := files.New("signin.html").Parse(`{{template "top" .}}{{.View.NoSuchField}}{{template "bottom" .}}`); err != nil {
		t.Fatal(err)
	}
	if err := p.Render(&b, SignIn{}); err == nil || b.Len() != 0 {
		t.Errorf("a broken template: error %v, %d bytes written", err, b.Len())
	}
}

// AU-35: the policy forbids inline script and style, so a page that needs one is broken.
func TestNoScriptNoInlineStyleNothingFromElsewhere_AU35(t *testing.T) {
	allowed := strings.Fields("html head meta title link body a div header img span nav ul ol li form input button bdi main section h1 h2 p strong time label textarea dl dt dd code footer")
	each(t, func(t *testing.T, s sample, html string, elements []element, _ string) {
		for _, e := range elements {
			if !slices.Contains(allowed, e.name) {
				t.Errorf("<%s> does not belong on a page", e.name)
			}
			for name, value := range e.attrs {
				if name == "style" || strings.HasPrefix(name, "on") || name == "srcdoc" || name == "target" {
					t.Errorf("<%s %s=%q>", e.name, name, value)
				}
				if name == "src" || e.name == "link" && name == "href" {
					if !strings.HasPrefix(value, AssetPrefix) || inventory().byPath[value].content == nil {
						t.Errorf("<%s %s=%q> is not one of our files", e.name, name, value)
					}
				}
				if (name == "href" || name == "action" || name == "formaction") && strings.Contains(strings.ToLower(value), "script:") {
					t.Errorf("<%s %s=%q>", e.name, name, value)
				}
			}
		}
		if strings.Contains(strings.ToLower(html), "<script") || strings.Contains(html, "<!--") {
			t.Error("script or comment in the page")
		}
	})
}

// AU-37: what people typed stays text. The shape of a page does not depend on what the strings hold.
func TestHostileTextStaysText_AU37(t *testing.T) {
	for _, s := range samples() {
		if !strings.HasSuffix(s.name, "-hostile") {
			continue
		}
		html := render(t, s.view)
		_, text := parse(t, html)
		if !strings.Contains(text, script) {
			t.Errorf("%s: the hostile text is not shown as text", s.name)
		}
		if strings.Contains(html, quotes) || strings.Contains(html, script) {
			t.Errorf("%s: hostile text reached the page unescaped", s.name)
		}
	}
}

var (
	tag   = regexp.MustCompile(`<[^>]*>`)
	value = regexp.MustCompile(`"[^"]*"`)
)

// shape is the sequence of tags and attributes without their values.
func shape(html string) string {
	var b strings.Builder
	for _, m := range tag.FindAllString(html, -1) {
		b.WriteString(value.ReplaceAllString(m, ""))
	}
	return b.String()
}

func FuzzShapeDoesNotDependOnText_AU37(f *testing.F) {
	for _, s := range []string{script, quotes, rtl, "x\x00y", "\xff\xfe", "</textarea><b>", "&lt;script&gt;", "` onfocus=1 `", "{{.}}", "<!--", "]]>"} {
		f.Add(s)
	}
	views := func(x string) []any {
		frame := Frame{FormToken: x, Lang: x, Now: noon, Person: &Person{Name: x}, Notices: []Notice{{Text: x}}}
		errs := Errors{"": {Text: x}, FieldEmail: {Text: x}}
		return []any{
			SignIn{Frame: frame, Email: x, ReturnTo: x, ReturnHost: x, Ended: &Ended{Text: x, Device: x}, Errors: errs},
			Account{Frame: frame, ID: x, Name: x, Email: x, Groups: []string{x}, Session: Session{Device: x, Method: x}, CanEdit: true, Errors: errs},
			Devices{Frame: frame, Sessions: []Session{{Handle: x, Device: x}}, Ended: []Ended{{Text: x, Device: x}}},
			Invite{Frame: frame, Email: x, Made: &Invitation{URL: x, Email: x, Groups: []string{x}}, Errors: errs},
			Error{Frame: frame, Heading: x, Sentence: x, Hint: x, RequestID: x, BackText: x, BackURL: x},
		}
	}
	var want []string
	for _, v := range views("x") {
		var b strings.Builder
		if err := pages.Render(&b, v); err != nil {
			f.Fatal(err)
		}
		want = append(want, shape(b.String()))
	}
	f.Fuzz(func(t *testing.T, x string) {
		if x == "" {
			return // an empty text is left out, with its element
		}
		for i, v := range views(x) {
			var b strings.Builder
			if err := pages.Render(&b, v); err != nil {
				t.Fatal(err)
			}
			if got := shape(b.String()); got != want[i] {
				t.Errorf("%T: shape with %q:\n%s\nwith \"x\":\n%s", v, x, got, want[i])
			}
		}
	})
}

package trace

import (
	"cmp"
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"
)

// A formReader collects what can be filled in and sent.
type formReader struct {
	form *Form // that is open, nil if none is

	// What is being read: a textarea, an option of a select, a button. Its text is its value.
	field  *Input
	chosen bool // the field has its value already
	option bool // inside an option
}

// start looks at a start tag. What is hidden on the page is sent all the same, so it counts.
func (f *formReader) start(r *htmlReader, name atom.Atom, attr map[string]string) {
	if name == atom.Form {
		f.startForm(r, attr)
		return
	}
	if f.form == nil {
		return
	}
	value, given := attr["value"]
	switch name {
	case atom.Input:
		kind := cmp.Or(strings.ToLower(attr["type"]), "text")
		_, checked := attr["checked"]
		f.add(Input{Name: attr["name"], Type: kind, Value: value, NotChosen: !checked && (kind == "checkbox" || kind == "radio")})
		if shown := kind == "submit" || kind == "button" || kind == "reset"; shown && r.hidden == 0 {
			r.w.words(" (" + cmp.Or(value, kind) + ") ")
		}
	case atom.Button:
		f.read(f.add(Input{Name: attr["name"], Type: cmp.Or(strings.ToLower(attr["type"]), "submit"), Value: value}), given && value != "")
	case atom.Textarea:
		f.read(f.add(Input{Name: attr["name"], Type: "textarea"}), false)
	case atom.Select:
		f.read(f.add(Input{Name: attr["name"], Type: "select"}), false)
		f.chosen = true // until there is an option
	case atom.Option:
		if f.field == nil || f.field.Type != "select" {
			return
		}
		_, selected := attr["selected"]
		if f.option = selected || f.field.Value == ""; f.option {
			f.field.Value = clipValue(value)
			f.chosen = given
		}
	}
}

func (f *formReader) startForm(r *htmlReader, attr map[string]string) {
	if len(r.p.Forms) >= maxPageForms {
		return
	}
	action := r.base.String()
	if attr["action"] != "" {
		action = cmp.Or(r.resolve(attr["action"]), action)
	}
	method := strings.ToUpper(attr["method"])
	if method != "POST" && method != "DIALOG" {
		method = "GET"
	}
	r.p.Forms = append(r.p.Forms, Form{N: len(r.p.Forms) + 1, Method: method, Action: action, Inputs: []Input{}})
	f.form = &r.p.Forms[len(r.p.Forms)-1]
	if r.hidden == 0 {
		r.w.words("[form " + strconv.Itoa(f.form.N) + "]")
		r.w.end(1)
	}
}

// add keeps an input and returns it, nil if there is no room.
func (f *formReader) add(in Input) *Input {
	if len(f.form.Inputs) >= maxPageInputs {
		return nil
	}
	in.Name, in.Type = clip(oneLine(in.Name), maxPageTitle), clip(oneLine(in.Type), maxPageTitle)
	if in.Value = clipValue(in.Value); in.Type == "password" {
		in.Value = ""
	}
	f.form.Inputs = append(f.form.Inputs, in)
	return &f.form.Inputs[len(f.form.Inputs)-1]
}

func (f *formReader) read(field *Input, chosen bool) {
	f.field, f.chosen, f.option = field, chosen, false
}

// text is what stands in a field. It reports whether the text is only that, and nothing for the page to show.
func (f *formReader) text(s string) bool {
	if f.field == nil {
		return false
	}
	button := f.field.Type != "textarea" && f.field.Type != "select"
	if !f.chosen && len(f.field.Value) < maxPageValue {
		f.field.Value = clipValue(f.field.Value + s)
	}
	return !button
}

func clipValue(s string) string { return clip(oneLine(s), maxPageValue) }

// end looks at an element that is closed.
func (f *formReader) end(name atom.Atom) {
	switch name {
	case atom.Form:
		f.form, f.field = nil, nil
	case atom.Textarea, atom.Select, atom.Button:
		f.field = nil
	case atom.Option:
		f.chosen = true
	}
}

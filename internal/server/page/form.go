package page

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"
)

// functions is what the templates may call.
var functions = template.FuncMap{
	"asset":   AssetPath,
	"sheet":   refusedStyle,
	"at":      at,
	"zone":    zone,
	"span":    span,
	"plural":  plural,
	"input":   newInput,
	"focus":   focus,
	"problem": func(e Errors, field string) string { return e.text(field) },
	"closed":  func(e Errors) bool { return closed[e[""].Code] },
	"ticket":  ticket,
	"words":   func(v Error) errorWords { return v.words() },
	"ordered": ordered,
	"rule":    func() string { return PasswordRule },
	"tab":     newTab,
	"theme":   newTheme,
	"known":   known,
	"signin":  func(returnTo string) string { return withReturn(PathSignIn, returnTo) },
	"signup":  func(returnTo string) string { return withReturn(PathSignUp, returnTo) },
}

// text is the sentence about one field, "" if there is nothing to say.
func (e Errors) text(field string) string {
	if p, ok := e[field]; ok {
		return p.sentence()
	}
	return ""
}

// input is one labelled field of a form.
type input struct {
	Name, Label, Type, Value      string
	Autocomplete, Hint, Problem   string
	Mode                          string
	Focus, Optional, Fixed, Plain bool
	Also                          string // id of a text that describes it too, such as a notice
}

// newInput reads pairs of a key and a value; a key that it does not know is an error, so that a typing mistake in a
// template fails its test.
func newInput(name, label string, errs Errors, pairs ...any) (input, error) {
	in := input{Name: name, Label: label, Type: "text", Problem: errs.text(name)}
	if len(pairs)%2 != 0 {
		return in, fmt.Errorf("input %s: a key without a value", name)
	}
	for i := 0; i < len(pairs); i += 2 {
		ok := true
		switch pairs[i] {
		case "type":
			in.Type, ok = pairs[i+1].(string)
		case "value":
			in.Value, ok = pairs[i+1].(string)
		case "autocomplete":
			in.Autocomplete, ok = pairs[i+1].(string)
		case "hint":
			in.Hint, ok = pairs[i+1].(string)
		case "also":
			in.Also, ok = pairs[i+1].(string)
		case "focus":
			var field string
			field, ok = pairs[i+1].(string)
			in.Focus = field == name
		case "optional":
			in.Optional, ok = pairs[i+1].(bool)
		case "fixed":
			in.Fixed, ok = pairs[i+1].(bool)
		case "reveal":
			in.Plain, ok = pairs[i+1].(bool)
		default:
			ok = false
		}
		if !ok {
			return in, fmt.Errorf("input %s: key %v does not take %T", name, pairs[i], pairs[i+1])
		}
	}
	switch in.Type {
	case "email":
		in.Mode = "email"
	case "password":
		if in.Value != "" {
			return in, fmt.Errorf("input %s: a password is never sent back", name)
		}
		if in.Plain {
			in.Type = "text"
		}
		in.Plain = true // no capitals, no spelling
	}
	return in, nil
}

// ID is the id of the element; the field's name is unique on its page.
func (in input) ID() string { return "f-" + in.Name }

// DescribedBy lists the ids of the texts about the field, problem first.
func (in input) DescribedBy() string {
	var ids []string
	if in.Problem != "" {
		ids = append(ids, in.ID()+"-problem")
	}
	if in.Hint != "" {
		ids = append(ids, in.ID()+"-hint")
	}
	if in.Also != "" && in.Focus { // said once, where typing starts
		ids = append(ids, in.Also)
	}
	return strings.Join(ids, " ")
}

// focus chooses the field in which typing goes on: the first with a problem, else the first empty one. The pairs
// are names and present values, in the order of the page.
func focus(errs Errors, pairs ...string) string {
	empty := ""
	for i := 0; i+1 < len(pairs); i += 2 {
		if _, bad := errs[pairs[i]]; bad {
			return pairs[i]
		}
		if empty == "" && pairs[i+1] == "" {
			empty = pairs[i]
		}
	}
	return empty
}

// ticket is the number on the ticket of a session: enough of the public handle to tell two apart.
func ticket(handle string) string {
	if len(handle) > 6 {
		handle = handle[:6]
	}
	return strings.ToValidUTF8(handle, "")
}

// ordered puts the session that asks first.
func ordered(all []Session) []Session {
	out := make([]Session, 0, len(all))
	for _, s := range all {
		if s.Current {
			out = append(out, s)
		}
	}
	for _, s := range all {
		if !s.Current {
			out = append(out, s)
		}
	}
	return out
}

// link is an entry of the navigation or a theme button.
type link struct {
	Path, Label string
	Here        bool
}

func newTab(d data, path, label string) link { return link{path, label, d.Page.Path == path} }

func newTheme(d data, theme, label string) link {
	return link{theme, label, string(d.Frame.Theme) == theme}
}

// withReturn keeps where the person was going when they choose sign-up instead of sign-in, or the other way.
func withReturn(path, returnTo string) string {
	if returnTo == "" {
		return path
	}
	return path + "?" + url.Values{FieldReturnTo: {returnTo}}.Encode()
}

// known is the hint of the groups field.
func known(groups []string) string {
	if len(groups) == 0 {
		return "Names with commas between them."
	}
	return "Names with commas between them. There are: " + strings.Join(groups, ", ") + "."
}

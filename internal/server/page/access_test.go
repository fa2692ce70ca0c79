package page

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryPostFormCarriesTheToken(t *testing.T) {
	each(t, func(t *testing.T, s sample, _ string, elements []element, _ string) {
		want := s.view.frame().FormToken
		for _, f := range elements {
			if f.name != "form" {
				continue
			}
			if f.attrs["method"] != "post" || !f.has("novalidate") || !f.has("action") {
				t.Errorf("form %v: want method=post, novalidate and an action", f.attrs)
			}
			var tokens []string
			for _, e := range elements {
				if e.form == f.form && e.attrs["name"] == FieldFormToken {
					tokens = append(tokens, e.attrs["value"])
				}
			}
			if !slices.Equal(tokens, []string{want}) {
				t.Errorf("form to %q: tokens %q, want one %q", f.attrs["action"], tokens, want)
			}
		}
	})
}

func TestEveryPageOfAPersonHasSignOut_ASVS_7_4_4(t *testing.T) {
	each(t, func(t *testing.T, s sample, html string, elements []element, _ string) {
		found := slices.ContainsFunc(elements, func(e element) bool {
			return e.name == "form" && e.attrs["action"] == PathSignOut && e.attrs["method"] == "post"
		})
		if signedIn := s.view.frame().Person != nil; found != signedIn {
			t.Errorf("sign-out form: %v, signed in: %v", found, signedIn)
		}
		if found && !strings.Contains(html, ">Sign out</button>") {
			t.Error("the form has no button that says so")
		}
	})
}

// AU-05: masked, with a way to see it; nothing in the way of pasting, password managers and long passwords.
func TestPasswordFields_AU05(t *testing.T) {
	want := map[string][]string{
		"setup": {"new-password"}, "signin": {"current-password"}, "signup": {"new-password"}, "reset": {"new-password"},
		"security": {"current-password", "new-password"}, "confirm": {"current-password"},
	}
	each(t, func(t *testing.T, s sample, html string, elements []element, _ string) {
		a := s.view.page()
		var got []string
		username := false
		for _, e := range elements {
			if e.name != "input" {
				continue
			}
			auto := e.attrs["autocomplete"]
			username = username || auto == "username"
			if !strings.HasSuffix(auto, "-password") {
				continue
			}
			got = append(got, auto)
			typ := "password"
			if strings.Contains(html, `value="0">Hide the password`) {
				typ = "text"
			}
			if e.attrs["type"] != typ {
				t.Errorf("type %q, want %q", e.attrs["type"], typ)
			}
			for _, hurdle := range []string{"maxlength", "minlength", "pattern", "readonly", "onpaste"} {
				if e.has(hurdle) {
					t.Errorf("password field with %s", hurdle)
				}
			}
			if e.attrs["value"] != "" {
				t.Error("a password was sent back")
			}
			if e.attrs["autocapitalize"] != "none" || e.attrs["spellcheck"] != "false" {
				t.Error("a phone would change what is typed")
			}
		}
		if closed[a.Errors[""].Code] {
			if got != nil {
				t.Error("a form although no input can help")
			}
			return
		}
		if !slices.Equal(got, want[a.File]) {
			t.Errorf("password fields %q, want %q", got, want[a.File])
		}
		if got != nil && !username {
			t.Error("no username field: a password manager does not know whose password this is")
		}
	})
}

// The first submit button of a form is the one that the Enter key presses.
func TestEnterNeverPressesTheShowButton(t *testing.T) {
	each(t, func(t *testing.T, _ sample, _ string, elements []element, _ string) {
		seen := map[int]bool{}
		for _, e := range elements {
			if e.name == "button" && !seen[e.form] {
				seen[e.form] = true
				if e.attrs["name"] == FieldReveal {
					t.Error("the button that shows the password comes first")
				}
			}
		}
	})
}

func TestFieldsHaveLabelsAndTextsFindTheirFields(t *testing.T) {
	each(t, func(t *testing.T, s sample, _ string, elements []element, _ string) {
		ids, labels := map[string]bool{}, map[string]bool{}
		focus := 0
		for _, e := range elements {
			if id, ok := e.attrs["id"]; ok {
				if ids[id] {
					t.Errorf("id %q twice", id)
				}
				ids[id] = true
			}
			if e.name == "label" {
				labels[e.attrs["for"]] = true
			}
			if e.has("autofocus") {
				focus++
			}
		}
		if focus > 1 {
			t.Errorf("%d elements want the focus", focus)
		}
		for _, e := range elements {
			hidden := e.has("hidden") || e.attrs["type"] == "hidden"
			if (e.name == "input" || e.name == "textarea") && !hidden && !labels[e.attrs["id"]] {
				t.Errorf("%v has no label", e.attrs)
			}
			for _, attr := range []string{"aria-describedby", "aria-labelledby", "for"} {
				for _, id := range strings.Fields(e.attrs[attr]) {
					if !ids[id] {
						t.Errorf("%s names %q, which is not on the page", attr, id)
					}
				}
			}
			if e.attrs["aria-invalid"] == "true" && !strings.Contains(e.attrs["aria-describedby"], e.attrs["id"]+"-problem") {
				t.Errorf("field %q is wrong without saying why", e.attrs["name"])
			}
			if e.name == "img" && !e.has("alt") {
				t.Error("a picture without alt")
			}
		}
	})
}

func TestHeadingsAndLandmarks(t *testing.T) {
	each(t, func(t *testing.T, s sample, html string, elements []element, _ string) {
		count := map[string]int{}
		for _, e := range elements {
			count[e.name]++
		}
		if count["h1"] != 1 || count["main"] != 1 || count["header"] != 1 || count["footer"] != 1 || count["title"] != 1 {
			t.Errorf("got %d h1, %d main, %d header, %d footer, %d title, want one of each", count["h1"], count["main"], count["header"], count["footer"], count["title"])
		}
		if elements[0].attrs["lang"] == "" {
			t.Error("no lang")
		}
		i := slices.IndexFunc(elements, func(e element) bool { return e.name == "a" })
		if elements[i].attrs["href"] != "#main" {
			t.Error("the first link does not skip to the page")
		}
		if !strings.Contains(html, " · Cloakroom</title>") {
			t.Error("the title does not end with the name of the site")
		}
	})
}

func TestTypedTextIsKeptBesideTheProblem(t *testing.T) {
	for _, row := range []struct {
		name string
		view any
		want []string
		not  []string
	}{
		{"a wrong password keeps address and box", SignIn{Email: "anna@example.org", Remember: true, RememberFor: 720 * 3600e9, ReturnTo: "/x?y=1&z=2", Errors: Errors{"": {Code: WrongCredentials}}},
			[]string{`value="anna@example.org"`, `name="remember" value="1" checked`, `name="return_to" value="/x?y=1&amp;z=2"`, "do not go together", "Not done: Sign in", "for 30 days"}, []string{"ended"}},
		{"throttled says how long, rounded up", SignIn{Errors: Errors{"": {Code: Throttled, RetryAfter: 29.2e9}}}, []string{"in 30 seconds."}, nil},
		{"throttled for minutes, rounded up", SignIn{Errors: Errors{"": {Code: Throttled, RetryAfter: 121e9}}}, []string{"in 3 minutes."}, nil},
		{"busy without a time", SignIn{Errors: Errors{"": {Code: Busy}}}, []string{"in a moment."}, nil},
		{"an unknown code still says something", SignIn{Errors: Errors{"": {Code: "brand-new"}}}, []string{"This could not be done."}, nil},
		{"no box where nothing is remembered", SignIn{}, nil, []string{"checkbox"}},
		{"the ending with time and device", SignIn{Frame: nobody(), Ended: &Ended{Reason: "idle", At: before(12 * 60e9), Device: "Firefox on Linux"}},
			[]string{"had not been used", `<time datetime="2026-11-23T13:05:00Z">today 14:05</time>`, "Firefox on Linux"}, nil},
		{"a fixed address cannot be changed", SignUp{Email: "bo@example.org", EmailFixed: true, Invitation: "inv"}, []string{`name="link" value="inv"`, " readonly"}, nil},
		{"an own sentence for a problem wins", SignUp{Errors: Errors{FieldPassword: {Code: WeakPassword, Text: "It holds your name."}}}, []string{"It holds your name."}, []string{"too easy"}},
		{"the way on is kept between sign-in and sign-up", SignIn{SignUpOpen: true, ReturnTo: "/a?b=c"}, []string{`href="/signup?return_to=%2Fa%3Fb%3Dc"`}, nil},
		{"an own status page", Error{Status: 418}, []string{"I&#39;m a teapot"}, nil},
		{"an own sentence replaces the hint too", Error{Status: 404, Sentence: "This session has ended."}, []string{"This session has ended."}, []string{"may have been moved"}},
		{"an own theme", SignIn{Frame: Frame{Theme: "dark"}}, []string{`<html lang="en" data-theme="dark">`}, nil},
	} {
		html := render(t, row.view)
		for _, w := range row.want {
			if !strings.Contains(html, w) {
				t.Errorf("%s: %q is missing", row.name, w)
			}
		}
		for _, n := range row.not {
			if strings.Contains(html, n) {
				t.Errorf("%s: %q is there", row.name, n)
			}
		}
	}
}

func TestFocusGoesWhereTypingGoesOn(t *testing.T) {
	for _, row := range []struct {
		name string
		errs Errors
		want string
		args []string
	}{
		{"nothing typed yet", nil, "email", []string{"email", "", "password", ""}},
		{"the address is known", nil, "password", []string{"email", "a@b", "password", ""}},
		{"a problem comes before an empty field", Errors{"name": {}}, "name", []string{"email", "", "name", "x", "password", ""}},
		{"everything is there", nil, "", []string{"email", "x"}},
	} {
		if got := focus(row.errs, row.args...); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestInputRefusesUnknownKeys(t *testing.T) {
	for _, pairs := range [][]any{{"kind", "x"}, {"type"}, {"value", 3}, {"fixed", "yes"}, {"type", "password", "value", "secret"}} {
		if _, err := newInput("email", "E-mail", nil, pairs...); err == nil {
			t.Errorf("%v is taken", pairs)
		}
	}
}

func TestEveryEndingHasASentence(t *testing.T) {
	for _, reason := range strings.Fields("signed-out signed-out-elsewhere idle lifetime renewed password-changed account-disabled ended-by-admin token-reuse evicted binding-failed unknown-session duplicate-cookie") {
		if !HasWords(reason) {
			t.Errorf("no words for %s", reason)
		}
	}
	if got := (Ended{Reason: "brand-new"}).Sentence(); !strings.Contains(got, "brand-new") {
		t.Errorf("a reason without words is lost: %q", got)
	}
}

package page

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

// TestRefused: the page stands at an app's address, so it needs nothing from there, and says what helps.
func TestRefused(t *testing.T) {
	const signIn = "https://app.example/.cloakroom/start?return_to=%2F"
	for _, tt := range []struct {
		what      string
		view      Refused
		says, not string // in the text
		link      string
	}{
		{"a form that was sent without a session", Refused{Status: 401, Sentence: "You are not signed in.", Unsent: true, SignIn: signIn}, "did not reach the app, and nothing was changed", "", signIn},
		{"a form that signing in does not help", Refused{Status: 403, Sentence: "Not in a group.", Unsent: true}, "nothing was changed", "Sign in", ""},
		{"a page that signing in does not help", Refused{Status: 403, Sentence: "Not in a group."}, "Not in a group.", "nothing was changed", ""},
		{"a page that it helps", Refused{Status: 401, Sentence: "You are not signed in.", SignIn: signIn}, "You are not signed in.", "nothing was changed", signIn},
		{"what a stranger wrote", Refused{Frame: mallory(), Status: 401, Sentence: quotes, Unsent: true, SignIn: "javascript:alert(1)"}, quotes, "", "#ZgotmplZ"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			html := render(t, tt.view)
			_, sheet, _ := strings.Cut(html, "<style>")
			sheet, _, _ = strings.Cut(sheet, "</style>")
			sum := sha256.Sum256([]byte(sheet))
			if named := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; sheet == "" || strings.Count(html, "<style") != 1 || !strings.Contains(RefusedPolicy(), named) {
				t.Errorf("the policy %q does not let the sheet of the page (AU-35)", RefusedPolicy())
			}
			elements, text := parse(t, html)
			if !strings.Contains(text, tt.says) || tt.not != "" && strings.Contains(text, tt.not) {
				t.Errorf("it says %s", text)
			}
			link, names := "", []string(nil)
			for _, e := range elements {
				names = append(names, e.name)
				if e.name == "a" {
					link = e.attrs["href"]
				}
			}
			if link != tt.link {
				t.Errorf("the link leads to %q", link)
			}
			for _, name := range []string{"script", "link", "img", "form", "iframe"} {
				if slices.Contains(names, name) {
					t.Errorf("there is a %s, which the app's address does not have or the policy forbids (AU-35)", name)
				}
			}
		})
	}
}

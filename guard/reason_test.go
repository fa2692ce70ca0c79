package guard_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/cloakroom/cloakroom/guard"
)

func TestEveryReasonHasASentence(t *testing.T) {
	seen := map[guard.Reason]bool{}
	// RFC 6750, section 3: error_description has no quote, no backslash, and ASCII only.
	sentence := regexp.MustCompile(`^[A-Z][ !#-\[\]-~]+[.]$`)
	for _, r := range guard.Reasons() {
		if seen[r] {
			t.Errorf("%s is listed twice", r)
		}
		seen[r] = true
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(string(r)) {
			t.Errorf("%q: a code is lower-case words with hyphens", r)
		}
		if s := guard.Sentence(r); !sentence.MatchString(s) {
			t.Errorf("%s: %q is not a sentence", r, s)
		}
	}
	if s := guard.Sentence("made-up"); s != "" {
		t.Errorf("a code that is not ours has the sentence %q", s)
	}
}

// Whoever adds a reason to session or guard adds its sentence.
func TestEveryConstantIsInTheList(t *testing.T) {
	all := guard.Reasons()
	for _, file := range []string{"../session/reason.go", "reason.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			value := spec.Values[0]
			if call, ok := value.(*ast.CallExpr); ok && len(call.Args) == 1 {
				value = call.Args[0]
			}
			lit, ok := value.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			code, _ := strconv.Unquote(lit.Value)
			found++
			if !slices.Contains(all, guard.Reason(code)) {
				t.Errorf("%s: %s = %q has no sentence in guard/reason.go", file, spec.Names[0], code)
			}
			return true
		})
		if found < 10 {
			t.Errorf("%s: only %d reasons found: has the way they are written changed?", file, found)
		}
	}
}

// The codes that DESIGN names are a promise to those who script against them.
func TestDesignedReasons(t *testing.T) {
	all := guard.Reasons()
	for _, code := range []guard.Reason{
		"signed-out", "signed-out-elsewhere", "idle", "lifetime", "renewed", "password-changed", "account-disabled",
		"ended-by-admin", "token-reuse", "evicted", "binding-failed", "no-credentials", "unknown-session",
		"duplicate-cookie", "wrong-credentials", "throttled", "taken", "invalid-token", "expired-token", "untrusted-proxy",
		"signup-closed", "store-unavailable",
	} {
		if !slices.Contains(all, code) {
			t.Errorf("%s is missing", code)
		}
	}
}

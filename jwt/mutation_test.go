//go:build mutation

package jwt

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMutations deletes each check of the way from a token and a key to a verdict, one after the other, and wants
// the other tests to notice. It takes some minutes:
//
//	go test -tags mutation -run Mutations -timeout 1h -v ./jwt
//
// One program is built in which every check can be switched off by its number, so that each costs a run, not a build.
func TestMutations(t *testing.T) {
	dir := t.TempDir()
	replace := make(map[string]string)
	var all []string
	for _, file := range verifyPath {
		path, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		text, sites := switchable(t, path, len(all))
		all = append(all, sites...)
		replace[path] = filepath.Join(dir, file)
		write(t, replace[path], text)
		replace[filepath.Join(filepath.Dir(path), "switched_off.go")] = filepath.Join(dir, "switched_off.go")
	}
	write(t, filepath.Join(dir, "switched_off.go"), []byte(`package jwt

import "os"

var switchedOff = os.Getenv("JWT_SWITCHED_OFF")

func off(n string) bool { return n == switchedOff }
`))
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "overlay.json"), overlay)
	program := filepath.Join(dir, "jwt.test")
	build := exec.Command("go", "test", "-c", "-vet=off", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, noticed := run(program, "none"); noticed {
		t.Fatalf("without any change the tests fail:\n%s", out)
	}
	var mu sync.Mutex
	var unnoticed []string
	next := make(chan int)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for n := range next {
				_, noticed := run(program, fmt.Sprint(n))
				fmt.Fprintf(os.Stderr, "%d of %d: %v: %s\n", n, len(all), noticed, all[n])
				if !noticed {
					mu.Lock()
					unnoticed = append(unnoticed, all[n])
					mu.Unlock()
				}
			}
		})
	}
	for n := range all {
		next <- n
	}
	close(next)
	group.Wait()
	slices.Sort(unnoticed)
	t.Logf("not noticed:\n%s", strings.Join(unnoticed, "\n"))
	// In what reads keys many checks are made twice, here for the message and again by package crypto.
	for what, ofKeys := range map[string]bool{"of the way of a token": false, "of what reads keys": true} {
		missed, n := count(unnoticed, ofKeys), count(all, ofKeys)
		t.Logf("%s: %d of %d deletions noticed (%.1f %%)", what, n-missed, n, 100-100*float64(missed)/float64(n))
		if !ofKeys && missed*100 > 5*n {
			t.Error("less than 95 % of the deletions are noticed")
		}
	}
}

// count counts the checks of what reads keys, or the others: those of the way of a token, the signature among them.
func count(sites []string, ofKeys bool) (n int) {
	for _, s := range sites {
		file, _, _ := strings.Cut(s, ":")
		reads := slices.Contains([]string{"ecdsa.go", "ed25519.go", "hmac.go", "jwk.go", "key.go", "keyset.go", "rsa.go"}, file)
		if ofKeys == (reads && !strings.HasSuffix(s, signatureCheck)) {
			n++
		}
	}
	return n
}

// signatureCheck marks the checks in the verify methods of the materials.
const signatureCheck = " (signature)"

// verifyPath is what a token and the key that judges it pass through.
var verifyPath = []string{
	"base64.go", "claims.go", "ecdsa.go", "ed25519.go", "header.go", "hmac.go", "json.go", "jsonstring.go", "jwk.go", "key.go",
	"kept.go", "keyset.go", "mediatype.go", "registered.go", "rsa.go", "rules.go", "signature.go", "token.go", "verifier.go",
}

// aside are functions of these files that stand beside the way: they write, generate, or explain what was refused.
var aside = map[string]bool{
	"sign": true, "secret": true, "append": true, "MarshalJSON": true, "PrivateJWK": true, "UnmarshalJSON": true, "GenerateKey": true,
	"generateECKey": true, "generateEdKey": true, "generateRSAKey": true, "explainBase64": true, "Public": true,
}

// run reports whether the tests notice that check n is missing: one fails, panics, or does not come to an end. The slow
// ones are asked only if the others do not.
func run(program, n string) (out []byte, noticed bool) {
	const slow = "EveryBit|NoneInEvery|KeptTokenIsTheSame|EmbeddedKeys|Psychic"
	if out, noticed = runTests(program, n, "-test.skip", slow); noticed {
		return out, true
	}
	return runTests(program, n, "-test.run", slow)
}

func runTests(program, n string, which ...string) (out []byte, noticed bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append(which, "-test.failfast")...)
	cmd.Env = append(os.Environ(), "JWT_SWITCHED_OFF="+n)
	out, err := cmd.CombinedOutput()
	return out, err != nil
}

// switchable returns the text of a file in which check n is made only if off(n) is false, for n from first on, and a line about each.
func switchable(t *testing.T, path string, first int) (text []byte, sites []string) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	inserts := make(map[int]string)
	mark := ""
	wrap := func(from, to ast.Node, before, after string) {
		n := fmt.Sprintf(`off("%d")`, first+len(sites))
		a, b := set.Position(from.Pos()), set.Position(to.End())
		inserts[a.Offset] += fmt.Sprintf(before, n)
		inserts[b.Offset] = after + inserts[b.Offset]
		sites = append(sites, fmt.Sprintf("%s:%d: %s%s", filepath.Base(path), a.Line, src[a.Offset:b.Offset], mark))
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Body == nil || aside[f.Name.Name] {
			continue
		}
		if mark = ""; f.Name.Name == "verify" {
			mark = signatureCheck
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.IfStmt:
				if refuses(n.Body.List) {
					wrap(n.Cond, n.Cond, "!%s && (", ")")
				}
			case *ast.SwitchStmt:
				for _, c := range n.Body.List {
					c := c.(*ast.CaseClause)
					if n.Tag == nil && len(c.List) == 1 && refuses(c.Body) {
						wrap(c.List[0], c.List[0], "!%s && (", ")")
					}
				}
			case *ast.ReturnStmt:
				if f.Name.Name == "verify" && len(n.Results) == 1 { // of a material: the signature itself
					for _, term := range terms(n.Results[0]) {
						wrap(term, term, "(%s || (", "))")
					}
				}
			}
			return true
		})
	}
	at := 0
	for _, offset := range slices.Sorted(func(yield func(int) bool) {
		for offset := range inserts {
			if !yield(offset) {
				return
			}
		}
	}) {
		text = append(append(text, src[at:offset]...), inserts[offset]...)
		at = offset
	}
	return append(text, src[at:]...), sites
}

// refuses reports whether statements end by returning an error or false.
func refuses(list []ast.Stmt) bool {
	if len(list) == 0 {
		return false
	}
	r, ok := list[len(list)-1].(*ast.ReturnStmt)
	if !ok || len(r.Results) == 0 {
		return false
	}
	switch last := r.Results[len(r.Results)-1].(type) {
	case *ast.Ident:
		return last.Name == "err" || last.Name == "false" || last.Name == "refusal" || last.Name == "critical"
	case *ast.CallExpr:
		switch name := last.Fun.(type) {
		case *ast.Ident:
			return slices.Contains([]string{"refuse", "asError", "unknownAlgorithm", "otherForm"}, name.Name)
		case *ast.SelectorExpr:
			return name.Sel.Name == "fail" || name.Sel.Name == "twice"
		}
	case *ast.UnaryExpr: // &Error{…}
		return last.Op == token.AND
	}
	return false
}

// terms are the conditions that are joined by &&; a constant is none.
func terms(e ast.Expr) []ast.Expr {
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.LAND {
		return append(terms(b.X), terms(b.Y)...)
	}
	if _, ok := e.(*ast.Ident); ok {
		return nil
	}
	return []ast.Expr{e}
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

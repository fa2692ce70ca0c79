package cloakroom_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "github.com/cloakroom/cloakroom"

// floors is the house: a package imports only packages of strictly lower floors. ARCHITECTURE.md draws it.
// A new package is entered here before anything imports it.
var floors = map[string]int{
	"cookie":            1,
	"jwt":               1,
	"internal/loopback": 1,
	"internal/egress":   1,
	"internal/migrate":  1,
	"internal/pattern":  1,
	"internal/front":    1,
	"internal/access":   1,

	"session":    2,
	"cookie/jar": 2,
	"jwt/jwks":   2,

	"guard":               3,
	"jwt/revocation":      3,
	"session/sessiontest": 3,
	"trace":               3,

	"session/memstore":   4,
	"session/sqlstore":   4,
	"session/redisstore": 4,
	"internal/db":        4,
	"internal/explain":   4,
	"internal/screen":    4,

	"internal/journal":          5,
	"internal/account/password": 5,

	"internal/account": 6,
	"internal/grant":   6,

	"internal/app":         7,
	"internal/server/page": 7,

	"internal/server": 8,

	"internal/tour": 9,

	"cmd/cloakroom": 10,
	"docs/example":  10,

	// Above everything: only tests may import these.
	"internal/testenv":           98,
	"internal/jarvectors":        99,
	"internal/server/servertest": 99,
	"internal/db/dbtest":         99,
	"internal/e2e":               100, // holds nothing but tests
}

// TestFloors reads the source itself, imports only. A version that calls `go list` is fooled by the test cache.
func TestFloors(t *testing.T) {
	broken, err := checkFloors(os.DirFS("."), floors)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range broken {
		t.Error(b)
	}
}

func TestFloorsAreChecked(t *testing.T) {
	file := func(imports ...string) *fstest.MapFile {
		src := "package p\n"
		for _, i := range imports {
			src += "import _ " + strconv.Quote(module+"/"+i) + "\n"
		}
		return &fstest.MapFile{Data: []byte(src)}
	}
	house := map[string]int{"low": 1, "low/twin": 1, "high": 2}
	tests := []struct {
		what string
		tree fstest.MapFS
		want string // "" = nothing is broken
	}{
		{"a package imports a lower floor", fstest.MapFS{"low/a.go": file(), "high/a.go": file("low")}, ""},
		{"a package imports a higher floor", fstest.MapFS{"low/a.go": file("high"), "high/a.go": file()},
			"low/a.go: low (floor 1) imports high (floor 2)"},
		{"a package imports its neighbour", fstest.MapFS{"low/a.go": file("low/twin"), "low/twin/a.go": file()},
			"low/a.go: low (floor 1) imports low/twin (floor 1)"},
		{"a test may import anything", fstest.MapFS{"low/a_test.go": file("high"), "high/a.go": file()}, ""},
		{"a package that nobody entered", fstest.MapFS{"attic/a.go": file()}, "attic has no floor"},
		{"an import that nobody entered", fstest.MapFS{"high/a.go": file("attic")},
			"high/a.go: high (floor 2) imports attic (no floor)"},
		{"another module in the tree", fstest.MapFS{"bench/go.mod": file(), "bench/a.go": file("high")}, ""},
		{"a package inside another module", fstest.MapFS{"bench/go.mod": file(), "bench/x/a.go": file("high")}, ""},
		{"testdata and hidden folders", fstest.MapFS{"low/testdata/a.go": file("high"), ".git/a.go": file("high")}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			broken, err := checkFloors(tt.tree, house)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(broken, "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// checkFloors returns one sentence for each import that goes sideways or up, and for each package without a floor.
func checkFloors(tree fs.FS, floors map[string]int) (broken []string, err error) {
	floorOf := func(pkg string) string {
		if n, ok := floors[pkg]; ok {
			return fmt.Sprintf("floor %d", n)
		}
		return "no floor"
	}
	err = walkGo(tree, func(name string, src []byte) error {
		if strings.HasSuffix(name, "_test.go") {
			return nil
		}
		pkg := path.Dir(name)
		floor, ok := floors[pkg]
		if !ok {
			if b := pkg + " has no floor: enter it in floors_test.go"; !slices.Contains(broken, b) {
				broken = append(broken, b)
			}
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			dir, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				continue
			}
			if n, ok := floors[dir]; !ok || n >= floor {
				broken = append(broken, fmt.Sprintf("%s: %s (floor %d) imports %s (%s)", name, pkg, floor, dir, floorOf(dir)))
			}
		}
		return nil
	})
	return broken, err
}

// TestSkipsGoThroughTestenv: a t.Skip of one's own would stay silent where CLOAKROOM_TEST_ALL=1 forbids skips.
// Inside a fuzzer or a property a skip means "not an interesting input" and is fine.
func TestSkipsGoThroughTestenv(t *testing.T) {
	err := walkGo(os.DirFS("."), func(name string, src []byte) error {
		if path.Dir(name) == "internal/testenv" {
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, src, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if from, ok := sel.X.(*ast.Ident); ok && from.Name == "testenv" {
				return true
			}
			switch sel.Sel.Name {
			case "Fuzz", "Check":
				return false
			case "Skip", "Skipf", "SkipNow":
				if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(path.Dir(name), "test") {
					t.Errorf("%s: %s: use testenv.Skip with a sentence", fset.Position(call.Pos()), sel.Sel.Name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// walkGo calls f for every Go file of this module: not in other modules, testdata and hidden folders.
func walkGo(tree fs.FS, f func(name string, src []byte) error) error {
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			base := path.Base(name)
			if name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata" || base == "cloakroom-data") {
				return fs.SkipDir
			}
			if _, err := fs.Stat(tree, path.Join(name, "go.mod")); err == nil && name != "." {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		src, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		return f(name, src)
	})
}

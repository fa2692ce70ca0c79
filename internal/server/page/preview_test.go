package page

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPreview writes every sample as a page that opens by itself. Into the directory that CLOAKROOM_PAGES names, they are
// kept, to be looked at in a browser:
//
//	CLOAKROOM_PAGES=/tmp/pages go test -run TestPreview ./internal/server/page
func TestPreview(t *testing.T) {
	dir := os.Getenv("CLOAKROOM_PAGES")
	if dir == "" {
		dir = t.TempDir()
	}
	for name, a := range inventory().byName {
		file := filepath.Join(dir, filepath.FromSlash(a.path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, a.content, 0o644); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for _, s := range samples() {
		html := strings.ReplaceAll(render(t, s.view), `"`+AssetPrefix, `".`+AssetPrefix)
		if err := os.WriteFile(filepath.Join(dir, s.name+".html"), []byte(html), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

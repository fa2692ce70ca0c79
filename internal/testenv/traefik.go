package testenv

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Traefik returns the path of a program that takes a static and a dynamic configuration of Traefik and serves as Traefik would: $CLOAKROOM_TRAEFIK,
// else what interop/traefik/build makes, which is kept in the user's cache folder.
func Traefik(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("CLOAKROOM_TRAEFIK"); path != "" {
		return path
	}
	source := filepath.Join(Root(t), "interop", "traefik")
	sum := sha256.New()
	err := filepath.WalkDir(source, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		sum.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	path := filepath.Join(cache, "cloakroom", "traefik-"+hex.EncodeToString(sum.Sum(nil)[:8]))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	made, err := os.MkdirTemp(filepath.Dir(path), "making-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(made)
	made = filepath.Join(made, "traefik")
	if out, err := exec.CommandContext(t.Context(), filepath.Join(source, "build"), made).CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		Skip(t, "Traefik cannot be built here: "+lines[len(lines)-1])
	}
	if err := os.Rename(made, path); err != nil {
		t.Fatal(err)
	}
	return path
}

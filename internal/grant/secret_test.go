package grant

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func TestLoadSecretMakesItOnce_T18(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "secret")
	old := syscall.Umask(0o777) // a strange umask neither opens nor breaks the file
	made, err := LoadSecret(path, false)
	syscall.Umask(old)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 || info.Size() != 45 {
		t.Fatalf("%v, mode %v, %d bytes", err, info.Mode(), info.Size())
	}
	for _, exists := range []bool{false, true} {
		if again, err := LoadSecret(path, exists); err != nil || !bytes.Equal(again, made) {
			t.Errorf("read again: %v", err)
		}
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("%d files are left, want the secret alone", len(names))
	}
	if other, err := LoadSecret(filepath.Join(dir, "other"), false); err != nil || bytes.Equal(other, made) {
		t.Errorf("two secrets are equal: %v", err)
	}
}

func TestLoadSecretOfTwoProcessesAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	var got [16][]byte
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = LoadSecret(path, false); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, s := range got {
		if !bytes.Equal(s, got[0]) || len(s) != SecretSize {
			t.Fatal("two processes took different secrets")
		}
	}
}

func TestLoadSecretRefuses(t *testing.T) {
	line := base64.StdEncoding.EncodeToString(Derive(make([]byte, 32), "test")) + "\n"
	b64 := base64.StdEncoding.EncodeToString
	for _, c := range []struct {
		what, text string
		mode       fs.FileMode
		want       error // nil: accepted
		hint       string
	}{
		{"made by cloakroom", line, 0o600, nil, ""},
		{"read-only", line, 0o400, nil, ""},
		{"mounted for a group", line, 0o440, nil, ""},
		{"without the line's end", strings.TrimSpace(line), 0o600, nil, ""},
		{"with a Windows line's end", strings.TrimSpace(line) + "\r\n", 0o600, nil, ""},
		{"readable by all", line, 0o644, ErrSecretMode, "chmod 600 "},
		{"readable by others only", line, 0o604, ErrSecretMode, "chmod 600 "},
		{"writable by the group", line, 0o660, ErrSecretMode, "chmod 600 "},
		{"empty, as after a crash or a full disk", "", 0o600, ErrSecretMalformed, "restore"},
		{"cut", line[:40], 0o600, ErrSecretMalformed, "restore"},
		{"cut to 16 bytes", b64([]byte("0123456789abcdef")), 0o600, ErrSecretMalformed, "restore"},
		{"64 bytes", b64([]byte(line + line)[:64]), 0o600, ErrSecretMalformed, "restore"},
		{"not base64", "correct horse battery staple\n", 0o600, ErrSecretMalformed, "restore"},
		{"two lines", line + line, 0o600, ErrSecretMalformed, "restore"},
		{"a space before it", " " + line, 0o600, ErrSecretMalformed, "restore"},
		{"stray bits at the end", line[:42] + "9=\n", 0o600, ErrSecretMalformed, "restore"},
		{"a whole disk image", strings.Repeat(line, 100), 0o600, ErrSecretMalformed, "restore"},
		{"zeros", b64(make([]byte, 32)) + "\n", 0o600, ErrSecretWeak, "openssl rand"},
		{"a repeated word", b64([]byte("changemechangemechangemechangeme")) + "\n", 0o600, ErrSecretWeak, "openssl rand"},
		{"counted bytes", b64([]byte("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f")), 0o600, ErrSecretWeak, "openssl rand"},
	} {
		t.Run(c.what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			for _, exists := range []bool{false, true} {
				secret, err := LoadSecret(path, exists)
				wantSecretError(t, path, secret, err, c.want, c.hint)
			}
			after, err := os.ReadFile(path)
			info, _ := os.Stat(path)
			if err != nil || string(after) != c.text || info.Mode() != c.mode {
				t.Error("the file was changed")
			}
		})
	}
}

func wantSecretError(t *testing.T, path string, secret []byte, err, want error, hint string) {
	t.Helper()
	if want == nil {
		if err != nil || len(secret) != SecretSize {
			t.Errorf("refused: %v", err)
		}
		return
	}
	var e *SecretError
	if secret != nil || !errors.Is(err, want) || !errors.As(err, &e) || e.Path != path || !strings.Contains(e.Hint, hint) || e.Hint == "" {
		t.Errorf("got %v, hint %q; want %v, hint with %q", err, e.Hint, want, hint)
	}
	if e != nil && strings.Count(e.Error(), path) != 1 {
		t.Errorf("the path should stand once: %v", e)
	}
}

func TestLoadSecretMissingBesideADatabase(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "secret")
	secret, err := LoadSecret(path, true)
	wantSecretError(t, path, secret, err, ErrSecretMissing, "backup")
	if names, _ := os.ReadDir(dir); len(names) != 0 {
		t.Error("something was made beside a database that has its own secret somewhere")
	}
}

func TestLoadSecretOfStrangePlaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "no", "such", "secret")
	secret, err := LoadSecret(path, false)
	wantSecretError(t, path, secret, err, fs.ErrNotExist, "directory")

	secret, err = LoadSecret(dir, true)
	wantSecretError(t, dir, secret, err, ErrSecretMalformed, "--secret-file")

	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	secret, err = LoadSecret(pipe, true) // and does not wait for a writer
	wantSecretError(t, pipe, secret, err, ErrSecretMalformed, "--secret-file")

	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	secret, err = LoadSecret(loop, true)
	wantSecretError(t, loop, secret, err, syscall.ELOOP, "read")

	if os.Geteuid() == 0 {
		t.Log("running as root: a file without read permission cannot be tested")
		return
	}
	shut := filepath.Join(dir, "shut")
	if err := os.WriteFile(shut, nil, 0o200); err != nil {
		t.Fatal(err)
	}
	secret, err = LoadSecret(shut, true)
	wantSecretError(t, shut, secret, err, fs.ErrPermission, "read")
}

func TestDerivedKeysAreIndependent(t *testing.T) {
	_, secret := readVectors(t)
	seen := map[string]string{string(secret): "the secret"}
	for _, purpose := range []string{purposeKeys, "visit cookie v1", "form tokens v1", "", " "} {
		key := Derive(secret, purpose)
		if len(key) != 32 || seen[string(key)] != "" {
			t.Errorf("purpose %q: %d bytes, the same as %q", purpose, len(key), seen[string(key)])
		}
		seen[string(key)] = purpose
	}
}

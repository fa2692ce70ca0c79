package grant

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// SecretSize is the length of the secret in bytes. The file holds it as one line of standard base64, 44 characters.
const SecretSize = 32

// maxSecretFile bounds what is read of a file that is not a secret file at all.
const maxSecretFile = 1024

// What a [SecretError] may wrap besides errors of the file system.
var (
	ErrSecretMissing   = errors.New("missing, but the database beside it exists and its keys cannot be opened without it")
	ErrSecretMode      = errors.New("can be read or changed by others")
	ErrSecretMalformed = errors.New("does not hold a secret")
	ErrSecretWeak      = errors.New("holds a value that was not made at random")
)

const makeHint = "(umask 077; openssl rand -base64 32 > %s) makes one"

// LoadSecret reads the secret file at path. If there is none and there is no database either, this is the first start:
// it makes the file, mode 0600, and returns once file and directory have reached the disk.
//
// Beside an existing database a missing file is an error, since a new secret could not open the old keys. The file may
// be readable by its owner and, for secrets that are mounted, its group. Every error is a [*SecretError] with a hint,
// and then nothing was changed.
func LoadSecret(path string, databaseExists bool) ([]byte, error) {
	secret, err := readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if databaseExists {
		return nil, &SecretError{path, ErrSecretMissing, "restore the file from a backup, or name it with --secret-file"}
	}
	return makeSecret(path)
}

func readSecret(path string) ([]byte, error) {
	fail := func(err error, hint string) ([]byte, error) { return nil, &SecretError{path, bare(err), hint} }
	// Non-blocking, so that a pipe without a writer cannot hold up the start.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return fail(err, "the user that runs cloakroom must be able to read it")
	}
	defer f.Close()
	info, err := f.Stat() // of the open file: what is checked is what is read
	if err != nil {
		return fail(err, "the user that runs cloakroom must be able to read it")
	}
	if !info.Mode().IsRegular() {
		return fail(fmt.Errorf("%w: not a regular file (%s)", ErrSecretMalformed, info.Mode().Type()), "name a file with --secret-file")
	}
	if mode := info.Mode().Perm(); mode&0o027 != 0 {
		return fail(fmt.Errorf("%w: mode %04o, at most 0640", ErrSecretMode, mode), "chmod 600 "+path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return fail(err, "check the disk")
	}
	hint := "restore the file from a backup; if nothing was kept yet, remove it and start again"
	if len(text) > maxSecretFile {
		return fail(fmt.Errorf("%w: more than %d bytes", ErrSecretMalformed, maxSecretFile), hint)
	}
	secret, err := base64.StdEncoding.Strict().DecodeString(string(bytes.TrimRight(text, "\r\n")))
	if err != nil {
		return fail(fmt.Errorf("%w: not one line of base64", ErrSecretMalformed), hint) // err quotes no content, but its offset helps nobody
	}
	if len(secret) != SecretSize {
		return fail(fmt.Errorf("%w: got %d bytes, want %d", ErrSecretMalformed, len(secret), SecretSize), hint)
	}
	if err := checkRandom(secret); err != nil {
		return fail(err, fmt.Sprintf(makeHint, path))
	}
	return secret, nil
}

// checkRandom refuses what nobody's random generator made: zeros, a counted or repeated short pattern (T18).
// 32 random bytes with fewer than 12 distinct values come once in more than 2^90 files.
func checkRandom(secret []byte) error {
	var seen [256]bool
	distinct := 0
	for _, b := range secret {
		if !seen[b] {
			seen[b] = true
			distinct++
		}
	}
	counted := true
	for i := 1; i < len(secret); i++ {
		counted = counted && secret[i]-secret[i-1] == secret[1]-secret[0]
	}
	if distinct < 12 || counted {
		return fmt.Errorf("%w: %d different bytes", ErrSecretWeak, distinct)
	}
	return nil
}

// makeSecret writes a new secret beside path and links it into place, so that nobody ever reads half a secret and
// of two processes that start together one wins and the other reads the winner's.
func makeSecret(path string) ([]byte, error) {
	fail := func(err error) ([]byte, error) {
		return nil, &SecretError{path, bare(err), "make sure that its directory exists and can be written, or make it by hand: " + fmt.Sprintf(makeHint, path)}
	}
	secret := make([]byte, SecretSize)
	rand.Read(secret) // never fails: the program ends instead
	temp := path + "." + rand.Text()[:8] + ".new"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fail(err)
	}
	defer os.Remove(temp)
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(secret) + "\n")
	err = errors.Join(err, f.Chmod(0o600), f.Sync()) // an odd umask must not leave it unreadable for ourselves
	if err = errors.Join(err, f.Close()); err != nil {
		return fail(err)
	}
	switch err := os.Link(temp, path); {
	case errors.Is(err, fs.ErrExist):
		return readSecret(path)
	case err != nil:
		return fail(err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fail(err) // the file stays: it is whole, and the next start uses it
	}
	return secret, nil
}

// bare takes the path out of an error of the file system: it stands in SecretError already.
func bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return l.Err
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Derive returns a 32-byte key for one purpose: HKDF-SHA-256 of the secret, without salt, with the purpose as info.
// Different purposes give independent keys. Purposes are written down in docs/formats.md.
func Derive(secret []byte, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "cloakroom "+purpose, 32)
	if err != nil {
		panic("grant: " + err.Error()) // only for a length past 8,160 bytes, or a short secret in FIPS mode
	}
	return key
}

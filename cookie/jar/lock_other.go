//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package jar

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// lock takes the lock of that name: the file that only one process can make. Here the system does not give it back when a
// process is killed; somebody must then delete the file, and the error says so.
func lock(path string, wait time.Duration) (unlock func() error, err error) {
	const pause = 2 * time.Millisecond
	for start := time.Now(); ; time.Sleep(pause) {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		switch {
		case err == nil:
			return func() error { return errors.Join(f.Close(), os.Remove(path)) }, nil
		case !errors.Is(err, fs.ErrExist):
			return nil, err
		case time.Since(start) >= wait:
			return nil, &FileError{Path: path, Rule: fmt.Sprintf("has been locked for %v", wait), Hint: "if no other program is writing the cookie file, delete this one", Err: ErrLocked}
		}
	}
}

// syncFolder does nothing where folders cannot be opened.
func syncFolder(string) error { return nil }

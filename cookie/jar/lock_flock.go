//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package jar

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// lock takes the lock of that name. The system gives it back when the process ends, however it ends. A lock file that is
// left behind by a process that was killed is taken over.
func lock(path string, wait time.Duration) (unlock func() error, err error) {
	const pause = 2 * time.Millisecond
	for start := time.Now(); ; time.Sleep(pause) {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil && isAt(f, path) {
			return func() error { return errors.Join(os.Remove(path), f.Close()) }, nil
		}
		f.Close()
		switch {
		case err != nil && !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
		case time.Since(start) >= wait:
			return nil, &FileError{Path: path, Rule: fmt.Sprintf("has been locked for %v", wait), Hint: "wait for the other program, or end it", Err: ErrLocked}
		}
	}
}

// isAt reports whether an open file is still the one of that name: who had the lock before has removed it.
func isAt(f *os.File, path string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Lstat(path)
	return err == nil && os.SameFile(a, b)
}

// syncFolder makes a rename last.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

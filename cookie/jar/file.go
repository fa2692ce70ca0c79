package jar

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// FileOptions may be nil. The zero value is a browser that was closed and is opened again.
type FileOptions struct {
	Options
	// KeepSession keeps the cookies without an expiry that are in the file, as if the browser had never been closed.
	KeepSession bool
}

// A File is a jar that is kept in a file, in the format of curl: see docs/formats.md. It is safe for concurrent use, and
// other programs may have the same file open.
type File struct {
	Jar *Jar
	// Refused are cookies of the file that the jar does not take, and why. They stay in the file.
	Refused []Verdict

	name string        // as it was given, for messages
	path string        // what is behind it
	wait time.Duration // for another program that is writing

	mu sync.Mutex // one save at a time
}

// lockWait is how long Save waits for other programs: each of them needs milliseconds.
const lockWait = 10 * time.Second

// Open reads a cookie file, or begins a new one if there is none, in a folder that must be there. A line that is not
// understood is an error: to write the file back would lose it.
//
// Nothing is written before [File.Save]. Most programs call that once, before they end.
func Open(path string, o *FileOptions) (*File, error) { return open(path, o, time.Now()) }

func open(name string, o *FileOptions, now time.Time) (*File, error) {
	if o == nil {
		o = &FileOptions{}
	}
	path, err := target(name)
	if err != nil {
		return nil, err
	}
	f := &File{Jar: New(&o.Options), name: name, path: path, wait: lockWait}
	s, _, err := f.read()
	if err != nil {
		return nil, err
	}
	for _, v := range f.Jar.restore(s.cookies(), now) {
		if v.Outcome == Rejected {
			f.Refused = append(f.Refused, v)
		}
	}
	_, saved := f.Jar.changes(now)
	saved()
	if !o.KeepSession {
		f.Jar.Close()
	}
	return f, nil
}

// Save brings the file up to date. What this jar has set, replaced and deleted since it was opened or last saved is done to
// the file as it is now, so that nothing of other programs is lost; of two changes of one cookie the later one stays. Then
// what has expired goes, and what is too much for the jar's profile.
//
// The file is replaced as a whole or not at all, and only its owner may read it. After an error it is as it was, and the
// changes can be saved again.
func (f *File) Save() error { return f.save(time.Now()) }

func (f *File) save(now time.Time) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	unlock, err := lock(beside(f.path, "lock"), f.wait)
	if err != nil {
		return fmt.Errorf("%s is not saved: %w", f.name, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()

	s, present, err := f.read()
	if err != nil {
		return err
	}
	changes, saved := f.Jar.changes(now)
	s.apply(changes, now)
	s.touch(f.Jar.all(now))
	s.evict(&f.Jar.profile, now)
	s.forget(now)
	text, err := s.format()
	if err != nil {
		return err
	}
	if !bytes.Equal(text, present) || present == nil {
		if err := replace(f.path, text); err != nil {
			return fmt.Errorf("%s is not saved: %w", f.name, err)
		}
	}
	saved()
	return nil
}

// read reads the whole file and refuses what it does not understand. A file that is not there is an empty one.
func (f *File) read() (s *sheet, text []byte, err error) {
	about, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return newSheet(), nil, nil
	} else if err != nil {
		return nil, nil, err
	}
	if !about.Mode().IsRegular() { // a pipe would be waited for
		return nil, nil, &FileError{Path: f.name, Rule: "is not a file that can be replaced", Hint: "name a regular file", Err: ErrFile}
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	if text, err = readText(file); err == nil {
		s, err = parseSheet(text)
	}
	if err == nil {
		err = s.notUnderstood()
	}
	if err != nil {
		if e, ok := errors.AsType[*FileError](err); ok {
			e.Path = f.name
		}
		return nil, nil, err
	}
	s.age(about.ModTime())
	return s, text, nil
}

// target is the file that a path leads to, so that what is replaced is the file and not a link to it, and two names of one
// file have one lock. The file need not be there, its folder must.
func target(path string) (string, error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return filepath.Abs(real)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if _, err := os.Lstat(path); err == nil {
		return "", &FileError{Path: path, Rule: "is a link to a file that is not there", Hint: "name the file itself", Err: ErrFile}
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	return filepath.Abs(filepath.Join(dir, filepath.Base(path)))
}

// beside is a name for a helper of a file: hidden, in the same folder, and nobody else's.
func beside(path, kind string) string {
	dir, base := filepath.Split(path)
	return filepath.Join(dir, "."+base+".cloakroom-"+kind)
}

package jar

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Write writes cookies as a new cookie file.
func Write(w io.Writer, cookies []Cookie) error {
	s := newSheet()
	for i := range cookies {
		s.rows = append(s.rows, row{cookie: &cookies[i]})
	}
	text, err := s.format()
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// format is parseSheet backwards. What it returns can be read again.
func (s *sheet) format() ([]byte, error) {
	var b bytes.Buffer
	if len(s.rows) == 0 || !strings.HasSuffix(s.rows[0].text, magic) {
		b.WriteString(newSheet().rows[0].text + "\n")
	}
	cookies := 0
	for i := range s.rows {
		r := &s.rows[i]
		if r.cookie == nil {
			b.WriteString(r.text + "\n")
			continue
		}
		cookies++
		text, err := r.formatNote()
		if err != nil {
			return nil, err
		}
		b.WriteString(text)
		b.WriteString(formatFileLine(r.cookie, r.deleted) + "\n")
	}
	switch {
	case cookies > maxFileCookies:
		return nil, tooLarge("would have %d cookies, %d at most", cookies, maxFileCookies)
	case b.Len() > MaxFile:
		return nil, tooLarge("would have %d octets, %d at most", b.Len(), MaxFile)
	}
	return b.Bytes(), nil
}

// replace puts a new file where the old one is. Whoever holds the lock calls it; if the machine stops in between, either
// the old file or the new one is there.
func replace(path string, text []byte) (err error) {
	next := beside(path, "new")
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) { // of a program that was killed
		return err
	}
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(next))
		}
	}()
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(next, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

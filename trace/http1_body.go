package trace

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// parseLength reads an unsigned number of digits only.
func parseLength(s string, base int) (int64, bool) {
	if s == "" || strings.ContainsAny(s, "+-_") {
		return 0, false
	}
	n, err := strconv.ParseInt(s, base, 64)
	return n, err == nil
}

// counted is a body of a known length.
type counted struct {
	*http1
	left int64
}

func (b *counted) Read(p []byte) (int, error) {
	if b.left == 0 {
		b.done = true
		return 0, io.EOF
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if errors.Is(err, io.EOF) && b.left > 0 {
		err = failf(PhaseRead, "incomplete-body", "the server or something between here and there broke off: run it again", "the body ended %d octets before its Content-Length", b.left)
	}
	return n, err
}

// untilClose is a body that ends with the connection.
type untilClose struct {
	*http1
	f *faults
}

func (b *untilClose) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) { // of crypto/tls
		b.f.add("the connection was closed without TLS's close_notify: somebody may have cut the body short")
		err = io.EOF
	}
	return n, err
}

// chunked is the chunked transfer coding (RFC 9112 section 7.1).
type chunked struct {
	*http1
	m     *Message
	left  int64 // of this chunk
	begun bool
	extra int // octets of chunk extensions so far
	err   error
}

func (b *chunked) Read(p []byte) (int, error) {
	if b.left == 0 && b.err == nil {
		b.err = b.next()
	}
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil {
		b.err = cutShort(err)
	}
	return n, b.err
}

func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return failf(PhaseRead, "incomplete-body", "the server or something between here and there broke off: run it again", "the body ended before its last chunk")
	}
	return err
}

// next reads the line of the next chunk, or the trailers after the last.
func (b *chunked) next() error {
	f := (*faults)(&b.m.Malformed)
	if b.begun {
		end, err := b.line(f)
		if err != nil {
			return err
		}
		if len(end) > 0 {
			return badChunk("a chunk is longer than it says: after it stands %s", end)
		}
	}
	b.begun = true
	line, err := b.line(f)
	if err != nil {
		return err
	}
	size, ext, _ := strings.Cut(string(line), ";")
	if b.extra += len(ext); b.extra > maxChunkExtra {
		return badChunk("chunk extensions have no end: %s", line)
	}
	if trimmed := trimOWS(size); trimmed != size {
		f.add("white space stands around the size of a chunk")
		size = trimmed
	}
	n, ok := parseLength(size, 16)
	if !ok {
		return badChunk("the size of a chunk is %s", line)
	}
	if b.left = n; n > 0 {
		return nil
	}
	t := &headReader{r: b.r, max: b.max, m: &Message{}, f: f}
	if b.m.Trailers, err = t.fields(nil); err != nil {
		return cutShort(err)
	}
	b.done = true
	return io.EOF
}

func badChunk(format string, got []byte) error {
	return failf(PhaseRead, "bad-chunk", "no browser understands this body; ask who runs the server", format, excerpt(got))
}

func (b *chunked) line(f *faults) ([]byte, error) {
	var line []byte
	for {
		part, err := b.r.ReadSlice('\n')
		if len(line)+len(part) > maxChunkLine {
			return nil, badChunk("a line between chunks has no end: %s", part)
		}
		line = append(line, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, cutShort(err)
		}
	}
	line = line[:len(line)-1]
	if !bytes.HasSuffix(line, []byte("\r")) {
		f.add("a line between chunks ends in LF without CR")
		return line, nil
	}
	return line[:len(line)-1], nil
}

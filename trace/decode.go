package trace

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// zstdWindow is what a decoder for the Web has to hold, and no more (RFC 9659).
const zstdWindow = 8 << 20

// errCut ends a body at a limit.
var errCut = errors.New("cut at a limit")

// A meter counts what a stage of the decoding takes in, and stops it at a limit: a bomb may hide in the middle of two codings.
type meter struct {
	ctx context.Context
	r   io.Reader
	n   int64
	max int64
	err error
}

func (m *meter) Read(p []byte) (int, error) {
	if m.err == nil && m.ctx.Err() != nil {
		m.err = m.ctx.Err()
	}
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.r.Read(p)
	m.n += int64(n)
	if m.err = err; err == nil && m.n > m.max {
		m.err = errCut
	}
	return n, err
}

// readBody reads and decodes the body, within the limits.
func (r *run) readBody(ctx context.Context, m *Message, body io.Reader) error {
	wire := &meter{ctx: ctx, r: body, max: r.o.MaxBody}
	decoded, closeAll, err := decoders(ctx, m, wire, r.o.MaxBody)
	defer closeAll()
	if err == nil {
		err = r.fill(m, decoded, wire)
	}
	if err == nil {
		err = drain(m, wire)
	}
	m.BodyBytes, m.Decoded = wire.n, int64(len(m.Body))
	switch {
	case errors.Is(wire.err, errCut) || errors.Is(err, errCut):
		m.Truncated = true
		r.find("body-too-large", "the body is cut after %d octets, decoded %d: the limit is %d", m.BodyBytes, m.Decoded, r.o.MaxBody)
		return nil
	case errors.Is(err, errBomb):
		m.Truncated = true
		r.find("compression-bomb", "the body is cut: %d octets became %d, and more than %d times as much is no page", m.BodyBytes, m.Decoded, r.o.MaxRatio)
		return nil
	case wire.err != nil && !errors.Is(wire.err, io.EOF):
		return wire.err
	case err == nil:
		return nil
	}
	f := failf(PhaseRead, "bad-encoding", "the server says an encoding that it does not use, or breaks it; ask who runs it", "the body is not %s: %v", m.Encoding, err)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		f.Detail = "the body ends in the middle of its " + m.Encoding
	}
	if own, ok := errors.AsType[*Failure](err); ok {
		f = own
	}
	return f
}

var errBomb = errors.New("a compression bomb")

// fill reads what is decoded into the message.
func (r *run) fill(m *Message, decoded io.Reader, wire *meter) error {
	buf := make([]byte, 32<<10)
	for {
		n, err := decoded.Read(buf)
		fits := min(int64(n), r.o.MaxBody-int64(len(m.Body)))
		m.Body = append(m.Body, buf[:fits]...)
		size := int64(len(m.Body))
		switch {
		case size > freeRatio && size/int64(r.o.MaxRatio) > wire.n:
			return errBomb
		case fits < int64(n):
			return errCut
		case errors.Is(err, io.EOF):
			return nil
		case size > 0 && afterEnd(err):
			(*faults)(&m.Malformed).add(garbage)
			return nil
		case err != nil:
			return err
		}
	}
}

const garbage = "after the end of the compressed body come octets that belong to nothing"

// afterEnd reports whether a decoder complains of what follows its end. Browsers do not.
func afterEnd(err error) bool {
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, zstd.ErrMagicMismatch) || err != nil && err.Error() == "brotli: excessive input"
}

// drain reads what a decoder had no need of: the end of the framing, and perhaps garbage.
func drain(m *Message, wire *meter) error {
	n, err := io.Copy(io.Discard, wire)
	if n > 0 {
		(*faults)(&m.Malformed).add(garbage)
	}
	return err
}

// decoders undo the content codings, the last first (RFC 9110 section 8.4).
func decoders(ctx context.Context, m *Message, wire *meter, limit int64) (decoded io.Reader, closeAll func(), err error) {
	closeAll = func() {}
	codings := slices.DeleteFunc(m.list("Content-Encoding"), func(c string) bool { return c == "identity" })
	m.Encoding = strings.Join(codings, ", ")
	if len(codings) > maxCodings {
		return nil, closeAll, failf(PhaseRead, "too-many-encodings", "no site needs so many; ask who runs it", "the body is encoded %d times, and the limit is %d", len(codings), maxCodings)
	}
	decoded = wire
	for i, coding := range slices.Backward(codings) {
		in := bufio.NewReader(decoded)
		if _, err := in.Peek(1); errors.Is(err, io.EOF) {
			return in, closeAll, nil // nothing at all is nothing in every coding
		}
		var d io.Reader
		switch coding {
		case "gzip", "x-gzip":
			d, err = gzip.NewReader(in)
		case "deflate":
			d, err = inflate(m, in)
		case "br":
			d = brotli.NewReader(in)
		case "zstd":
			var z *zstd.Decoder
			z, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
			if err == nil {
				before := closeAll
				closeAll = func() { z.Close(); before() }
			}
			d = z
		default:
			(*faults)(&m.Malformed).add("the content coding %s is unknown: the body is shown as it came", excerpt(coding))
			return in, closeAll, nil
		}
		if err != nil {
			return nil, closeAll, err
		}
		if decoded = d; i > 0 {
			decoded = &meter{ctx: ctx, r: d, max: limit}
		}
	}
	return decoded, closeAll, nil
}

// inflate reads zlib's format, which "deflate" means, or bare deflate, which some servers send and browsers take.
func inflate(m *Message, in *bufio.Reader) (io.Reader, error) {
	head, _ := in.Peek(2) // shorter is bare
	if len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(in)
	}
	(*faults)(&m.Malformed).add("Content-Encoding is deflate, and the body lacks the header of zlib that belongs to it")
	return flate.NewReader(in), nil
}

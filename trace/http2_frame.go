package trace

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// next reads one frame. Of a frame on our stream it returns the head that began with it, or the data; what concerns the
// connection it answers itself, and returns neither.
func (x *http2Wire) next() (*h2Head, *http2.DataFrame, error) {
	if x.idle++; x.idle > maxIdleFrames {
		return nil, nil, failf(PhaseRead, "h2-flood", "ask who runs the server; --http1.1 may work", "%d frames in a row brought neither head nor body", maxIdleFrames)
	}
	frame, err := x.framer.ReadFrame()
	if err != nil {
		return nil, nil, x.broken(err)
	}
	if _, ok := frame.(*http2.SettingsFrame); !x.greeted && !ok {
		return nil, nil, notHTTP2("begins with a frame of type " + frame.Header().Type.String())
	}
	x.greeted = true
	ours := frame.Header().StreamID == x.stream
	switch f := frame.(type) {
	case *http2.HeadersFrame:
		head, err := x.fieldSection(f) // also of a stream that is not ours: the table must keep step
		if err != nil || !ours {
			return nil, nil, err
		}
		x.idle = 0
		return head, nil, nil
	case *http2.DataFrame:
		if err := x.giveBack(f); err != nil || !ours {
			return nil, nil, err
		}
		if len(f.Data()) > 0 {
			x.idle = 0
		}
		return nil, f, nil
	case *http2.RSTStreamFrame:
		if ours {
			return nil, nil, x.reset(f.ErrCode)
		}
	default:
		return nil, nil, x.control(f)
	}
	return nil, nil, nil
}

// giveBack opens the server's windows again for what it sent, padding and all.
func (x *http2Wire) giveBack(f *http2.DataFrame) error {
	x.unread += int(f.Length)
	if x.unread < ourWindow/2 {
		return nil
	}
	err := x.framer.WriteWindowUpdate(0, uint32(x.unread))
	if !f.StreamEnded() && f.StreamID == x.stream {
		err = errors.Join(err, x.framer.WriteWindowUpdate(x.stream, uint32(x.unread)))
	}
	x.unread = 0
	return errors.Join(err, x.w.Flush())
}

// control answers the frames that concern the connection.
func (x *http2Wire) control(frame http2.Frame) error {
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		if f.IsAck() {
			return nil
		}
		if err := f.ForeachSetting(x.setting); err != nil {
			return err
		}
		return errors.Join(x.framer.WriteSettingsAck(), x.w.Flush())
	case *http2.PingFrame:
		if f.IsAck() {
			return nil
		}
		return errors.Join(x.framer.WritePing(true, f.Data), x.w.Flush())
	case *http2.WindowUpdateFrame:
		switch f.StreamID {
		case 0:
			x.connWindow += int64(f.Increment)
		case x.stream:
			x.ownWindow += int64(f.Increment)
		}
	case *http2.GoAwayFrame:
		x.gone = true
		if f.LastStreamID < x.stream {
			why := f.ErrCode.String()
			if says := f.DebugData(); len(says) > 0 {
				why += ", " + excerpt(says)
			}
			return failf(PhaseWait, "h2-goaway", "run it again; --http1.1 may work", "the server closes the connection without an answer: %s", why)
		}
	case *http2.PushPromiseFrame:
		return failf(PhaseRead, "h2-protocol", "--http1.1 may work", "the server pushes, which it was told not to")
	}
	return nil
}

func (x *http2Wire) setting(s http2.Setting) error {
	if err := s.Valid(); err != nil {
		return x.broken(err)
	}
	switch s.ID {
	case http2.SettingInitialWindowSize:
		x.ownWindow += int64(s.Val) - x.firstChunk
		x.firstChunk = int64(s.Val)
	case http2.SettingMaxFrameSize:
		x.frameSize = int(s.Val)
	case http2.SettingHeaderTableSize:
		x.enc.SetMaxDynamicTableSizeLimit(s.Val)
	}
	return nil
}

func (x *http2Wire) reset(code http2.ErrCode) error {
	x.gone = true
	f := failf(PhaseRead, "h2-reset", "the server's log may say why; --http1.1 may work", "the server broke the stream off: %s", code)
	switch code {
	case http2.ErrCodeRefusedStream:
		f.Reason, f.Hint = "h2-refused", "the server is too busy: run it again later"
	case http2.ErrCodeHTTP11Required:
		f.Hint = "--http1.1 is what it wants"
	}
	return f
}

func notHTTP2(how string) *Failure {
	return failf(PhaseWait, "not-http2", "--http1.1 may work", "the server does not speak HTTP/2: its answer %s", how)
}

// broken puts an error of the framer into words; one of the network stays what it is.
func (x *http2Wire) broken(err error) error {
	x.gone = true
	var (
		conn   http2.ConnectionError
		stream http2.StreamError
	)
	switch {
	case !x.greeted && (errors.Is(err, http2.ErrFrameTooLarge) || errors.As(err, &conn)):
		return notHTTP2("is no frame")
	case errors.Is(err, http2.ErrFrameTooLarge), errors.As(err, &conn), errors.As(err, &stream):
		detail := err.Error()
		if more := x.framer.ErrorDetail(); more != nil {
			detail = more.Error()
		}
		return failf(PhaseRead, "h2-protocol", "ask who runs the server; --http1.1 may work", "the server breaks the rules of HTTP/2: %s", strings.TrimPrefix(detail, "http2: "))
	}
	return err
}

// fieldSection reads the HEADERS frame f and the CONTINUATION frames after it, and decodes them (RFC 9113 section 4.3).
func (x *http2Wire) fieldSection(f *http2.HeadersFrame) (*h2Head, error) {
	head := &h2Head{arrived: time.Now(), last: f.StreamEnded()}
	var size int
	tooLarge := false
	x.dec.SetEmitFunc(func(hf hpack.HeaderField) {
		size += len(hf.Name) + len(hf.Value)
		if size > x.max || len(head.fields) >= maxFields {
			tooLarge = true
			return
		}
		head.fields = append(head.fields, hf)
	})
	fragment, ended := f.HeaderBlockFragment(), f.HeadersEnded()
	head.size = int64(f.Length) + 9
	for n := 0; ; n++ {
		if _, err := x.dec.Write(fragment); err != nil {
			return nil, x.compression(err)
		}
		if tooLarge || head.size > int64(x.max) || n > maxContinuations {
			return nil, failf(PhaseRead, "head-too-large", "no browser takes a head of that size; ask who runs the server", "the head of the response is larger than %d octets, or has more than %d fields or %d frames", x.max, maxFields, maxContinuations)
		}
		if ended {
			break
		}
		frame, err := x.framer.ReadFrame()
		if err != nil {
			return nil, x.broken(err)
		}
		c, ok := frame.(*http2.ContinuationFrame) // the framer has seen to it
		if !ok {
			return nil, x.broken(http2.ConnectionError(http2.ErrCodeProtocol))
		}
		fragment, ended = c.HeaderBlockFragment(), c.HeadersEnded()
		head.size += int64(c.Length) + 9
	}
	if err := x.dec.Close(); err != nil {
		return nil, x.compression(err)
	}
	return head, nil
}

func (x *http2Wire) compression(err error) error {
	x.gone = true
	return failf(PhaseRead, "h2-compression", "ask who runs the server; --http1.1 may work", "the head cannot be decompressed: %v", err)
}

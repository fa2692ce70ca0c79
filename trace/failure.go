package trace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// Error says the phase and the fact. The hint is for people, and stands apart.
func (f *Failure) Error() string { return "trace: " + string(f.Phase) + ": " + f.Detail }

// Unwrap returns the error of the network, if there was one.
func (f *Failure) Unwrap() error { return f.Err }

// failf makes a Failure whose detail is formatted.
//
//go:noinline
func failf(phase PhaseName, reason, hint, format string, args ...any) *Failure {
	return &Failure{Phase: phase, Reason: reason, Hint: hint, Detail: fmt.Sprintf(format, args...)}
}

// asFailure returns the Failure that err is, or makes one of an error of the network. who is the other side.
func asFailure(ctx context.Context, phase PhaseName, who string, err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	f := &Failure{Phase: phase, Err: err}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		f.Err = context.Canceled
		f.Reason, f.Detail = "interrupted", "interrupted while waiting for "+who
		f.Hint = "run it again and let it finish"
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		f.Reason, f.Detail = "timeout", who+" did not answer within the time limit"
		f.Hint = timeoutHints[phase]
		if phase == PhaseRead {
			f.Detail = who + " had not finished its answer within the time limit"
		}
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Reason, f.Detail = "refused", "nothing listens on "+who
		f.Hint = "check the port, and that the server runs"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL):
		f.Reason, f.Detail = "unreachable", "this machine has no way to "+who
		f.Hint = "check the network here; -4 or -6 tries one family of addresses only"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		f.Reason, f.Detail = "forbidden", "this machine does not allow a connection to "+who
		f.Hint = "look at the firewall of this machine"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		f.Reason, f.Detail = "reset", who+" broke the connection off"
		f.Hint = "the server's log may say why; something between here and there may do so too"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		f.Reason, f.Detail = "closed", who+" closed the connection before it had answered"
		f.Hint = "the server's log may say why"
	default:
		f.Reason, f.Detail = "failed", who+": "+err.Error()
		f.Hint = "run it again; if it stays, the error above is what the system says"
	}
	return f
}

var timeoutHints = map[PhaseName]string{
	PhaseDNS:  "ask another resolver: --dns 9.9.9.9",
	PhaseTCP:  "a firewall may drop the packets, or the host is down; -4 or -6 tries one family of addresses only",
	PhaseTLS:  "the port is open but speaks no TLS: try http://, or another port",
	PhaseSend: "the server takes the connection but does not read",
	PhaseWait: "the server took the request and says nothing: its log may say what it waits for",
	PhaseRead: "the server sends too slowly or without end",
}

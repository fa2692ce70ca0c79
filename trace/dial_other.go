//go:build !linux

package trace

import (
	"net"
	"time"
)

// kernelRTT: only Linux is asked; elsewhere the time of the handshake stands for it.
func kernelRTT(net.Conn) (time.Duration, bool) { return 0, false }

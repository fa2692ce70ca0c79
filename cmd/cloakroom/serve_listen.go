package main

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

type listeners struct{ public, ops net.Listener }

func (c *serveCmd) listen() (l listeners, err error) {
	if l.public, err = net.Listen("tcp", c.Addr); err != nil {
		return l, err
	}
	l.public = patientListener{l.public}
	if c.OpsAddr == "" {
		return l, nil
	}
	if l.ops, err = net.Listen("tcp", c.OpsAddr); err != nil {
		return l, errors.Join(err, l.public.Close())
	}
	return l, nil
}

func (l listeners) close() error {
	err := l.public.Close()
	if l.ops != nil {
		err = errors.Join(err, l.ops.Close())
	}
	return err
}

// httpServer bounds what one connection may take: a slow one holds no worker for long.
func httpServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    128 << 10, // above what package cookie reads, so that too many cookies get a page and not a dropped connection
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Command fast is `cloakroom serve` with cheap password hashes, which no flag gives, so that a test can load it heavily. It is
// told the address and the directory, prints `ready` once it answers, and its log is a debug log.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server"
)

func main() {
	if err := serve(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(3)
	}
}

func serve(ctx context.Context, addr, dir string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	log.Debug("a debug log, so that tests see all that is ever logged")
	house, err := app.OpenServer(ctx, app.Config{URL: "http://" + addr, Data: dir, Signup: app.SignupOpen, Fast: true}, log)
	if err != nil {
		return err
	}
	srv, err := server.New(house, log)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	go house.Run(ctx)
	fmt.Println("ready")
	public := &http.Server{Handler: srv.Public(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	return public.Serve(l)
}

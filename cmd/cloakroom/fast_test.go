package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server"
)

// fastMain is `cloakroom serve` with cheap password hashes, which no flag gives, so that a test can load it heavily. It is
// told the address, the directory, and prints `ready` once it answers. Its log is a debug log.
func fastMain() int {
	addr, dir := os.Args[1], os.Args[2]
	if err := serveFast(context.Background(), addr, dir); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return exitFailed
	}
	return exitDone
}

func serveFast(ctx context.Context, addr, dir string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	log.Debug("a debug log, so that tests see all that is ever logged")
	house, err := app.OpenServer(ctx, app.Config{
		URL: "http://" + addr, Data: dir, Signup: app.SignupOpen, Fast: true,
	}, log)
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
	return httpServer(srv.Public(), log).Serve(l)
}

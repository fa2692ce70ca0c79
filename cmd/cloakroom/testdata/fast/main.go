// Command fast is `cloakroom serve` with cheap password hashes, which no flag gives, so that a test can load it heavily. It is
// told the address and the directory, and `quick-keys` if its signing keys shall change each five seconds. It prints `ready` once it
// answers, and its log is a debug log. A request with the header `Die` is carried out, and then the process kills itself before anything of
// the answer is out.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"time"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/internal/server"
)

func main() {
	if err := serve(context.Background(), os.Args[1], os.Args[2], len(os.Args) > 3); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(3)
	}
}

func serve(ctx context.Context, addr, dir string, quickKeys bool) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	log.Debug("a debug log, so that tests see all that is ever logged")
	cfg := app.Config{URL: "http://" + addr, Data: dir, Signup: app.SignupOpen, Fast: true}
	if quickKeys {
		cfg.KeySchedule = grant.Schedule{Life: 5 * time.Second, Lead: 4 * time.Second, Settle: time.Nanosecond, Every: 50 * time.Millisecond}
	}
	house, err := app.OpenServer(ctx, cfg, log)
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
	public := &http.Server{Handler: mortal(srv.Public()), ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	return public.Serve(l)
}

func mortal(house http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Die") == "" {
			house.ServeHTTP(w, r)
			return
		}
		house.ServeHTTP(httptest.NewRecorder(), r)
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			panic(err)
		}
		select {}
	})
}

package password

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestMain lets this program be the process that hashes, a good one or a bad one.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case "work":
			if err := Work(os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		case "die":
			io.ReadFull(os.Stdin, make([]byte, 1))
			os.Exit(1)
		case "babble":
			fmt.Println("ready when you are")
			io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		case "short":
			fmt.Println(`{"ID":1,"Sum":"AAAA"}`)
			io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		case "environment":
			os.Exit(len(os.Environ()))
		}
	}
	os.Exit(m.Run())
}

// workerFor is a worker of this program in one of its roles, and its log.
func workerFor(t *testing.T, role string) (*Worker, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	w := NewWorker(slog.New(slog.NewTextHandler(&log, nil)), self, role)
	t.Cleanup(w.Close)
	return w, &log
}

// derives checks that a worker makes the sums that this process makes.
func derives(t *testing.T, w *Worker, n int) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			secret, salt := make([]byte, 1+i*11), make([]byte, 8+i)
			rand.Read(secret)
			rand.Read(salt)
			p, size := Params{Memory: 64 + uint32(i), Time: 1 + uint32(i%3), Threads: 1 + uint8(i%4)}, uint32(16+i)
			if got, want := w.derive(secret, salt, p, size), argon2id(secret, salt, p, size); !bytes.Equal(got, want) {
				t.Errorf("order %d: another sum than here", i)
			}
		})
	}
	all.Wait()
}

func TestWorkerHashes(t *testing.T) {
	w, log := workerFor(t, "work")
	derives(t, w, 40)
	if log.Len() > 0 {
		t.Errorf("log: %s", log)
	}
	w.Close()
	derives(t, w, 2) // here
	if !strings.Contains(log.String(), errWorkerClosed.Error()) {
		t.Errorf("log: %s", log)
	}
}

// Through the gate a hash is the same string, and a stored one is told from a wrong password.
func TestGateWithAWorker(t *testing.T) {
	w, log := workerFor(t, "work")
	g, here := NewGate(&GateOptions{Worker: w, Params: FastParams}), NewGate(&GateOptions{Params: FastParams})
	slot, err := g.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stored := slot.Hash("correct horse")
	for _, slot := range []*Slot{slot, {gate: here}} {
		for typed, want := range map[string]bool{"correct horse": true, "correct horsf": false} {
			if ok, _, err := slot.Verify(stored, typed); ok != want || err != nil {
				t.Errorf("%q: %v, %v", typed, ok, err)
			}
		}
		if ok, _, err := slot.Verify("", "correct horse"); ok || err != nil {
			t.Errorf("nobody: %v, %v", ok, err)
		}
	}
	if log.Len() > 0 {
		t.Errorf("log: %s", log)
	}
}

// Whatever becomes of the process, the password is hashed, and the log says what became of it.
func TestWorkerFails(t *testing.T) {
	for role, want := range map[string]string{
		"die": errWorkerGone.Error(), "babble": errWorkerGone.Error(), "short": "3 bytes, not", "environment": errWorkerGone.Error(),
	} {
		t.Run(role, func(t *testing.T) {
			w, log := workerFor(t, role)
			derives(t, w, 1)
			if !strings.Contains(log.String(), want) && !strings.Contains(log.String(), "broken pipe") {
				t.Errorf("log: %s", log)
			}
		})
	}
	t.Run("no such program", func(t *testing.T) {
		var log bytes.Buffer
		w := NewWorker(slog.New(slog.NewTextHandler(&log, nil)), "/nowhere/cloakroom", "work")
		defer w.Close()
		derives(t, w, 1)
		if !strings.Contains(log.String(), "does not start") || !strings.Contains(log.String(), "/nowhere/cloakroom") {
			t.Errorf("log: %s", &log)
		}
	})
}

// The process knows nothing of what this one was told in its environment: CLOAKROOM_DATABASE may hold a password.
func TestWorkerHasNoEnvironment(t *testing.T) {
	t.Setenv("CLOAKROOM_DATABASE", "postgres://u:secret@db")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l, err := startLink(self, []string{"environment"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.in.Close()
	if code := l.wait(); code != 0 {
		t.Errorf("%d variables", code)
	}
}

// A process that was killed is followed by another.
func TestWorkerComesBack(t *testing.T) {
	w, log := workerFor(t, "work")
	for range 3 {
		derives(t, w, 5)
		w.mu.Lock()
		l := w.link
		w.mu.Unlock()
		if l == nil {
			t.Fatal("no process")
		}
		l.kill()
		w.running.Wait()
	}
	if log.Len() > 0 {
		t.Errorf("log: %s", log)
	}
}

// piped replaces the process by goroutines that hash one password after the other, each for so long. It counts how many were started and have ended.
func piped(w *Worker, slow time.Duration) (started, ended *atomic.Int32) {
	started, ended = new(atomic.Int32), new(atomic.Int32)
	w.start = func() (*link, error) {
		started.Add(1)
		in, orders := io.Pipe()
		out, answers := io.Pipe()
		asked, killed, gone := make(chan order, 100), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(asked)
			for from := json.NewDecoder(in); ; {
				var o order
				if from.Decode(&o) != nil {
					return
				}
				asked <- o
			}
		}()
		go func() {
			defer close(gone)
			defer ended.Add(1)
			defer answers.Close()
			for o := range asked {
				select {
				case <-time.After(slow):
				case <-killed:
					return
				}
				if json.NewEncoder(answers).Encode(answer{o.ID, argon2id(o.Password, o.Salt, o.Params, o.Size)}) != nil {
					return
				}
			}
		}()
		return &link{in: orders, out: out, kill: sync.OnceFunc(func() { close(killed) }), wait: func() int { <-gone; return 0 }}, nil
	}
	return started, ended
}

func TestWorkerEndsWhenNobodySignsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorker(slog.New(slog.DiscardHandler), "")
		started, ended := piped(w, 40*time.Millisecond)
		derives(t, w, 1)
		for range 5 {
			time.Sleep(workerIdle - time.Second)
			synctest.Wait()
			derives(t, w, 3)
		}
		if s, e := started.Load(), ended.Load(); s != 1 || e != 0 {
			t.Fatalf("%d started, %d ended, though somebody signs in each minute", s, e)
		}
		time.Sleep(workerIdle - 20*time.Millisecond)
		derives(t, w, 1) // while the minute ends
		if e := ended.Load(); e != 0 {
			t.Fatal("it ended though it had an order")
		}
		time.Sleep(workerIdle - time.Nanosecond)
		synctest.Wait()
		if e := ended.Load(); e != 0 {
			t.Fatal("it ended early")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if e := ended.Load(); e != 1 {
			t.Fatal("it did not end after a minute")
		}
		derives(t, w, 1)
		w.Close()
		if s, e := started.Load(), ended.Load(); s != 2 || e != 2 {
			t.Errorf("%d started, %d ended", s, e)
		}
	})
}

func TestWorkerIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		w := NewWorker(slog.New(slog.NewTextHandler(&log, nil)), "")
		started, _ := piped(w, time.Hour)
		begin := time.Now()
		derives(t, w, 1)
		if took := time.Since(begin); took != workerPatience || !strings.Contains(log.String(), errWorkerLate.Error()) {
			t.Errorf("hashed here after %v, log %s", took, &log)
		}
		if started.Load() != 1 {
			t.Errorf("%d started", started.Load())
		}
	})
}

// Who closes a worker waits a second for what is under way.
func TestWorkerCloses(t *testing.T) {
	for _, tt := range []struct{ slow, want time.Duration }{{40 * time.Millisecond, 40 * time.Millisecond}, {time.Hour, workerFarewell}} {
		synctest.Test(t, func(t *testing.T) {
			w := NewWorker(slog.New(slog.DiscardHandler), "")
			piped(w, tt.slow)
			var all sync.WaitGroup
			all.Go(func() { derives(t, w, 1) })
			synctest.Wait()
			begin := time.Now()
			w.Close()
			if took := time.Since(begin); took != tt.want {
				t.Errorf("closed after %v, not %v", took, tt.want)
			}
			all.Wait()
		})
	}
}

func TestWorkRefuses(t *testing.T) {
	for order, ok := range map[string]bool{
		"": true, `{"ID":1,"Params":{"Memory":64,"Time":1,"Threads":1},"Size":32}`: true, "{": false, "[]": false, "x": false,
		`{"ID":1,"Params":{"Memory":64,"Time":0,"Threads":1},"Size":32}`:     false,
		`{"ID":1,"Params":{"Memory":64,"Time":1,"Threads":0},"Size":32}`:     false,
		`{"ID":1,"Params":{"Memory":262145,"Time":1,"Threads":1},"Size":32}`: false,
		`{"ID":1,"Params":{"Memory":64,"Time":1,"Threads":1},"Size":65}`:     false,
	} {
		var out bytes.Buffer
		if err := Work(strings.NewReader(order), &out); (err == nil) != ok {
			t.Errorf("%s: %v", order, err)
		}
	}
	if err := Work(strings.NewReader(`{"Params":{"Memory":64,"Time":1,"Threads":1},"Size":32}`), broken{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("nobody listens: %v", err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

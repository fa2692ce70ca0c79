package main

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"

	"github.com/cloakroom/cloakroom/internal/app"
	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/jwt"
)

var update = flag.Bool("update", false, "write what the scripts of testdata see into them, where it differs")

// TestScripts runs testdata/*.txtar: what somebody types, and what they then see. `go test -run Scripts/user -update`
// brings what is written there up to date.
func TestScripts(t *testing.T) {
	t.Parallel()
	bin := programDir(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Deadline: time.Now().Add(8 * time.Minute), // for a server that starts where it must not
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("CLOAKROOM_OPS_ADDR", "") // two scripts at once would meet there
			env.Setenv("COLUMNS", "200")         // help does not depend on it
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond != "root" {
				return false, fmt.Errorf("there is no condition %s", cond)
			}
			return os.Geteuid() == 0, nil // who may read everything
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"ends":    ends,
			"fits":    fits,
			"sql":     execSQL,
			"taken":   takePort,
			"keypair": keypair,
			"long":    longToken,
			"capture": capture,
			"website": website,
			"house":   func(ts *testscript.TestScript, _ bool, args []string) { fillHouse(t, ts, args) },
		},
	})
}

// ends STATUS COMMAND…: the command ends with this very exit status.
func ends(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d\n%s%s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
	if got != 0 && got != exitNo {
		saysWhatToDo(ts)
	}
}

// saysWhatToDo holds that whoever meets an error reads one line of fact and one line of help.
func saysWhatToDo(ts *testscript.TestScript) {
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile("stderr"), "\n"), "\n")
	if strings.HasPrefix(lines[0], "Usage: ") {
		return
	}
	if n := len(lines); n < 2 || !strings.HasPrefix(lines[n-2], "error: ") || !strings.HasPrefix(lines[n-1], "hint:  ") {
		ts.Fatalf("want error: and hint:, got\n%s", ts.ReadFile("stderr"))
	}
}

// fits FILE: it can be read on the smallest screen, with the line that was typed above it.
func fits(ts *testscript.TestScript, _ bool, args []string) {
	if problem := tooBig(ts.ReadFile(args[0])); problem != "" {
		ts.Fatalf("%s", problem)
	}
}

func tooBig(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) > 23 {
		return fmt.Sprintf("%d lines, more than 23", len(lines))
	}
	return tooWide(text)
}

func tooWide(text string) string {
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > helpWidth {
			return fmt.Sprintf("%d characters in %q", n, line)
		}
	}
	return ""
}

// capture NAME PATTERN sets a variable to what the pattern's group matches in the last standard output.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	m := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if m == nil {
		ts.Fatalf("nothing matches %s", args[1])
	}
	ts.Setenv(args[0], m[1])
}

// sql FILE STATEMENT changes a database behind the program's back.
func execSQL(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(args[1])
	ts.Check(err)
}

// taken VARIABLE: somebody else listens on the address in the variable.
func takePort(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}

// keypair ALG NAME writes NAME.jwk, a signing key, and NAME.pub, what verifies.
func keypair(ts *testscript.TestScript, _ bool, args []string) {
	key, err := jwt.GenerateKey(jwt.Algorithm(args[0]))
	ts.Check(err)
	private, err := key.PrivateJWK()
	ts.Check(err)
	public, err := key.MarshalJSON()
	if jwt.Algorithm(args[0]) == jwt.HS256 {
		public, err = private, nil
	}
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]+".jwk"), private, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]+".pub"), public, 0o600))
}

// long KEY FILE N writes a token of exactly N bytes, signed by the key.
func longToken(ts *testscript.TestScript, _ bool, args []string) {
	key, err := jwt.ParseKey([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	sign := func(pad int) string {
		token, err := jwt.Sign(key, "JWT", map[string]any{"aud": "a", "exp": time.Now().Add(time.Hour).Unix(), "pad": strings.Repeat("x", pad)})
		ts.Check(err)
		return token
	}
	pad := (want - len(sign(0))) * 3 / 4
	for _, p := range []int{pad - 1, pad, pad + 1, pad + 2} {
		if token := sign(p); len(token) == want {
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(token+"\n"), 0o600))
			return
		}
	}
	ts.Fatalf("no token has %d bytes", want)
}

// house DIR NAME… makes a house in DIR/data as a server leaves it behind: for each name an account NAME@example.org,
// signed in by one browser. $NAME is its session.
func fillHouse(t *testing.T, ts *testscript.TestScript, args []string) {
	h := servertest.StartIn(t, ts.MkAbs(args[0]), func(c *app.Config) { c.SecretFile = filepath.Join(c.Data, "secret") })
	defer h.Stop()
	for _, name := range args[1:] {
		c := h.Client()
		c.SignUp(name + "@example.org")
		var me struct {
			Session struct {
				ID string `json:"id"`
			} `json:"session"`
		}
		c.Get("/api/me").Decode(t, &me)
		ts.Setenv(name, me.Session.ID)
	}
}

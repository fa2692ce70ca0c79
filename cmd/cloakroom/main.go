// Command cloakroom keeps people signed in, and can always say why.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit statuses (DESIGN: stable names).
const (
	exitDone    = 0
	exitNo      = 1 // a finding, a refused token, "no"
	exitUsage   = 2
	exitFailed  = 3 // could not finish
	exitExpects = 4 // an expectation failed
)

// commands are the verbs; each has a file of its name.
type commands struct {
	Serve       serveCmd       `cmd:"" help:"Run the server."`
	Tour        tourCmd        `cmd:"" help:"Watch four ways of being remembered being used, and attacked."`
	Trace       traceCmd       `cmd:"" help:"Play the browser: each step to a page, each cookie judged."`
	Explain     explainCmd     `cmd:"" help:"Say what a cookie, token or HAR file means, and what is wrong."`
	Jar         jarCmd         `cmd:"" help:"The cookie file of trace: list, check, import, export, replay."`
	User        userCmd        `cmd:"" help:"Accounts and their groups."`
	Session     sessionCmd     `cmd:"" help:"Live and ended sessions: list, why, end."`
	Client      clientCmd      `cmd:"" help:"Programs with a secret: add, list, remove."`
	Key         keyCmd         `cmd:"" help:"The server's signing keys."`
	Token       tokenCmd       `cmd:"" help:"Sign, verify and show tokens, on any key set."`
	ProxyConfig proxyConfigCmd `cmd:"" name:"proxy-config" help:"Print a configuration for a reverse proxy."`
	Version     versionCmd     `cmd:"" help:"Print version, Go version and schema version."`
}

// terminal is where a command reads and writes.
type terminal struct {
	in       io.Reader
	out, err io.Writer
	self     string // how to start this program again; "" where that is not known to be it
}

func main() {
	os.Exit(process())
}

// process runs the command of this process. The first signal asks it to stop, the second one kills it.
func process() int {
	if len(os.Args) == 2 && os.Args[1] == hashVerb {
		return hashPasswords()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args[1:], &terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, self: self()})
}

// run is main without the process: it returns the exit status.
func run(ctx context.Context, args []string, t *terminal) (code int) {
	if len(args) == 0 {
		// Nothing was asked for and nothing was done: a script that lost its arguments must notice.
		run(ctx, []string{"--help"}, &terminal{in: t.in, out: t.err, err: t.err})
		return exitUsage
	}
	var c commands
	// kong ends a help text by calling Exit; nothing else may end the process.
	type exited int
	defer func() {
		if v := recover(); v != nil {
			e, ok := v.(exited)
			if !ok {
				panic(v)
			}
			code = int(e)
		}
	}()
	parser, err := kong.New(&c,
		kong.Name("cloakroom"),
		kong.Description("Keeps people signed in: cookies, sessions and tokens. It can always say why."),
		kong.Writers(t.out, t.err),
		kong.Exit(func(status int) { panic(exited(status)) }),
		kong.Help(printHelp),
		kong.DefaultEnvars("CLOAKROOM"),
		kong.Configuration(readConfig),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(t),
	)
	if err != nil {
		return t.fail(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return t.fail(usageError(err))
	}
	if err := parsed.Run(); err != nil {
		return t.fail(err)
	}
	return exitDone
}

// exitError ends the command with a status; a nil Err prints nothing more.
type exitError struct {
	code int
	err  error
	hint string
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

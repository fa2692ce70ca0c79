// Package e2e_test is the house as people meet it: a real server, and a real Chromium that has its own opinion on cookies, forms,
// redirects and policies. It holds only tests.
package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
	"github.com/cloakroom/cloakroom/internal/testenv"
)

// patience is how long one browser may take for everything. A machine may be busy; a test never hangs.
const patience = 4 * time.Minute

const (
	sessionCookie = "__Host-session"
	visitCookie   = "__Host-visit"
)

// browser is one person's Chromium with a profile of its own.
type browser struct {
	t     *testing.T
	ctx   context.Context
	close func() // as a person closes it: what is to be kept is written down

	mu    sync.Mutex
	heard []string // what it complained of: console, exceptions, log
}

// open starts a browser on a profile, with more flags where a test needs them. The same profile again is the same browser,
// opened again.
func open(t *testing.T, profile string, more ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	path := testenv.Browser(t)
	b := &browser{t: t}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WSURLReadTimeout(time.Minute), chromedp.WindowSize(1280, 900))
	opts = append(opts, more...)
	deadline, stop := context.WithTimeout(context.Background(), patience)
	alloc, stopAlloc := chromedp.NewExecAllocator(deadline, opts...)
	ctx, _ := chromedp.NewContext(alloc)
	b.ctx = ctx
	b.close = sync.OnceFunc(func() {
		if err := chromedp.Cancel(ctx); err != nil && t.Context().Err() == nil {
			t.Errorf("the browser did not close: %v", err)
		}
		stopAlloc()
		stop()
	})
	t.Cleanup(b.close)
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatalf("the browser does not start: %v", err)
	}
	return b
}

// newBrowser is open with an empty profile.
func newBrowser(t *testing.T) *browser { return open(t, profile(t)) }

// profile is a folder for a browser. Chromium may still write there when it is gone, so that t.TempDir could fail.
func profile(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cloakroom-browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (b *browser) listen(ev any) {
	text := ""
	switch ev := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		text = "console." + string(ev.Type)
	case *runtime.EventExceptionThrown:
		text = "exception: " + ev.ExceptionDetails.Text
	case *log.EventEntryAdded:
		text = string(ev.Entry.Source) + ": " + ev.Entry.Text + " " + ev.Entry.URL
	}
	// A test may type faster than the page is drawn; then the browser tells that the field with autofocus came too late.
	if text != "" && !strings.Contains(text, "Autofocus processing was blocked") {
		b.mu.Lock()
		b.heard = append(b.heard, text)
		b.mu.Unlock()
	}
}

// complaints are what the browser had to say so far.
func (b *browser) complaints() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.heard, "\n")
}

// forget drops the complaints.
func (b *browser) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard = nil
}

func (b *browser) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%v\non the page %s\n%s", err, b.where(), b.complaints())
	}
}

// run is chromedp.Run for a test.
func run[T any](b *browser, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	b.must(err)
	return v
}

// visit opens an address and returns the status of the page.
func (b *browser) visit(link string) int64 {
	b.t.Helper()
	return run(b, chromedp.NavigateResponse(link)).Status
}

// click clicks and waits for the page that comes; it returns its status.
func (b *browser) click(selector string) int64 {
	b.t.Helper()
	return b.arrive(chromedp.Click(chromedp.CSS(selector)))
}

// press presses keys, and waits for the page that comes.
func (b *browser) press(keys string) int64 {
	b.t.Helper()
	return b.arrive(chromedp.KeyEvent(keys))
}

// arrive does something that leads to another page and waits until that is there.
func (b *browser) arrive(a chromedp.Action[chromedp.Void]) int64 {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	res, err := chromedp.RunResponse(ctx, a)
	b.must(err)
	return res.Status
}

// write types into a field of a form.
func (b *browser) write(field, text string) {
	b.t.Helper()
	run(b, chromedp.SendKeys(chromedp.CSS("#f-"+field), text))
}

// hasFocus waits until a field of a form has the focus: autofocus comes when the page is drawn, which may be after it has loaded.
func (b *browser) hasFocus(field string) {
	b.t.Helper()
	waitFor(b.t, "the field "+field+" has the focus", func() bool { return eval[string](b, `document.activeElement.id`) == "f-"+field })
}

// keys presses keys where the focus is.
func (b *browser) keys(keys string) {
	b.t.Helper()
	run(b, chromedp.KeyEvent(keys))
}

// tabTo presses Tab until the focus is on something that says label.
func (b *browser) tabTo(label string) {
	b.t.Helper()
	for range 40 {
		if got := eval[string](b, `(document.activeElement.textContent || "").trim()`); got == label {
			return
		}
		b.keys(kb.Tab)
	}
	b.t.Fatalf("40 times Tab do not lead to %q", label)
}

// text is what a person reads in the middle of the page.
func (b *browser) text() string {
	b.t.Helper()
	return run(b, chromedp.Text(chromedp.CSS("main")))
}

// wantText checks what a person reads.
func (b *browser) wantText(want string) {
	b.t.Helper()
	if got := b.text(); !strings.Contains(got, want) {
		b.t.Errorf("the page %s says:\n%s\nwant: %s", b.where(), got, want)
	}
}

// where is the address of the page.
func (b *browser) where() string {
	link, _ := chromedp.Run(b.ctx, chromedp.Location())
	return link
}

func (b *browser) wantAt(want string) {
	b.t.Helper()
	if got := b.where(); got != want {
		b.t.Errorf("at %s, want %s", got, want)
	}
}

// eval runs a script as the browser's tools do; our own pages run none.
func eval[T any](b *browser, script string) T {
	b.t.Helper()
	return run(b, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}

// cookies are all that the browser would send to an address.
func (b *browser) cookies(link string) map[string]*network.Cookie {
	b.t.Helper()
	got, err := chromedp.Call(b.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{link}})
	b.must(err)
	all := map[string]*network.Cookie{}
	for _, c := range got.Cookies {
		all[c.Name] = c
	}
	return all
}

// screen sets the size of the window and the colours that the person likes.
func (b *browser) screen(width int64, colours string) {
	b.t.Helper()
	run(b, chromedp.EmulateViewport(width, 900))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: colours}},
	})
	b.must(err)
}

// shot keeps a picture of the page in $CLOAKROOM_SHOTS, for people who want to look.
func (b *browser) shot(name string) {
	dir := os.Getenv("CLOAKROOM_SHOTS")
	if dir == "" {
		return
	}
	b.must(os.WriteFile(filepath.Join(dir, name+".png"), run(b, chromedp.FullScreenshot(100)), 0o600))
}

// signUp makes an account by the form.
func (b *browser) signUp(h *servertest.House, email string) {
	b.t.Helper()
	b.visit(h.URL + "/signup")
	b.write("email", email)
	b.write("password", servertest.Password)
	b.click("button.main")
	b.wantAt(h.URL + "/account")
}

// signIn signs in by the form, from the page that is shown.
func (b *browser) signIn(email string, remember bool) {
	b.t.Helper()
	b.write("email", email)
	b.write("password", servertest.Password)
	if remember {
		run(b, chromedp.Click(chromedp.CSS("#f-remember")))
	}
	b.click("button.main")
}

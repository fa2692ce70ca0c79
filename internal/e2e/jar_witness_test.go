package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// witness is a browser in a web of ours that tells what it does with each cookie, and why.
type witness struct {
	*browser
	web *web
	dir string // its profile

	mu        sync.Mutex
	links     map[network.RequestID]string
	requests  map[network.RequestID]*network.EventRequestWillBeSentExtraInfo
	responses map[network.RequestID]*network.EventResponseReceivedExtraInfo
	news      chan struct{}
}

// exchange is one request and its response, as the browser tells them.
type exchange struct {
	associated []*network.AssociatedCookie           // the cookies that it thought of for the request
	blocked    []*network.BlockedSetCookieWithReason // the Set-Cookie lines that it refused
}

// thirdParties is what the person chose about cookies of third parties, in the browser's own words for its settings file.
type thirdParties string

const (
	thirdPartiesAllowed thirdParties = `{"profile": {"cookie_controls_mode": 0}}`
	thirdPartiesBlocked thirdParties = `{"profile": {"cookie_controls_mode": 1}}`
)

// newWitness opens a browser on an empty profile. What a distribution chose about third parties does not count.
func newWitness(t *testing.T, choice thirdParties) *witness {
	t.Helper()
	return openWitness(t, newWeb(t), profileOf(t, choice))
}

// profileOf is the empty profile of somebody who has chosen.
func profileOf(t *testing.T, choice thirdParties) string {
	t.Helper()
	dir := profile(t)
	settings := filepath.Join(dir, "Default", "Preferences")
	if err := os.MkdirAll(filepath.Dir(settings), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(settings, []byte(choice), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func openWitness(t *testing.T, w *web, dir string) *witness {
	t.Helper()
	b := &witness{browser: open(t, dir, w.flags()...), web: w, dir: dir, news: make(chan struct{}, 1)}
	b.reset()
	b.must(chromedp.Listen(b.ctx, b.hear))
	_, err := chromedp.Call(b.ctx, network.Enable, network.EnableParams{})
	b.must(err)
	return b
}

func (b *witness) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.links = map[network.RequestID]string{}
	b.requests = map[network.RequestID]*network.EventRequestWillBeSentExtraInfo{}
	b.responses = map[network.RequestID]*network.EventResponseReceivedExtraInfo{}
}

func (b *witness) hear(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		b.links[ev.RequestID] = ev.Request.URL
	case *network.EventRequestWillBeSentExtraInfo:
		b.requests[ev.RequestID] = ev
	case *network.EventResponseReceivedExtraInfo:
		b.responses[ev.RequestID] = ev
	default:
		return
	}
	select {
	case b.news <- struct{}{}:
	default:
	}
}

// exchange does something that makes the browser ask for an address, and waits until it has told everything about that.
func (b *witness) exchange(link string, do func()) exchange {
	b.t.Helper()
	b.reset()
	do()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	for {
		if x, ok := b.told(link); ok {
			return x
		}
		select {
		case <-b.news:
		case <-ctx.Done():
			b.t.Fatalf("the browser does not tell about %s; it is at %s\n%s", link, b.where(), b.complaints())
		}
	}
}

func (b *witness) told(link string) (x exchange, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, l := range b.links {
		if req, res := b.requests[id], b.responses[id]; l == link && req != nil && res != nil {
			return exchange{req.AssociatedCookies, res.BlockedCookies}, true
		}
	}
	return exchange{}, false
}

// goTo types an address. An answer with status 204 leaves the browser where it is.
func (b *witness) goTo(link string) {
	b.t.Helper()
	got, err := chromedp.Call(b.ctx, page.Navigate, page.NavigateParams{URL: link})
	b.must(err)
	if got.ErrorText != "" && got.ErrorText != "net::ERR_ABORTED" {
		b.t.Fatalf("%s: %s", link, got.ErrorText)
	}
}

// stored are all cookies of the browser.
func (b *witness) stored() []*network.Cookie {
	b.t.Helper()
	got, err := chromedp.CallBrowser(b.ctx, storage.GetCookies, storage.GetCookiesParams{})
	b.must(err)
	return got.Cookies
}

// forget empties the browser's cookie store and the web.
func (b *witness) forget() {
	b.t.Helper()
	_, err := chromedp.CallBrowser(b.ctx, storage.ClearCookies, storage.ClearCookiesParams{})
	b.must(err)
	b.web.forget()
}

package e2e_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// web is the whole Web on this machine. With its flags a browser reaches it at every host, over http and https with their usual
// ports, so that example.co.uk and www.example.test are real hosts of real sites.
type web struct {
	plain, tls *httptest.Server

	mu    sync.Mutex
	pages map[string]answer
	asked map[string]string // the Cookie header that an address was last asked with
}

// answer is what an address gives.
type answer struct {
	setCookie []string // as they are, octet for octet
	body      string   // "" is status 204: the browser takes the cookies, and stays where it is
}

func newWeb(t *testing.T) *web {
	w := &web{pages: map[string]answer{}, asked: map[string]string{}}
	w.plain, w.tls = httptest.NewUnstartedServer(w.handler("http")), httptest.NewUnstartedServer(w.handler("https"))
	quiet := log.New(io.Discard, "", 0) // the browser opens connections that it does not use
	w.plain.Config.ErrorLog, w.tls.Config.ErrorLog = quiet, quiet
	w.plain.Start()
	w.tls.StartTLS() // HTTP/1.1 only: there the Cookie header comes in one piece
	t.Cleanup(func() { w.plain.Close(); w.tls.Close() })
	return w
}

// flags make a browser believe that every host is here.
func (w *web) flags() []chromedp.ExecAllocatorOption {
	rules := fmt.Sprintf("MAP *:80 %s, MAP *:443 %s", w.plain.Listener.Addr(), w.tls.Listener.Addr())
	return []chromedp.ExecAllocatorOption{
		chromedp.Flag("host-resolver-rules", rules),
		chromedp.Flag("ignore-certificate-errors", true),
		chromedp.Flag("disable-features", "Translate,HttpsUpgrades"), // http stays http
	}
}

// serve puts an answer at an address like https://www.example.test/path?query.
func (w *web) serve(link string, a answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[link] = a
}

// header is the Cookie header that an address was last asked with, and whether it was asked at all.
func (w *web) header(link string) (cookies string, asked bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	cookies, asked = w.asked[link]
	return cookies, asked
}

// forget takes all answers away.
func (w *web) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.pages)
	clear(w.asked)
}

func (w *web) handler(scheme string) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		link := scheme + "://" + r.Host + r.RequestURI
		w.mu.Lock()
		a, known := w.pages[link]
		w.asked[link] = strings.Join(r.Header["Cookie"], " AND ")
		w.mu.Unlock()
		h := rw.Header()
		if len(a.setCookie) > 0 {
			h["Set-Cookie"] = a.setCookie
		}
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Type", "text/html; charset=utf-8")
		switch {
		case !known:
			rw.WriteHeader(http.StatusNotFound)
		case a.body == "":
			rw.WriteHeader(http.StatusNoContent)
		default:
			fmt.Fprint(rw, "<!doctype html><title>page</title><link rel=icon href=data:,><body>", a.body)
		}
	})
}

// address is a link as the browser will ask for it: the host in lower case, on the usual port, without a fragment.
func address(t *testing.T, link string) *url.URL {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	u.Host, u.Fragment = strings.ToLower(u.Hostname()), ""
	return u
}

package server

import (
	"net/url"
	"reflect"
	"testing"
)

func TestPlainURL(t *testing.T) {
	for link, plain := range map[string]bool{
		"https://wiki.example.net/": true, "http://localhost:9000/wiki/page_1~x-y.html?a=b&c=/d": true, "https://A.example:1/": true,
		"": false, "https://": false, "https:///x": false, "https://a": false, "https://a?x/y": false, "https://a/?": false, "ftp://a/": false, "HTTPS://a/": false, "//a/": false,
		"https://a:/": false, "https://a:99999/": false, "https://a:8x/": false, "https://:80/": false, "https://u@a/": false, "https://a:1:2/": false, "https://[::1]/": false, "https://a,b/": false,
		"https://a/%41": false, "https://a/b c": false, "https://a/\\b": false, "https://a/b#c": false, "https://a/b;c": false, "https://a/é": false, "https://a/?a+b": false, "https://a/?%zz": false, "https://a/\n": false,
	} {
		if _, got := plainURL(link); got != plain {
			t.Errorf("%q is plain: %v", link, got)
		}
	}
}

// FuzzPlainURL: what is plain is read as url.Parse reads it, and parseOriginal tells no difference.
func FuzzPlainURL(f *testing.F) {
	for _, seed := range []string{"https://wiki.example.net/a/b?c=d&e=/f", "http://localhost:9000/", "https://a:65/..//x/./?", "https://a./?=", "http://a:0/~", "https://-a.-/", "https://a/?b=c?d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, link string) {
		got, ok := plainURL(link)
		if !ok {
			return
		}
		want, err := url.Parse(link)
		if err != nil || !reflect.DeepEqual(&got, want) {
			t.Fatalf("%q: %#v, url.Parse says %#v, %v", link, got, want, err)
		}
		orig, err := parseOriginal("GET", link)
		if err != nil || orig.url.String() != link || got.Scheme+"://"+got.Host+orig.target != link {
			t.Errorf("%q: %+v, %v", link, orig, err)
		}
	})
}

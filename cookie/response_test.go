package cookie

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

func TestSetReplaces_CK_P2(t *testing.T) {
	w := httptest.NewRecorder()
	http.SetCookie(w, &http.Cookie{Name: "__Host-sid2", Value: "other"})
	http.SetCookie(w, &http.Cookie{Name: "__Host-sid", Value: "first"})
	http.SetCookie(w, &http.Cookie{Name: "b", Value: "__Host-sid=x"})
	w.Header().Add("Set-Cookie", "__Host-sid=second; Path=/old")
	w.Header().Add("Set-Cookie", "short")
	before := w.Header()["Set-Cookie"]
	held := slices.Clone(before)
	if err := Set(w, New("__Host-sid", "third")); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, held) {
		t.Errorf("Set changed a slice that others hold: %q", before)
	}
	want := []string{
		"__Host-sid2=other",
		"__Host-sid=third; Path=/; HttpOnly; Secure; SameSite=Lax",
		"b=__Host-sid=x",
		"short",
	}
	if got := w.Header()["Set-Cookie"]; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := Delete(w, New("__Host-sid", "")); err != nil {
		t.Fatal(err)
	}
	if err := Set(w, New("__Host-new", "1")); err != nil {
		t.Fatal(err)
	}
	want[1] = "__Host-sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
	want = append(want, "__Host-new=1; Path=/; HttpOnly; Secure; SameSite=Lax")
	if got := w.Header()["Set-Cookie"]; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRefusedCookieYieldsNoHeader_CK_P1(t *testing.T) {
	for story, c := range map[string]*http.Cookie{
		"no cookie":       nil,
		"bad name":        New("a b", "v"),
		"prefix and path": {Name: "__Host-a", Path: "/a", Secure: true},
		"bad domain":      {Name: "a", Domain: "a;b"},
	} {
		for name, set := range map[string]func(http.ResponseWriter, *http.Cookie) error{"Set": Set, "UnsafeSet": UnsafeSet, "Delete": Delete} {
			w := httptest.NewRecorder()
			if err := set(w, c); err == nil || len(w.Header()) != 0 {
				t.Errorf("%s: %s: %v, header %v", story, name, err, w.Header())
			}
		}
	}
	w := httptest.NewRecorder()
	if err := Set(w, New("sid", "v")); err == nil || len(w.Header()) != 0 {
		t.Errorf("unsafe: %v, header %v", err, w.Header())
	}
	if err := UnsafeSet(w, &http.Cookie{Name: "sid", Value: "v"}); err != nil || w.Header().Get("Set-Cookie") != "sid=v" {
		t.Errorf("UnsafeSet: %v, header %v", err, w.Header())
	}
}

func TestDeleteRepeatsTheCookie_CK_P7_CV_45(t *testing.T) {
	for _, test := range []struct {
		story string
		c     *http.Cookie
		want  string
	}{
		{"a host cookie", New("__Host-sid", "v"), "__Host-sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
		{
			"a domain cookie with a path and a lifetime",
			&http.Cookie{Name: "__Secure-sid", Value: "v", Path: "/app", Domain: "example.com", MaxAge: 60, Expires: time.Now().Add(time.Minute), Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode},
			"__Secure-sid=; Path=/app; Domain=example.com; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Secure; SameSite=Strict",
		},
		{
			"a partitioned cookie",
			&http.Cookie{Name: "__Host-sid", Path: "/", Secure: true, SameSite: http.SameSiteNoneMode, Partitioned: true},
			"__Host-sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; SameSite=None; Partitioned",
		},
		{"an unsafe cookie, whose value is bad too", &http.Cookie{Name: "old", Value: "a;b", Quoted: true}, "old=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"},
	} {
		kept := *test.c
		w := httptest.NewRecorder()
		if err := Delete(w, test.c); err != nil {
			t.Errorf("%s: %v", test.story, err)
		}
		if got := w.Header().Get("Set-Cookie"); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.story, got, test.want)
		}
		if test.c.Value != kept.Value || test.c.MaxAge != kept.MaxAge || !test.c.Expires.Equal(kept.Expires) {
			t.Errorf("%s: the cookie was changed: %+v", test.story, test.c)
		}
	}
}

package cookie_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/cloakroom/cloakroom/cookie"
)

// One cookie is read and sent again; whatever is wrong is an error.
func Example() {
	handler := func(w http.ResponseWriter, r *http.Request) {
		theme, err := cookie.Get(r.Header, "__Host-theme")
		if errors.Is(err, http.ErrNoCookie) {
			theme = "light"
		} else if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := cookie.Set(w, cookie.New("__Host-theme", theme)); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "a=1; __Host-theme=dark")
	w := httptest.NewRecorder()
	handler(w, r)
	fmt.Println(w.Header().Get("Set-Cookie"))
	// Output: __Host-theme=dark; Path=/; HttpOnly; Secure; SameSite=Lax
}

// What net/http would repair or send as it is, is refused here.
func ExampleCheck() {
	c := cookie.New("__Host-theme", "dark;light")
	fmt.Println(cookie.Check(c))
	c.Value, c.Path = "dark", "/app"
	fmt.Println(cookie.Check(c))
	fmt.Println(cookie.Check(&http.Cookie{Name: "theme", Value: "dark"}))
	// Output:
	// cookie: "__Host-theme": not allowed in a value: got ";"
	// cookie: "__Host-theme": __Host- needs Path=/: got "/app"
	// cookie: "theme": not Secure, so it travels over plain http
}

// Two cookies of one name: one of them may be somebody else's.
func ExampleGet_duplicate() {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "__Host-session=mine; __Host-session=evil")
	_, err := cookie.Get(r.Header, "__Host-session")
	fmt.Println(errors.Is(err, cookie.ErrDuplicate))
	fmt.Println(err)
	// Output:
	// true
	// cookie: "__Host-session": more than one cookie of this name: got 2, limit 1
}

// A value that the client keeps but can neither read nor alter.
func ExampleSealer() {
	secret := []byte("32 random octets of a secret file") // os.ReadFile in a real program
	sealer, err := cookie.NewSealer(secret)
	if err != nil {
		panic(err)
	}
	sealed, err := sealer.Seal("__Host-visit", []byte("lang=ko"), 24*time.Hour)
	if err != nil {
		panic(err)
	}
	value, err := sealer.Open("__Host-visit", sealed)
	fmt.Printf("%s %v\n", value, err)

	_, err = sealer.Open("__Host-admin", sealed)
	fmt.Println(errors.Is(err, cookie.ErrAltered))
	// Output:
	// lang=ko <nil>
	// true
}

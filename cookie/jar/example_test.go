package jar_test

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

func Example() {
	j := jar.New(nil)
	page := &url.URL{Scheme: "https", Host: "shop.example", Path: "/login"}
	for _, v := range j.Set(jar.Request{URL: page}, "sid=31d4; Secure; HttpOnly", "__Host-pref=dark; Path=/") {
		fmt.Println(v.Name, v.Outcome)
		if v.Outcome == jar.Rejected {
			fmt.Printf("%v: %s\nSet-Cookie: %s\n", v.Reasons, v.Detail, v.Fix)
		}
	}
	header, _ := j.Match(jar.Request{URL: page})
	fmt.Println("Cookie:", header)
	// Output:
	// sid stored
	// __Host-pref rejected
	// [InvalidPrefix]: __Host- needs Secure
	// Set-Cookie: __Host-pref=dark; Path=/; Secure
	// Cookie: sid=31d4
}

// Why is a cookie not sent? All reasons are there, and the sentence is about the first.
func ExampleJar_Match() {
	j := jar.New(nil)
	shop := &url.URL{Scheme: "https", Host: "shop.example", Path: "/cart/"}
	j.Set(jar.Request{URL: shop}, "cart=7; SameSite=Strict; Secure")

	elsewhere := &url.URL{Scheme: "https", Host: "news.example"}
	_, verdicts := j.Match(jar.Request{URL: &url.URL{Scheme: "http", Host: "shop.example", Path: "/"}, Site: elsewhere})
	for _, v := range verdicts {
		fmt.Println(v.Name, v.Outcome, v.Reasons)
		fmt.Println(v.Detail)
	}
	// Output:
	// cart withheld [NotOnPath SecureOnly SameSiteStrict]
	// its path "/cart" does not cover "/"
}

// A browser's ways are in its profile.
func ExampleFindProfile() {
	safari, _ := jar.FindProfile("safari")
	j := jar.New(&jar.Options{Profile: safari})
	local := &url.URL{Scheme: "http", Host: "localhost:8080"}
	fmt.Println(j.Set(jar.Request{URL: local}, "sid=1; Secure")[0].Detail)
	// Output:
	// it is Secure, and came over http: only https can set it
}

// A Jar in a client takes cookies with the rules of a browser; what it refuses it refuses in silence.
func ExampleJar_Cookies() {
	client := &http.Client{Jar: jar.New(nil)}
	page := &url.URL{Scheme: "https", Host: "example.com"}
	client.Jar.SetCookies(page, []*http.Cookie{{Name: "a", Value: "1"}, {Name: "__Host-b", Value: "1"}})
	fmt.Println(client.Jar.Cookies(page))
	// Output:
	// [a=1]
}

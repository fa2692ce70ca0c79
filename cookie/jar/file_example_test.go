package jar_test

import (
	"fmt"
	"log"
	"net/url"
	"os"
	"path/filepath"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// A jar that is kept in a file, which curl -b reads too.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "jar-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "cookies.txt")
	at := jar.Request{URL: &url.URL{Scheme: "https", Host: "shop.example", Path: "/"}}

	f, err := jar.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	f.Jar.Set(at, "theme=dark; Max-Age=3600", "visit=1")
	if err := f.Save(); err != nil {
		log.Fatal(err)
	}

	again, err := jar.Open(path, nil) // as a browser that was closed
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Jar.Header(at))
	// Output: theme=dark
}

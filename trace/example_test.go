package trace_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/cloakroom/cloakroom/trace"
)

func Example() {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			w.Header().Add("Set-Cookie", "visit=1; Path=/; SameSite=Lax")
			w.Header().Add("Set-Cookie", "__Host-id=2; Path=/")
			http.Redirect(w, r, "/page", http.StatusFound)
			return
		}
		io.WriteString(w, "hello")
	}))
	defer site.Close()

	t, err := trace.Run(context.Background(), site.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, h := range t.Hops {
		fmt.Println(h.Method, h.Parts.Path, h.Status)
		for _, v := range append(h.SetCookies, h.Cookies...) {
			fmt.Println(" ", v.Name, v.Outcome, v.Reasons)
		}
	}
	// Output:
	// GET / 302
	//   visit stored []
	//   __Host-id rejected [InvalidPrefix]
	// GET /page 200
	//   visit sent []
}

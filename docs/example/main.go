// Command example counts the visits of each browser.
package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

func main() {
	sessions, err := session.New(memstore.New(), nil)
	if err != nil {
		log.Fatal(err)
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := session.FromContext(r.Context())
		if err := session.Update(s, "visits", func(n int) int { return n + 1 }); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		visits, _ := session.Get[int](s, "visits")
		fmt.Fprintf(w, "You were here %d times.\n", visits)
	})
	log.Fatal(http.ListenAndServe("localhost:9000", sessions.Handler(page)))
}

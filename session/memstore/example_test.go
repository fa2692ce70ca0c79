package memstore_test

import (
	"fmt"

	"github.com/cloakroom/cloakroom/session"
	"github.com/cloakroom/cloakroom/session/memstore"
)

func Example() {
	sessions, err := session.New(memstore.New(), nil)
	if err != nil {
		panic(err)
	}
	defer sessions.Close()
	fmt.Println(len(sessions.Warnings()), "warnings")
	// Output: 0 warnings
}

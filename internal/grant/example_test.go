package grant_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/grant"
	"github.com/cloakroom/cloakroom/jwt"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "grant")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	secret, err := grant.LoadSecret(filepath.Join(dir, "secret"), false)
	if err != nil {
		log.Fatal(err)
	}
	d, err := db.Open(ctx, filepath.Join(dir, "cloakroom.db"), grant.Migrations)
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()

	keys, err := grant.OpenKeys(ctx, d.View(), secret)
	if err != nil {
		log.Fatal(err)
	}
	families := grant.NewFamilies()
	var first string
	err = d.Update(ctx, func(tx *db.Conn) error {
		// The first keys are due now; a server asks each minute what is.
		if _, err := keys.Carry(ctx, tx, grant.Schedule{Algorithm: jwt.ES256}.Due, time.Now()); err != nil {
			return err
		}
		first, err = families.Start(ctx, tx, grant.Family{
			SessionHandle: "RjE4…", Subject: "alice", Scope: "account", Expires: time.Now().Add(720 * time.Hour),
		})
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := keys.Reload(ctx, d.View()); err != nil {
		log.Fatal(err)
	}
	fmt.Println("signs with", keys.Signer().Algorithm())

	// Two tabs refresh at once, then somebody comes with a copy of the first token.
	token := first
	for _, step := range []string{"first tab", "second tab", "later", "later still", "thief"} {
		present := token
		if step == "second tab" || step == "thief" {
			present = first
		}
		var res grant.Refreshed
		err := d.Update(ctx, func(tx *db.Conn) (err error) {
			res, err = families.Refresh(ctx, tx, present, "cloakroom")
			return err
		})
		if err != nil {
			log.Fatal(err)
		}
		if refused, ok := errors.AsType[*grant.RefreshError](res.Err()); ok {
			fmt.Printf("%s: %s, the session ends with %s\n", step, refused.Reason, refused.Family.EndReason)
			continue
		}
		fmt.Printf("%s: %d characters, repeated: %v\n", step, len(res.Token), res.Repeated)
		token = res.Token
	}
	// Output:
	// signs with ES256
	// first tab: 43 characters, repeated: false
	// second tab: 43 characters, repeated: true
	// later: 43 characters, repeated: false
	// later still: 43 characters, repeated: false
	// thief: reused, the session ends with token-reuse
}

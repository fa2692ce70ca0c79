package account

import (
	"reflect"
	"testing"
	"time"
)

// TestKeptIsTheWholeAccount: what comes out of memory is what was read from the database.
func TestKeptIsTheWholeAccount(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.UTC)
	for why, want := range map[string]Account{
		"everything is set": {ID: "AAAAAAAAAAAAAAAAAAAAAA", Email: "anna@example.org", Name: "안나", Groups: []string{"a", "b"}, Admin: true, Disabled: true,
			EmailTrusted: true, Created: at, PasswordChanged: at.Add(1)},
		"has no name, no group and no password": {ID: "B", Email: "bea@example.org", Created: at},
		"is an administrator and no more":       {ID: "C", Admin: true},
		"is disabled and no more":               {ID: "D", Disabled: true},
		"is trusted and no more":                {ID: "E", EmailTrusted: true},
	} {
		if got := keep(want).account(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v", why, got, want)
		}
	}
}

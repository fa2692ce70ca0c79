package server

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/grant"
)

// TestBasicCredentialsHaveALimit: the longest name and secret, each byte written in three, and not a byte more.
func TestBasicCredentialsHaveALimit(t *testing.T) {
	for id, want := range map[int]bool{grant.MaxClientID: true, grant.MaxClientID + 1: false} {
		text := strings.Repeat("%61", id) + ":" + strings.Repeat("%41", grant.ClientSecretLength)
		gotID, _, err := basicCredentials([]string{"Basic " + base64.StdEncoding.EncodeToString([]byte(text))})
		if (err == nil) != want || len(gotID) != id && want {
			t.Errorf("a name of %d bytes: %q, %v", id, gotID, err)
		}
	}
	if _, _, err := basicCredentials([]string{"Basic " + base64.StdEncoding.EncodeToString([]byte("cloakroom:"))}); err == nil || !strings.Contains(err.Error(), "has no secret") {
		t.Errorf("the client without a secret is not told so: %v", err)
	}
}

// FuzzBasicCredentials: what is read of a field is what somebody else would write into one, and an error comes with nothing of it.
func FuzzBasicCredentials(f *testing.F) {
	for _, text := range []string{"billing:secret", "a%62c:%3A%25+", ":", "", "a", "a:b:c", "%", "a:%zz", "cloakroom:x", "\x00:\xff", "ä:ö"} {
		f.Add("Basic "+base64.StdEncoding.EncodeToString([]byte(text)), false)
		f.Add("basic   "+base64.RawStdEncoding.EncodeToString([]byte(text)), true)
	}
	f.Add("Bearer x", false)
	f.Add("Basic", false)
	f.Add("Basic YTpi=", false)
	f.Fuzz(func(t *testing.T, field string, twice bool) {
		fields := []string{field}
		if twice {
			fields = append(fields, field)
		}
		id, secret, err := basicCredentials(fields)
		if err != nil {
			var refused *oauthError
			if !errors.As(err, &refused) || id != "" || secret != "" {
				t.Fatalf("%q: %q, %q with %v", field, id, secret, err)
			}
			if len(field) > 12 && strings.Contains(refused.detail, field[6:]) {
				t.Fatalf("%q is told again: %s", field, refused.detail)
			}
			return
		}
		again := "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
		if len(again) > len("Basic ")+maxBasic { // each byte was written in one, and comes back in three
			return
		}
		id2, secret2, err := basicCredentials([]string{again})
		if err != nil || id2 != id || secret2 != secret || twice {
			t.Fatalf("%q is %q and %q, and %q is %q and %q: %v", field, id, secret, again, id2, secret2, err)
		}
	})
}

package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"sync"
)

// refusedSheet stands within the page: at an app's address there is nothing of ours to fetch.
//
//go:embed refused.css
var refusedSheet string

// refusedStyle is what the template writes between the tags.
func refusedStyle() template.CSS { return template.CSS(refusedSheet) }

// RefusedPolicy is the Content-Security-Policy of [Refused]: nothing but the one sheet that stands within it, which it names by its hash.
var RefusedPolicy = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(refusedSheet))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
})

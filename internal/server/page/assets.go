package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

// AssetPrefix is the path below which Assets serves.
const AssetPrefix = "/static/"

//go:embed assets
var assets embed.FS

type asset struct {
	path, media string
	content     []byte
}

// inventory reads the embedded files once: by name, and by the path that holds the hash of the content.
var inventory = sync.OnceValue(func() (all struct{ byName, byPath map[string]asset }) {
	all.byName, all.byPath = map[string]asset{}, map[string]asset{}
	media := map[string]string{".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
	entries, err := fs.ReadDir(assets, "assets")
	if err != nil {
		panic("page: " + err.Error()) // the embedded tree is part of the program
	}
	for _, e := range entries {
		content, err := fs.ReadFile(assets, "assets/"+e.Name())
		if err != nil {
			panic("page: " + err.Error())
		}
		sum := sha256.Sum256(content)
		ext := path.Ext(e.Name())
		a := asset{
			path:    AssetPrefix + strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:8]) + ext,
			media:   media[ext],
			content: content,
		}
		all.byName[e.Name()], all.byPath[a.path] = a, a
	}
	return all
})

// AssetPath is the path of an embedded file, such as "cloakroom.css", with the hash of its content in the name.
// It is "" for a name that does not exist.
func AssetPath(name string) string { return inventory().byName[name].path }

// Assets serves the embedded files below AssetPrefix by their hashed names, to be kept for a year. A name with
// another hash is 404: an old page must not get a new sheet under the old name.
func Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := inventory().byPath[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", a.media)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// An SVG that is opened by its own address is a document: it may do nothing.
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.content))
	})
}

// Policy is the Content-Security-Policy of every page: our own sheet and pictures, no script at all, no frame.
// Browsers check form-action against redirects after a POST too, so the origin ("https://app.example") to which a
// sign-in goes on must be named when that page is shown. An origin holding a space, comma or semicolon is left out.
func Policy(formAction ...string) string {
	var b strings.Builder
	b.WriteString("default-src 'none'; style-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
	for _, o := range formAction {
		if o != "" && !strings.ContainsAny(o, " ;,\t\r\n") {
			b.WriteByte(' ')
			b.WriteString(o)
		}
	}
	return b.String()
}

package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/server/servertest"
)

// FuzzIntrospection_TK33: whatever stands in the header and the body, active is said of the one good token alone, to the one client that proved who it
// is; an error says neither active nor inactive. GOOD stands for the client's field, TOKEN for the token.
func FuzzIntrospection_TK33(f *testing.F) {
	h := servertest.StartStill(f, nil)
	h.Client().SignUp(anna)
	billing := register(f, h, "billing")
	token := program(f, h, anna).Access
	_, good, _ := strings.Cut(billing.basic(), ": ")
	const form = "application/x-www-form-urlencoded"
	for _, seed := range [][3]string{
		{"GOOD", form, "token=TOKEN"},
		{"GOOD", form, "token=TOKEN&token_type_hint=refresh_token"},
		{"GOOD", form, "token=TOKEN&token=TOKEN"},
		{"GOOD", form, "token=TOKEN&client_id=billing"},
		{"GOOD", form, "token=TOKEN&client_id=other"},
		{"GOOD", form, "token=TOKEN%00"},
		{"GOOD", form, "token=+TOKEN"},
		{"GOOD", form, "token=TOKEN&client_secret=x"},
		{"GOOD", form + "; charset=utf-8", "token=TOKEN"},
		{"GOOD", "application/json", `{"token":"TOKEN"}`},
		{"GOOD", form, "token="},
		{"GOOD", form, "%"},
		{"GOODA", form, "token=TOKEN"},
		{"Bearer TOKEN", form, "token=TOKEN"},
		{"", form, "token=TOKEN"},
		{"Basic YmlsbGluZzo=", form, "token=TOKEN"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, auth, media, body string) {
		auth, body = strings.ReplaceAll(auth, "GOOD", good), strings.ReplaceAll(body, "TOKEN", token)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/oauth/introspect", strings.NewReader(body))
		r.Header["Authorization"], r.Header["Content-Type"] = []string{auth}, []string{media}
		w := httptest.NewRecorder()
		h.Server.Public().ServeHTTP(w, r)
		got := w.Body.String()
		switch {
		case w.Code != http.StatusOK:
			if w.Code >= 500 || strings.Contains(got, "active") || strings.Contains(got, token) {
				t.Fatalf("%d %s", w.Code, got)
			}
		case got == inactive:
		default:
			v, err := url.ParseQuery(body)
			if err != nil || len(v["token"]) != 1 || v.Get("token") != token || !strings.HasPrefix(got, `{"active":true,`) {
				t.Fatalf("of %q it says %s", body, got)
			}
		}
		if _, secret, ok := r.BasicAuth(); w.Code == http.StatusOK && (!ok || secret != billing.secret && !strings.Contains(secret, "%")) {
			t.Fatalf("%q opens", auth)
		}
	})
}

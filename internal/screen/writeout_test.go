package screen

import (
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/trace"
)

func TestWriteOut(t *testing.T) {
	both := of(signIn(), account())
	broken := of(&trace.Hop{URL: "https://nowhere.example/", Failed: &trace.Failure{Detail: "there is no nowhere.example"}})
	tests := []struct {
		what, format string
		of           *trace.Trace
		want         string
	}{
		{"a status and a line", `%{http_code}\n`, both, "200\n"},
		{"times add up over all hops", "%{time_namelookup} %{time_connect} %{time_appconnect} %{time_total} %{time_redirect}", both, "0.012020 0.043220 0.087320 0.256010 0.184710"},
		{"where it went", `%{method} %{scheme} %{url} → %{url_effective}\t%{num_redirects} %{num_connects}`, both, "GET https https://shop.example/login?next=%2Faccount → https://shop.example/account\t1 1"},
		{"whom it asked", "%{remote_ip} %{remote_port} %{local_ip} %{local_port}", both, "2001:db8::7 443 2001:db8::1 50122"},
		{"what came", "%{http_version} %{content_type} %{size_download} %header{CONTENT-type} %header{none}.", both, "2 text/html; charset=utf-8 18400 text/html; charset=utf-8 ."},
		{"no variable at all", `100%% \\ 5% \r`, both, "100% \\\\ 5% \r"},
		{"nothing came", "%{http_code} %{http_version}%{remote_ip}%{size_header} %{errormsg}", broken, "000 0 there is no nowhere.example"},
	}
	for _, tt := range tests {
		f, err := ParseFormat(tt.format)
		if err != nil {
			t.Errorf("%s: %v", tt.what, err)
			continue
		}
		var b strings.Builder
		if f.Write(&b, tt.of); b.String() != tt.want {
			t.Errorf("%s:\ngot  %q\nwant %q", tt.what, b.String(), tt.want)
		}
	}
	for format, want := range map[string]string{"%{pigeon}": "there is no %{pigeon}", "a %{http_code": `"%{http_code" has no end`, "%header{": `"%header{" has no end`} {
		if _, err := ParseFormat(format); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", format, err, want)
		}
	}
}

// FuzzFormat: what is accepted writes something for any trace, and text without variables writes itself.
func FuzzFormat(f *testing.F) {
	f.Add(`%{http_code} %header{x}\n`)
	f.Add(`%%\\%`)
	f.Fuzz(func(t *testing.T, text string) {
		format, err := ParseFormat(text)
		if err != nil {
			return
		}
		var b strings.Builder
		if format.Write(&b, of(&trace.Hop{})); !strings.ContainsAny(text, `%\`) && b.String() != text {
			t.Errorf("got %q, want %q", b.String(), text)
		}
	})
}

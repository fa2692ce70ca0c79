package jar

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// CK_F4: a partitioned cookie is there in the tabs of one site only.
func TestPartitioned_CK_F4(t *testing.T) {
	const at = "https://widget.example/"
	j := New(nil)
	in := func(tab string) Request {
		r := Request{URL: mustURL(t, at)}
		if tab != "" {
			r.Site, r.Embedded = mustURL(t, tab), true
		}
		return r
	}
	for tab, value := range map[string]string{"": "own", "https://www.a.example/": "a", "https://b.example/": "b"} {
		for _, v := range j.set(in(tab), []string{"id=" + value + "; Secure; SameSite=None; Partitioned"}, then) {
			if v.Outcome != Stored {
				t.Fatal(v.Detail)
			}
		}
	}
	j.set(in(""), []string{"free=1; Secure; SameSite=None"}, then.Add(time.Second))
	for tab, want := range map[string]string{
		"":                        "id=own; free=1",
		"https://www.a.example/x": "id=a; free=1",
		"https://a.example:444/":  "id=a; free=1",
		"http://a.example/":       "free=1", // its scheme belongs to a site
		"https://b.example/":      "id=b; free=1",
		"https://c.example/":      "free=1",
	} {
		header, verdicts := j.match(in(tab), then.Add(time.Minute), true)
		if header != want {
			t.Errorf("in a tab of %q %q is sent, want %q", tab, header, want)
		}
		if len(verdicts) != 4 {
			t.Errorf("in a tab of %q there are %d verdicts", tab, len(verdicts))
		}
		for _, v := range verdicts {
			if v.Outcome == Withheld && ruled(v) != "withheld PartitionMismatch CHIPS" {
				t.Errorf("in a tab of %q: %s", tab, ruled(v))
			}
		}
	}
	if got := j.all(then)[1].Partition; got != "https://a.example" {
		t.Errorf("the partition is %q", got)
	}
}

// Firefox gives each site that embeds another one a jar of its own; Safari does not know Partitioned.
func TestPartitionByProfile(t *testing.T) {
	r := Request{URL: mustURL(t, "https://widget.example/"), Site: mustURL(t, "https://a.example/"), Embedded: true}
	firefox, _ := FindProfile("firefox")
	j := New(&Options{Profile: firefox})
	tell(t, j, "https://widget.example/", "home=1; SameSite=None; Secure")
	j.set(r, []string{"there=1"}, then)
	if got := j.header(r, then); got != "there=1" {
		t.Errorf("embedded %q is sent", got)
	}
	if got := sent(t, j, "https://widget.example/", 0); got != "home=1" {
		t.Errorf("at home %q is sent", got)
	}
	if _, v := j.match(r, then, false); len(v) != 2 || ruled(v[1]) != "withheld PartitionMismatch CHIPS" {
		t.Errorf("%+v", v)
	}
	safari, _ := FindProfile("safari")
	v := tell(t, New(&Options{Profile: safari}), "https://widget.example/", "a=1; Secure; Partitioned")[0]
	if v.Outcome != Stored || v.Cookie.Partition != "" || fmt.Sprint(v.Warnings) != "[WarnIgnoredAttribute]" {
		t.Errorf("%s, partition %q, warnings %v", ruled(v), v.Cookie.Partition, v.Warnings)
	}
}

// CK_F4: 10,240 octets of a domain in a partition, and 180 cookies.
func TestPartitionLimits_CK_F4(t *testing.T) {
	const suffix = "; Secure; Partitioned"
	j := New(nil)
	tell(t, j, "https://example.com/", "a="+strings.Repeat("v", 4095)+suffix, "b="+strings.Repeat("v", 4095)+suffix, "c="+strings.Repeat("v", 2047)+suffix)
	if got := names(j); got != "a b c" {
		t.Errorf("10,240 octets: %s", got)
	}
	tell(t, j, "https://example.com/", "free="+strings.Repeat("v", 4000), "c="+strings.Repeat("v", 2048)+suffix)
	if got := names(j); got != "b c free" {
		t.Errorf("10,241 octets: %s", got)
	}
	j = New(nil)
	for i := range 181 {
		j.set(Request{URL: mustURL(t, "https://example.com/")}, []string{fmt.Sprintf("n%03d=1%s", i, suffix)}, then.Add(time.Duration(i)*time.Second))
	}
	if all := j.all(then); len(all) != 180 || all[0].Name != "n001" {
		t.Errorf("%d cookies, the first is %s", len(all), all[0].Name)
	}
}

package jar

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// fill sets n cookies named prefix and a number, a second apart, and returns how many are in the jar.
func fill(t testing.TB, j *Jar, at, prefix string, n int, attributes string) int {
	t.Helper()
	r := Request{URL: mustURL(t, at)}
	for i := range n {
		if v := j.set(r, []string{fmt.Sprintf("%s%04d=1%s", prefix, i, attributes)}, then.Add(time.Duration(i)*time.Second))[0]; v.Outcome != Stored {
			t.Fatalf("%s: %s", v.Line, v.Detail)
		}
	}
	return len(j.queue)
}

// CK_M14 and CK_F5: the limits at their edges, for each profile.
func TestLimits_CK_M14(t *testing.T) {
	for _, row := range []struct {
		profile                        string
		domain, afterDomain            int // cookies of a domain: so many fit, and so many are left when one more comes
		total, afterTotal, afterUnused int // cookies in all; afterUnused: when they were not used for a month
	}{
		{"rfc", 180, 180, 3300, 3300, 3300},
		{"chrome", 180, 150, 3300, 3300, 3000},
		{"firefox", 180, 150, 3000, 3000, 3000},
		{"safari", 600, 600, 3300, 3300, 3300},
		{"classic", 20, 20, 300, 300, 300},
	} {
		t.Run(row.profile, func(t *testing.T) {
			p, ok := FindProfile(row.profile)
			if !ok || p.Name != row.profile {
				t.Fatal("no such profile")
			}
			j := New(&Options{Profile: p})
			if got := fill(t, j, "https://example.com/", "a", row.domain, ""); got != row.domain {
				t.Errorf("%d of a domain fit, want %d", got, row.domain)
			}
			j.set(Request{URL: mustURL(t, "https://www.example.com/")}, []string{"last=1"}, then.Add(time.Hour))
			if got := len(j.queue); got != row.afterDomain {
				t.Errorf("%d of a domain are left, want %d", got, row.afterDomain)
			}
			if got := sent(t, j, "https://www.example.com/", time.Hour); got != "last=1" {
				t.Errorf("the new one is not there: %q", got)
			}
			for unused, want := range map[time.Duration]int{time.Hour: row.afterTotal, 31 * 24 * time.Hour: row.afterUnused} {
				j = New(&Options{Profile: p})
				for i := range row.total {
					tell(t, j, fmt.Sprintf("https://h%d.example/", i/row.domain), fmt.Sprintf("n%d=1", i))
				}
				if got := len(j.queue); got != row.total {
					t.Errorf("%d in all fit, want %d", got, row.total)
				}
				j.set(Request{URL: mustURL(t, "https://example.com/")}, []string{"last=1"}, then.Add(unused))
				if got := len(j.queue); got != want {
					t.Errorf("unused for %v: %d are left, want %d", unused, got, want)
				}
			}
		})
	}
}

// CK_M14: who goes first.
func TestEviction_CK_M14(t *testing.T) {
	const at = "https://example.com/"
	small := rfc
	small.MaxPerDomain, small.MaxTotal = 3, 5
	for _, row := range []struct {
		story string
		do    func(j *Jar)
		want  string
	}{
		{"the one used longest ago", func(j *Jar) {
			fill(t, j, at, "n", 3, "")
			j.header(Request{URL: mustURL(t, at+"x")}, then.Add(time.Minute)) // uses all
			j.set(Request{URL: mustURL(t, at)}, []string{"n0000=2"}, then.Add(2*time.Minute))
			j.set(Request{URL: mustURL(t, at)}, []string{"last=1"}, then.Add(3*time.Minute))
		}, "last n0000 n0002"},
		{"of equals the one made first", func(j *Jar) { tell(t, j, at, "b=1", "c=1", "a=1", "d=1") }, "a c d"},
		{"an expired one before all", func(j *Jar) {
			fill(t, j, at, "n", 2, "")
			tell(t, j, at, "e=1; Secure; Max-Age=1")
			j.set(Request{URL: mustURL(t, at)}, []string{"last=1"}, then.Add(time.Minute))
		}, "last n0000 n0001"},
		{"one that is not Secure before a Secure one", func(j *Jar) {
			tell(t, j, at, "s=1; Secure", "n=1")
			fill(t, j, at, "t", 2, "; Secure")
		}, "s t0000 t0001"},
		{"http never puts out a Secure one", func(j *Jar) {
			fill(t, j, at, "s", 3, "; Secure")
			if v := tell(t, j, "http://example.com/", "n=1")[0]; ruled(v) != "stored Evicted 5.7" {
				t.Error(ruled(v))
			}
		}, "s0000 s0001 s0002"},
		{"another domain only when all are too many", func(j *Jar) {
			tell(t, j, "https://example.org/", "o=1", "p=1")
			fill(t, j, at, "n", 4, "")
		}, "n0001 n0002 n0003 o p"},
		{"then Secure or not", func(j *Jar) {
			tell(t, j, "https://example.org/", "o=1; Secure")
			fill(t, j, at, "n", 3, "")
			j.set(Request{URL: mustURL(t, "https://example.net/")}, []string{"a=1", "b=1"}, then.Add(time.Minute))
		}, "n0000 n0001 n0002 a b"},
		{"of all, too, the one used longest ago", func(j *Jar) {
			for _, name := range []string{"a", "b", "c", "d", "e"} {
				tell(t, j, "https://"+name+".example/", name+"=1")
			}
			j.header(Request{URL: mustURL(t, "https://a.example/")}, then.Add(time.Minute))
			j.set(Request{URL: mustURL(t, "https://f.example/")}, []string{"f=1"}, then.Add(time.Minute))
		}, "a c d e f"},
		{"of all, too, an expired one before", func(j *Jar) {
			for _, name := range []string{"a", "b", "c", "d", "e"} {
				tell(t, j, "https://"+name+".example/", name+"=1; Max-Age="+map[bool]string{true: "1", false: "90"}[name == "d"])
			}
			j.set(Request{URL: mustURL(t, "https://f.example/")}, []string{"f=1"}, then.Add(time.Minute))
		}, "a b c e f"},
		{"a clock that was put back", func(j *Jar) {
			fill(t, j, at, "n", 2, "")
			j.set(Request{URL: mustURL(t, at)}, []string{"old=1"}, then.Add(-time.Hour))
			j.header(Request{URL: mustURL(t, "https://example.org/")}, then)
			j.set(Request{URL: mustURL(t, at)}, []string{"new=1"}, then.Add(-time.Hour))
		}, "n0000 n0001 new"},
	} {
		t.Run(row.story, func(t *testing.T) {
			j := New(&Options{Profile: &small})
			row.do(j)
			if got := names(j); got != row.want {
				t.Errorf("left are %s, want %s", got, row.want)
			}
		})
	}
}

// The draft's own clock put back for one cookie in the queue of all.
func TestQueueClockPutBack(t *testing.T) {
	small := rfc
	small.MaxTotal = 2
	j := New(&Options{Profile: &small})
	tell(t, j, "https://a.example/", "a=1")
	j.set(Request{URL: mustURL(t, "https://b.example/")}, []string{"b=1"}, then.Add(time.Minute))
	j.header(Request{URL: mustURL(t, "https://b.example/")}, then.Add(-time.Minute))
	tell(t, j, "https://c.example/", "c=1")
	if got := names(j); got != "a c" {
		t.Errorf("left are %s; b was used before a", got)
	}
}

// A million lines that mean harm: as long as can be, of ever new names, hosts, paths and partitions. The jar stays small.
func TestHostileLines_CK_M14(t *testing.T) {
	const lines = 1_000_000
	j := New(nil)
	before := heapBytes()
	value, path, junk := strings.Repeat("v", 4080), "/"+strings.Repeat("p", 1023), strings.Repeat("; x="+strings.Repeat("j", 1024), 4)
	long := "n%d=" + value + "; Path=" + path + "; Secure; Max-Age=%d%s" + junk
	r := Request{URL: mustURL(t, "https://h.example/"), Site: mustURL(t, "https://tab.example/"), Embedded: true}
	c := j.context(r, then)
	for i := range lines {
		if i%100 == 0 { // a host and a tab of its own now and then
			r.URL.Host = fmt.Sprintf("www.h%d.example", i)
			r.Site.Host = fmt.Sprintf("tab%d.example", i)
			c = j.context(r, then.Add(time.Duration(i)*time.Microsecond))
		}
		text := fmt.Sprintf("n%d=1; Secure; SameSite=None", i)
		if i%20 == 0 || i > lines-5000 { // the last ones are all long, so that the jar is full of them
			text = fmt.Sprintf(long, i, i%1000, []string{"", "; Partitioned"}[i/20%2]+"; SameSite=None")
		}
		l := parse(text, c.now)
		if v := j.judge(&c, &l); v.Outcome == Stored {
			j.insert(&c, &l, &v)
		}
		if len(j.queue) > j.profile.MaxTotal {
			t.Fatalf("%d cookies", len(j.queue))
		}
	}
	if n := len(j.queue); n < 3000 {
		t.Errorf("only %d cookies are in the jar: the test says little", n)
	}
	// Each may have a name and a value of 4,096 octets, a path of 1,024, a host, a partition and a record.
	most := uint64(j.profile.MaxTotal) * (4096 + 1024 + 1024)
	if used := heapBytes() - before; used > most {
		t.Errorf("%d bytes, %d at most", used, most)
	} else {
		t.Logf("%d cookies, %.1f MB; %d shelves", len(j.queue), float64(used)/1e6, len(j.shelves))
	}
	if shelves := len(j.shelves); shelves > len(j.queue) {
		t.Errorf("%d shelves for %d cookies", shelves, len(j.queue))
	}
	runtime.KeepAlive(j)
}

func heapBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

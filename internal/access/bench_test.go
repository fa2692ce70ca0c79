package access

import (
	"fmt"
	"testing"
	"time"
)

// thousandRules are spread over 300 hosts, and one of those has 100 of them.
func thousandRules(tb testing.TB) *Policy {
	tb.Helper()
	var c Config
	for i := range 300 {
		c.Known = append(c.Known, Host{fmt.Sprintf("app%d.example", i), "--app"})
	}
	for i := range 900 {
		c.Rules = append(c.Rules, Rule{Host: fmt.Sprintf("app%d.example", i%300), Path: fmt.Sprintf("/area/%d", i/300), Groups: []string{"staff"}})
	}
	for i := range 100 {
		c.Rules = append(c.Rules, Rule{Host: "app7.example", Path: fmt.Sprintf("/api/v1/part%d/admin", i), Groups: []string{"staff"}, Within: 5 * time.Minute})
	}
	p, err := New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// ordinary are requests as browsers send them.
var ordinary = []struct {
	name string
	Query
	want Verdict
}{
	{"no rule", Query{Host: "app200.example", Target: "/dashboard/d/abc123/overview?from=now-6h&to=now&refresh=30s", Method: "GET"}, Allow},
	{"rule", Query{Host: "app200.example", Target: "/area/2/users/17/edit?tab=groups", Method: "GET"}, Allow},
	{"deep rule of 100", Query{Host: "app7.example", Target: "/api/v1/part55/admin/users", Method: "POST"}, Allow},
	{"other spelling of host", Query{Host: "App200.example:443", Target: "/Some/Page.html", Method: "HEAD"}, Allow},
	{"denied", Query{Host: "app7.example", Target: "/area/0", Method: "GET", Groups: []string{"guests"}}, Deny},
	{"escaped", Query{Host: "app7.example", Target: "/files/annual%20report%20%28final%29.pdf", Method: "GET"}, Allow},
	{"unknown host", Query{Host: "app777.example", Target: "/", Method: "GET"}, UnknownHost},
}

func asked(q Query) Query {
	q.SignedIn, q.AuthTime = true, time.Now()
	if q.Groups == nil {
		q.Groups = []string{"everyone", "dev", "staff"}
	}
	return q
}

func BenchmarkDecide(b *testing.B) {
	p := thousandRules(b)
	for _, tt := range ordinary {
		b.Run(tt.name, func(b *testing.B) {
			q := asked(tt.Query)
			b.ReportAllocs()
			for b.Loop() {
				if d := p.Decide(q); d.Verdict != tt.want {
					b.Fatalf("%v (%s), want %v", d.Verdict, d.Why, tt.want)
				}
			}
		})
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	p := thousandRules(t)
	for _, tt := range ordinary {
		q, most := asked(tt.Query), 0.0
		if tt.name == "escaped" {
			most = 2 // the decoded path
		}
		if n := testing.AllocsPerRun(100, func() { p.Decide(q) }); n > most {
			t.Errorf("%s: %v allocations, at most %v wanted", tt.name, n, most)
		}
	}
}

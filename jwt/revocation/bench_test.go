package revocation

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// filled is a feed that is followed, with a million entries, half of a percent of them accounts.
func filled(tb testing.TB, n int) (*Feed, *issuer) {
	tb.Helper()
	i := newIssuer(tb)
	o, _, err := (&Options{Keys: i.keys, MaxEntries: n}).resolve(i.url, testCredentials)
	if err != nil {
		tb.Fatal(err)
	}
	f := newFeed(i.url, o)
	now := time.Now()
	const part = 1000
	for at := 0; at < n; at += part {
		m := &message{kind: snapshot, issued: now, part: at/part + 1, last: at+part >= n}
		for k := at; k < min(at+part, n); k++ {
			e := entry{Session: fmt.Sprintf("%022d", k), Reason: "signed-out", Until: now.Add(time.Hour).Unix()}
			if k%200 == 0 {
				e = entry{Account: fmt.Sprintf("acc%019d", k), NotBefore: now.Unix(), Reason: "account-disabled", Until: now.Add(time.Hour).Unix()}
			}
			m.entries = append(m.entries, e)
		}
		if _, err := f.take(m, now); err != nil {
			tb.Fatal(err)
		}
	}
	return f, i
}

func verified(tb testing.TB, i *issuer, sid, sub string) *jwt.Token {
	tb.Helper()
	token, err := jwt.Sign(i.key, "at+jwt", map[string]any{
		"iss": i.url, "aud": i.url, "exp": in(10 * time.Minute), "iat": in(-time.Minute), "jti": "k2m9v0aXq7Rt4LwZ8nB3cd", "sub": sub, "sid": sid,
		"client_id": "cloakroom", "scope": "account", "auth_time": in(-time.Minute), "amr": []string{"pwd"},
	})
	if err != nil {
		tb.Fatal(err)
	}
	v, err := jwt.NewVerifier(i.url, i.url, i.keys, []jwt.Algorithm{jwt.ES256}, &jwt.VerifierOptions{Type: "at+jwt"})
	if err != nil {
		tb.Fatal(err)
	}
	t, err := v.Verify(token)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// BenchmarkRevoked asks about many tokens in turn, so that the look-ups meet cold memory, as those of a service do.
func BenchmarkRevoked(b *testing.B) {
	f, i := filled(b, 1_000_000)
	good, gone := make([]*jwt.Token, 1024), make([]*jwt.Token, 1024)
	for n := range good {
		good[n] = verified(b, i, fmt.Sprintf("good%018d", n*7919), fmt.Sprintf("alice%017d", n*104729))
		gone[n] = verified(b, i, fmt.Sprintf("%022d", n*200+1), "alice")
	}
	for _, bb := range []struct {
		name   string
		tokens []*jwt.Token
		want   bool
	}{{"holds", good, true}, {"revoked", gone, false}} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if err := f.Revoked(bb.tokens[n%len(bb.tokens)]); (err == nil) != bb.want {
					b.Fatal(err)
				}
			}
		})
		b.Run(bb.name+"/parallel", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for n := 0; pb.Next(); n++ {
					f.Revoked(bb.tokens[n%len(bb.tokens)])
				}
			})
		})
	}
}

// BenchmarkMemory reports what an entry takes.
func BenchmarkMemory(b *testing.B) {
	const n = 1_000_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		f, _ := filled(b, n)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/entry")
		runtime.KeepAlive(f)
	}
}

func TestRevokedAllocatesNothing(t *testing.T) {
	f, i := filled(t, 2000)
	good := verified(t, i, "good", "alice")
	if n := testing.AllocsPerRun(100, func() {
		if err := f.Revoked(good); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

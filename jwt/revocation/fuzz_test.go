package revocation

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/jwt"
)

// fuzzIssuer has the same key in every process that fuzzes.
func fuzzIssuer(tb testing.TB) *issuer {
	tb.Helper()
	key, err := jwt.ParseKey([]byte(`{"crv":"P-256","kty":"EC","x":"7U4y3TwC6PzKAq47k7uxwxkwPmYazkSIX22__pzUeUA","y":"Oh8lyhA_OGizHrtBEGvpOTJvMPuJJCQZ94xvouFY9dA","d":"vkuy_5SiFX_YXkapSciko2eMTbLFrwG47pnU12DHTsc","alg":"ES256","kid":"cajwygdlAs279mYBONQYuRWZgNdD7WjVs8pKTHcnoH8","use":"sig"}`))
	if err != nil {
		tb.Fatal(err)
	}
	return newIssuerWith(tb, key)
}

// A fuzzed feed knows some things from before, of which whatever comes takes nothing back.
type fuzzed struct {
	*Feed
	issuer *issuer
}

func newFuzzed(tb testing.TB, i *issuer) *fuzzed {
	tb.Helper()
	o, _, err := (&Options{Keys: i.keys, MaxEntries: 100, Logger: slog.New(slog.DiscardHandler)}).resolve(i.url, testCredentials)
	if err != nil {
		tb.Fatal(err)
	}
	z := &fuzzed{Feed: newFeed(i.url, o), issuer: i}
	z.limits = usualLimits
	now := time.Now()
	until := now.Add(time.Hour).Unix()
	if _, err := z.take(&message{kind: snapshot, seq: 1, issued: now, part: 1, last: true, entries: []entry{
		{Session: "gone", Until: until, Reason: "idle"}, {Account: "mallory", NotBefore: now.Unix(), Until: until},
	}}, now); err != nil {
		tb.Fatal(err)
	}
	return z
}

// judge checks what must hold after anything.
func (z *fuzzed) judge(t *testing.T, dead []*jwt.Token) {
	t.Helper()
	for _, tok := range dead {
		if err := z.Revoked(tok); !errors.Is(err, jwt.ErrRevoked) {
			t.Fatalf("what was revoked is accepted again: %v", err)
		}
	}
	if n := z.Status().Entries; n < 2 || n > 100 {
		t.Fatalf("%d entries", n)
	}
	if age, known := z.view.age(time.Now()); !known || age < 0 || age > time.Minute {
		t.Fatalf("the view is %s old", age)
	}
}

func deadTokens(f *testing.F, i *issuer) []*jwt.Token {
	return []*jwt.Token{verified(f, i, "gone", "alice"), verified(f, i, "here", "mallory")}
}

// Whatever bytes come as a stream: only messages that the issuer has signed are believed.
func FuzzStream(f *testing.F) {
	i := fuzzIssuer(f)
	dead, good := deadTokens(f, i), verified(f, i, "here", "alice")
	for _, m := range []string{i.heartbeat(1, nil), i.heartbeat(2, nil), i.snapshot(0, 1, true), "e30.e30.e30", ""} {
		f.Add([]byte("id: 1\nevent: set\ndata: " + m + "\n\n"))
		f.Add([]byte("event:set\r\ndata:" + m + "\r\n\r\n: comment\r\n\r\n"))
		f.Add([]byte("data: " + m + "\nevent: other\n\nevent: set\ndata: " + m))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		z := newFuzzed(t, i)
		for s := newStream(strings.NewReader(string(data))); ; {
			token, err := s.next()
			if err != nil {
				if _, ok := errors.AsType[*Error](err); token != "" || !ok {
					t.Fatalf("got %q with %v", token, err)
				}
				break
			}
			if strings.ContainsAny(token, "\n") || !strings.Contains(string(data), token) {
				t.Fatalf("a message that is not in the stream: %q", token)
			}
			m, err := parseMessage(token, z.issuer.url, z.keys)
			if (m == nil) != (err != nil) {
				t.Fatalf("a message with an error: %+v, %v", m, err)
			}
			if err != nil {
				break
			}
			z.take(m, time.Now())
		}
		z.judge(t, dead)
		if err := z.Revoked(good); err != nil {
			t.Fatalf("nobody has revoked it: %v", err)
		}
	})
}

// Whatever the issuer has signed, each line a payload.
func FuzzMessages(f *testing.F) {
	i := fuzzIssuer(f)
	dead := deadTokens(f, i)
	base := fmt.Sprintf(`{"iss":%q,"aud":"%s/revocations","iat":%d,"jti":"r2","seq":2,`, i.url, i.url, in(0))
	for _, event := range []string{
		eventHeartbeat + `":{}`, eventSnapshot + `":{"part":1,"last":true,"entries":[{"sid":"gone","until":1},{"sub":"mallory","not_before":1,"until":1}]}`,
		eventSnapshot + `":{"part":1,"last":false,"entries":[{"kid":"x","until":9e99}]}`, eventKeyRetired + `":{"kid":"x","until":1}`,
		eventRevoked + `":{"until":1}`, "x" + `":null`,
	} {
		f.Add(base + `"sub_id":{"format":"iss_sub","iss":"` + i.url + `","sub":"mallory"},"events":{"` + event + `}}`)
		f.Add(base + `"sub_id":{"format":"complex","session":{"format":"opaque","id":"gone"}},"events":{"` + event + `}}` + "\n" + base + `"events":{"` + event + `}}`)
	}
	f.Fuzz(func(t *testing.T, payloads string) {
		z := newFuzzed(t, i)
		for payload := range strings.SplitSeq(payloads, "\n") {
			token, err := jwt.SignPayload(i.key, messageType, []byte(payload))
			if err != nil {
				t.Fatal(err)
			}
			m, err := parseMessage(token, i.url, z.keys)
			if (m == nil) != (err != nil) {
				t.Fatalf("a message with an error: %+v, %v", m, err)
			}
			if err != nil {
				continue
			}
			before := z.place
			news, err := z.take(m, time.Now())
			switch after := z.place; {
			case news && err != nil:
				t.Fatalf("news with an error: %v", err)
			case after.known && m.kind == happened && before.known && after.seq > before.seq+1:
				t.Fatalf("from %+v to %+v", before, after)
			}
			for n := range shards / sweptAtOnce {
				z.sweep(n, time.Now())
			}
		}
		z.judge(t, dead)
	})
}

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/cookie/jar"
)

// TestReplayAnswersAtOnce: a program that waits for an answer before it says more gets it.
func TestReplayAnswersAtOnce(t *testing.T) {
	t.Parallel()
	in, ask := io.Pipe()
	answers, out := io.Pipe()
	ended := make(chan error)
	go func() {
		_, err := replay(in, out, jar.Options{})
		ended <- err
	}()
	r := bufio.NewReader(answers)
	for _, line := range []string{`{"op":"new"}`, `{"op":"set","url":"https://app.example/","set_cookie":["a=1"]}`, `nonsense`, `{"op":"get","url":"https://app.example/"}`} {
		if _, err := io.WriteString(ask, line+"\n"); err != nil {
			t.Fatal(err)
		}
		if answer, err := r.ReadString('\n'); err != nil || !json.Valid([]byte(answer)) {
			t.Fatalf("%s: %q, %v", line, answer, err)
		}
	}
	ask.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestReplayLongLines: a line may have a mebibyte, and one that is longer costs only itself.
func TestReplayLongLines(t *testing.T) {
	t.Parallel()
	line := func(n int) string {
		const head, tail = `{"op":"set","url":"https://app.example/","set_cookie":["a=1; x=`, `"]}`
		return head + strings.Repeat("x", n-len(head)-len(tail)) + tail + "\n"
	}
	var out bytes.Buffer
	refused, err := replay(strings.NewReader(line(maxLine)+line(maxLine+1)+line(3*maxLine)+line(100)), &out, jar.Options{})
	if !refused || err != nil {
		t.Errorf("refused %v, %v", refused, err)
	}
	answers := strings.Split(out.String(), "\n")
	if len(answers) != 5 {
		t.Fatalf("%d answers, want 4", len(answers)-1)
	}
	for i, want := range []string{`"verdict":"stored"`, "the line has more than 1048576 bytes", "the line has more than 1048576 bytes", `"verdict":"stored"`} {
		if !strings.Contains(answers[i], want) {
			t.Errorf("answer %d is %.200s, want %s", i+1, answers[i], want)
		}
	}
}

// An operation that is understood is understood the same when it is written again, by a writer who repairs nothing.
func FuzzOperation(f *testing.F) {
	for _, seed := range []string{
		`{"op":"new","profile":"chrome"}`, `{"op":"close"}`, `{"op":"get","url":"https://a.example/","now":"2026-11-26T12:00:00Z","script":true,"embedded":false}`,
		`{"op":"set","url":"https://a.example/","set_cookie":["a=\ud83c\udf6a\u0001","\\ud83c"],"site":"https://b.example/","method":"POST"}`, `{"op":"get","url":null} `, "{\"op\":\"\xff\"}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		op, err := parseOperation(line)
		if err != nil {
			return
		}
		m := map[string]any{"op": op.Op}
		for name, value := range map[string]any{
			"profile": op.Profile, "url": op.URL, "site": op.Site, "method": op.Method, "now": op.Now, "set_cookie": op.SetCookie, "script": op.Script, "embedded": op.Embedded,
		} {
			if known := members[op.Op]; slices.Contains(known.may, name) || slices.Contains(known.must, name) {
				m[name] = value
			}
		}
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseOperation(string(text))
		if err != nil || !reflect.DeepEqual(again, op) {
			t.Fatalf("%q: %+v, written as %s it is %+v, %v", line, op, text, again, err)
		}
	})
}

// What is read of a foreign JSON, written for Playwright and read again, is the same.
func FuzzForeign(f *testing.F) {
	for _, seed := range []string{
		`[{"name":"a","value":"1","domain":".app.example","path":"/","expires":4102444800.5,"sameSite":"lax"}]`,
		`{"cookies":[{"name":"a","domain":"app.example","partitionKey":{"topLevelSite":"https://top.example"},"secure":true}],"origins":[]}`,
		`[{"name":"a","domain":"app.example","hostOnly":false,"session":true,"expirationDate":1}, 5, {"name":5}]`, `[{"expiry":1e300},{"expires":-1}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) == 0 || text[0] != '{' && text[0] != '[' {
			return
		}
		cookies, _, err := readForeign(text)
		if err != nil {
			return
		}
		j := jar.New(nil)
		j.Restore(bare(cookies))
		all := j.All()
		var out bytes.Buffer
		if err := writeState(&out, all); err != nil {
			return
		}
		again, found, err := readForeign(out.Bytes())
		if err != nil || len(found) > 0 {
			t.Fatalf("%v %v in %s", err, found, out.Bytes())
		}
		k := jar.New(nil)
		k.Restore(bare(again))
		if got := k.All(); !slices.EqualFunc(got, all, sameButTimes) {
			t.Fatalf("got %+v, want %+v", got, all)
		}
	})
}

// sameButTimes: JSON has only fractions of a second.
func sameButTimes(a, b jar.Cookie) bool {
	return idOf(&a) == idOf(&b) && a.Value == b.Value && a.Secure == b.Secure && a.HTTPOnly == b.HTTPOnly && a.SameSite == b.SameSite &&
		a.Persistent == b.Persistent && a.Expires.Sub(b.Expires).Abs() < time.Millisecond
}

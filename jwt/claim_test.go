package jwt

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Each row is what stands in the payload after the claims that every token has.
func TestStringClaim(t *testing.T) {
	k := testKeys()[HS256]
	v := testVerifier(t, k, nil)
	must := `{"iss":"https://login.example","aud":"https://api.example","exp":` + strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)
	for _, row := range []struct{ story, members, name, want string }{
		{"a claim", `,"sid":"a"`, "sid", "a"},
		{"with white space", " ,\n\"sid\"\t: \"a\" ", "sid", "a"},
		{"not there", `,"xid":"a"`, "sid", ""},
		{"empty", `,"sid":""`, "sid", ""},
		{"a registered one", `,"sub":"alice"`, "sub", "alice"},
		{"a number", `,"sid":1`, "sid", ""},
		{"null", `,"sid":null`, "sid", ""},
		{"an object", `,"sid":{"sid":"b"}`, "sid", ""},
		{"an array", `,"sid":["b"]`, "sid", ""},
		{"the name as a value before", `,"x":"sid","sid":"a"`, "sid", "a"},
		{"the name as a value only", `,"x":"sid"`, "sid", ""},
		{"the name in an array", `,"x":["sid","b"]`, "sid", ""},
		{"the name in another name", `,"xsid":"b","sidx":"c","sid":"a"`, "sid", "a"},
		{"a member inside a claim", `,"act":{"sid":"b"}`, "sid", ""},
		{"a member inside a claim before", `,"act":{"sid":"b"},"sid":"a"`, "sid", "a"},
		{"a brace in a text", `,"x":"{","sid":"a"`, "sid", "a"},
		{"a member inside a text", `,"x":"{\"sid\":\"b\"}"`, "sid", ""},
		{"a member inside a text before", `,"x":",\"sid\":\"b\"","sid":"a"`, "sid", "a"},
		{"an escaped name", `,"\u0073id":"a"`, "sid", "a"},
		{"an escaped value", `,"sid":"\u0061\n"`, "sid", "a\n"},
		{"another case", `,"SID":"a"`, "sid", ""},
		{"another case first", `,"SID":"b","sid":"a"`, "sid", "a"},
		{"a name without letters", `,"x":"","":"a"`, "", "a"},
		{"a name without letters that is not there", `,"x":""`, "", ""},
		{"a name with quotes", `,"x":"a"`, `x":"a`, ""},
		{"a name that is the payload", ``, must, ""},
	} {
		t.Run(row.story, func(t *testing.T) {
			// Once as the claim that is kept, and once as another of the same length.
			for _, as := range []*strings.Replacer{strings.NewReplacer(), strings.NewReplacer("sid", "cid", `\u0073id`, `\u0063id`)} {
				tok, err := v.Verify(claimsToken(t, k, "", must+as.Replace(row.members)+"}"))
				if err != nil {
					t.Fatal(err)
				}
				name := as.Replace(row.name)
				if got := tok.StringClaim(name); got != row.want {
					t.Errorf("%s: got %q, want %q", name, got, row.want)
				}
				if got := tok.SessionID(); name == "sid" && got != row.want {
					t.Errorf("session: got %q, want %q", got, row.want)
				}
			}
		})
	}
	if got := new(Token).StringClaim("sid"); got != "" {
		t.Errorf("no token: got %q", got)
	}
}

func TestIssuedAt(t *testing.T) {
	k := testKeys()[HS256]
	v := testVerifier(t, k, nil)
	c := testClaims()
	c.IssuedAt = At(time.Now().Add(-time.Minute))
	token, err := Sign(k, "", c)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := v.Verify(token)
	if err != nil || !tok.IssuedAt().Equal(c.IssuedAt.Time) {
		t.Errorf("got %v, %v, want %v", tok.IssuedAt(), err, c.IssuedAt)
	}
}

// Of whatever a verifier accepts it finds what encoding/json finds.
func FuzzStringClaim(f *testing.F) {
	f.Add(`{"sid":"a"}`, "sid")
	f.Add(`{"x":["sid",{"sid":"b"}],"sid":"a"}`, "client_id")
	f.Add(`{"x":"\"sid\":1", "cid" :"\u0061"}`, "cid")
	f.Add(`{"":"{"}`, "")
	k := fuzzKey(f)
	v, err := NewVerifier("i", "a", mustSet(f, k), Algorithms(), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, payload, name string) {
		payload = `{"iss":"i","aud":"a","exp":1800000060,` + strings.TrimLeft(payload, "{ ")
		token, err := SignPayload(k, "", []byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		tok, err := v.VerifyAt(token, time.Unix(1_800_000_000, 0))
		if err != nil {
			return
		}
		var all map[string]any
		if err := json.Unmarshal([]byte(payload), &all); err != nil {
			return // a number that fits no float
		}
		for _, name := range []string{name, "sid"} {
			want, _ := all[name].(string)
			if got := tok.StringClaim(name); got != want {
				t.Errorf("%s in %s: got %q, want %q", name, payload, got, want)
			}
		}
		if tok.SessionID() != tok.StringClaim("sid") {
			t.Error("two session IDs")
		}
	})
}

func TestStringClaimAllocatesNothing(t *testing.T) {
	k := testKeys()[HS256]
	tok, err := testVerifier(t, k, nil).Verify(claimsToken(t, k, "", `{"iss":"https://login.example","aud":"https://api.example","exp":`+
		strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)+`,"act":{"client_id":"b"},"sid":"a","client_id":"c"}`))
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if tok.StringClaim("client_id") != "c" || tok.SessionID() != "a" {
			t.Fatal("not found")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

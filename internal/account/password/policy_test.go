package password

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestCheck_AU_01_02_03_04(t *testing.T) {
	lea := []string{"lea.smith@mail.example.com", "Lea Smith", "auth.acme.example:8443"}
	tests := []struct {
		what     string
		password string
		context  []string
		want     Reason // "" = accepted
		also     Reason
	}{
		{"the site's name with decoration is short, and longer would not help", "Cloakroom2026!", nil, TooShort, Context},
		{"the site's name twice", "CloakroomCloakroom2026!", nil, Context, ""},
		{"the site's name in leet", "Cl0akr00mCl04kr00m!!", nil, Context, ""},
		{"fourteen random characters", "x7#Kq9!mPv2$Lw", nil, TooShort, ""},
		{"fifteen random characters", "x7#Kq9!mPv2$Lwe", nil, "", ""},
		{"fifteen random small letters: no rules of composition", "qhvbwmzkxtnrpfy", nil, "", ""},
		{"fifteen spaces", strings.Repeat(" ", 15), nil, Pattern, ""},
		{"four words", "correct horse battery staple", nil, "", ""},
		{"three common words", "monkeydragonelephant", nil, "", ""},
		{"two common words", "iloveyoupassword", nil, Common, ""},
		{"two common words and a number", "Iloveyou-Password1", nil, Common, ""},
		{"a common word and digits in a row", "password1234567890", nil, Common, ""},
		{"a common word and a number of one's own", "password8492017", nil, Common, ""},
		{"a common word and a pile of signs", "password!!!!!!!!!!!", nil, Common, ""},
		{"a common word in leet, padded", "P@ssw0rd!2024!!!", nil, Common, ""},
		{"a common word, a year, twice", "Summer2024Summer2024", nil, Common, ""},
		{"a common word three times", "passwordpasswordpassword", nil, Common, ""},
		{"a common word with its number twice", "password1password1", nil, Common, ""},
		{"one of the list with 15 and more", "123456789987654321", nil, Pattern, ""},
		{"a row of keys, back and forth", "qwertyuiop[]poiuytrewq", nil, "*", ""},
		{"columns of keys", "1qaz2wsx3edc4rfv5tgb", nil, "*", ""},
		{"columns of keys, shifted", "!QAZ@WSX#EDC$RFV", nil, "*", ""},
		{"one key", strings.Repeat("a", 1000), nil, Pattern, ""},
		{"two keys", strings.Repeat("ab", 500), nil, Pattern, ""},
		{"1qaz again and again", strings.Repeat("1qaz", 25), nil, "*", ""},
		{"1998 again and again", strings.Repeat("1998", 25), nil, "*", ""},
		{"the alphabet", "abcdefghijklmnopqrstuvwxyz", nil, Pattern, ""},
		{"the digits twice", "01234567890123456789", nil, Pattern, ""},
		{"a date twice", "1998-04-231998-04-23", nil, Pattern, ""},
		{"비밀번호 on a Latin layout, twice", "qlalfqjsghqlalfqjsgh", nil, Common, ""},
		{"비밀번호 on a Latin layout, with digits", "qlalfqjsgh1234567", nil, Common, ""},
		{"사랑해요 on a Latin layout, with digits and signs", "tkfkdgody12345!!", nil, Common, ""},
		{"대한민국 만세 on a Latin layout", "eogksalsrnrakstp", nil, Common, ""},
		{"비밀번호 in Hangul", "비밀번호비밀번호비밀번호1234", nil, Common, ""},
		{"a Korean sentence of one's own", "작은 부엌에서 파란 코끼리가 춤춘다", nil, "", ""},
		{"the same, typed on Latin keys", "wkrdms qndjzdptj vkfks zhRlflrk", nil, "", ""},
		{"the address", "lea.smith@mail.example.com", lea, Context, ""},
		{"the name and a year", "LeaSmith19901990", lea, Context, ""},
		{"the name and the company", "SmithAtAcme2026!", lea, Context, ""},
		{"the local part backwards is not looked for", "htims.ael-9Tq2vX", lea, "", ""},
		{"a name among other words does no harm", "lea paints nine violet rhinos", lea, "", ""},
		{"the most bytes", strings.Repeat("qhv8wmz!", 127) + "zQ4r!2pX", nil, "", ""},
		{"one byte too many", strings.Repeat("q", MaxBytes+1), nil, TooLong, ""},
		{"not UTF-8", "x7#Kq9!mPv2$Lwe\xff", nil, NotText, ""},
		{"fourteen Hangul syllables, decomposed, are fourteen", nfd14, nil, TooShort, ""},
		{"nothing", "", nil, TooShort, ""},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			got, err := Check(tt.password, tt.context...)
			var refused *PolicyError
			if !errors.As(err, &refused) {
				if tt.want != "" || got == "" || err != nil {
					t.Fatalf("got %q, %v; want refused as %q", got, err, tt.want)
				}
				return
			}
			if tt.want == "*" && (refused.Reason == Common || refused.Reason == Pattern) {
				return
			}
			if refused.Reason != tt.want {
				t.Fatalf("got %v (%s), want %q", err, refused.Text, tt.want)
			}
			if tt.also != "" && (len(refused.Also) != 1 || refused.Also[0] != tt.also) {
				t.Errorf("also: got %q, want %q", refused.Also, tt.also)
			}
			if refused.Text == "" || got != "" {
				t.Errorf("text %q, password %q beside the error", refused.Text, got)
			}
			if len(tt.password) > 3 && strings.Contains(refused.Text+err.Error(), tt.password) {
				t.Error("the refusal repeats the password")
			}
		})
	}
}

// 14 syllables written with 28 or 42 conjoining jamo.
const nfd14 = "\u1100\u1161\u1102\u1161\u1103\u1161\u1105\u1161\u1106\u1161\u1107\u1161\u1109\u1161\u110b\u1161\u110c\u1161\u110e\u1161\u110f\u1161\u1110\u1161\u1111\u1161\u1112\u1161"

// Random passwords of the least length must pass: the filters' mistakes and short patterns must not eat them.
func TestRandomPasswordsPass_AU_04(t *testing.T) {
	for name, alphabet := range map[string]string{
		"small letters": "abcdefghijklmnopqrstuvwxyz",
		"base32":        "abcdefghijklmnopqrstuvwxyz234567",
		"hex":           "0123456789abcdef",
		"all":           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%^&*()-_",
	} {
		t.Run(name, func(t *testing.T) {
			rnd := uint64(0x9e3779b97f4a7c15)
			for range 500 {
				var b strings.Builder
				for range 16 {
					rnd ^= rnd << 13
					rnd ^= rnd >> 7
					rnd ^= rnd << 17
					b.WriteByte(alphabet[rnd%uint64(len(alphabet))])
				}
				if _, err := Check(b.String(), "lea.smith@mail.example.com", "Lea Smith"); err != nil {
					t.Errorf("%s: %v", b.String(), err)
				}
			}
		})
	}
}

// What somebody makes up to keep the checks busy takes some 20 ms. What is exponential would never end: the limit is far from any slow machine.
func TestCheckIsBounded(t *testing.T) {
	context := []string{strings.Repeat("a.b-c+d_", 200), strings.Repeat("abc ", 300), strings.Repeat("a", 1000)}
	for _, unit := range []string{"a", "ab", "password", "1qaz2wsx", "4@8({[<369!17|0$5+%2", "qlalfqjsgh", "1998", "가", "aaaaaaaaaaaaaaaab", "p4ssw0rd"} {
		s := strings.Repeat(unit, MaxBytes/len(unit))
		done := make(chan struct{})
		go func() {
			defer close(done)
			Check(s, context...)
		}()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatalf("%s, %d bytes: a minute was not enough", unit, len(s))
		}
	}
}

func TestLatinKeys(t *testing.T) {
	for hangul, want := range map[string]string{
		"비밀번호": "qlalfqjsgh", "사랑해": "tkfkdgo", "안녕하세요": "dkssudgktpdy", "값": "rkqt", "왜": "dho", "빵!": "Qkd!",
	} {
		if got := latinKeys(hangul); got != want {
			t.Errorf("%s: got %s, want %s", hangul, got, want)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"Cloakroom2026!", "correct horse battery staple", "e\u0301e\u0301", "qlalfqjsgh", "\xff", nfd14} {
		f.Add(s, "lea@example.com")
	}
	f.Fuzz(func(t *testing.T, s, context string) {
		got, err := Check(s, context)
		if err != nil {
			if got != "" {
				t.Fatalf("%q came with an error", got)
			}
			return
		}
		if utf8.RuneCountInString(got) < MinLength || len(got) > MaxBytes {
			t.Fatalf("accepted %q", got)
		}
		if again, err := Check(got, context); err != nil || again != got {
			t.Fatalf("%q accepted, then %q, %v", got, again, err)
		}
		if typed, ok := Normalize(s); !ok || typed != got {
			t.Fatalf("stored %q, typed %q", got, typed)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	for b.Loop() {
		Check("correct horse battery staple", "lea.smith@mail.example.com", "Lea Smith")
	}
}

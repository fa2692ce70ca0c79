package jar

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// noon is when the stories of the files begin.
var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// A browser has a cookie file open.
type browser struct {
	*File
	t *testing.T
}

func openBrowser(t *testing.T, path string, now time.Time, keep bool) browser {
	t.Helper()
	f, err := open(path, &FileOptions{KeepSession: keep}, now)
	if err != nil {
		t.Fatal(err)
	}
	f.wait = time.Minute // the machine may be busy
	return browser{f, t}
}

// set stores lines of https://app.example/.
func (b browser) set(now time.Time, lines ...string) {
	b.t.Helper()
	for _, v := range b.Jar.set(Request{URL: mustURL(b.t, "https://app.example/")}, lines, now) {
		if v.Outcome != Stored {
			b.t.Fatalf("%s: %v %s", v.Line, v.Reasons, v.Detail)
		}
	}
}

func (b browser) saved(now time.Time) {
	b.t.Helper()
	if err := b.save(now); err != nil {
		b.t.Fatal(err)
	}
}

// header is what is sent to https://app.example/.
func (b browser) header(now time.Time) string {
	return b.Jar.header(Request{URL: mustURL(b.t, "https://app.example/")}, now)
}

func (b browser) sends(what string, now time.Time, want string) {
	b.t.Helper()
	if got := b.header(now); got != want {
		b.t.Errorf("%s: sends %q, want %q", what, got, want)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeFile(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "cookies.txt")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFileKeepsCookiesOverARestart_CK_M15(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookies.txt")
	b := openBrowser(t, path, noon, false)
	b.set(noon, "week=1; Max-Age=604800; SameSite=Strict; HttpOnly", "now=2", "late=3; Expires=Fri, 01 Jan 2100 00:00:00 GMT", "part=4; Secure; Partitioned; Max-Age=60", "just a value; Max-Age=60", "tab=a\tb; Max-Age=60")
	b.header(noon.Add(time.Second))
	all := b.Jar.all(noon)
	b.saved(noon.Add(time.Second))

	kept := openBrowser(t, path, noon.Add(time.Second), true)
	if got := kept.Jar.all(noon); !slices.Equal(got, all) {
		t.Errorf("the browser is still open:\n%+v, want\n%+v", got, all)
	}
	closed := openBrowser(t, path, noon.Add(time.Second), false)
	closed.sends("the browser was closed", noon.Add(time.Second), "week=1; late=3; part=4; just a value; tab=a\tb")
	closed.saved(noon.Add(time.Second))
	again := openBrowser(t, path, noon.Add(time.Minute), true)
	again.sends("closed cookies do not come back, and a minute ends", noon.Add(time.Minute), "week=1; late=3")
}

func TestFileIsForItsOwnerOnly(t *testing.T) {
	path := writeFile(t, "# Netscape HTTP Cookie File\n")
	b := openBrowser(t, path, noon, false)
	b.set(noon, "a=1; Max-Age=60")
	b.saved(noon)
	about, err := os.Stat(path)
	if err != nil || about.Mode() != 0o600 {
		t.Errorf("%v, %v; want mode 0600", about.Mode(), err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v: something is left beside the file", entries, err)
	}
}

func TestFileIsNotWrittenForNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookies.txt")
	b := openBrowser(t, path, noon, false)
	b.saved(noon) // but a new one is made
	b.set(noon, "a=1; Max-Age=60")
	b.saved(noon)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	c := openBrowser(t, path, noon.Add(time.Second), false)
	c.saved(noon.Add(time.Second))
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
		t.Errorf("nothing has changed, and the file is another: %v", err)
	}
	c.sends("a use is written down", noon.Add(2*time.Second), "a=1")
	c.saved(noon.Add(2 * time.Second))
	if text := readFile(t, path); !strings.Contains(text, `"accessed":"2026-11-26T12:00:02Z"`) {
		t.Errorf("got\n%s", text)
	}
}

// Whatever is in a file and no cookie stays there, where it was.
func TestFileKeepsComments(t *testing.T) {
	const text = "# my own heading\n\n# about a\napp.example\tFALSE\t/\tFALSE\t4102444800\ta\t1\n# about b\napp.example\tFALSE\t/\tFALSE\t4102444800\tb\t2\n# the end\n"
	path := writeFile(t, text)
	b := openBrowser(t, path, noon, false)
	b.set(noon, "a=; Max-Age=0", "b=3", "c=4")
	b.saved(noon)
	var got []string
	for line := range strings.Lines(readFile(t, path)) {
		if !strings.HasPrefix(line, notePrefix) && !strings.HasPrefix(line, hiddenPrefix) {
			got = append(got, line)
		}
	}
	want := "# Netscape HTTP Cookie File\n# my own heading\n\n# about a\n# about b\napp.example\tFALSE\t/\tFALSE\t0\tb\t3\n# the end\napp.example\tFALSE\t/\tFALSE\t0\tc\t4\n"
	if strings.Join(got, "") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, ""), want)
	}
}

// A cookie that no server could have set is not sent, and stays in the file.
func TestFileKeepsWhatTheJarRefuses(t *testing.T) {
	const line = "app.example\tFALSE\t/\tFALSE\t0\t__Host-a\t1\n"
	path := writeFile(t, "# Netscape HTTP Cookie File\n"+line)
	b := openBrowser(t, path, noon, true)
	if len(b.Refused) != 1 || !slices.Contains(b.Refused[0].Reasons, InvalidPrefix) {
		t.Errorf("refused %+v", b.Refused)
	}
	b.sends("refused", noon, "")
	b.set(noon, "b=2")
	b.saved(noon)
	if text := readFile(t, path); !strings.Contains(text, line) {
		t.Errorf("it is lost:\n%s", text)
	}
}

func TestFileThatIsNotUnderstoodStaysAsItIs(t *testing.T) {
	big := strings.Repeat("#"+strings.Repeat("x", 1022)+"\n", MaxFile/1024)
	long := strings.Repeat("#\n", maxFileLines)
	many := strings.Repeat("app.example\tFALSE\t/\tFALSE\t0\ta\t1\n", maxFileCookies)
	tests := []struct {
		what, text string
		is         error
		says       string // "" if it is understood
	}{
		{"nothing", "", nil, ""},
		{"a mark of a Windows editor, and its line ends", "\xEF\xBB\xBF# Netscape HTTP Cookie File\r\n\r\napp.example\tFALSE\t/\tFALSE\t0\ta\t1\r\n", nil, ""},
		{"one line with spaces", "# Netscape HTTP Cookie File\n\napp.example FALSE / FALSE 0 a 1\n", ErrLine, "cookies.txt:3: has 1 field"},
		{"JSON", "\n[{\"name\":\"a\"}]", ErrFile, "is JSON"},
		{"as much as may be", big, nil, ""},
		{"one octet more", big + "#", ErrFileTooLarge, "more than 16777216 octets"},
		{"as long as may be", long, nil, ""},
		{"one line more", long + "#", ErrFileTooLarge, "more than 100000 lines"},
		{"as many as may be", many, nil, ""},
		{"one cookie more", many + "app.example\tFALSE\t/\tFALSE\t0\ta\t1\n", ErrFileTooLarge, "more than 20000 cookies"},
	}
	for _, tt := range tests {
		path := writeFile(t, tt.text)
		_, err := open(path, nil, noon)
		if tt.says == "" && err != nil || tt.says != "" && (!errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: got %v, want %q", tt.what, err, tt.says)
		}
		// Somebody spoils the file while the browser is open.
		path = writeFile(t, "")
		b := openBrowser(t, path, noon, false)
		b.set(noon, "a=1; Max-Age=60")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		err = b.save(noon)
		if tt.says == "" {
			if err != nil && !errors.Is(err, ErrFileTooLarge) {
				t.Errorf("%s: %v", tt.what, err)
			}
			continue
		}
		if !errors.Is(err, tt.is) || readFile(t, path) != tt.text {
			t.Errorf("%s: saved with %v over it", tt.what, err)
		}
		// The file is mended, and nothing is lost.
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		b.saved(noon)
		openBrowser(t, path, noon, false).sends(tt.what, noon, "a=1")
	}
}

func TestFileThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Fatal(err)
	}
	for path, is := range map[string]error{
		dir:                                 ErrFile,
		os.DevNull:                          ErrFile,
		dangling:                            ErrFile,
		filepath.Join(dir, "no", "jar.txt"): fs.ErrNotExist,
	} {
		if _, err := Open(path, nil); !errors.Is(err, is) {
			t.Errorf("%s: got %v, want %v", path, err, is)
		}
	}
	// The folder goes while the browser is open: loud, and nothing is forgotten.
	sub := filepath.Join(dir, "sub")
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, filepath.Join(sub, "jar.txt"), noon, false)
	b.set(noon, "a=1; Max-Age=60")
	if err := os.Remove(sub); err != nil {
		t.Fatal(err)
	}
	if err := b.save(noon); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := os.Mkdir(sub, 0o700); err != nil {
		t.Fatal(err)
	}
	b.saved(noon)
	openBrowser(t, b.path, noon, false).sends("saved later", noon, "a=1")
}

// A link is followed: the file behind it is replaced, and the lock is the same whichever name is used.
func TestFileBehindALink(t *testing.T) {
	path := writeFile(t, "")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	a, b := openBrowser(t, link, noon, false), openBrowser(t, path, noon, false)
	if a.path != b.path {
		t.Errorf("%s and %s", a.path, b.path)
	}
	a.set(noon, "a=1; Max-Age=60")
	a.saved(noon)
	if target, err := os.Readlink(link); err != nil || target != path {
		t.Errorf("the link is now %q, %v", target, err)
	}
	openBrowser(t, path, noon, false).sends("the file", noon, "a=1")
}

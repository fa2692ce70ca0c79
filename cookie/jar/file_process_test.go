package jar

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The test program stands in for other programs: told so by this variable, it works on a cookie file and runs no test.
const workVariable = "CLOAKROOM_JAR_TEST_WORK"

func TestMain(m *testing.M) {
	if work := os.Getenv(workVariable); work != "" {
		if err := doWork(work, os.Getenv(workVariable+"_FILE")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const rounds = 40

// doWork opens and saves the file again and again: with each save a cookie of this program's own comes, and the one from
// two saves ago goes. With the name "forever" it goes on until it is killed, and says after each save that it is done.
func doWork(name, path string) error {
	u := &url.URL{Scheme: "https", Host: name + ".example", Path: "/"}
	for i := 0; i < rounds || name == "forever"; i++ {
		f, err := Open(path, &FileOptions{KeepSession: i%2 == 0})
		if err != nil {
			return err
		}
		lines := []string{fmt.Sprintf("c%d=%d; Max-Age=3600", i, i)}
		if i >= 2 {
			lines = append(lines, fmt.Sprintf("c%d=; Max-Age=0", i-2))
		}
		for _, v := range f.Jar.Set(Request{URL: u}, lines...) {
			if v.Outcome != Stored {
				return errors.New(v.Line + ": " + v.Detail)
			}
		}
		if err := f.Save(); err != nil {
			return err
		}
		if name == "forever" {
			fmt.Println("saved")
		}
	}
	return nil
}

func worker(t *testing.T, name, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self)
	c.Env = append(os.Environ(), workVariable+"="+name, workVariable+"_FILE="+path)
	return c
}

// Four programs at once, each of them opening, changing and saving the same file: of each the last two cookies are there,
// and none that it has deleted.
func TestProgramsAtOnceLoseNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookies.txt")
	names := []string{"ada", "ben", "carl", "dora"}
	var programs []*exec.Cmd
	for _, name := range names {
		c := worker(t, name, path)
		c.Stderr = t.Output()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		programs = append(programs, c)
	}
	for _, c := range programs {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	f, err := Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, k := range f.Jar.All() {
		got = append(got, k.Domain+" "+k.Name)
	}
	for _, name := range names {
		want = append(want, fmt.Sprintf("%s.example c%d", name, rounds-2), fmt.Sprintf("%s.example c%d", name, rounds-1))
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("got %s\nwant %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

// A program is killed somewhere in the middle of opening and saving: the file is whole each time, has the cookie of a save
// that was reported, and nobody waits for the dead one's lock.
func TestKilledProgramLeavesAWholeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookies.txt")
	for kill := range 15 {
		c := worker(t, "forever", path)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		reports := bufio.NewReader(out)
		for range kill%4 + 1 {
			if _, err := reports.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, reports)
		_ = c.Wait()

		f, err := Open(path, nil)
		if err != nil {
			t.Fatalf("after kill %d: %v", kill, err)
		}
		if n := len(f.Jar.All()); n < 1 {
			t.Errorf("after kill %d: no cookie", kill)
		}
		f.wait = 5 * time.Second
		if err := f.Save(); err != nil {
			t.Errorf("after kill %d: %v", kill, err)
		}
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	hidden, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*.cloakroom-*"))
	if err != nil || len(left) != 1 || len(hidden) > 1 { // the half of a new file, until somebody writes again
		t.Errorf("left: %v %v, %v", left, hidden, err)
	}
}

// Who waits longer than the limit is told, and can save later.
func TestLockedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cookies.txt")
	unlock, err := lock(beside(path, "lock"), 0)
	if err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, path, noon, false)
	b.set(noon, "a=1; Max-Age=60")
	b.wait = 10 * time.Millisecond
	if err := b.save(noon); !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), "has been locked for 10ms") {
		t.Errorf("got %v, want %v", err, ErrLocked)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	b.saved(noon)
	openBrowser(t, path, noon, false).sends("saved later", noon, "a=1")
}

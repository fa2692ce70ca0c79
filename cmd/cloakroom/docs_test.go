package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cloakroom/cloakroom/internal/testenv"
)

// runPage runs each command of a page of docs as it stands there, in one directory, and holds that the answer has the members that the page shows after it, and
// the same values; … stands for what differs each time. The commands have vars; learn names members of answers that become variables too.
func runPage(t *testing.T, h *house, page string, vars, learn map[string]string) {
	t.Helper()
	curl := testenv.Curl(t)
	text, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	dir, commands := t.TempDir(), 0
	for rest := string(text); ; commands++ {
		_, after, found := strings.Cut(rest, "```sh\n")
		if !found {
			break
		}
		command, after, _ := strings.Cut(after, "```\n")
		var want map[string]any
		if block, ok := strings.CutPrefix(after, "\n```json\n"); ok {
			block, after, _ = strings.Cut(block, "```\n")
			if err := json.Unmarshal([]byte(strings.ReplaceAll(block, ": …", `: "…"`)), &want); err != nil {
				t.Fatalf("%s: %v", block, err)
			}
		}
		rest = after
		shell := exec.Command("sh", "-c", strings.ReplaceAll(command, "http://localhost:8080", h.url))
		shell.Dir = dir
		shell.Env = append(cleanEnv(), "CLOAKROOM_DATA="+filepath.Join(h.dir, "cloakroom-data"), "PATH="+programDir(t)+":"+filepath.Dir(curl)+":"+os.Getenv("PATH"))
		for name, value := range vars {
			shell.Env = append(shell.Env, name+"="+value)
		}
		out, err := shell.Output()
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		got := map[string]any{}
		if want == nil {
			if len(out) > 0 {
				t.Errorf("%s answers %s, want nothing", command, out)
			}
			continue
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%s: %v in %s", command, err, out)
		}
		if a, b := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(a, b) {
			t.Errorf("%s answers with %v, the page has %v", command, a, b)
		}
		for name, value := range want {
			s, ok := value.(string)
			if (!ok || !strings.Contains(s, "…")) && !equalJSON(got[name], value) {
				t.Errorf("%s: %s is %v, the page has %v", command, name, got[name], value)
			}
			if variable := learn[name]; variable != "" {
				vars[variable], _ = got[name].(string)
			}
		}
	}
	if commands < 4 {
		t.Errorf("only %d commands", commands)
	}
}

func equalJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// TestDocsRefresh: docs/refresh.md.
func TestDocsRefresh(t *testing.T) {
	t.Parallel()
	h := openHouse(t, 1)
	vars := map[string]string{}
	runPage(t, h, "refresh.md", vars, map[string]string{"refresh_token": "REFRESH_TOKEN"})
	if a, err := h.next().guest().form("/oauth/token", refreshForm(vars["REFRESH_TOKEN"])); err != nil || a.status != http.StatusBadRequest {
		t.Errorf("after the revocation: %d %v", a.status, err)
	}
}

// TestDocsClients: docs/clients.md. The token that is asked about is of a program without a secret.
func TestDocsClients(t *testing.T) {
	t.Parallel()
	h := openHouse(t, 1)
	public := h.signIn()
	vars := map[string]string{"ACCESS_TOKEN": public.access}
	runPage(t, h, "clients.md", vars, map[string]string{"refresh_token": "REFRESH_TOKEN", "client_secret": "CLIENT_SECRET"})
	h.works(public.access, "")
	h.refuses(vars["REFRESH_TOKEN"], "unknown") // it was the client's, and is known to nobody else
}

// TestDocsIdle: docs/idle.md.
func TestDocsIdle(t *testing.T) {
	t.Parallel()
	runPage(t, openHouse(t, 1), "idle.md", map[string]string{}, nil)
}

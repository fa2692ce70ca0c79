package server_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestPollingOverHTTP_RFC8936 is the exchange of RFC 8936 section 2.
func TestPollingOverHTTP_RFC8936(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := wire(t, nil)
		w.Client().SignUp(anna)
		poll := func(body string) (ids string, more bool) {
			t.Helper()
			res := w.request(t, "POST", "/revocations", body, "Content-Type: application/json", "Accept: application/json")
			var a struct {
				Sets map[string]string `json:"sets"`
				More *bool             `json:"moreAvailable"`
			}
			if err := json.NewDecoder(res.Body).Decode(&a); err != nil || res.StatusCode != 200 || a.Sets == nil || a.More == nil || res.Header.Get("Content-Type") != "application/json" {
				t.Fatalf("%d %+v %v", res.StatusCode, a, err)
			}
			for i := 1; i <= 9; i++ {
				id := "r" + strconv.Itoa(i)
				if set, ok := a.Sets[id]; ok {
					if verify(t, w.House, set).ID != id {
						t.Errorf("%s is another", id)
					}
					ids += id
				}
			}
			return ids, *a.More
		}
		for _, c := range []struct {
			body string
			ids  string
			more bool
		}{
			{`{"returnImmediately":true}`, "", false},
			{`{"maxEvents":2,"returnImmediately":true}`, "r1r2", true},
			{`{"ack":["r1"],"maxEvents":2,"returnImmediately":true}`, "r2r3", false},
			{`{"ack":["r2"],"maxEvents":0}`, "", false},
			{`{"setErrs":{"r3":{"err":"authentication_failed","description":"I cannot verify it."}},"returnImmediately":true}`, "", false},
		} {
			if got, more := poll(c.body); got != c.ids || more != c.more {
				t.Errorf("%s: got %s %v, want %s %v", c.body, got, more, c.ids, c.more)
			}
			if c.ids == "" && !c.more && !strings.Contains(c.body, "ack") && !strings.Contains(c.body, "setErrs") {
				for range 3 {
					end(t, w.House, program(t, w.House, anna))
				}
			}
		}
		if log := w.Logs.String(); !strings.Contains(log, "feed.refused") || !strings.Contains(log, "I cannot verify it.") {
			t.Errorf("the log: %s", log)
		}
		start := time.Now()
		tok := program(t, w.House, anna)
		time.AfterFunc(29*time.Second, func() { end(t, w.House, tok) })
		if ids, _ := poll(`{}`); ids != "r4" || time.Since(start) != 29*time.Second {
			t.Errorf("%s after %v", ids, time.Since(start))
		}
		start = time.Now()
		if ids, _ := poll(`{"ack":["r4"]}`); ids != "" || time.Since(start) != 30*time.Second { // as long as the ReadTimeout
			t.Errorf("%s after %v", ids, time.Since(start))
		}
	})
}

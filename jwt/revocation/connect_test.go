package revocation

import (
	"net/http"
	"testing"
	"time"
)

// The first pause is short, then they double up to 5 s; with wrong credentials they are long at once, and 503 is asked again when it said.
func TestPauses(t *testing.T) {
	for _, row := range []struct {
		story        string
		fault        fault
		second, last time.Duration // at most, of which half may be missing
	}{
		{"nobody answers", status(noAnswer), 200 * time.Millisecond, 5 * time.Second},
		{"500", status(500), 200 * time.Millisecond, 5 * time.Second},
		{"401", status(401), 30 * time.Second, 30 * time.Second},
		{"404", status(404), 30 * time.Second, 30 * time.Second},
		{"503", status(503, "Retry-After", "7"), 7 * time.Second, 7 * time.Second},
		{"429", status(429, "Retry-After", "7"), 7 * time.Second, 7 * time.Second},
		{"503 for a day", status(503, "Retry-After", "86400"), 30 * time.Second, 30 * time.Second},
		{"503 until a date", status(503, "Retry-After", "Sat, 01 Jan 2000 00:00:00 GMT"), 200 * time.Millisecond, 5 * time.Second},
		{"404 that says when", status(404, "Retry-After", "1"), 30 * time.Second, 30 * time.Second},
	} {
		t.Run(row.story, func(t *testing.T) {
			story(t, Options{}, func(t *testing.T, i *issuer, f *Feed) {
				// It failed for long, and was good for a while.
				i.cut(status(noAnswer).on(i))
				time.Sleep(time.Minute)
				i.cut(nil)
				time.Sleep(time.Minute)
				at := []time.Time{time.Now()}
				i.cut(func(w http.ResponseWriter, r *http.Request) {
					at = append(at, time.Now())
					row.fault(i, w, r)
				})
				time.Sleep(10 * time.Minute)
				f.Close()
				const first = 100 * time.Millisecond
				for n, most := range map[int]time.Duration{1: first, 2: row.second, len(at) - 1: row.last} {
					if pause := at[n].Sub(at[n-1]); pause > most || pause < most/2 {
						t.Errorf("try %d: after %s, want %s at most and half of it at least", n, pause, most)
					}
				}
			})
		})
	}
}

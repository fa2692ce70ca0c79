package trace

import (
	"encoding/json"
	"testing"
	"time"
)

// A phase begins where the one before ends, and the first octet counts from when it came and not from when it was noticed.
func TestStopwatch(t *testing.T) {
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	w := &stopwatch{start: start}
	w.beginAt(PhaseURL, at(0))
	w.beginAt(PhaseSend, at(2))
	w.beginAt(PhaseWait, at(3))
	w.endAt(at(10))
	w.beginAt(PhaseRead, at(12))
	w.endAt(at(15))
	w.endAt(at(99)) // nothing runs
	got, err := json.Marshal(w.phases)
	want := `[{"name":"url","start_ms":0,"ms":2},{"name":"send","start_ms":2,"ms":1},{"name":"wait","start_ms":3,"ms":7},{"name":"read","start_ms":12,"ms":3}]`
	if err != nil || string(got) != want {
		t.Errorf("got  %s %v\nwant %s", got, err, want)
	}
	var back []Phase
	if err := json.Unmarshal(got, &back); err != nil || len(back) != 4 || back[3] != w.phases[3] {
		t.Errorf("%v %v", back, err)
	}
	w.restart()
	if len(w.phases) != 1 || w.phases[0].Name != PhaseURL {
		t.Errorf("%v", w.phases)
	}
	if b, _ := json.Marshal(Phase{Took: 1234567 * time.Nanosecond}); string(b) != `{"name":"","start_ms":0,"ms":1.235}` {
		t.Errorf("to the microsecond: %s", b)
	}
}

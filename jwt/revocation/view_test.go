package revocation

import (
	"errors"
	"testing"
	"time"
)

func beatAt(issued time.Time) *message { return &message{kind: heartbeat, issued: issued} }

func TestRenew(t *testing.T) {
	start := time.Now()
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	for _, row := range []struct {
		story            string
		issued, received int // the first at 0 and 0 has renewed the view
		renewed          bool
		want             error
	}{
		{"the next heartbeat", 5, 5, true, nil},
		{"one that was long on its way", 5, 65, true, nil},
		{"one that was too long on its way", 5, 66, false, ErrClock},
		{"a fast clock", 65, 5, true, nil},
		{"a clock that is too fast", 66, 5, false, ErrClock},
		{"the same again", 0, 5, false, nil},
		{"an older one", -1, 5, false, nil},
	} {
		var v view
		if renewed, err := v.renew(beatAt(at(0)), at(0)); !renewed || err != nil {
			t.Fatal(renewed, err)
		}
		renewed, err := v.renew(beatAt(at(row.issued)), at(row.received))
		if renewed != row.renewed || !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, %v", row.story, renewed, err)
		}
		want := at(0)
		if row.renewed {
			want = at(row.received)
		}
		if age, _ := v.age(at(100)); age != at(100).Sub(want) {
			t.Errorf("%s: it is %s old", row.story, age)
		}
	}
}

// A snapshot of many parts says what was so when the first was signed.
func TestSnapshotIsAsNewAsItsFirstPart(t *testing.T) {
	var v view
	start := time.Now()
	v.hear(&message{kind: snapshot, part: 1, issued: start}, start)
	last := &message{kind: snapshot, part: 2, last: true, issued: start.Add(9 * time.Second)}
	v.hear(last, start.Add(9*time.Second))
	if renewed, err := v.renew(last, start.Add(9*time.Second)); !renewed || err != nil {
		t.Fatal(renewed, err)
	}
	if age, _ := v.age(start.Add(10 * time.Second)); age != 10*time.Second {
		t.Errorf("it is %s old", age)
	}
}

// A machine that slept has a clock that stood still; the one on the wall went on. What was seen to be too old stays so.
func TestViewOfASleeper(t *testing.T) {
	var v view
	now := time.Now()
	v.renew(beatAt(now), now)
	if v.isOver(time.Minute) {
		t.Error("over at once")
	}
	v.lapse(time.Minute, now.Round(0).Add(time.Minute-1))
	if v.isOver(time.Minute) {
		t.Error("over a nanosecond early")
	}
	v.lapse(time.Minute, now.Round(0).Add(time.Minute))
	if !v.isOver(time.Minute) {
		t.Error("the machine slept for a minute")
	}
	v.lapse(time.Minute, now) // the clock is set back
	if !v.isOver(time.Minute) {
		t.Error("it is new again by a clock that was set back")
	}
	v.renew(beatAt(now.Add(time.Second)), now)
	if v.isOver(time.Minute) {
		t.Error("a heartbeat came")
	}
}

func TestForgetBefore(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, row := range []struct {
		story string
		heard time.Time
		want  int64
	}{
		{"both clocks are equal", now, now.Unix() - 60},
		{"the issuer's is slow", now.Add(-30 * time.Second), now.Unix() - 90},
		{"the issuer's is fast", now.Add(30 * time.Second), now.Unix() - 60},
		{"too slow to be heard", now.Add(-61 * time.Second), -60},
		{"too fast to be heard", now.Add(61 * time.Second), -60},
	} {
		var v view
		v.hear(beatAt(row.heard), now)
		if got := v.forgetBefore(now); got != row.want {
			t.Errorf("%s: got %d, want %d", row.story, got, row.want)
		}
	}
}

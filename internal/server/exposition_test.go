package server

import (
	"math"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// TestExposition: what is written is read back by the parser of Prometheus itself.
func TestExposition(t *testing.T) {
	d := durations{first: 10 * time.Microsecond}
	rows := []struct {
		why   string
		took  time.Duration
		limit float64 // of the lowest bucket that has it
	}{
		{"nothing at all", 0, 10e-6},
		{"a limit belongs to its own bucket", 10 * time.Microsecond, 10e-6},
		{"a nanosecond more does not", 10*time.Microsecond + 1, 40e-6},
		{"in the middle", 3 * time.Millisecond, 10.24e-3},
		{"above every limit", time.Hour, 0},
	}
	for _, row := range rows {
		d.observe(row.took)
	}
	var answers byStatus
	for _, status := range []int{200, 204, 404, 599, 0, 7000, -1} {
		answers.count(status)
	}
	var x exposition
	d.write(&x, "seconds", "How long it took.")
	answers.write(&x, "answers", "How it ended.")
	x.one("level", "gauge", "A number below zero.", -1.5)
	writeRuntime(&x)
	writeProcess(&x)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(&x)
	if err != nil {
		t.Fatal(err)
	}

	h := families["seconds"].GetMetric()[0].GetHistogram()
	if h.GetSampleCount() != uint64(len(rows)) || h.GetSampleSum() < 3600.003 || h.GetSampleSum() > 3600.004 {
		t.Errorf("%d times, %v s in all; want %d and a little more than 3600.003", h.GetSampleCount(), h.GetSampleSum(), len(rows))
	}
	for i, b := range h.GetBucket() {
		if limit := 10e-6 * math.Pow(4, float64(i)); i < 8 && math.Abs(b.GetUpperBound()/limit-1) > 1e-9 || i == 8 && !math.IsInf(b.GetUpperBound(), 1) {
			t.Errorf("bucket %d goes up to %v s, want %v, and the last without end", i, b.GetUpperBound(), limit)
		}
		want := uint64(0)
		for _, row := range rows {
			if row.limit > 0 && row.limit <= b.GetUpperBound()*1.000001 || b.GetUpperBound() > 1e9 {
				want++
			}
		}
		if b.GetCumulativeCount() != want {
			t.Errorf("%d times up to %v s, want %d", b.GetCumulativeCount(), b.GetUpperBound(), want)
		}
	}
	if n := len(h.GetBucket()); n != 9 {
		t.Errorf("%d buckets, want 8 and the one without limit", n)
	}

	want := map[string]float64{"0xx": 3, "1xx": 0, "2xx": 2, "3xx": 0, "4xx": 1, "5xx": 1}
	for _, m := range families["answers"].GetMetric() {
		label := m.GetLabel()[0]
		if got := m.GetCounter().GetValue(); label.GetName() != "status" || got != want[label.GetValue()] {
			t.Errorf("%v: %v, want %v", label, got, want[label.GetValue()])
		}
	}
	if got := families["level"].GetMetric()[0].GetGauge().GetValue(); got != -1.5 {
		t.Errorf("level %v", got)
	}
	for _, name := range []string{"go_info", "go_goroutines", "go_gc_cycles_total", "go_memstats_heap_alloc_bytes"} {
		if len(families[name].GetMetric()) != 1 {
			t.Errorf("no %s", name)
		}
	}
	if f := families["process_resident_memory_bytes"]; f != nil {
		if got := f.GetMetric()[0].GetGauge().GetValue(); got < 1<<20 || got > 1<<36 {
			t.Errorf("resident: %v bytes", got)
		}
		if start := families["process_start_time_seconds"].GetMetric()[0].GetGauge().GetValue(); time.Since(time.UnixMilli(int64(start*1000))) > time.Hour {
			t.Errorf("started at %v", start)
		}
	}
}

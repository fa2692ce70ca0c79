package server

import (
	"bytes"
	"strconv"
	"sync/atomic"
	"time"
)

// exposition is a page of metrics in the text format of Prometheus, version 0.0.4, which every collector reads.
type exposition struct{ bytes.Buffer }

const expositionType = "text/plain; version=0.0.4; charset=utf-8"

// family begins a metric: its type is counter, gauge or histogram. Help is one line of plain words.
func (x *exposition) family(name, kind, help string) {
	x.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n")
}

// sample is one line; label is "" or `name="value"`, whose value needs no escapes.
func (x *exposition) sample(name, label string, value float64) {
	x.WriteString(name)
	if label != "" {
		x.WriteString("{" + label + "}")
	}
	x.WriteString(" " + strconv.FormatFloat(value, 'g', -1, 64) + "\n")
}

// one is a metric of one sample.
func (x *exposition) one(name, kind, help string, value float64) {
	x.family(name, kind, help)
	x.sample(name, "", value)
}

// byStatus counts answers by the first digit of their status; those without one stand at 0.
type byStatus [6]atomic.Uint64

func (c *byStatus) count(status int) {
	class := status / 100
	if class < 0 || class >= len(c) {
		class = 0
	}
	c[class].Add(1)
}

func (c *byStatus) write(x *exposition, name, help string) {
	x.family(name, "counter", help)
	for i := range c {
		x.sample(name, `status="`+strconv.Itoa(i)+`xx"`, float64(c[i].Load()))
	}
}

// durations is a histogram. Each bucket's limit is four times that of the one before; the last has none.
type durations struct {
	first   time.Duration // limit of the first bucket
	buckets [9]atomic.Uint64
	sum     atomic.Int64 // nanoseconds
}

func (d *durations) observe(took time.Duration) {
	i, limit := 0, d.first
	for took > limit && i < len(d.buckets)-1 {
		i, limit = i+1, limit*4
	}
	d.buckets[i].Add(1)
	d.sum.Add(int64(took))
}

func (d *durations) write(x *exposition, name, help string) {
	x.family(name, "histogram", help)
	n, limit := uint64(0), d.first
	for i := range d.buckets {
		n += d.buckets[i].Load()
		le := "+Inf"
		if i < len(d.buckets)-1 {
			le = strconv.FormatFloat(limit.Seconds(), 'g', -1, 64)
		}
		x.sample(name+"_bucket", `le="`+le+`"`, float64(n))
		limit *= 4
	}
	x.sample(name+"_sum", "", time.Duration(d.sum.Load()).Seconds())
	x.sample(name+"_count", "", float64(n)) // of the very buckets above: the two cannot disagree
}

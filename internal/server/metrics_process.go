package server

import (
	"os"
	"runtime"
	measured "runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// writeRuntime is what dashboards for Go programs look for, under the names that they know.
func writeRuntime(x *exposition) {
	x.family("go_info", "gauge", "The version of Go that this program was built with.")
	x.sample("go_info", `version="`+runtime.Version()+`"`, 1)
	known := []struct{ name, kind, help, source string }{
		{"go_goroutines", "gauge", "Goroutines that exist.", "/sched/goroutines:goroutines"},
		{"go_memstats_heap_alloc_bytes", "gauge", "Bytes of objects in the heap, those not yet collected included.", "/memory/classes/heap/objects:bytes"},
		{"go_memstats_next_gc_bytes", "gauge", "Size of the heap at which the next collection is to end.", "/gc/heap/goal:bytes"},
		{"go_memstats_sys_bytes", "gauge", "Bytes that the Go runtime has from the system.", "/memory/classes/total:bytes"},
		{"go_gc_cycles_total", "counter", "Collections of garbage.", "/gc/cycles/total:gc-cycles"},
	}
	samples := make([]measured.Sample, len(known))
	for i := range known {
		samples[i].Name = known[i].source
	}
	measured.Read(samples)
	for i, k := range known {
		if samples[i].Value.Kind() == measured.KindUint64 {
			x.one(k.name, k.kind, k.help, float64(samples[i].Value.Uint64()))
		}
	}
}

var started = time.Now()

// writeProcess is what Linux says of this process. Where there is no /proc, it is left out.
func writeProcess(x *exposition) {
	x.one("process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.", float64(started.UnixMilli())/1000)
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return
	}
	// proc_pid_stat(5). The second field is the name, in brackets, and may hold anything: the rest begins at the third.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	number := func(field int) float64 {
		if field-3 >= len(fields) {
			return 0
		}
		n, _ := strconv.ParseFloat(fields[field-3], 64)
		return n
	}
	const ticks = 100 // a second, on every Linux that Go runs on
	x.one("process_cpu_seconds_total", "counter", "Processor time, user and system.", (number(14)+number(15))/ticks)
	x.one("process_resident_memory_bytes", "gauge", "Memory in use, the mapped part of the program included.", number(24)*float64(os.Getpagesize()))
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		x.one("process_open_fds", "gauge", "Open files and connections.", float64(len(open)))
	}
}

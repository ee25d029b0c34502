package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"time"
)

func init() {
	workloads["gc"] = collect
	workloads["tasks"] = annotate
	workloads["stw"] = stopTheWorld
}

// A leaf is something for the collector to walk.
type leaf struct {
	left, right *leaf
	payload     [48]byte
}

func grow(depth int) *leaf {
	if depth == 0 {
		return &leaf{}
	}
	return &leaf{left: grow(depth - 1), right: grow(depth - 1)}
}

var kept atomic.Pointer[leaf]

// collect makes garbage, with the CPU profile running, beside tasks, coroutines and some that stop the world.
func collect(l *load) {
	pprof.StartCPUProfile(io.Discard)
	defer pprof.StopCPUProfile()
	old := debug.SetGCPercent(20)
	defer debug.SetGCPercent(old)

	var all sync.WaitGroup
	start := func(work func(*load)) {
		all.Add(1)
		go func() {
			defer all.Done()
			work(l)
		}()
	}
	for i := 0; i < l.many(4); i++ {
		start(litter)
	}
	start(annotate)
	if coroutines := workloads["coroutines"]; coroutines != nil {
		start(coroutines)
	}
	start(stopTheWorld)
	all.Wait()
}

// litter grows trees and keeps the last.
func litter(l *load) {
	for l.rest() {
		kept.Store(grow(12))
		grow(8)
		var out bytes.Buffer
		for i := 0; i < 50; i++ {
			fmt.Fprintf(&out, "%d %x\n", i, i*i)
		}
	}
}

// annotate has tasks within tasks, regions within regions and log lines; some tasks outlive the round they began in, and so
// generations too.
func annotate(l *load) {
	var open []*trace.Task
	for round := 0; l.rest(); round++ {
		ctx, outer := trace.NewTask(context.Background(), fmt.Sprintf("round %d", round%7))
		trace.Logf(ctx, "progress", "round %d of \"many\"", round)
		trace.WithRegion(ctx, "outer", func() {
			inner, task := trace.NewTask(ctx, "inner task")
			trace.WithRegion(inner, "inner", func() { trace.Log(inner, "", "é, 世界, \x00\xff\t") })
			var done sync.WaitGroup
			done.Add(1)
			go func() {
				defer done.Done()
				defer trace.StartRegion(inner, "elsewhere").End()
				runtime.Gosched()
			}()
			done.Wait()
			task.End()
		})
		open = append(open, outer)
		if len(open) > 3 {
			open[0].End()
			open = open[1:]
		}
		if l.pace == 0 {
			time.Sleep(200 * time.Microsecond)
		}
	}
	for _, task := range open {
		task.End()
	}
}

// stopTheWorld stops it for several reasons, one of them another GOMAXPROCS.
func stopTheWorld(l *load) {
	var stats runtime.MemStats
	procs := runtime.GOMAXPROCS(0)
	for round := 0; l.rest(); round++ {
		runtime.ReadMemStats(&stats)
		runtime.GOMAXPROCS(procs + 1 + round%(procs+1))
		pprof.Lookup("goroutine").WriteTo(io.Discard, 0)
		if l.pace == 0 { // a forced collection is many thousand events of waiting for the sweep
			runtime.GC()
			time.Sleep(25 * time.Millisecond)
		}
	}
	runtime.GOMAXPROCS(procs)
}

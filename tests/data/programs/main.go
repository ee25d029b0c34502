// Programs makes execution traces of itself: one workload each, for as long or as many bytes as wanted.
//
//	programs WORKLOAD -o FILE [-for DURATION] [-bytes N] [-n N] [-pace DURATION]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/trace"
	"sort"
	"sync/atomic"
	"time"
)

// A load is what a workload is told. It works until ctx is done and leaves no goroutine of its own behind.
type load struct {
	ctx  context.Context
	n    int           // how many of whatever the workload has many of; 0 for its own default
	pace time.Duration // rest after each round of work
}

// many is l.n, or the workload's own number.
func (l *load) many(otherwise int) int {
	if l.n > 0 {
		return l.n
	}
	return otherwise
}

// rest sleeps for the pace. It says whether to go on.
func (l *load) rest() bool {
	if l.pace == 0 {
		return l.ctx.Err() == nil
	}
	select {
	case <-l.ctx.Done():
		return false
	case <-time.After(l.pace):
		return true
	}
}

// workloads by name. Each file of this folder adds its own.
var workloads = map[string]func(*load){}

// A sink counts what the tracer writes and ends the work when there is enough.
type sink struct {
	file    *os.File
	written atomic.Int64
	limit   int64
	enough  func()
}

func (s *sink) Write(p []byte) (int, error) {
	if s.written.Add(int64(len(p))) >= s.limit && s.limit > 0 {
		s.enough()
	}
	return s.file.Write(p)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "programs:", err)
	os.Exit(1)
}

func usage() {
	var names []string
	for name := range workloads {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Fprintln(os.Stderr, "usage: programs WORKLOAD -o FILE [-for DURATION] [-bytes N] [-n N] [-pace DURATION]")
	fmt.Fprintln(os.Stderr, "workloads of", runtime.Version()+":", names)
	os.Exit(2)
}

func main() {
	if len(os.Args) < 2 || workloads[os.Args[1]] == nil {
		usage()
	}
	work := workloads[os.Args[1]]
	flags := flag.NewFlagSet("programs", flag.ExitOnError)
	out := flags.String("o", "out.trace", "where the trace goes")
	length := flags.Duration("for", time.Second, "how long to work")
	limit := flags.Int64("bytes", 0, "stop when the trace has so many; 0 for no limit")
	n := flags.Int("n", 0, "how many clients, goroutines, threads; 0 for the workload's own number")
	pace := flags.Duration("pace", 0, "rest after each round")
	flags.Parse(os.Args[2:])

	file, err := os.Create(*out)
	if err != nil {
		fail(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), *length)
	defer stop()
	l := &load{ctx: ctx, n: *n, pace: *pace}

	if recorder[os.Args[1]] {
		recordFile = file
		work(l)
	} else {
		s := &sink{file: file, limit: *limit, enough: stop}
		if err := trace.Start(s); err != nil {
			fail(err)
		}
		work(l)
		trace.Stop()
	}
	if err := file.Close(); err != nil {
		fail(err)
	}
}

// The workloads that trace themselves, and where.
var (
	recorder   = map[string]bool{}
	recordFile *os.File
)

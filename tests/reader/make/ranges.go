package main

import "slices"

func ranges() {
	two := func() *file { return begin(26).gen(1).strings(1, "why", "other") }
	show("stop-the-world-across-generations", "a stop-the-world's description is an id, resolved where it ends",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(stwBegin, 1, 1, 0)).end().
			gen(2).strings(2, "something else").batch(2, 5, 2000, ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 1, 5, running), ev(stwEnd, 1)).end())
	show("stop-the-world-id-absent", "Go panics where that id is absent at its end",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(stwBegin, 1, 2, 0)).end().
			gen(2).strings(2, "something else").batch(2, 5, 2000, ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 1, 5, running), ev(stwEnd, 1), ev(heapAlloc, 1, 1)).end())
	show("stop-the-world-twice", "two of one goroutine with different descriptions; the end takes the first, the last takes its place",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(stwBegin, 1, 1, 0), ev(gcMarkAssistBegin, 1, 0), ev(stwBegin, 1, 2, 0), ev(stwBegin, 1, 0, 0), ev(stwEnd, 1), ev(stwEnd, 1), ev(gcMarkAssistEnd, 1), ev(stwEnd, 1)).end())
	show("range-begins-twice", "a range that is in flight begins", two().batch(1, 5, 1000, on(5, 1, 1), ev(stwBegin, 1, 1, 0), ev(stwBegin, 1, 1, 0)).end())
	show("range-ends-alone", "a range ends that is not in flight", two().batch(1, 5, 1000, on(5, 1, 1), ev(stwEnd, 1)).end())
	show("ranges-active", "the initial generation adds active ranges, later they must exist",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(goStatus, 1, 2, noThread, waiting), ev(gcMarkAssistActive, 1, 2), ev(gcSweepActive, 1, 1), ev(gcActive, 1, 7), ev(gcSweepEnd, 1, 10, 20)).end().
			gen(2).batch(2, 5, 2000, ev(gcMarkAssistActive, 1, 2), ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 1, 5, running), ev(gcActive, 1, 8), ev(gcEnd, 1, 9), ev(gcSweepActive, 1, 1)).end())
	again := func(f *file, gen uint64, events ...[]byte) *file {
		return f.gen(gen).batch(gen, 5, 1000*gen, on(5, 1, 1), slices.Concat(events...)).end()
	}
	assists := two().batch(1, 5, 1000, on(5, 1, 1), ev(gcMarkAssistBegin, 1, 0)).end()
	assists = again(assists, 2, ev(gcMarkAssistActive, 1, 1), ev(gcMarkAssistEnd, 1))
	assists = again(assists, 3, ev(gcMarkAssistBegin, 1, 0))
	assists = again(assists, 4, ev(gcMarkAssistActive, 1, 1), ev(gcMarkAssistEnd, 1), ev(gcMarkAssistBegin, 1, 0), ev(gcMarkAssistEnd, 1))
	show("assists-across-generations", "nothing but its assists changes of a G that runs all the time", assists)
	show("range-active-twice", "in the initial generation an active range is added once", two().batch(1, 5, 1000, on(5, 1, 1), ev(gcMarkAssistActive, 1, 1), ev(gcMarkAssistActive, 1, 1)).end())
	show("range-active-of-no-goroutine", "an active range of an unknown G", two().batch(1, 5, 1000, on(5, 1, 1), ev(gcMarkAssistActive, 1, 2)).end())
	show("range-active-of-no-processor", "an active range of an unknown P", two().batch(1, 5, 1000, on(5, 1, 1), ev(gcSweepActive, 1, 2)).end())
	show("gc-active-without-context", "GCActive in the initial generation checks no context", two().batch(1, 5, 1000, ev(gcActive, 1, 7)).end())
	show("gc-active-after-begin", "and needs an undetermined state", two().batch(1, 5, 1000, ev(gcBegin, 1, 7, 0), ev(gcActive, 1, 8)).end())
	show("gc-begin-without-context", "the first GCBegin checks no context and takes any sequence", two().batch(1, 5, 1000, ev(gcBegin, 1, 7, 0), ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 1, 5, running), ev(gcEnd, 1, 8), ev(gcBegin, 1, 9, 0), ev(gcEnd, 1, 10)).end())
	show("gc-end-undetermined", "GCEnd when undetermined waits unless its sequence is the next, then it is a fault", two().batch(1, 5, 1000, ev(gcEnd, 1, 1)).end())
	show("gc-end-undetermined-waits", "GCEnd when undetermined waits", two().batch(1, 5, 1000, on(5, 2, 2), ev(gcEnd, 1, 8)).batch(1, 6, 1500, on(6, 1, 1), ev(gcBegin, 1, 7, 0)).end())
	show("gc-sequence-is-never-reset", "a GC that goes on across generations", two().batch(1, 5, 1000, on(5, 1, 1), ev(gcBegin, 1, 3, 0), ev(gcEnd, 1, 4)).end().
		gen(2).batch(2, 5, 2000, ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 1, 5, running), ev(gcBegin, 1, 5, 0), ev(gcActive, 1, 6), ev(gcEnd, 1, 7), ev(gcEnd, 1, 7)).end())
	show("destroy-drops-ranges", "GoDestroy drops ranges and regions without a word",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(gcMarkAssistBegin, 1, 0), ev(regionBegin, 1, 0, 1, 0), ev(goDestroy, 1), ev(goCreate, 1, 1, 0, 0), ev(goStart, 1, 1, 1), ev(gcMarkAssistBegin, 1, 0), ev(regionEnd, 1, 0, 2, 0)).end())
	show("sweep", "a sweep is its P's; its end has attributes", two().batch(1, 5, 1000, worker(3), ev(gcSweepBegin, 1, 0), ev(gcSweepEnd, 1, 4096, noThread)).end())
}

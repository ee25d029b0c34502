package main

import "slices"

// noThreads are events in a batch of no thread, which the runtime fills with the statuses of goroutines that nobody told of: in the second
// generation, between some of them, while thread 5 is in a syscall with processor 1 and processor 3 is idle.
func noThreads() {
	after := func(name, what string, events ...[]byte) {
		f := begin(26).gen(1).strings(1, "why").
			batch(1, 5, 1000, on(5, 1, 1), ev(goCreate, 1, 2, 0, 0), ev(goCreate, 1, 4, 0, 0), ev(goBlock, 1, 0, 0), ev(goStart, 1, 2, 1), ev(goBlock, 1, 0, 0), ev(goStart, 1, 4, 1)).
			batch(1, 6, 1100, ev(procStatus, 1, 3, pIdle)).end().
			gen(2).batch(2, 5, 2000, ev(procStatus, 1, 1, pRunning), ev(procStatus, 1, 3, pIdle), ev(goStatus, 1, 4, 5, running), ev(goSyscallBegin, 1, 1, 0)).
			batch(2, noThread, 2500, append([][]byte{ev(goStatus, 1, 1, noThread, waiting), ev(goStatus, 1, 2, noThread, waiting)}, append(events, ev(goUnblock, 1, 2, 1, 0), ev(goStatus, 1, 2, noThread, runnable))...)...)
		show(name, what, f.batch(2, 5, 2600, ev(goSyscallEnd, 1)).end())
	}
	after("no-thread-unblocks", "who unblocks a goroutine needs no thread", ev(goUnblock, 1, 1, 1, 0))
	after("no-thread-starts-a-processor", "a processor starts on a thread", ev(procStart, 1, 3, 1))
	after("no-thread-steals", "a thread steals a processor", ev(procSteal, 1, 1, 2, 5))
	after("no-thread-allocates", "objects are allocated on a thread", ev(heapObjectFree-1, 1, 7, 8))
	after("no-thread-frees", "objects are freed on a thread", ev(heapObjectFree, 1, 7))
	after("no-thread-counts-the-heap", "a metric belongs to a processor", ev(heapAlloc, 1, 7))
	after("no-thread-creates", "a goroutine is created by one that runs", ev(goCreate, 1, 9, 0, 0))
	after("no-thread-starts", "a goroutine starts on a thread", ev(goUnblock, 1, 1, 1, 0), ev(goStart, 1, 1, 2))
	after("no-thread-blocks", "a goroutine blocks on a thread", ev(goBlock, 1, 0, 0))
	after("no-thread-marks", "a goroutine helps the collector on a thread", ev(gcMarkAssistBegin, 1, 0))
	after("no-thread-labels", "a label is of the goroutine that runs", ev(goLabel, 1, 0))
	after("no-thread-status-of-another", "a status that contradicts what is known", ev(goStatus, 1, 4, noThread, waiting))

	// A goroutine may have the id that stands for none: it is there, but nobody runs it. A reader that takes many events at once does so by then.
	before := slices.Repeat(ev(heapAlloc, 1, 1), 80)
	nobody := func(name, what string, events ...[]byte) {
		show(name, what, begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1), before, ev(goCreate, 1, noThread, 0, 0), ev(goBlock, 1, 0, 0), ev(goStart, 1, noThread, 1),
			slices.Concat(events...), ev(goCreate, 1, 8, 0, 0), ev(goBlock, 1, 0, 0)).end())
	}
	nobody("nobody-runs", "who runs a goroutine of the id that stands for none runs none")
	nobody("nobody-blocks", "… so that it does not block", ev(goBlock, 1, 0, 0))
	nobody("nobody-stops", "… and does not stop", ev(goStop, 1, 0, 0))
	nobody("nobody-ends", "… and does not end", ev(goDestroy, 1))
	nobody("nobody-calls", "… and goes into no syscall", ev(goSyscallBegin, 1, 1, 0))
	nobody("nobody-and-another-start", "… and another one starts beside it", ev(goUnblock, 1, 1, 1, 0), ev(goStart, 1, 1, 2), ev(goBlock, 1, 0, 0))
}

package main

func trios() {
	blocked := func(version int) *file { return begin(version).gen(1).strings(1, "why") }
	show("switch", "GoSwitch yields three events; the made-up block has no reason and no stack, the start has no goroutine",
		blocked(26).batch(1, 5, 1000, on(5, 1, 1), ev(goCreateBlocked, 1, 2, 0, 0), ev(goSwitch, 5, 2, 1), ev(goSwitch, 0, 1, 1),
			ev(goSwitch, 1, 2, 2), ev(goBlock, 1, 1, 0)).end())
	show("switch-destroy", "GoSwitchDestroy yields three events",
		blocked(23).batch(1, 5, 1000, on(5, 1, 1), ev(goCreateBlocked, 1, 2, 0, 0), ev(goSwitch, 5, 2, 1), ev(goSwitchDestroy, 1, 1, 1),
			ev(goStop, 1, 1, 0)))
	show("switch-in-1.22", "the version does not gate kinds of events",
		blocked(22).batch(1, 5, 1000, on(5, 1, 1), ev(goCreateBlocked, 1, 2, 0, 0), ev(goSwitch, 5, 2, 1), ev(goStop, 1, 1, 0),
			ev(span, 1, 2, 3, 4), ev(goStatusStack, 1, 1, 5, waiting, 0)))
	show("switch-beside-others", "the lane has moved and the heap is settled while one or two of the three wait",
		blocked(26).batch(1, 5, 1000, on(5, 1, 1), ev(goCreateBlocked, 1, 2, 0, 0), ev(goSwitch, 5, 2, 1), ev(heapAlloc, 1, 1)).
			batch(1, 6, 1000, worker(2, 7, 1, 1, 1, 1)).end())
	show("switch-then-bad-record", "a bad next record drops all three of a GoSwitch",
		blocked(26).batch(1, 5, 1000, on(5, 1, 1), ev(goCreateBlocked, 1, 2, 0, 0), ev(goSwitch, 5, 2, 1), []byte{evNone}).end())
	show("switch-waits", "GoSwitch checks context first and then waits for its goroutine",
		blocked(26).batch(1, 5, 1000, on(5, 1, 1), ev(goSwitch, 1, 2, 1), ev(goStop, 1, 1, 0)).
			batch(1, 6, 2000, worker(2, 1), ev(goCreateBlocked, 1, 2, 0, 0)).end())
	show("switch-without-goroutine", "GoSwitch without a goroutine is a fault before it waits",
		blocked(26).batch(1, 5, 1000, worker(1, 1), ev(goSwitch, 1, 2, 1)).end())
	show("switch-in-a-syscall", "GoSwitch of a goroutine that does not run is a fault",
		blocked(26).batch(1, 5, 1000, on(5, 1, 1), ev(goCreateBlocked, 1, 2, 0, 0), ev(goSyscallBegin, 1, 1, 0), ev(goSwitch, 1, 2, 1)).end())
	show("destroy-in-syscall-with-processor", "GoDestroySyscall with a P yields a steal of it first",
		blocked(26).batch(1, 5, 1000, ev(procStatus, 0, 1, pIdle), ev(goCreateSyscall, 1, 7), ev(procStart, 1, 1, 1), ev(goSyscallEndBlocked, 1)).end().
			gen(2).batch(2, 5, 2000, ev(procStatus, 0, 1, pRunning), ev(goStatus, 0, 7, noThread, runnable), ev(goStart, 1, 7, 1), ev(goSyscallBegin, 1, 1, 0), ev(goDestroySyscall, 1),
			ev(goCreateSyscall, 1, 8), ev(goDestroySyscall, 1)).
			batch(2, 6, 2500, ev(procSteal, 1, 1, 2, 5), ev(procStart, 1, 1, 3), ev(heapAlloc, 1, 1)).end())
	show("destroy-in-syscall-then-bad-record", "a bad next record drops both events of a GoDestroySyscall",
		blocked(26).batch(1, 5, 1000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0), ev(goDestroySyscall, 1), []byte{200}).end())
}

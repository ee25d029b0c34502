package main

import "slices"

// calls are what threads that C made do in the second generation, with processor 1 and goroutine 1 on thread 5.
func calls() {
	// Thread 5 goes into a syscall at 2003 and its goroutine ends so much later; thread 6 steals the processor at a time.
	ends := func(later uint64, then ...[]byte) []byte {
		return slices.Concat(on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0), ev(goDestroySyscall, later), slices.Concat(then...))
	}
	theft := func(at uint64, then ...[]byte) []byte {
		return slices.Concat(on(6, 2, 2), ev(procSteal, at-2002, 1, 2, 5), slices.Concat(then...))
	}
	second := func() *file {
		return begin(26).gen(1).strings(1, "why").batch(1, 5, 1000, on(5, 1, 1)).batch(1, 6, 1100, on(6, 2, 2)).end().gen(2)
	}
	taken := ev(procStart, 1, 1, 3)

	show("call-ends-then-theft", "a goroutine that ends in a syscall leaves its P: that is a steal, and another one follows",
		second().batch(2, 5, 2000, ends(10)).batch(2, 6, 2000, theft(2500)).batch(2, 7, 2600, taken, ev(heapAlloc, 1, 1)).end())
	show("theft-then-call-ends", "a goroutine ends in a syscall whose P was stolen: that is one event",
		second().batch(2, 5, 2000, ends(700)).batch(2, 6, 2000, theft(2500)).batch(2, 7, 2600, taken, ev(heapAlloc, 1, 1)).end())
	show("theft-as-call-ends", "the steal and the end have the same time: the heap says who is first",
		second().batch(2, 5, 2000, ends(497)).batch(2, 6, 2000, theft(2500)).batch(2, 7, 2600, taken).end())
	show("theft-as-call-ends-of-a-later-lane", "… and where the thief's lane came first",
		second().batch(2, 6, 2000, theft(2500)).batch(2, 5, 2000, ends(497)).batch(2, 7, 2600, taken).end())
	show("call-ends-without-theft", "the P that was left stays as it is, and is stolen in the next generation",
		second().batch(2, 5, 2000, ends(10)).batch(2, 6, 2000, on(6, 2, 2)).end().
			gen(3).batch(3, 6, 3000, on(6, 2, 2), ev(procStatus, 1, 1, pAbandoned), ev(procSteal, 1, 1, 1, 5)).
			batch(3, 7, 3500, ev(procStart, 1, 1, 2), ev(heapAlloc, 1, 1)).end())
	show("thief-names-another", "whom the thief of a P that was left names is not looked at",
		second().batch(2, 5, 2000, ends(10)).batch(2, 6, 2000, on(6, 2, 2), ev(procSteal, 500, 1, 2, 77)).end())
	show("thief-names-another-too-early", "… but where it was not left yet it is",
		second().batch(2, 5, 2000, ends(900)).batch(2, 6, 2000, on(6, 2, 2), ev(procSteal, 500, 1, 2, 77)).end())
	show("theft-of-what-comes-back", "a P that was left is stolen, run, left again and stolen again",
		second().batch(2, 5, 2000, ends(10, ev(goCreateSyscall, 300, 8), ev(procStart, 1, 1, 3), ev(goSyscallEndBlocked, 1), ev(goStart, 1, 8, 1),
			ev(goSyscallBegin, 1, 4, 0), ev(goDestroySyscall, 50))).
			batch(2, 6, 2000, theft(2100, ev(procSteal, 300, 1, 5, 5))).
			batch(2, 7, 2600, ev(procStart, 1, 1, 6), ev(heapAlloc, 1, 1)).end())
	show("theft-before-it-was-due", "a thief whose time is before the syscall's waits for it",
		second().batch(2, 6, 2000, theft(2003)).batch(2, 5, 2000, ends(10)).batch(2, 7, 2600, taken).end())
	show("calls-by-one-id", "goroutines of one id, one after the other on three threads, one of which had it at the start",
		second().batch(2, 5, 2000, ends(10)).batch(2, 6, 2000, on(6, 2, 2)).
			batch(2, 9, 2300, ev(goCreateSyscall, 1, 1), ev(goDestroySyscall, 50)).
			batch(2, 8, 2200, ev(goCreateSyscall, 1, 1), ev(goDestroySyscall, 50), ev(goCreateSyscall, 500, 1)).end().
			gen(3).batch(3, 8, 3000, ev(goStatus, 1, 1, 8, syscall), ev(goDestroySyscall, 50)).batch(3, 6, 3001, on(6, 2, 2)).end())
	show("calls-by-one-id-at-once", "a goroutine of an id that is there yet",
		second().batch(2, 5, 2000, ends(10)).batch(2, 8, 2200, ev(goCreateSyscall, 1, 1), ev(goDestroySyscall, 200)).
			batch(2, 9, 2300, ev(goCreateSyscall, 1, 1), ev(goDestroySyscall, 50)).end())
	show("regions-of-one-id", "a goroutine that has another's id has not its regions and ranges",
		begin(26).gen(1).strings(1, "why").batch(1, 5, 1000, on(5, 1, 1), ev(regionBegin, 1, 0, 1, 0), ev(gcMarkAssistBegin, 1, 0)).end().
			gen(2).strings(2, "why", "else").batch(2, 5, 2000, on(5, 1, 1), ev(regionBegin, 1, 0, 2, 0), ev(goSyscallBegin, 1, 1, 0), ev(goDestroySyscall, 10)).
			batch(2, 8, 2200, ev(procStatus, 1, 3, pIdle), ev(procStart, 1, 3, 1), ev(goCreateSyscall, 1, 1), ev(goSyscallEndBlocked, 1),
				ev(goStart, 1, 1, 1), ev(regionEnd, 1, 0, 1, 0), ev(gcMarkAssistBegin, 1, 0), ev(regionBegin, 1, 0, 1, 0)).end().
			gen(3).strings(3, "why").batch(3, 8, 3000, ev(procStatus, 1, 3, pRunning), ev(goStatus, 1, 1, 8, running), ev(regionEnd, 1, 0, 1, 0), ev(gcMarkAssistEnd, 1)).end())
	show("nothing-of-one-id", "… also where it does the same as the other did",
		begin(26).gen(1).strings(1, "why").batch(1, 5, 1000, on(5, 1, 1), ev(regionBegin, 1, 0, 1, 0), ev(gcMarkAssistBegin, 1, 0)).end().
			gen(2).batch(2, 5, 2000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0), ev(goDestroySyscall, 10)).
			batch(2, 8, 2200, ev(procStatus, 1, 3, pIdle), ev(procStart, 1, 3, 1), ev(goCreateSyscall, 1, 1), ev(goSyscallEndBlocked, 1), ev(goStart, 1, 1, 1)).end().
			gen(3).strings(3, "else").batch(3, 8, 3000, ev(procStatus, 1, 3, pRunning), ev(goStatus, 1, 1, 8, running), ev(gcMarkAssistBegin, 1, 0), ev(regionEnd, 1, 0, 1, 0)).end())
	show("heap-after-theft", "a thread in a syscall whose P was stolen has none for a metric",
		second().batch(2, 5, 2000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0), ev(heapAlloc, 700, 1), ev(goSyscallEndBlocked, 1)).
			batch(2, 6, 2000, theft(2500)).end())
	show("heap-before-theft", "… and has it as long as it was not",
		second().batch(2, 5, 2000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0), ev(heapAlloc, 7, 1), ev(goSyscallEndBlocked, 1)).
			batch(2, 6, 2000, theft(2500)).end())
	show("call-ends-after-metric", "… also where the call ends before the steal is known",
		second().batch(2, 5, 2000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0), ev(heapAlloc, 700, 1), ev(goDestroySyscall, 1)).
			batch(2, 6, 2000, theft(2500)).end())
	show("call-ends-beside-another-theft", "a theft of what a thread had long ago says nothing of the P that it stopped",
		begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1)).batch(1, 6, 1100, on(6, 2, 2), ev(procStatus, 1, 3, pAbandoned)).end().
			gen(2).batch(2, 6, 2000, on(6, 2, 2), ev(procStatus, 1, 3, pAbandoned), ev(procSteal, 500, 3, 1, 5)).
			batch(2, 5, 2000, on(5, 1, 1), ev(goStop, 1, 0, 0), ev(procStop, 1), ev(goCreateSyscall, 1, 8), ev(goDestroySyscall, 1)).end())
	show("status-in-a-syscall-before-theft", "a thread in a syscall is told to have another P: the first is stolen from nobody",
		second().batch(2, 6, 2000, theft(2500)).
			batch(2, 5, 2000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0), ev(procStatus, 1, 3, pRunning), ev(heapAlloc, 1, 1)).end())
	show("active-after-the-end", "a range is active on a goroutine that has ended",
		begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1), ev(gcMarkAssistBegin, 1, 0), ev(goStop, 1, 0, 0)).batch(1, 6, 1100, on(6, 2, 2)).end().
			gen(2).batch(2, 6, 2000, on(6, 2, 2), ev(goStatus, 1, 1, noThread, runnable), ev(gcMarkAssistActive, 500, 1)).
			batch(2, 5, 2100, ev(procStatus, 1, 1, pRunning), ev(goStart, 1, 1, 1), ev(goDestroy, 1)).end())
}

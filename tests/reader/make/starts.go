package main

import "slices"

// starts are generations that tell of the states at their start what was not so, or not all of it: a walk that knows
// only what they tell must not be taken for one that knows what was before.
func starts() {
	told := func(g, m, s uint64) []byte { return ev(goStatus, 1, g, m, s) }
	has := func(p, s uint64) []byte { return ev(procStatus, 1, p, s) }
	waits := told(9, noThread, waiting)
	first := func() *file {
		return begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1), waits).end().gen(2)
	}

	show("told-after-its-end", "a goroutine that has ended is told of again, where another one is never told of",
		first().batch(2, 5, 2000, on(5, 1, 1), ev(goDestroy, 1), told(1, 5, running), ev(goStop, 1, 0, 0)).end())
	show("created-though-there", "a goroutine that is there is created, ends, and is told of as it was",
		first().batch(2, 5, 2000, on(5, 1, 1), ev(goCreate, 1, 9, 0, 0), ev(goStop, 1, 0, 0), ev(goStart, 1, 9, 1), ev(goDestroy, 1),
			waits, ev(heapAlloc, 1, 1)).end())
	show("two-holders-of-one", "two threads have one P: the one that was seen last is taken for its holder",
		begin(26).gen(1).batch(1, 5, 1000, has(1, pSyscall), told(1, 5, syscall)).batch(1, 6, 1100, has(1, pSyscall)).end().
			gen(2).batch(2, 7, 2000, has(1, pAbandoned), ev(procSteal, 1, 1, 1, 5), ev(procStart, 1, 1, 2), ev(heapAlloc, 1, 1)).
			batch(2, 5, 2500, told(1, 5, syscall), ev(goSyscallEndBlocked, 1)).end())
	show("two-holders-in-another-order", "… which is not the one that comes last in its generation",
		begin(26).gen(1).batch(1, 5, 1000, has(1, pSyscall)).batch(1, 6, 1100, has(2, pIdle)).end().
			gen(2).batch(2, 6, 2000, has(2, pIdle), ev(heapObjectFree, 1, 1)).
			batch(2, 5, 2100, has(1, pSyscall), ev(heapObjectFree, 1, 1)).
			batch(2, 6, 2200, has(1, pSyscall), ev(heapObjectFree, 1, 1)).
			batch(2, 7, 2300, has(1, pAbandoned), ev(heapObjectFree, 1, 1)).end())
	show("told-elsewhere-with-its-processor", "a thread in a syscall keeps its P, and another one tells of its goroutine",
		begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0)).batch(1, 6, 1100, on(6, 2, 2)).end().
			gen(2).batch(2, 6, 2000, on(6, 2, 2), told(1, 5, syscall), ev(heapAlloc, 1, 1), ev(heapAlloc, 1, 1)).end().
			gen(3).batch(3, 5, 3000, has(1, pSyscall), told(1, 5, syscall), ev(goSyscallEnd, 1)).batch(3, 6, 3100, on(6, 2, 2)).end())
	var many, between []byte
	for id := uint64(100); id < 120; id++ {
		many = slices.Concat(many, told(id, noThread, waiting))
	}
	for i := 0; i < 40; i++ {
		between = slices.Concat(between, ev(heapAlloc, 1, 1))
	}
	show("many-told-in-a-row", "goroutines that wait are told of in a row, among other events",
		begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1), many).end().gen(2).batch(2, 5, 2000, on(5, 1, 1), between, many, between).end())
}

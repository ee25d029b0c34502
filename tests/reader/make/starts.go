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

	// Goroutine -1 leads where another one stands whose events are counted.
	nobody := begin(23).gen(1).batch(1, 5, 1000, on(5, 1, 1), told(noThread, noThread, waiting)).end()
	for g := uint64(2); g < 6; g++ {
		id, neighbour := 77+5000*g, 102400*g+1023
		var before, behind []byte
		for i := range uint64(20) {
			before = slices.Concat(before, ev(goCreateBlocked, 1, 10000*g+i, 0, 0))
		}
		for i := range uint64(7) {
			behind = slices.Concat(behind, ev(goCreateBlocked, 1, 90000*g+i, 0, 0))
		}
		nobody = nobody.gen(g).batch(g, 5, 1000*g, on(5, 1, 1), before,
			ev(goCreate, 1, id, 0, 0), ev(goStop, 1, 0, 0), ev(goStart, 1, id, 1), ev(heapAlloc, 1, 1), ev(heapAlloc, 1, 1),
			ev(goCreateBlocked, 1, neighbour, 0, 0), ev(goUnblock, 1, neighbour, 1, 0), told(noThread, noThread, waiting), behind,
			between, ev(goDestroy, 1), ev(goStart, 1, 1, 1)).end()
	}
	show("nobody-told-where-another-is", "goroutine -1 is told of again in each generation, right behind another one", nobody)
}

package main

func generations() {
	later := func(gen uint64) []byte {
		return append(ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 1, 5, running)...)
	}
	first := func(version int, gen uint64) *file {
		return begin(version).gen(gen).batch(gen, 5, gen*1000, on(5, 1, 1)).end()
	}
	show("generations-equal", "from 1.26 on generation numbers are not compared: equal ones",
		first(26, 3).gen(3).batch(3, 5, 9000, ev(goStop, 1, 0, 0), ev(goStart, 1, 1, 1), ev(goCreate, 1, 2, 0, 0)).end())
	show("generations-falling", "falling ones; old sequence numbers can match again",
		begin(26).gen(7).batch(7, 5, 7000, on(5, 1, 1), ev(goCreate, 1, 2, 0, 0), ev(goStop, 1, 0, 0), ev(goStart, 1, 2, 1), ev(goStop, 1, 0, 0)).end().
			gen(3).batch(3, 5, 8000, ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 1, noThread, runnable)).end().
			gen(7).batch(7, 5, 9000, ev(goStart, 1, 2, 2), ev(goStop, 1, 0, 0)).end())
	show("generations-equal-to-the-initial", "an unknown G may come with the initial generation's number again",
		first(26, 3).gen(4).batch(4, 5, 9000, later(4)).end().gen(3).batch(3, 5, 9900, ev(goStatus, 1, 77, noThread, waiting), ev(procStatus, 1, 9, pIdle)).end())
	show("generations-jump-1.26", "a jump is no fault from 1.26 on", first(26, 3).gen(90).batch(90, 5, 95000, later(90)).end())
	show("generations-jump-1.25", "before 1.26 a jump drops the generation in hand", first(25, 3).gen(5).batch(5, 5, 5000, later(5)))
	show("generations-jump-later-1.25", "and one that came well before it stays", first(25, 3).gen(4).batch(4, 5, 4000, later(4)).gen(6).batch(6, 5, 6000, later(6)))
	show("generations-fall-1.25", "before 1.26 a falling number drops it too", first(25, 3).gen(2))
	show("generations-mixed-1.26", "batches of two generations without an end between them", begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1)).gen(2).end())
	show("generation-0-1.22", "generation 0 is a fault", begin(22).gen(0).batch(0, 5, 1000, on(5, 1, 1)))
	show("generation-0-1.26", "generation 0 is a fault", begin(26).gen(0).batch(0, 5, 1000, on(5, 1, 1)).end())
	show("generation-0-later-1.25", "generation 0 behind another loses that one", first(25, 1).batch(0, 5, 1000, on(5, 1, 1)))
	show("generation-of-64-bits", "numbers as large as they come", first(26, 1).gen(noThread).batch(noThread, 5, 3000, later(2)).end())
	show("generation-wraps-1.25", "the number after the largest is 0, which is none", begin(25).clock(noThread, 1000, 1e9).batch(noThread, 5, 1000, on(5, 1, 1)).clock(0, 3000, 1e9))
	show("end-of-generation-1.25", "EndOfGeneration before 1.26 loses the generation in hand", first(25, 1).raw([]byte{endOfGeneration}).gen(2).batch(2, 5, 2000, later(2)))
	show("end-of-generation-1.25-later", "and only that", first(25, 1).gen(2).batch(2, 5, 2000, later(2)).raw([]byte{endOfGeneration}))
	show("end-of-generation-first", "an end with nothing before it: no frequency", begin(26).end().gen(1).end())
	show("end-of-generation-twice", "two ends in a row", first(26, 1).end().gen(2).batch(2, 5, 2000, later(2)).end())
	show("end-of-generation-missing", "no end at the file's end", begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1)))
	show("end-of-generation-in-a-batch", "an end within a batch ends the generation", begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1)).batch(1, 6, 1000, []byte{endOfGeneration}).gen(2).batch(2, 5, 2000, later(2)).end())
	show("end-of-generation-in-a-batch-1.25", "before 1.26 it is an internal fault", first(25, 1).batch(1, 6, 1000, []byte{endOfGeneration}))
	show("three-generations-1.22", "three of 1.22", first(22, 1).gen(2).batch(2, 5, 2000, later(2)).gen(3).batch(3, 5, 3000, later(3)))
	show("three-generations-1.26", "three of 1.26", first(26, 1).gen(2).batch(2, 5, 2000, later(2)).end().gen(3).batch(3, 5, 3000, later(3)).end())
	show("generation-without-events", "a generation of a clock only between others", first(25, 1).gen(2).gen(3).batch(3, 5, 3000, later(3)))
	for _, id := range []byte{1, 2, 200} {
		name := map[byte]string{1: "experiment-1", 2: "experiment-2", 200: "experiment-200"}[id]
		show(name, "experiments of an id of 2 or more make Go panic at the Sync", first(26, 1).gen(2).experimental(id, 2, 7, 2000, []byte("anything")).batch(2, 5, 2000, later(2)).end())
	}
	show("experiment-0", "an experimental batch of id 0 is a plain batch", begin(26).experimental(0, 1, 5, 1000, on(5, 1, 1)).gen(1).experimental(0, 1, 5, 1100, ev(heapAlloc, 1, 1)).end())
	show("experiment-id-is-one-byte", "the id is one byte and no varint", begin(26).gen(1).raw([]byte{experimentalBatch, 0x81}, number(1), number(5), number(1000), number(0)).end())
}

package main

import "math"

func clocks() {
	show("rebase-at-batch", "time is re-based at every batch and may go back there",
		begin(26).gen(1).batch(1, 5, 5000, worker(1, 10, 10)).batch(1, 5, 3000, ev(heapAlloc, 1, 1), ev(heapAlloc, 1, 2)).
			batch(1, 5, 7000, ev(heapAlloc, 1, 3)).end())
	show("rebase-when-last-time-is-0", "a last time of 0 is re-based in the middle of a batch too",
		begin(26).gen(1).batch(1, 5, 0, worker(1, 0, 0, 4)).batch(1, 5, 50, ev(heapAlloc, math.MaxUint64-49, 9), ev(heapAlloc, 1, 9)).end())
	show("rebase-each-delta-for-itself", "each delta is multiplied and cut to nanoseconds for itself",
		begin(26).clock(1, 10001, 3333333333).batch(1, 5, 10003, worker(1, 1, 2, 3, 1, 1, 1, 1000001)).
			batch(1, 6, 10001, worker(2, 7, 7, 7, 7)).end())
	for _, f := range []struct {
		name  string
		ticks uint64
	}{{"0", 0}, {"1", 1}, {"7", 7}, {"15625000", 15625000}, {"24000000", 24000000}, {"2099999999", 2099999999},
		{"2p53", 1 << 53}, {"2p53p1", 1<<53 + 1}, {"2p63", 1 << 63}, {"largest", math.MaxUint64}} {
		show("frequency-"+f.name, "mul is 1.0/(float64(f)/1e9); the time of a tick out of range is what amd64 makes of it",
			begin(26).clock(1, 1000, f.ticks).batch(1, 5, 1000, worker(1, 1, 10, 1000003, 1<<40)).strings(1, "f").stacks(1, stack(1, 1, 1, 1, 1)).
				profile(1, cpuSample(1500, 1, 2, 3, 1), cpuSample(0, 1, 2, 3, 1)).end())
	}
	show("ticks-past-2p63", "ticks are unsigned, and times out of range become the least time",
		begin(26).clock(1, 1<<63, 1e9).batch(1, 5, 1<<63, worker(1, 1, 1)).batch(1, 6, math.MaxUint64, worker(2, 1)).
			batch(1, 7, 1<<63-1, worker(3, 1, 1)).batch(1, 8, 1<<62, worker(4, 1<<62, 1, 1<<63, 1)).end())
	show("ticks-past-2p63-in-range", "ticks of 2^63 and more divided into the range of times",
		begin(26).clock(1, 1<<63, 4e9).batch(1, 5, 1<<63+1<<20, worker(1, 1000, 4000)).batch(1, 6, math.MaxUint64-1<<40, worker(2, 1<<30)).end())
	show("bump", "a time at or below the last one handed out becomes last + 1; lanes keep their own",
		begin(26).gen(1).batch(1, 5, 5000, worker(1, 0, 0, 0, 0, 2, 0, 1)).batch(1, 6, 4000, worker(2, 0, 1000, 1)).end().
			gen(2).batch(2, 5, 100, ev(procStatus, 0, 1, pRunning), ev(heapAlloc, 3, 3)).end())
	show("time-wraps", "times are added and bumped as signed numbers that wrap",
		begin(26).gen(1).batch(1, 5, 1<<63-1024, worker(1, 1023, 0, 0, 3)).batch(1, 6, 1<<63-2048, worker(2, 0, 1<<62, 1<<62, 1<<62)).end().
			gen(2).batch(2, 5, 2000, ev(procStatus, 1, 1, pRunning)).end())
	show("first-sync-is-the-smallest-time", "a Sync's time is the smallest of all batches of its generation, tables too",
		begin(22).batch(1, 5, 5000, worker(1, 1)).batch(1, noThread, 4000, []byte{stringsHead}).clock(1, 4500, 1e9))
	show("smallest-time-of-0", "a smallest time of 0 is overwritten by the next batch",
		begin(22).batch(1, 5, 0, worker(1, 1)).batch(1, 6, 5000, worker(2, 1)).clock(1, 4500, 1e9))
	show("frequency-at-the-end", "a generation's clock may stand behind its events",
		begin(22).batch(1, 5, 5000, worker(1, 1)).clock(1, 9999, 5e8))
	show("frequency-twice", "two frequencies in one generation", begin(22).gen(1).batch(1, 5, 1000, worker(1, 1)).gen(1))
	show("frequency-twice-1.26", "two frequencies in one generation", begin(26).gen(1).batch(1, 5, 1000, worker(1, 1)).
		batch(1, noThread, 1, []byte{syncHead}, ev(frequency, 1)).end())
	show("frequency-missing", "no frequency", begin(22).batch(1, 5, 1000, worker(1, 1)))
	show("frequency-missing-1.26", "no frequency", begin(26).batch(1, 5, 1000, worker(1, 1)).end())
	show("frequency-alone-1.25", "from 1.25 on a Frequency batch is an event batch like others", begin(25).gen(1).batch(1, 5, 1000, ev(frequency, 1)))
	show("sync-batch-1.23", "before 1.25 a Sync batch is an event batch like others", begin(23).gen(1).batch(1, 5, 1000, []byte{syncHead}))
	show("snapshot-missing", "from 1.25 on a generation needs a snapshot of the clocks",
		begin(25).batch(1, noThread, 1000, []byte{syncHead}, ev(frequency, 1e9)).batch(1, 5, 1000, worker(1, 1)))
	show("snapshot-twice", "two snapshots", begin(26).batch(1, noThread, 1000, []byte{syncHead}, ev(frequency, 1e9),
		ev(clockSnapshot, 1, 2, 3, 4), ev(clockSnapshot, 1, 2, 3, 4)).batch(1, 5, 1000, worker(1, 1)).end())
	show("sync-batches-in-two", "frequency and snapshot may come in two batches, the snapshot first",
		begin(26).batch(1, noThread, 1000, []byte{syncHead}, ev(clockSnapshot, 7, 8, 9, 10)).batch(1, 5, 1000, worker(1, 1)).
			batch(1, noThread, 2000, []byte{syncHead}, ev(frequency, 2e9)).end())
	show("snapshot-as-an-event", "a snapshot among a thread's events has a time but no meaning",
		begin(26).gen(1).batch(1, 5, 1000, worker(1, 1), ev(clockSnapshot, 1, 2, 3, 4), ev(heapAlloc, 1, 1)).end())
	for _, w := range []struct {
		name      string
		sec, nsec uint64
	}{{"epoch", 0, 0}, {"before-epoch", math.MaxUint64, 999999999}, {"year-1", uint64(1<<64 - 62135596800), 1}, {"year-9999", 253402300799, 999999990},
		{"year-10000", 253402300800, 100}, {"year-minus-1", uint64(1<<64 - 62167219201), 5}, {"past-a-second", 1700000000, 5123456789}, {"negative-nanoseconds", 1700000000, math.MaxUint64},
		{"largest", math.MaxInt64, 0}, {"least", 1 << 63, 0}, {"leap-day", 1709164800, 120000000}, {"nanoseconds-largest", 1700000000, 1 << 63}} {
		show("wall-"+w.name, "a snapshot's wall clock, however far", begin(26).batch(1, noThread, 1000, []byte{syncHead}, ev(frequency, 1e9),
			ev(clockSnapshot, 1, math.MaxUint64, w.sec, w.nsec)).end())
	}
}

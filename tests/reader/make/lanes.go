package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"

	"gxt/reference/told"
)

// crowd is a generation of lanes that all have events at the same times; who comes first is the heap's affair.
func crowd(f *file, n int, delta uint64) *file {
	f.gen(1)
	for m := range n {
		f.batch(1, uint64(100+m), 1000, worker(uint64(m), delta, delta, delta))
	}
	return f.end()
}

// stuck is a generation whose heads cannot advance until the lane that sits at index place has: each but that one starts
// a goroutine that only it creates.
func stuck(f *file, n, place int) *file {
	f.gen(1)
	for m := range n {
		if m == place {
			body := ev(procStatus, 0, uint64(m), pRunning)
			for g := range n {
				body = append(body, ev(goCreate, 0, uint64(500+g), 0, 0)...)
			}
			f.batch(1, uint64(100+m), 1000, body, ev(heapAlloc, 0, 7), ev(heapAlloc, 0, 8))
			continue
		}
		f.batch(1, uint64(100+m), 1000, ev(procStatus, 0, uint64(m), pRunning), ev(goStart, 0, uint64(500+m), 1),
			ev(goStop, 0, 0, 0), ev(goStart, 0, uint64(500+m), 2), ev(goDestroy, 0))
	}
	return f.end()
}

func lanes() {
	for _, n := range []int{2, 3, 5, 8, 12, 13, 25, 60} {
		show(fmt.Sprintf("ties-of-%d-lanes", n), "equal times come out as the heap's sifts leave them", crowd(begin(26), n, 0))
	}
	show("ties-now-and-then", "equal times among unequal ones",
		begin(26).gen(1).batch(1, 9, 1000, worker(1, 5, 5, 10)).batch(1, 7, 1003, worker(2, 2, 5, 5)).
			batch(1, 8, 1000, worker(3, 10, 5, 5)).batch(1, 6, 1010, worker(4, 0, 0, 0)).end())
	for _, n := range []int{4, 12, 13, 60} {
		for _, place := range []int{1, n / 2, n - 1} {
			show(fmt.Sprintf("tries-of-%d-lanes-%d-can", n, place),
				"when the head cannot advance the frontier is sorted and tried from index 1", stuck(begin(26), n, place))
		}
	}
	for _, n := range []int{5, 12, 13, 17, 24, 40, 50, 51, 80, 130} {
		for seed := range uint64(3) {
			show(fmt.Sprintf("sorted-%d-lanes-%d", n, seed),
				"the sort is Go's unstable one; the frontier stays as it leaves it, and later ties depend on that", tangled(n, seed))
		}
	}
	untried()
	show("order-of-lanes-is-of-event-batches", "lanes enter in the file order of their first event batch, an empty one too",
		begin(26).strings(1, "x").batch(1, 5, 900).batch(1, 4, 1000, worker(1, 0, 0)).gen(1).
			experimental(1, 1, 3, 1000, []byte("data")).batch(1, 5, 1000, worker(2, 0, 0)).batch(1, 3, 1000, worker(3, 0, 0)).end())
	show("lane-without-event", "a lane with no event is not inserted",
		begin(26).gen(1).batch(1, 5, 1000).batch(1, 5, 1100).batch(1, 6, 1200, worker(1, 1)).batch(1, 7, 1000).end())
	show("empty-batches-between", "empty batches among others are passed over",
		begin(26).gen(1).batch(1, 5, 1000).batch(1, 5, 1100, worker(1, 1)).batch(1, 5, 1200).batch(1, 5, 1300, ev(heapAlloc, 1, 1)).
			batch(1, 5, 1400).end())
	show("spilled-batch-comes-first", "before 1.26 the batch that ends a generation is the first of the next",
		begin(25).batch(1, 5, 1000, worker(1, 0)).gen(1).batch(2, 6, 2000, worker(2, 0)).batch(2, 5, 2000, ev(procStatus, 0, 1, pRunning)).gen(2))
	show("spilled-strings", "the spilled batch may be a table",
		begin(22).batch(1, 5, 1000, on(5, 1, 1)).gen(1).strings(2, "why").gen(2).
			batch(2, 5, 2000, on(5, 1, 1), ev(goBlock, 1, 1, 0)))
	show("spilled-clock", "the spilled batch may be a clock",
		begin(25).batch(1, 5, 1000, on(5, 1, 1)).gen(1).gen(2).batch(2, 5, 2000, on(5, 1, 1), ev(goStop, 1, 0, 0)))
	show("spilled-time-of-0", "a spilled batch's time of 0 is overwritten by the next batch's",
		begin(22).batch(1, 5, 1000, on(5, 1, 1)).gen(1).batch(2, noThread, 0, []byte{stringsHead}).batch(2, 5, 5000, on(5, 1, 1)).clock(2, 6000, 1e9))
	show("spilled-bad-table", "a spilled batch that is bad hurts its own generation only",
		begin(22).batch(1, 5, 1000, on(5, 1, 1)).gen(1).batch(2, noThread, 0, []byte{stringsHead, 1}).gen(2))
	show("spilled-bad-event", "a spilled batch with a bad first event",
		begin(22).batch(1, 5, 1000, on(5, 1, 1)).gen(1).batch(2, 5, 2000, []byte{200, 1}).gen(2))
	samplesAndHeads()
}

// tangled is a generation of lanes with few different times. Each of many goroutines is created by some lane and then handed
// from lane to lane, in one order for all: the times say nothing of who must wait for whom.
func tangled(n int, seed uint64) *file {
	dice := rand.New(rand.NewPCG(uint64(n), seed))
	bodies := make([][]byte, n)
	for m := range n {
		bodies[m] = ev(procStatus, uint64(dice.IntN(2)), uint64(m), pRunning)
	}
	passed := make([]uint64, n)
	for range 4 * n {
		g, m := dice.IntN(n), dice.IntN(n)
		delta := uint64(dice.IntN(8) / 6)
		if passed[g]++; passed[g] == 1 {
			bodies[m] = append(bodies[m], ev(goCreate, delta, uint64(500+g), 0, 0)...)
			continue
		}
		bodies[m] = append(bodies[m], ev(goStart, delta, uint64(500+g), passed[g]-1)...)
		bodies[m] = append(bodies[m], ev(goStop, 0, 0, 0)...)
	}
	f := begin(26).gen(1)
	for m := range n {
		f.batch(1, uint64(100+m), uint64(1000+dice.IntN(4)), bodies[m])
	}
	return f.end()
}

// one is a generation of many stuck heads and one lane that could advance.
func one(n int, seed uint64) *file {
	dice := rand.New(rand.NewPCG(uint64(n), seed))
	f := begin(26).gen(1)
	able := 1 + dice.IntN(n-1)
	for m := range n {
		time, body := uint64(1000+dice.IntN(3)), ev(goUnblock, 0, uint64(1000+m), 1, 0)
		if m == 0 {
			time = 1000
		} else if m == able {
			time, body = 1000, ev(procStatus, 0, 1, pRunning)
		}
		f.batch(1, uint64(100+m), time, body)
	}
	return f.end()
}

// untried has more than 12 lanes and a head that cannot advance; the sort moves a lane that could to index 0, where it is
// not tried. Go's reader itself says which of many throws of the dice are such.
func untried() {
	for n := 13; n <= 40; n += 9 {
		for seed, found := uint64(0), 0; seed < 10000 && found < 2; seed++ {
			f := one(n, seed)
			if told.Tell(bytes.NewReader(f.bytes), io.Discard).Events > 1 {
				continue
			}
			found++
			show(fmt.Sprintf("untried-%d-lanes-%d", n, found),
				"tries start at index 1, even where the sort has moved an untried lane to 0; none of those advances: the trace is broken", f)
		}
	}
}

func samplesAndHeads() {
	stacked := func() *file {
		return begin(26).gen(1).strings(1, "f", "f.go").stacks(1, stack(1, 0x10, 1, 2, 3), stack(2, 0x20, 1, 2, 4))
	}
	show("samples-before-head", "a CPU sample goes first when strictly earlier than the head's own time",
		stacked().batch(1, 5, 1000, worker(1, 10, 10)).
			profile(1, cpuSample(1010, 5, 1, 7, 1), cpuSample(1009, 5, 1, 0, 2), cpuSample(1011, 5, 1, 9, 0), cpuSample(5, 5, 1, 1, 1)).end())
	show("samples-and-bumped-times", "samples are compared with times before they are bumped",
		stacked().batch(1, 5, 1000, worker(1, 0, 0, 0, 0, 3)).batch(1, 6, 1000, worker(2, 0, 0, 0)).
			profile(1, cpuSample(1001, 5, 1, 7, 1), cpuSample(1002, 5, 1, 0, 2), cpuSample(1003, 5, 1, 0, 2)).end())
	f := stacked().batch(1, 5, 1000, worker(1, 1000))
	var all [][]byte
	for i := range uint64(30) {
		all = append(all, cpuSample(1500+i%3, i, i%2, i+1, i%3))
	}
	show("samples-with-equal-times", "samples are sorted by Go's unstable sort", f.profile(1, all[:17]...).profile(1, all[17:]...).end())
	show("samples-alone", "a generation of samples only", stacked().profile(1, cpuSample(1500, 1, 2, 3, 1), cpuSample(1400, 1, 2, 3, 2)).end())
	show("samples-after-the-last-event", "an empty frontier drains all samples before the next generation is read",
		stacked().batch(1, 5, 1000, worker(1, 1)).profile(1, cpuSample(9000, 1, 2, 3, 1), cpuSample(9100, 1, 2, 3, 2)).end().
			gen(2).batch(2, 5, 2000, ev(procStatus, 1, 1, pRunning)).end())
	show("samples-between-a-switch", "queued events go before samples",
		stacked().batch(1, 5, 1000, on(5, 1, 1), ev(goCreateBlocked, 1, 2, 0, 0), ev(goSwitch, 1, 2, 1), ev(heapAlloc, 9, 1)).
			profile(1, cpuSample(1003, 1, 2, 3, 1), cpuSample(1005, 1, 2, 3, 2)).end())
	show("sample-of-no-goroutine", "a sample's goroutine 0 is none; other ids are signed as they stand",
		stacked().profile(1, cpuSample(1500, noThread, noThread, 0, 1), cpuSample(1501, 3, 4, noThread, 1)).end())
}

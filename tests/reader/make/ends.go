package main

import "fmt"

func ends() {
	good := func(version int) *file {
		return begin(version).gen(1).batch(1, 5, 1000, on(5, 1, 1), ev(goStop, 1, 0, 0)).end()
	}
	show("bad-next-record", "a bad next record drops the event before it", begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1), ev(heapAlloc, 1, 1), []byte{evNone, 1}).end())
	show("bad-next-record-of-another-lane", "other lanes go on until that lane's turn", begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1), ev(heapAlloc, 100, 1), []byte{77}).
		batch(1, 6, 1000, worker(2, 20, 20, 20, 20, 20, 20)).end())
	show("bad-first-record", "a bad first record of any lane: the generation gets no Sync", begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1)).batch(1, 6, 5000, []byte{eventBatch, 1}).end())
	show("bad-first-record-later", "nor a later one", good(26).gen(2).batch(2, 5, 2000, ev(procStatus, 0, 1, pRunning)).batch(2, 6, 2500, []byte{endOfGeneration + 1, 0}).end())
	show("record-cut-by-its-batch", "a record may not go on in the next batch", begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1), []byte{heapAlloc, 1}).batch(1, 5, 1001, []byte{1}).end())
	show("record-of-type-137", "a type past the last experimental one", begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1), []byte{137, 1}).end())
	show("record-with-a-number-of-65-bits", "a number of more than 64 bits", begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1),
		[]byte{heapAlloc, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2}).end())
	show("record-with-a-number-of-64-bits", "a number of 64 bits", begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1),
		[]byte{heapAlloc, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}).end())
	body := append([]byte{procStatus}, padded(0, 3)...)
	body = append(append(body, padded(1, 2)...), padded(pRunning, 5)...)
	body = append(append(body, heapAlloc, 1, 0x81, 0), ev(heapAlloc, 1, 1)...)
	show("padded-numbers", "numbers may be padded", begin(26).gen(1).raw([]byte{eventBatch}, padded(1, 10), padded(5, 4), padded(1000, 7),
		padded(uint64(len(body)), 10), body).end())
	show("padded-number-of-11-bytes", "to ten bytes", begin(26).gen(1).raw([]byte{eventBatch}, padded(1, 11), number(5), number(1000), number(0)).end())
	for _, v := range []int{22, 23, 25, 26} {
		show(fmt.Sprintf("header-alone-1.%d", v), "a header alone", begin(v))
		show(fmt.Sprintf("batch-cut-1.%d", v), "a batch that the file's end cuts: before 1.26 what came before it stands", good(v).gen(2).raw(ev(eventBatch, 2, 5, 2000, 50), ev(procStatus, 1, 1, pRunning)))
		show(fmt.Sprintf("batch-cut-in-its-generation-1.%d", v), "the same, within the first generation",
			begin(v).gen(1).batch(1, 5, 1000, on(5, 1, 1), ev(goStop, 1, 0, 0)).raw(ev(eventBatch, 1, 5, 2000, 50), ev(heapAlloc, 1, 1)))
		show(fmt.Sprintf("batch-head-cut-1.%d", v), "a batch's head that the file's end cuts", good(v).raw([]byte{eventBatch}))
		show(fmt.Sprintf("batch-head-cut-in-a-number-1.%d", v), "in the middle of a number", good(v).raw([]byte{eventBatch, 2, 5, 0x80}))
		show(fmt.Sprintf("batch-of-another-type-1.%d", v), "another byte than a batch's", good(v).raw([]byte{heapAlloc, 1, 1}))
		show(fmt.Sprintf("batch-too-long-1.%d", v), "a batch of more than 65536 bytes", good(v).raw(ev(eventBatch, 2, 5, 1000, 65537), make([]byte, 65537)))
		show(fmt.Sprintf("one-generation-1.%d", v), "the last Sync is made up at the file's end", good(v))
	}
	show("batch-of-65536", "a batch of 65536 bytes", begin(26).gen(1).raw(ev(eventBatch, 1, 5, 1000, 65536), worker(1), fill(65536-len(worker(1)))).end())
	show("bad-batch-before-any-clock", "no frequency yet", begin(22).batch(1, 5, 1000, on(5, 1, 1)).raw([]byte{99}))
	show("bad-first-batch-1.22", "the first byte is no batch's", begin(22).raw([]byte{99}))
	show("bad-first-batch-1.26", "the first byte is no batch's", begin(26).raw([]byte{99}))
	show("tail-with-events-1.26", "from 1.26 on a tail with an event batch is an incomplete generation", good(26).batch(2, 5, 2000, ev(heapAlloc, 1, 1)))
	show("tail-without-clock-1.25", "before 1.26 the tail has no frequency", good(25).strings(2, "a"))
	quiet()
}

// fill is a number of bytes of events, most of them of 21 bytes.
func fill(n int) []byte {
	var out []byte
	for ; n >= 24; n -= 21 {
		out = append(append(append(out, heapAlloc), padded(1, 10)...), padded(1, 10)...)
	}
	return append(append(append(out, heapAlloc), padded(1, 2)...), padded(1, n-3)...)
}

func quiet() {
	good := func(version int) *file {
		return begin(version).gen(1).batch(1, 5, 1000, on(5, 1, 1), ev(goStop, 1, 0, 0)).end()
	}
	edge := map[string][]byte{
		"strings":       {stringsHead, stringEntry},
		"string-length": {stringsHead, stringEntry, 1},
		"stacks":        {stacksHead, stackEntry},
		"stack-length":  {stacksHead, stackEntry, 1},
		"samples":       {cpuSamplesHead, cpuSampleEntry, 1, 2, 3},
	}
	for _, name := range []string{"strings", "string-length", "stacks", "stack-length", "samples"} {
		for _, v := range []int{22, 26} {
			showQuiet(fmt.Sprintf("quiet-%s-cut-1.%d", name, v), "a table batch cut at a number's edge ends the trace without a word", good(v).gen(2).batch(2, noThread, 2000, edge[name]).end())
		}
	}
	showQuiet("quiet-sync-cut-1.26", "a Sync batch cut there too", good(26).batch(2, noThread, 2000, []byte{syncHead, frequency}).end())
	showQuiet("quiet-frequency-cut-1.22", "a Frequency batch too", good(22).batch(2, noThread, 2000, []byte{frequency}))
	show("stack-cut-in-a-frame", "but not within a frame", good(26).gen(2).batch(2, noThread, 2000, []byte{stacksHead, stackEntry, 1, 1, 1}).end())
	show("string-cut-in-a-number", "nor within a number", good(26).gen(2).batch(2, noThread, 2000, []byte{stringsHead, stringEntry, 0x80}).end())
	showQuiet("quiet-experimental-byte-1.26", "a file that ends just after an ExperimentalBatch byte", good(26).raw([]byte{experimentalBatch}))
	showQuiet("quiet-experimental-byte-1.25", "a file that ends just after an ExperimentalBatch byte", good(25).raw([]byte{experimentalBatch}))
	showQuiet("quiet-tail-1.26", "a 1.26 tail without event batches", good(26).gen(2).strings(2, "a"))
	showQuiet("quiet-tail-of-a-first-generation-1.26", "even the first", begin(26).gen(1).strings(1, "a"))
}

package main

import "strings"

func tables() {
	f := func() *file {
		return begin(26).gen(1).batch(1, 5, 1000, on(5, 1, 1), ev(goLabel, 1, 1), ev(goStop, 1, 1, 1))
	}
	head := []byte{stringsHead}
	stacks := []byte{stacksHead}
	show("string-twice", "an id twice", f().batch(1, noThread, 0, head, text(1, "a"), text(1, "a")).stacks(1, stack(1)).end())
	show("string-twice-in-two-batches", "an id twice", f().strings(1, "a").strings(1, "b").stacks(1, stack(1)).end())
	show("string-0", "id 0 is given", f().batch(1, noThread, 0, head, text(0, "a"), text(1, "a")).stacks(1, stack(1)).end())
	show("string-1024", "1024 bytes are fine", f().strings(1, strings.Repeat("x", 1024)).stacks(1, stack(1)).end())
	show("string-1025", "1025 are not", f().strings(1, strings.Repeat("x", 1025)).stacks(1, stack(1)).end())
	show("string-cut", "a string longer than its batch", f().batch(1, noThread, 0, head, ev(stringEntry, 1, 5), []byte("abc")).stacks(1, stack(1)).end())
	show("string-entry-of-another-type", "another entry in a table", f().batch(1, noThread, 0, head, stack(1)).end())
	show("string-ids-far-apart", "ids far apart", begin(26).gen(1).batch(1, noThread, 0, head, text(1, "a"), text(1<<40, "b"), text(noThread, "c")).
		batch(1, 5, 1000, on(5, 1, 1), ev(goLabel, 1, 1<<40), ev(goLabel, 1, noThread), ev(goLabel, 1, 1), ev(goLabel, 1, 2)).end())
	show("strings-behind-the-events", "tables may follow the events", f().stacks(1, stack(1, 1, 1, 1, 1)).strings(1, "late").end())
	show("stack-twice", "an id twice", f().strings(1, "a").batch(1, noThread, 0, stacks, stack(1), stack(1)).end())
	show("stack-0", "id 0 is given", f().strings(1, "a").batch(1, noThread, 0, stacks, stack(0), stack(1)).end())
	many := func(n int) []uint64 {
		var out []uint64
		for i := range n {
			out = append(out, uint64(0x1000+i), 1, 1, uint64(i))
		}
		return out
	}
	show("stack-of-128", "128 frames are fine", f().strings(1, "a").stacks(1, stack(1, many(128)...)).end())
	show("stack-of-129", "129 are not", f().strings(1, "a").stacks(1, stack(1, many(129)...)).end())
	show("stack-of-none", "a stack without frames is printed", f().strings(1, "a").stacks(1, stack(1)).end())
	show("stack-func-unknown", "a frame's func is not in the table", f().strings(1, "a").stacks(1, stack(1, 1, 9, 1, 1)).end())
	show("stack-file-unknown", "a frame's file is not in the table", f().strings(1, "a").stacks(1, stack(1, 1, 1, 9, 1)).end())
	show("stack-names-of-id-0", "id 0 names the empty string there", f().strings(1, "a").stacks(1, stack(1, 1, 0, 0, 1)).end())
	show("frame-first-wins", "the first frame seen for a PC wins; what a later one says of it is not even looked at",
		f().strings(1, "a", "b").stacks(1, stack(7, 0x10, 1, 1, 11, 0x20, 2, 2, 22), stack(1, 0x20, 1, 2, 99, 0x10, 99, 99, 0)).end())
	show("frame-first-wins-per-generation", "in its generation only",
		f().strings(1, "a", "b").stacks(1, stack(1, 0x10, 1, 2, 11)).end().gen(2).strings(2, "a", "b").stacks(2, stack(1, 0x10, 2, 1, 99)).
			batch(2, 5, 2000, ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 1, 5, runnable), ev(goStart, 1, 1, 1), ev(goStop, 1, 1, 1)).end())
	show("frame-pc-0", "a PC of 0 is one like others", f().strings(1, "a").stacks(1, stack(1, 0, 1, 1, noThread)).end())
	show("stack-entry-of-another-type", "another entry in a table", f().batch(1, noThread, 0, stacks, text(1, "")).end())
	show("tables-of-a-thread", "a table's thread and time do not matter", begin(26).batch(1, 5, 77, head, text(1, "a")).gen(1).batch(1, 5, 1000, on(5, 1, 1), ev(goLabel, 1, 1)).end())
	show("sample-of-an-unknown-stack", "Go panics printing a sample's unknown stack id", begin(26).gen(1).strings(1, "a").stacks(1, stack(1, 1, 1, 1, 1)).
		profile(1, cpuSample(1, 1, 1, 1, 1), cpuSample(2, 1, 1, 1, 4), cpuSample(3, 1, 1, 1, 1)).end())
	show("sample-of-stack-0", "a sample of stack 0 prints an empty stack", begin(26).gen(1).profile(1, cpuSample(1, 1, 1, 1, 0)).end())
	show("sample-entry-of-another-type", "another entry among samples", begin(26).gen(1).profile(1, ev(heapAlloc, 1, 1)).end())
	show("table-head-only", "tables of their head only", begin(26).gen(1).strings(1).stacks(1).profile(1).batch(1, 5, 1000, on(5, 1, 1)).end())
	show("sync-entry-of-another-type", "another entry in a Sync batch", begin(26).batch(1, noThread, 1000, []byte{syncHead}, ev(frequency, 1), ev(heapAlloc, 1, 1)).end())
	show("same-content-other-ids", "the same strings and stacks under other ids in the next generation",
		f().strings(1, "a", "b").stacks(1, stack(1, 0x10, 1, 2, 11)).end().gen(2).strings(2, "b", "a").stacks(2, stack(5, 0x10, 2, 1, 11)).
			batch(2, 5, 2000, ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 1, 5, runnable), ev(goStart, 1, 1, 1), ev(goStop, 1, 2, 5)).end())
}

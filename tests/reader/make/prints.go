package main

func prints() {
	stacked := func(version int) *file {
		return begin(version).gen(1).strings(1, "main.f", "/src/f.go", "why").stacks(1, stack(1, 0x10, 1, 2, 3, 0x20, 1, 2, 4), stack(2, 0xffffffffffffffff, 2, 1, 1<<40), stack(3))
	}
	show("stacks-printed", "the stacks of each kind of event",
		stacked(23).batch(1, 5, 1000, on(5, 1, 1), ev(goCreate, 1, 2, 1, 2), ev(goCreate, 1, 3, 0, 2), ev(goCreate, 1, 4, 2, 0), ev(goCreate, 1, 40, 0, 0), ev(goCreate, 1, 41, 3, 3),
			ev(goCreateBlocked, 1, 5, 1, 2), ev(goCreateBlocked, 1, 6, 0, 0), ev(goUnblock, 1, 5, 1, 1), ev(goUnblock, 1, 6, 1, 0), ev(goSyscallBegin, 1, 1, 1), ev(goSyscallEnd, 1),
			ev(goStatusStack, 1, 1, 5, running, 1), ev(goStatusStack, 1, 1, 5, running, 0), ev(stwBegin, 1, 3, 1), ev(stwEnd, 1), ev(gcBegin, 1, 1, 2), ev(gcEnd, 1, 2), ev(gcSweepBegin, 1, 1),
			ev(gcSweepEnd, 1, 1, 2), ev(gcMarkAssistBegin, 1, 1), ev(gcMarkAssistEnd, 1), ev(procsChange, 1, 8, 1), ev(taskBegin, 1, 7, 6, 3, 1), ev(taskEnd, 1, 7, 2), ev(regionBegin, 1, 7, 3, 1),
			ev(regionEnd, 1, 7, 3, 2), ev(userLog, 1, 7, 3, 1, 2), ev(goBlock, 1, 3, 1)))
	show("stacks-printed-of-stop", "a stop and a block with an empty stack and with none",
		stacked(26).batch(1, 5, 1000, on(5, 1, 1), ev(goStop, 1, 3, 3), ev(goStart, 1, 1, 1), ev(goStop, 1, 0, 0), ev(goStart, 1, 1, 2), ev(goBlock, 1, 3, 2)).end())
	show("experimental-events", "experimental events print their numbers as they are",
		stacked(26).batch(1, 5, 1000, ev(span, 1, 2, 3, 4), ev(spanAlloc, 1, 2, noThread, 4), ev(130, 1, 5), ev(131, 1, 2, 3), ev(132, 1, 2, 3), ev(heapObjectFree, 1, 9), ev(134, 1, 2, 3), ev(135, 1, 2, 3),
			ev(goroutineStackFree, 1, 1<<40)).end())
	show("metrics", "metrics print unsigned", stacked(26).batch(1, 5, 1000, on(5, 1, 1), ev(heapAlloc, 1, noThread), ev(heapGoal, 1, 0), ev(procsChange, 1, 1<<63, 0)).end())
	odd := []string{"", "plain", "\"quoted\" \\ back", "\a\b\f\n\r\t\v", "\x00\x01\x1f\x7f", "\x80\xff", "caf\xc3", "\xc3\x28", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80", "\xe2\x82",
		"é ß 世界", "\u00a0\u00ad\u200b\u2028\u202e\ufeff", "\ufffd", "\U0001f600 \U0001f468\u200d\U0001f469", "\U000e0001\U0010ffff\ue000", "\u0378\u0600\u061c\u06dd\u180e", "a\u0301",
		"'single' `back`", "\u3000\u1680", "\U0001fae8\U0001cc00\u1c89\ua7cb", "%s %d %%"}
	f := begin(26).gen(1).strings(1, odd...)
	body := on(5, 1, 1)
	for i := range odd {
		body = append(body, ev(userLog, 1, 0, uint64(i+1), uint64(len(odd)-i), 0)...)
	}
	body = append(body, ev(goLabel, 1, 3)...)
	body = append(body, ev(stwBegin, 1, 4, 0)...)
	body = append(body, ev(stwEnd, 1)...)
	body = append(body, ev(goBlock, 1, 5, 0)...)
	show("quoted", "strings are quoted as Go's %q does", f.batch(1, 5, 1000, body).end())
	f = begin(26).gen(1).strings(1, "a\"b\n\x80", "dir\\\tf\x00.go").stacks(1, stack(1, 1, 1, 2, 3)).batch(1, 5, 1000, on(5, 1, 1), ev(goStop, 1, 1, 1)).end()
	show("unquoted-in-stacks", "but not in stacks", f)
}

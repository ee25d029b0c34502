package main

func names() {
	two := func() *file { return begin(26).gen(1).strings(1, "one", "two") }
	again := func(f *file, gen uint64, parts ...[]byte) *file {
		body := append(ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 1, 5, running)...)
		for _, part := range parts {
			body = append(body, part...)
		}
		return f.batch(gen, 5, gen*1000, body).end()
	}
	show("regions-by-name", "open regions are known by name across generations: ids change",
		again(two().batch(1, 5, 1000, on(5, 1, 1), ev(regionBegin, 1, 4, 1, 0), ev(regionBegin, 1, 4, 2, 0)).end().gen(2).strings(2, "two", "one"), 2,
			ev(regionEnd, 1, 4, 1, 0), ev(regionEnd, 1, 4, 2, 0), ev(regionEnd, 1, 4, 2, 0)))
	show("region-ends-that-is-not-innermost", "a region's end must be the innermost one's",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(regionBegin, 1, 4, 1, 0), ev(regionBegin, 1, 4, 2, 0), ev(regionEnd, 1, 4, 1, 0)).end())
	show("region-ends-of-another-task", "the same name and another task is misuse", two().batch(1, 5, 1000, on(5, 1, 1), ev(regionBegin, 1, 4, 1, 0), ev(regionEnd, 1, 5, 1, 0)).end())
	show("region-ends-unknown", "a region's end where none is open is fine", two().batch(1, 5, 1000, on(5, 1, 1), ev(regionEnd, 1, 4, 1, 0)).end())
	show("region-of-an-unknown-name", "names of regions are checked on advance", two().batch(1, 5, 1000, on(5, 1, 1), ev(regionBegin, 1, 4, 9, 0)).end())
	show("region-of-name-0", "name 0 is the empty one", two().batch(1, 5, 1000, on(5, 1, 1), ev(regionBegin, 1, 0, 0, 0), ev(regionEnd, 1, 0, 0, 0)).end())
	show("tasks-across-generations", "active tasks keep name and parent; parent 0 is none",
		again(again(two().batch(1, 5, 1000, on(5, 1, 1), ev(taskBegin, 1, 7, 0, 1, 0), ev(taskBegin, 1, 8, 7, 2, 0)).end().gen(2), 2).gen(3).strings(3, "three"), 3,
			ev(taskEnd, 1, 8, 0), ev(taskEnd, 1, 7, 0), ev(taskEnd, 1, 7, 0), ev(taskBegin, 1, 7, 8, 1, 0)))
	show("task-ends-unknown", "the end of an unknown task has no parent and no name", two().batch(1, 5, 1000, on(5, 1, 1), ev(taskEnd, 1, 99, 0)).end())
	show("task-begins-twice", "the begin of an active task is a fault", two().batch(1, 5, 1000, on(5, 1, 1), ev(taskBegin, 1, 7, 0, 1, 0), ev(taskBegin, 1, 7, 0, 1, 0)).end())
	show("task-ids-are-unsigned", "tasks print unsigned", two().batch(1, 5, 1000, on(5, 1, 1), ev(taskBegin, 1, noThread, 1<<63, 1, 0), ev(regionBegin, 1, noThread, 1, 0), ev(userLog, 1, 1<<63, 1, 2, 0), ev(taskEnd, 1, noThread, 0)).end())
	show("task-of-an-unknown-name", "names of tasks are checked on advance, before the context", two().batch(1, 5, 1000, ev(taskBegin, 1, 7, 0, 9, 0)).end())
	show("task-without-context", "a task needs a running goroutine", two().batch(1, 5, 1000, ev(taskBegin, 1, 7, 0, 1, 0)).end())
	show("label-and-log", "labels and log lines", two().batch(1, 5, 1000, on(5, 1, 1), ev(goLabel, 1, 1), ev(userLog, 1, 0, 0, 2, 0), ev(procsChange, 1, 4, 0)).end())
	show("invalid-string-at-yield", "string ids of events are checked when they are yielded", two().batch(1, 5, 1000, on(5, 1, 1), ev(goLabel, 1, 3), ev(goStop, 1, 1, 0)).end())
	show("invalid-stack-at-yield", "stack ids of events are checked when they are yielded", two().batch(1, 5, 1000, on(5, 1, 1), ev(goLabel, 1, 1), ev(goStop, 1, 1, 3)).end())
	show("invalid-second-stack", "a new goroutine's own stack id too", two().batch(1, 5, 1000, on(5, 1, 1), ev(goCreate, 1, 9, 5, 0)).end())
	show("invalid-stack-of-creator", "and its creator's", two().batch(1, 5, 1000, on(5, 1, 1), ev(goCreate, 1, 9, 0, 5)).end())
	show("invalid-stack-of-status", "and that of a goroutine whose status is told", two().batch(1, 5, 1000, on(5, 1, 1), ev(goStatusStack, 1, 9, noThread, waiting, 5)).end())
}

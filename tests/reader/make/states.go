package main

func states() {
	two := func() *file { return begin(26).gen(1).strings(1, "why", "other") }
	show("abandoned-promoted", "an abandoned status of a P in a syscall is promoted; its context is the M that holds the P",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0)).end().
			gen(2).batch(2, 6, 2000, ev(procStatus, 1, 1, pAbandoned), ev(procSteal, 1, 1, 1, 5), ev(procStart, 1, 1, 2), ev(heapAlloc, 1, 1)).
			batch(2, 5, 2500, ev(goStatus, 0, 1, 5, syscall), ev(goSyscallEndBlocked, 1)).end())
	show("abandoned-from-the-start", "an abandoned P is idle; its steal asks nothing of the M",
		two().batch(1, 6, 1000, ev(procStatus, 1, 1, pAbandoned), ev(procStatus, 1, 1, pAbandoned), ev(procSteal, 1, 1, 1, 77), ev(procStart, 1, 1, 2)).end())
	show("abandoned-without-holder", "an abandoned status of a P that no M holds",
		two().batch(1, 6, 1000, ev(procStatus, 1, 1, pSyscall), ev(procStatus, 1, 2, pRunning), ev(procStatus, 1, 1, pAbandoned)).end())
	show("status-260-after-syscall", "a P's status counts in its low byte",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0)).end().gen(2).batch(2, 6, 2000, ev(procStatus, 1, 1, 260)).end())
	show("status-257-of-processor", "Go panics printing a status above 255", two().batch(1, 5, 1000, ev(procStatus, 0, 3, pIdle), ev(procStatus, 1, 1, 257)).end())
	show("status-258-of-goroutine", "a G's status counts in its low byte",
		two().batch(1, 5, 1000, ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 1, 5, 258), ev(goStop, 1, 1, 0)).end())
	show("status-0", "status 0 is accepted", two().batch(1, 5, 1000, ev(procStatus, 1, 1, 0), ev(goStatus, 1, 1, 5, 0), ev(goStatus, 1, 1, 5, 0), ev(procStatus, 1, 1, 0)).end())
	show("status-5-of-goroutine", "status 5 is none", two().batch(1, 5, 1000, ev(goStatus, 1, 1, 5, 5)).end())
	show("status-5-of-processor", "status 5 is none", two().batch(1, 5, 1000, ev(procStatus, 1, 1, 5)).end())
	show("status-of-unknown-goroutine-later", "an unknown G is a fault after the initial generation",
		two().batch(1, 5, 1000, worker(1, 1)).end().gen(2).batch(2, 5, 2000, ev(goStatus, 1, 9, 5, waiting)).end())
	show("status-of-unknown-processor-later", "an unknown P comes into being after the initial generation",
		two().batch(1, 5, 1000, worker(1, 1)).end().gen(2).batch(2, 5, 2000, ev(procStatus, 1, 9, pIdle), ev(procStatus, 1, 8, pRunning)).end())
	show("status-that-differs", "a known G must have the same status",
		two().batch(1, 5, 1000, ev(goStatus, 1, 9, noThread, waiting)).end().gen(2).batch(2, 5, 2000, ev(goStatus, 1, 9, noThread, runnable)).end())
	show("status-again", "a known G prints X to X and begins its sequence anew",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(goStop, 1, 1, 0), ev(goStart, 1, 1, 1), ev(goStop, 1, 1, 0)).end().
			gen(2).batch(2, 5, 2000, ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 1, noThread, runnable), ev(goStart, 1, 1, 1)).end())
	show("status-of-another-threads-syscall", "GoStatus Syscall for another M: M is that M, P the emitter's, G none yet; it makes the M",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(goStatus, 1, 9, 44, syscall), ev(goStatus, 1, 9, 44, syscall)).end().
			gen(2).batch(2, 5, 2000, ev(goStatus, 1, 9, 44, syscall), ev(procStatus, 1, 1, pRunning)).batch(2, 44, 2100, ev(goSyscallEndBlocked, 1)).end())
	show("status-of-another-threads-syscall-wrong", "GoStatus Syscall naming an M that has another G",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(goStatus, 1, 9, 44, syscall), ev(goStatus, 1, 10, 44, syscall)).end())
	show("status-of-a-syscall-without-thread", "GoStatus Syscall naming no M", two().batch(1, 5, 1000, ev(goStatus, 1, 9, noThread, syscall)).end())
	show("trying-makes-a-thread", "merely trying an event on a thread creates it: a later GoStatus Syscall that names it is a fault",
		two().batch(1, 44, 1000, ev(goStart, 0, 9, 1)).batch(1, 5, 1000, ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 12, 44, syscall)).end())
	show("untried-thread-is-bound", "the same where the thread was not tried before: bound",
		two().batch(1, 44, 1001, ev(goSyscallEndBlocked, 0)).batch(1, 5, 1000, ev(procStatus, 0, 1, pRunning), ev(goStatus, 0, 12, 44, syscall)).end())
	show("initial-generation-without-lanes", "a first generation without lanes leaves the initial one to the next",
		two().end().gen(2).batch(2, 5, 2000, on(5, 1, 1), ev(gcActive, 1, 4)).end())
	show("initial-generation-of-samples", "a first generation of samples only leaves it too",
		begin(22).gen(1).profile(1, cpuSample(1000, 1, 1, 1, 0)).gen(2).batch(2, 5, 2000, on(5, 1, 1)))
	show("steal-from-syscall", "a P stolen from an M in a syscall; the blocked end waits for it",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0), ev(goSyscallEndBlocked, 1), ev(procStart, 3000, 1, 4), ev(goStart, 1, 1, 1)).
			batch(1, 6, 2000, ev(procSteal, 1, 1, 2, 5), ev(procStart, 1, 1, 3), ev(procStop, 1)).end())
	show("steal-from-itself", "a thread steals its own P", two().batch(1, 5, 1000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0), ev(procSteal, 1, 1, 2, 5), ev(procStart, 1, 1, 3)).end())
	show("steal-from-the-wrong-thread", "a steal that names an M that holds another P", two().batch(1, 5, 1000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0)).
		batch(1, 7, 1000, worker(3, 1)).batch(1, 6, 2000, ev(procSteal, 1, 1, 2, 7)).end())
	show("steal-from-no-thread", "a steal that names an M that is not known", two().batch(1, 5, 1000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0)).
		batch(1, 6, 2000, ev(procSteal, 1, 1, 2, 99)).end())
	// One status in between: who keeps lists of thefts and of such statuses has them grow by turns.
	each := func(from, to uint64, one func(p uint64) []byte) (all []byte) {
		for p := from; p < to; p++ {
			all = append(all, one(p)...)
		}
		return all
	}
	abandoned := func(p uint64) []byte { return ev(procStatus, 1, p, pAbandoned) }
	stolen := func(p uint64) []byte { return ev(procSteal, 1, p, 1, 9) }
	show("steal-from-itself-after-others", "a thread steals 16 abandoned Ps of another and one of its own: that asks nothing of the M either",
		two().batch(1, 5, 1000, each(0, 17, abandoned), stolen(0), ev(goStatus, 1, 1, 44, syscall), each(1, 16, stolen), ev(procSteal, 1, 16, 1, 5)).end())
	show("start-waits-for-its-goroutine", "GoStart waits for its sequence, then checks its context",
		two().batch(1, 5, 1000, worker(1), ev(goStart, 0, 9, 2), ev(goStop, 1, 2, 0)).
			batch(1, 6, 1000, worker(2), ev(goStart, 500, 9, 1), ev(goStop, 1, 1, 0)).batch(1, 7, 1200, worker(3), ev(goCreate, 0, 9, 0, 0)).end())
	show("start-with-a-goroutine-running", "GoStart on a thread that runs a goroutine", two().batch(1, 5, 1000, on(5, 1, 1), ev(goCreate, 1, 2, 0, 0), ev(goStart, 1, 2, 1)).end())
	show("block-without-status-in-generation", "a G without a status in the generation may block and be destroyed, not start",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(goCreate, 1, 2, 0, 0)).end().gen(2).strings(2, "why").batch(2, 5, 2000, ev(procStatus, 1, 1, pRunning), ev(goBlock, 1, 1, 0), ev(goStart, 1, 2, 1)).end())
	show("processor-start-waits-while-thread-has-one", "ProcStart waits while its M has a P",
		two().batch(1, 5, 1000, worker(1), ev(procStatus, 0, 2, pIdle), ev(procStart, 1, 2, 1)).end())
	show("syscall-with-a-wrong-sequence", "GoSyscallBegin with a wrong P sequence is a fault", two().batch(1, 5, 1000, on(5, 1, 1), ev(goSyscallBegin, 1, 2, 0)).end())
	show("syscall-with-a-wrong-sequence-later", "… also of a P without a status in the generation",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(goSyscallBegin, 1, 1, 0), ev(goSyscallEnd, 1)).end().
			gen(2).batch(2, 5, 2000, ev(goStatus, 1, 1, 5, running), ev(heapAlloc, 1, 1), ev(goSyscallBegin, 1, 2, 0)).end())
	show("no-thread", "a lane of no thread has no context throughout",
		two().batch(1, noThread, 1000, ev(procStatus, 1, 1, pIdle), ev(goStatus, 1, 1, noThread, waiting), ev(goUnblock, 1, 1, 1, 0), ev(procStatus, 1, 2, pRunning),
			ev(goStatus, 1, 2, noThread, running)).end())
	show("no-thread-needs-a-thread", "what needs a thread is a fault there", two().batch(1, noThread, 1000, ev(procStatus, 1, 1, pRunning), ev(heapAlloc, 1, 1)).end())
	show("failed-to-advance", "no lane can advance", two().batch(1, 5, 1000, worker(1, 1), ev(goStart, 1, 9, 1)).batch(1, 6, 1000, worker(2, 1), ev(goUnblock, 1, 8, 1, 0)).end())
	show("create-of-one-that-was-there", "a G of the generation before that was not told of is created, and ends",
		two().batch(1, 5, 1000, on(5, 1, 1), ev(goCreate, 1, 2, 0, 0)).end().
			gen(2).batch(2, 5, 2000, ev(procStatus, 1, 1, pRunning), ev(goStatus, 1, 1, 5, running), ev(goCreate, 1, 2, 0, 0), ev(goBlock, 1, 0, 0), ev(goStart, 1, 2, 1), ev(goDestroy, 1)).end())
	show("create-twice", "a G that exists is created", two().batch(1, 5, 1000, on(5, 1, 1), ev(goCreate, 1, 2, 0, 0), ev(goCreate, 1, 2, 0, 0)).end())
	show("ids-are-signed", "ids of more than 63 bits print as negative numbers",
		two().batch(1, 1<<63, 1000, on(1<<63, 1<<63+1, 1<<63+2), ev(goCreate, 1, noThread-1, 0, 0), ev(goCreate, 1, 0, 0, 0)).end())
	show("goroutine-of-no-id", "a G whose id is that of none", two().batch(1, 5, 1000, on(5, 1, 1), ev(goCreate, 1, noThread, 0, 0), ev(goStop, 1, 1, 0), ev(goStart, 1, noThread, 1), ev(heapGoal, 1, 1), ev(goStart, 1, 1, 1), ev(goStop, 1, 1, 0)).end())
}

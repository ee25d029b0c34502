package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Knobs say what a trace is to have.
type knobs struct {
	seed        uint64
	version     int
	generations int
	steps       int // of the simulation, in a generation
	threads     int
	procs       int
	goroutines  int  // that are there at most
	high        bool // ids near 2^64
	pads        bool // all numbers of ten bytes
	empty       bool // now and then a generation without events
	back        bool // times that go back at a batch's start
	ties        bool // many equal times
	regions     int  // begun one in another by one goroutine
	frames      int  // of a stack at most
	long        bool // strings of 1,024 bytes
	samples     int  // of the CPU, in a generation
}

type goroutine struct {
	id, seq uint64
	state   byte
	told    bool // this generation knows its state
	m       *thread
	regions []region
	assists bool
	stops   bool // stops the world
}

type region struct {
	task uint64
	name string
}

type proc struct {
	id, seq uint64
	state   byte
	told    bool
	m       *thread
	sweeps  bool
	left    uint64 // the thread whose goroutine ended in a syscall
}

type thread struct {
	id       uint64
	p        *proc
	g        *goroutine
	batches  []batch
	last     uint64 // time of the last event of the batch at hand
	open     bool   // a batch is at hand
	size     int    // of the batch at hand, at most
	hasLines bool   // it wrote in this generation
}

type sim struct {
	knobs
	dice     *rand.Rand
	n        numbers
	tables   *tables
	gen, now uint64
	ms       []*thread
	ps       []*proc
	gs       []*goroutine
	nextG    uint64
	nextTask uint64
	tasks    []uint64
	gcSeq    uint64
	gcRuns   bool
	wasTold  bool
	gcTold   bool   // this generation knows that it does
	stopText string // why the world stops, while it does
	stopID   uint64 // in the tables
	out      []byte
}

func (s *sim) chance(n int) bool { return s.dice.IntN(n) == 0 }

// name makes an id: small, or as near to 2^64 as may be; the last one means none.
func (s *sim) name(i uint64) uint64 {
	if s.high {
		return ^uint64(0) - 1 - i
	}
	return i
}

func (s *sim) text(what string) string {
	if s.long && s.chance(4) {
		return strings.Repeat(what+"é\x00\"", mostString)[:mostString-s.dice.IntN(3)]
	}
	return fmt.Sprintf("%s %d", what, s.dice.IntN(5))
}

func (s *sim) stack(what string) uint64 {
	if s.chance(4) {
		return 0
	}
	n := 1 + s.dice.IntN(4)
	if s.frames > 4 && s.chance(8) {
		n = s.frames - s.dice.IntN(2)
	}
	return s.tables.stack(what, n)
}

// emit writes an event of a thread at the time there is.
func (s *sim) emit(m *thread, kind byte, args ...uint64) {
	if s.ties {
		s.now += s.dice.Uint64N(2)
	} else {
		s.now += s.dice.Uint64N(200)
	}
	event := s.n.put([]byte{kind}, 0)
	need := len(s.n.put(nil, args...)) + len(event) + mostNumber
	if !m.open || len(m.batches[len(m.batches)-1].data)+need > m.size {
		s.openBatch(m)
	}
	b := &m.batches[len(m.batches)-1]
	time := max(s.now, m.last)
	b.data = append(b.data, kind)
	b.data = s.n.put(b.data, time-m.last)
	b.data = s.n.put(b.data, args...)
	m.last = time
	m.hasLines = true
}

func (s *sim) openBatch(m *thread) {
	tick := s.now
	if s.back && s.chance(2) {
		tick -= s.dice.Uint64N(min(500, s.now-1) + 1)
	} else {
		tick = max(tick, m.last)
	}
	if s.chance(16) { // an empty one among others
		m.batches = append(m.batches, batch{thread: m.id, tick: tick})
	}
	m.batches = append(m.batches, batch{thread: m.id, tick: tick})
	m.open, m.last, m.size = true, tick, 200+s.dice.IntN(mostBatch-200)>>s.dice.IntN(8)
}

// own tells the states of what a thread has, before it does something in a generation.
func (s *sim) own(m *thread) {
	if m.p != nil && !m.p.told {
		m.p.told, m.p.seq = true, 0
		s.emit(m, procStatus, m.p.id, uint64(m.p.state))
		if m.p.sweeps {
			s.emit(m, gcSweepActive, m.p.id)
		}
	}
	if m.g != nil && !m.g.told {
		s.tell(m, m.g)
	}
}

// tell tells a goroutine's state, on any thread.
func (s *sim) tell(on *thread, g *goroutine) {
	if g.told {
		return
	}
	g.told, g.seq = true, 0
	m := noThread
	if g.m != nil {
		m = g.m.id
	}
	if s.version >= 23 && g.state != running && s.chance(2) {
		s.emit(on, goStatusStack, g.id, m, uint64(g.state), s.stack("parked"))
	} else {
		s.emit(on, goStatus, g.id, m, uint64(g.state))
	}
	if g.assists {
		s.emit(on, gcMarkAssistActive, g.id)
	}
}

func (s *sim) tellProc(on *thread, p *proc) {
	if !p.told {
		p.told, p.seq = true, 0
		s.emit(on, procStatus, p.id, uint64(p.state))
		if p.sweeps {
			s.emit(on, gcSweepActive, p.id)
		}
	}
}

func (s *sim) newG(state byte) *goroutine {
	g := &goroutine{id: s.name(s.nextG), state: state, told: true}
	s.nextG++
	s.gs = append(s.gs, g)
	return g
}

func (s *sim) drop(g *goroutine) {
	for i, other := range s.gs {
		if other == g {
			s.gs[i] = s.gs[len(s.gs)-1]
			s.gs = s.gs[:len(s.gs)-1]
			return
		}
	}
}

// some is a goroutine in a state, or nil.
func (s *sim) some(state byte) *goroutine {
	for range 6 {
		if len(s.gs) > 0 {
			if g := s.gs[s.dice.IntN(len(s.gs))]; g.state == state && g.m == nil {
				return g
			}
		}
	}
	return nil
}

func (s *sim) idleProc() *proc {
	for range 4 {
		if p := s.ps[s.dice.IntN(len(s.ps))]; p.state == pIdle || p.state == pAbandoned {
			return p
		}
	}
	return nil
}

func (s *sim) step() {
	m := s.ms[s.dice.IntN(len(s.ms))]
	switch {
	case m.g != nil && m.g.state == syscall:
		s.inSyscall(m)
	case m.p == nil:
		s.withoutProc(m)
	case m.g == nil:
		s.withoutG(m)
	default:
		s.own(m)
		s.run(m)
	}
}

func (s *sim) inSyscall(m *thread) {
	g := m.g
	switch {
	case s.chance(3): // stays, or is stolen from
		if m.p != nil {
			s.steal(m)
		}
	case m.p != nil:
		s.own(m)
		if s.chance(12) {
			s.emit(m, goDestroySyscall) // the processor stays behind: who wants it steals it
			m.p.state, m.p.m, m.p.left = pAbandoned, nil, m.id
			m.p = nil
			m.g, g.m = nil, nil
			s.drop(g)
			return
		}
		s.emit(m, goSyscallEnd)
		g.state, m.p.state = running, pRunning
	default:
		s.own(m)
		if s.chance(6) {
			s.emit(m, goDestroySyscall)
			s.drop(g)
		} else {
			s.emit(m, goSyscallEndBlocked)
			g.state = runnable
		}
		m.g, g.m = nil, nil
	}
}

// steal has another thread take the processor of one in a syscall.
func (s *sim) steal(m *thread) {
	by := s.ms[s.dice.IntN(len(s.ms))]
	if by == m || (by.g != nil && by.g.state == syscall) {
		return
	}
	p := m.p
	s.own(by)
	if !p.told { // the thread in the syscall cannot tell it
		p.state = pAbandoned
	}
	m.p, p.m = nil, nil
	s.take(by, p, m.id)
	if by.p == nil && s.chance(2) {
		s.start(by, p)
	}
}

// take makes a processor idle that is in a syscall, or was left in one.
func (s *sim) take(by *thread, p *proc, from uint64) {
	s.tellProc(by, p)
	p.seq++
	s.emit(by, procSteal, p.id, p.seq, from)
	p.state = pIdle
}

func (s *sim) start(m *thread, p *proc) {
	s.tellProc(m, p)
	p.seq++
	s.emit(m, procStart, p.id, p.seq)
	p.state, p.m, m.p = pRunning, m, p
}

func (s *sim) withoutProc(m *thread) {
	if m.g == nil && s.chance(20) && len(s.gs) < s.goroutines {
		g := s.newG(syscall)
		s.emit(m, goCreateSyscall, g.id)
		m.g, g.m = g, m
		return
	}
	if p := s.idleProc(); p != nil {
		if p.state == pAbandoned {
			s.take(m, p, p.left)
		}
		s.start(m, p)
	}
}

func (s *sim) withoutG(m *thread) {
	s.own(m)
	if g := s.some(runnable); g != nil && !s.chance(10) {
		s.tell(m, g)
		g.seq++
		s.emit(m, goStart, g.id, g.seq)
		g.state, g.m, m.g = running, m, g
		if s.chance(10) {
			s.emit(m, goLabel, s.tables.text(s.text("GC (idle)")))
		}
		return
	}
	switch s.dice.IntN(4) {
	case 0:
		s.emit(m, procStop)
		m.p.state, m.p.m = pIdle, nil
		m.p = nil
	case 1:
		s.unblock(m)
	case 2:
		s.create(m)
	default:
		s.emit(m, heapAlloc, s.dice.Uint64()>>s.dice.IntN(64))
	}
}

func (s *sim) unblock(m *thread) {
	if g := s.some(waiting); g != nil {
		s.tell(m, g)
		g.seq++
		s.emit(m, goUnblock, g.id, g.seq, s.stack("ready"))
		g.state = runnable
	}
}

func (s *sim) create(m *thread) {
	if len(s.gs) >= s.goroutines {
		return
	}
	if s.version >= 23 && s.chance(4) {
		g := s.newG(waiting)
		s.emit(m, goCreateBlocked, g.id, s.stack("begin"), s.stack("coro"))
		return
	}
	g := s.newG(runnable)
	s.emit(m, goCreate, g.id, s.stack("begin"), s.stack("spawn"))
}

// leave takes the goroutine off its thread.
func (s *sim) leave(m *thread, state byte) {
	m.g.state, m.g.m = state, nil
	m.g = nil
}

func (s *sim) run(m *thread) {
	g := m.g
	busy := g.assists || g.stops
	if !s.gcTold {
		s.gcSeq++
		s.emit(m, gcActive, s.gcSeq)
		s.gcTold = true
	}
	switch d := s.dice.IntN(26); {
	case d == 0 && !busy:
		s.emit(m, goDestroy)
		s.leave(m, 0)
		s.drop(g)
	case d == 1 && !g.stops:
		s.emit(m, goStop, s.tables.text("preempted"), s.stack("stop"))
		s.leave(m, runnable)
	case d <= 4 && !g.stops:
		s.emit(m, goBlock, s.tables.text([]string{"sleep", "chan receive", "sync", s.text("why")}[s.dice.IntN(4)]), s.stack("block"))
		s.leave(m, waiting)
	case d <= 7:
		s.create(m)
	case d <= 9:
		s.unblock(m)
	case d <= 11 && !busy && !m.p.sweeps:
		m.p.seq++
		s.emit(m, goSyscallBegin, m.p.seq, s.stack("call"))
		g.state, m.p.state = syscall, pSyscall
	case d == 12 && s.version >= 23 && !busy:
		s.switchTo(m)
	case d <= 15:
		s.annotate(m)
	case d <= 17:
		s.collect(m)
	case d == 18:
		s.experiment(m)
	case d == 19:
		s.emit(m, procsChange, s.dice.Uint64N(64), s.stack("procs"))
	case d == 20:
		s.emit(m, heapGoal, s.dice.Uint64())
	default:
		s.emit(m, heapAlloc, s.dice.Uint64()>>s.dice.IntN(64))
	}
}

func (s *sim) switchTo(m *thread) {
	next := s.some(waiting)
	if next == nil {
		return
	}
	s.tell(m, next)
	next.seq++
	g := m.g
	if s.chance(3) {
		s.emit(m, goSwitchDestroy, next.id, next.seq)
		s.leave(m, 0)
		s.drop(g)
	} else {
		s.emit(m, goSwitch, next.id, next.seq)
		s.leave(m, waiting)
	}
	next.state, next.m, m.g = running, m, next
}

func (s *sim) experiment(m *thread) {
	if s.version < 23 {
		return
	}
	if s.chance(2) {
		s.emit(m, spanAlloc, s.dice.Uint64()>>s.dice.IntN(64), s.dice.Uint64N(9), s.dice.Uint64N(99))
	} else {
		s.emit(m, heapObjectAlloc, s.dice.Uint64(), s.dice.Uint64())
	}
}

func (s *sim) someTask() uint64 {
	if len(s.tasks) == 0 {
		return 0
	}
	return s.tasks[s.dice.IntN(len(s.tasks))]
}

func (s *sim) annotate(m *thread) {
	g := m.g
	switch d := s.dice.IntN(8); {
	case d == 0:
		task := s.name(s.nextTask)
		s.nextTask++
		s.emit(m, taskBegin, task, s.someTask(), s.tables.text(s.text("job")), s.stack("task"))
		s.tasks = append(s.tasks, task)
	case d == 1 && len(s.tasks) > 0:
		i := s.dice.IntN(len(s.tasks))
		s.emit(m, taskEnd, s.tasks[i], s.stack("task"))
		s.tasks = append(s.tasks[:i], s.tasks[i+1:]...)
	case d <= 4:
		for range 1 + s.dice.IntN(s.regions) {
			r := region{s.someTask(), s.text("part")}
			s.emit(m, regionBegin, r.task, s.tables.text(r.name), s.stack("region"))
			g.regions = append(g.regions, r)
		}
	case d <= 6 && len(g.regions) > 0:
		for range 1 + s.dice.IntN(min(s.regions, len(g.regions))) {
			r := g.regions[len(g.regions)-1]
			g.regions = g.regions[:len(g.regions)-1]
			s.emit(m, regionEnd, r.task, s.tables.text(r.name), s.stack("region"))
		}
	default:
		s.emit(m, userLog, s.someTask(), s.tables.text(s.text("key")), s.tables.text(s.text("value")), s.stack("log"))
	}
}

func (s *sim) collect(m *thread) {
	g := m.g
	switch d := s.dice.IntN(4); {
	case d == 0 && g.assists:
		s.emit(m, gcMarkAssistEnd)
		g.assists = false
	case d == 0:
		s.emit(m, gcMarkAssistBegin, s.stack("assist"))
		g.assists = true
	case d == 1 && m.p.sweeps:
		s.emit(m, gcSweepEnd, s.dice.Uint64(), s.dice.Uint64N(4096))
		m.p.sweeps = false
	case d == 1:
		s.emit(m, gcSweepBegin, s.stack("sweep"))
		m.p.sweeps = true
	case d == 2 && s.gcRuns:
		s.gcSeq++
		s.emit(m, gcEnd, s.gcSeq)
		s.gcRuns = false
	case d == 2:
		s.gcSeq++
		s.emit(m, gcBegin, s.gcSeq, s.stack("gc"))
		s.gcRuns = true
	case g.stops:
		s.emit(m, stwEnd)
		g.stops, s.stopText = false, ""
	case s.stopText == "":
		s.stopText = []string{"GC sweep termination", "read mem stats", s.text("because")}[s.dice.IntN(3)]
		s.stopID = s.tables.text(s.stopText)
		s.emit(m, stwBegin, s.stopID, s.stack("stw"))
		g.stops = true
	}
}

// generation simulates one and writes it.
func (s *sim) generation(steps int) {
	s.gen++
	s.tables = newTables(s.dice)
	if s.stopText != "" { // the end names it by its id, in a table of its own generation
		s.tables.strings[s.stopText], s.tables.taken[s.stopID] = s.stopID, true
	}
	for _, g := range s.gs {
		g.told = false
	}
	for _, p := range s.ps {
		p.told = false
	}
	for _, m := range s.ms {
		m.batches, m.open, m.hasLines = nil, false, false
	}
	s.gcTold = !s.gcRuns
	begin := s.now + 1
	s.now = begin
	for _, m := range s.ms {
		if steps > 0 && !s.wasTold { // who was there before the trace is named in its first generation
			s.own(m)
		}
	}
	for range steps {
		s.wasTold = true
		s.step()
	}
	if steps > 0 {
		s.tellTheRest()
	}
	s.write(begin)
}

// tellTheRest tells states at the end that nobody has asked for, as Go 1.22 to 1.24 do.
func (s *sim) tellTheRest() {
	for _, m := range s.ms {
		if m.p == nil || (m.g != nil && m.g.state != running) || !m.hasLines {
			continue
		}
		for _, g := range s.gs {
			if g.m == nil && !s.chance(4) {
				s.tell(m, g)
			}
		}
		for _, p := range s.ps {
			if p.state == pIdle && !s.chance(4) {
				s.tellProc(m, p)
			}
		}
		return
	}
}

func (s *sim) samplesBatches() (all []batch) {
	for i := range s.samples {
		if i%500 == 0 {
			all = append(all, batch{thread: noThread, data: []byte{cpuSamplesHead}})
		}
		m := s.ms[s.dice.IntN(len(s.ms))]
		g, p := uint64(0), uint64(0)
		if len(s.gs) > 0 && !s.chance(4) {
			g = s.gs[s.dice.IntN(len(s.gs))].id
		}
		p = s.ps[s.dice.IntN(len(s.ps))].id
		b := &all[len(all)-1]
		time := max(1, s.now-s.dice.Uint64N(min(s.now, 20000)))
		b.data = s.n.put(append(b.data, cpuSampleEntry), time, m.id, p, g, s.stack("hot"))
	}
	return all
}

func (s *sim) clock(time uint64) batch {
	data := s.n.put([]byte{frequency}, 1e9)
	if s.version >= 25 {
		data = s.n.put(append([]byte{syncHead}, data...))
		data = s.n.put(append(data, clockSnapshot), 5, 1234+s.gen, 1700000000+s.gen, 123456789)
	}
	return batch{thread: noThread, tick: time, data: data}
}

// write puts the generation's batches in the file: those of a thread in their order, all others anywhere.
func (s *sim) write(begin uint64) {
	queues := [][]batch{{s.clock(begin)}}
	for _, m := range s.ms {
		if len(m.batches) > 0 {
			queues = append(queues, m.batches)
		}
	}
	for _, b := range append(s.samplesBatches(), s.tables.batches(s.n)...) {
		b.tick = s.now
		queues = append(queues, []batch{b})
	}
	if s.version >= 23 && s.chance(2) {
		queues = append(queues, []batch{{thread: s.ms[0].id, tick: s.now, experiment: 1, data: []byte("what an experiment wrote")}})
	}
	for len(queues) > 0 {
		i := s.dice.IntN(len(queues))
		s.out = s.n.batch(s.out, s.gen, queues[i][0])
		if queues[i] = queues[i][1:]; len(queues[i]) == 0 {
			queues[i] = queues[len(queues)-1]
			queues = queues[:len(queues)-1]
		}
	}
	if s.version >= 26 {
		s.out = append(s.out, endOfGeneration)
	}
}

// simulate makes a trace.
func simulate(k knobs) []byte {
	s := &sim{knobs: k, dice: rand.New(rand.NewPCG(k.seed, uint64(k.version))), n: numbers{k.pads}, nextG: 1, nextTask: 1, now: 1000}
	s.out = header(k.version)
	for i := range k.threads {
		s.ms = append(s.ms, &thread{id: s.name(uint64(i))})
	}
	for i := range k.procs {
		s.ps = append(s.ps, &proc{id: s.name(uint64(i)), state: pIdle})
	}
	for i := range min(k.procs, k.threads) { // who begins: each has a processor and a goroutine
		g := s.newG(running)
		s.ms[i].p, s.ps[i].m, s.ps[i].state = s.ps[i], s.ms[i], pRunning
		s.ms[i].g, g.m = g, s.ms[i]
	}
	for range k.generations {
		steps := k.steps
		if k.empty && s.chance(3) {
			steps = 0
		}
		s.generation(steps)
	}
	return s.out
}

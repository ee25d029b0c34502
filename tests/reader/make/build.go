package main

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Event types: Go's, internal/trace/tracev2.
const (
	evNone = iota
	eventBatch
	stacksHead
	stackEntry
	stringsHead
	stringEntry
	cpuSamplesHead
	cpuSampleEntry
	frequency
	procsChange
	procStart
	procStop
	procSteal
	procStatus
	goCreate
	goCreateSyscall
	goStart
	goDestroy
	goDestroySyscall
	goStop
	goBlock
	goUnblock
	goSyscallBegin
	goSyscallEnd
	goSyscallEndBlocked
	goStatus
	stwBegin
	stwEnd
	gcActive
	gcBegin
	gcEnd
	gcSweepActive
	gcSweepBegin
	gcSweepEnd
	gcMarkAssistActive
	gcMarkAssistBegin
	gcMarkAssistEnd
	heapAlloc
	heapGoal
	goLabel
	taskBegin
	taskEnd
	regionBegin
	regionEnd
	userLog
	goSwitch
	goSwitchDestroy
	goCreateBlocked
	goStatusStack
	experimentalBatch
	syncHead
	clockSnapshot
	endOfGeneration
	span               = 128
	spanAlloc          = 129
	heapObjectFree     = 133
	goroutineStackFree = 136
)

// Raw states of a goroutine and a processor.
const (
	runnable = 1
	running  = 2
	syscall  = 3
	waiting  = 4

	pRunning   = 1
	pIdle      = 2
	pSyscall   = 3
	pAbandoned = 4
)

const noThread = ^uint64(0)

// A file is a trace in the making.
type file struct {
	version int
	bytes   []byte
}

// begin is a file with the header of a version and nothing else.
func begin(version int) *file {
	return &file{version, fmt.Appendf(nil, "go 1.%d trace\x00\x00\x00", version)}
}

// with is a file of any bytes.
func with(text string) *file {
	return &file{0, []byte(text)}
}

func number(n uint64) []byte {
	return binary.AppendUvarint(nil, n)
}

// padded is a number in more bytes than it needs, as the runtime writes a batch's length.
func padded(n uint64, width int) []byte {
	out := make([]byte, width)
	for i := range out {
		out[i] = byte(n&0x7f) | 0x80
		n >>= 7
	}
	out[width-1] &= 0x7f
	return out
}

// ev is one event: the type and its numbers, of timed events the ticks since the last one first.
func ev(kind byte, numbers ...uint64) []byte {
	out := []byte{kind}
	for _, n := range numbers {
		out = binary.AppendUvarint(out, n)
	}
	return out
}

// raw appends bytes as they are.
func (f *file) raw(parts ...[]byte) *file {
	f.bytes = append(f.bytes, slices.Concat(parts...)...)
	return f
}

// batch appends an event batch.
func (f *file) batch(gen, m, time uint64, parts ...[]byte) *file {
	data := slices.Concat(parts...)
	return f.raw(ev(eventBatch, gen, m, time, uint64(len(data))), data)
}

// experimental appends an experimental batch.
func (f *file) experimental(id byte, gen, m, time uint64, data []byte) *file {
	return f.raw([]byte{experimentalBatch, id}, number(gen), number(m), number(time), number(uint64(len(data))), data)
}

// text is an entry of a table of strings.
func text(id uint64, s string) []byte {
	return slices.Concat(ev(stringEntry, id, uint64(len(s))), []byte(s))
}

// strings appends a batch of strings, numbered from 1.
func (f *file) strings(gen uint64, all ...string) *file {
	data := []byte{stringsHead}
	for i, s := range all {
		data = append(data, text(uint64(i+1), s)...)
	}
	return f.batch(gen, noThread, 0, data)
}

// stack is an entry of a table of stacks: four numbers a frame, pc, func, file, line.
func stack(id uint64, numbers ...uint64) []byte {
	return slices.Concat(ev(stackEntry, id, uint64(len(numbers)/4)), ev(0, numbers...)[1:])
}

// stacks appends a batch of stacks.
func (f *file) stacks(gen uint64, all ...[]byte) *file {
	return f.batch(gen, noThread, 0, []byte{stacksHead}, slices.Concat(all...))
}

// profile appends a batch of CPU samples.
func (f *file) profile(gen uint64, all ...[]byte) *file {
	return f.batch(gen, noThread, 0, []byte{cpuSamplesHead}, slices.Concat(all...))
}

func cpuSample(time, m, p, g, stack uint64) []byte {
	return ev(cpuSampleEntry, time, m, p, g, stack)
}

// clock appends what tells a generation's ticks per second, and from 1.25 on the clocks of one moment.
func (f *file) clock(gen, time, ticks uint64) *file {
	if f.version < 25 {
		return f.batch(gen, noThread, time, ev(frequency, ticks))
	}
	return f.batch(gen, noThread, time, []byte{syncHead}, ev(frequency, ticks),
		ev(clockSnapshot, 5, 1234, 1700000000, 123456789))
}

// gen appends the clock of a generation: a tick is a nanosecond, the first time is 1000 a generation.
func (f *file) gen(gen uint64) *file {
	return f.clock(gen, gen*1000, 1e9)
}

// end ends a generation, where the version has a mark for that.
func (f *file) end() *file {
	if f.version >= 26 {
		f.raw([]byte{endOfGeneration})
	}
	return f
}

// on is the beginning of a thread's batch in the first generation: processor p runs on it, goroutine g on that.
func on(m, p, g uint64) []byte {
	return slices.Concat(ev(procStatus, 1, p, pRunning), ev(goStatus, 1, g, m, running))
}

// worker is a batch's worth of events of a thread that has a processor and no goroutine: sizes of the heap.
func worker(p uint64, deltas ...uint64) []byte {
	out := ev(procStatus, 0, p, pRunning)
	for i, delta := range deltas {
		out = append(out, ev(heapAlloc, delta, p*1000+uint64(i))...)
	}
	return out
}

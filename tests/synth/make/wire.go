package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Event types: Go's, internal/trace/tracev2.
const (
	eventBatch          = 1
	stacksHead          = 2
	stackEntry          = 3
	stringsHead         = 4
	stringEntry         = 5
	cpuSamplesHead      = 6
	cpuSampleEntry      = 7
	frequency           = 8
	procsChange         = 9
	procStart           = 10
	procStop            = 11
	procSteal           = 12
	procStatus          = 13
	goCreate            = 14
	goCreateSyscall     = 15
	goStart             = 16
	goDestroy           = 17
	goDestroySyscall    = 18
	goStop              = 19
	goBlock             = 20
	goUnblock           = 21
	goSyscallBegin      = 22
	goSyscallEnd        = 23
	goSyscallEndBlocked = 24
	goStatus            = 25
	stwBegin            = 26
	stwEnd              = 27
	gcActive            = 28
	gcBegin             = 29
	gcEnd               = 30
	gcSweepActive       = 31
	gcSweepBegin        = 32
	gcSweepEnd          = 33
	gcMarkAssistActive  = 34
	gcMarkAssistBegin   = 35
	gcMarkAssistEnd     = 36
	heapAlloc           = 37
	heapGoal            = 38
	goLabel             = 39
	taskBegin           = 40
	taskEnd             = 41
	regionBegin         = 42
	regionEnd           = 43
	userLog             = 44
	goSwitch            = 45
	goSwitchDestroy     = 46
	goCreateBlocked     = 47
	goStatusStack       = 48
	experimentalBatch   = 49
	syncHead            = 50
	clockSnapshot       = 51
	endOfGeneration     = 52
	spanAlloc           = 129
	heapObjectAlloc     = 132
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

// Bounds of the format.
const (
	mostBatch  = 64 << 10
	mostFrames = 128
	mostString = 1 << 10
	mostNumber = 10
)

// A writer of numbers: as short as they are, or all of ten bytes.
type numbers struct {
	pads bool
}

func (n numbers) put(out []byte, all ...uint64) []byte {
	for _, v := range all {
		if !n.pads {
			out = binary.AppendUvarint(out, v)
			continue
		}
		for range mostNumber - 1 {
			out = append(out, byte(v)|0x80)
			v >>= 7
		}
		out = append(out, byte(v))
	}
	return out
}

// A batch of the file in the making.
type batch struct {
	thread, tick uint64
	experiment   byte // 0: a batch of events or of tables
	data         []byte
}

func (n numbers) batch(out []byte, gen uint64, b batch) []byte {
	if b.experiment != 0 {
		out = append(out, experimentalBatch, b.experiment)
	} else {
		out = append(out, eventBatch)
	}
	out = n.put(out, gen, b.thread, b.tick, uint64(len(b.data)))
	return append(out, b.data...)
}

func header(version int) []byte {
	return fmt.Appendf(nil, "go 1.%d trace\x00\x00\x00", version)
}

// Tables are the strings and stacks of one generation, by content.
type tables struct {
	strings map[string]uint64
	stacks  map[string]uint64
	frames  [][]uint64 // of each stack, by order of coming
	ids     []uint64
	dice    *rand.Rand
	taken   map[uint64]bool
}

func newTables(dice *rand.Rand) *tables {
	return &tables{map[string]uint64{}, map[string]uint64{}, nil, nil, dice, map[uint64]bool{}}
}

// id is one that is free: small mostly, else anything.
func (t *tables) id() uint64 {
	for {
		id := 1 + t.dice.Uint64N(uint64(8+2*len(t.taken)))
		if t.dice.IntN(8) == 0 {
			id = 1 + t.dice.Uint64()>>(t.dice.IntN(63)+1)
		}
		if !t.taken[id] {
			t.taken[id] = true
			return id
		}
	}
}

func (t *tables) text(s string) uint64 {
	if s == "" {
		return 0
	}
	id, ok := t.strings[s]
	if !ok {
		id = t.id()
		t.strings[s] = id
	}
	return id
}

// stack is one of n frames, named by what; 0 frames is no stack.
func (t *tables) stack(what string, n int) uint64 {
	if n == 0 {
		return 0
	}
	key := fmt.Sprint(what, n)
	if id, ok := t.stacks[key]; ok {
		return id
	}
	var frames []uint64
	for i := range n {
		pc := uint64(len(what))<<20 + uint64(n)<<8 + uint64(i) + 1 // a frame is known by its pc
		frames = append(frames, pc, t.text(fmt.Sprintf("main.%s%d", what, i)), t.text(fmt.Sprintf("/src/%s.go", what)), uint64(i+1))
	}
	id := t.id()
	t.stacks[key] = id
	t.frames = append(t.frames, frames)
	t.ids = append(t.ids, id)
	return id
}

// batches are the tables' own, each as full as may be or cut by chance.
func (t *tables) batches(n numbers) []batch {
	var all []batch
	add := func(head byte, entry []byte) {
		if last := len(all) - 1; last < 0 || all[last].data[0] != head || len(all[last].data)+len(entry) > mostBatch || t.dice.IntN(64) == 0 {
			all = append(all, batch{thread: noThread, data: []byte{head}})
		}
		all[len(all)-1].data = append(all[len(all)-1].data, entry...)
	}
	for i, frames := range t.frames {
		add(stacksHead, n.put(n.put([]byte{stackEntry}, t.ids[i], uint64(len(frames)/4)), frames...))
	}
	texts := make([]string, 0, len(t.strings))
	for s := range t.strings {
		texts = append(texts, s)
	}
	slices.Sort(texts)
	for _, s := range texts {
		add(stringsHead, append(n.put([]byte{stringEntry}, t.strings[s], uint64(len(s))), s...))
	}
	return all
}

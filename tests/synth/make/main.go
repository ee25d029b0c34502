// Synth writes traces of what never happened, and yet could have: goroutines, processors and threads are simulated, and what they
// do is written as the runtime would. Go's reader accepts every one of them to its end; a run that it does not is a fault of synth.
//
//	synth folder FOLDER      the committed ones, with their text and MANIFEST.tsv
//	synth seeds FOLDER A B   one for each seed from A to before B, no text
//	synth large FILE NAME    one of the large ones; without NAME, their names
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"gxt/reference/told"
)

var versions = []int{22, 23, 25, 26}

// drawn is the knobs of a seed.
func drawn(seed uint64) knobs {
	bit := func(n uint64) bool { return seed*2654435761>>16%(n+3) == 0 }
	k := knobs{seed: seed, version: versions[seed%4], generations: 1 + int(seed/4%5), steps: 40 + int(seed%7)*90, threads: 1 + int(seed%11),
		procs: 1 + int(seed%5), goroutines: 4 + int(seed%13)*6, high: bit(1), pads: bit(2), empty: bit(3), back: bit(4), ties: bit(5),
		regions: 1 + int(seed%3), frames: 4, long: bit(6), samples: int(seed % 3 * 5)}
	if seed%8 == 3 {
		k.frames = mostFrames
	}
	if seed%16 == 5 {
		k.threads = 100
	}
	return k
}

type named struct {
	name, shows string
	knobs       knobs
}

// small are committed.
var small = []named{
	{"go122-carried", "states that go on over five generations", knobs{version: 22, generations: 5, steps: 120, threads: 5, procs: 3, goroutines: 30, regions: 2, frames: 4, samples: 3}},
	{"go123-carried", "the same, with coroutine switches", knobs{version: 23, generations: 5, steps: 120, threads: 5, procs: 3, goroutines: 30, regions: 2, frames: 4, samples: 3}},
	{"go125-high", "ids near 2^64", knobs{version: 25, generations: 3, steps: 200, threads: 6, procs: 3, goroutines: 30, high: true, regions: 2, frames: 4, samples: 3}},
	{"go126-high", "ids near 2^64, and times that go back", knobs{version: 26, generations: 3, steps: 200, threads: 6, procs: 3, goroutines: 30, high: true, back: true, regions: 2, frames: 4, samples: 3}},
	{"go126-padded", "every number of ten bytes", knobs{version: 26, generations: 2, steps: 150, threads: 4, procs: 3, goroutines: 20, pads: true, regions: 2, frames: 4, samples: 3}},
	{"go122-padded", "every number of ten bytes", knobs{version: 22, generations: 2, steps: 150, threads: 4, procs: 3, goroutines: 20, pads: true, regions: 2, frames: 4}},
	{"go123-empty", "generations without events", knobs{version: 23, generations: 8, steps: 60, threads: 4, procs: 2, goroutines: 20, empty: true, regions: 2, frames: 4}},
	{"go126-empty", "generations without events", knobs{version: 26, generations: 8, steps: 60, threads: 4, procs: 2, goroutines: 20, empty: true, regions: 2, frames: 4}},
	{"go125-back", "times that go back at a batch's start, and many that are equal", knobs{version: 25, generations: 3, steps: 200, threads: 20, procs: 6, goroutines: 40, back: true, ties: true, regions: 2, frames: 4}},
	{"go126-deep", "stacks of 128 frames, strings of 1,024 bytes", knobs{version: 26, generations: 1, steps: 120, threads: 4, procs: 3, goroutines: 20, regions: 2, frames: mostFrames, long: true}},
	{"go123-regions", "hundreds of regions open in one another, over generations", knobs{version: 23, generations: 3, steps: 60, threads: 3, procs: 2, goroutines: 6, regions: 300, frames: 2}},
	{"go126-threads", "a thousand threads", knobs{version: 26, generations: 1, steps: 1500, threads: 1000, procs: 1000, goroutines: 2000, regions: 1, frames: 2}},
}

// large are made on demand.
var large = []named{
	{"threads", "", knobs{version: 26, generations: 3, steps: 60000, threads: 5000, procs: 600, goroutines: 20000, high: true, back: true, regions: 2, frames: 8, samples: 5000}},
	{"regions", "", knobs{version: 25, generations: 4, steps: 4000, threads: 8, procs: 4, goroutines: 50, regions: 5000, frames: 4}},
	{"padded", "", knobs{version: 23, generations: 3, steps: 100000, threads: 64, procs: 32, goroutines: 5000, pads: true, high: true, regions: 3, frames: mostFrames, long: true, samples: 5000}},
	{"many", "", knobs{version: 22, generations: 40, steps: 10000, threads: 40, procs: 16, goroutines: 30000, empty: true, ties: true, regions: 3, frames: 8, samples: 300}},
}

func fail(err any) {
	fmt.Fprintln(os.Stderr, "synth:", err)
	os.Exit(1)
}

func save(name string, content []byte) {
	if err := os.WriteFile(name, content, 0o644); err != nil {
		fail(err)
	}
}

// checked makes a trace that Go's reader accepts, or fails.
func checked(name string, k knobs, text io.Writer) ([]byte, told.Tale) {
	trace := simulate(k)
	tale := told.Tell(bytes.NewReader(trace), text)
	if tale.Verdict != "ok" {
		save("/tmp/synth-refused.trace", trace)
		fail(fmt.Sprintf("%s: Go's reader refuses it after %d events: %s", name, tale.Events, tale.Why))
	}
	return trace, tale
}

func writeFolder(folder string) {
	var manifest bytes.Buffer
	for i, one := range small {
		var text bytes.Buffer
		one.knobs.seed = uint64(i)
		trace, tale := checked(one.name, one.knobs, &text)
		save(filepath.Join(folder, one.name+".trace"), trace)
		fmt.Fprintf(&manifest, "%s\t%d\t%s\t%s\t%s\n", one.name, tale.Events, tale.SHA256, tale.Verdict, one.shows)
	}
	save(filepath.Join(folder, "MANIFEST.tsv"), manifest.Bytes())
}

func writeSeeds(folder, from, to string) {
	a, errA := strconv.ParseUint(from, 10, 64)
	b, errB := strconv.ParseUint(to, 10, 64)
	if errA != nil || errB != nil {
		fail("a seed is a number")
	}
	var manifest bytes.Buffer
	events := 0
	for seed := a; seed < b; seed++ {
		name := fmt.Sprint("seed-", seed)
		trace, tale := checked(name, drawn(seed), io.Discard)
		save(filepath.Join(folder, name+".trace"), trace)
		fmt.Fprintf(&manifest, "%s\t%d\t%s\t%s\t\n", name, tale.Events, tale.SHA256, tale.Verdict)
		events += tale.Events
	}
	save(filepath.Join(folder, "MANIFEST.tsv"), manifest.Bytes())
	fmt.Fprintln(os.Stderr, b-a, "traces,", events, "events, all accepted by Go's reader")
}

func main() {
	switch {
	case len(os.Args) == 3 && os.Args[1] == "folder":
		writeFolder(os.Args[2])
	case len(os.Args) == 5 && os.Args[1] == "seeds":
		writeSeeds(os.Args[2], os.Args[3], os.Args[4])
	case len(os.Args) == 4 && os.Args[1] == "large":
		for _, one := range large {
			if one.name == os.Args[3] {
				trace, tale := checked(one.name, one.knobs, io.Discard)
				save(os.Args[2], trace)
				fmt.Fprintf(os.Stderr, "%s\t%d\t%s\t%d bytes\n", one.name, tale.Events, tale.SHA256, len(trace))
			}
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: synth folder FOLDER | synth seeds FOLDER A B | synth large FILE threads|regions|padded|many")
		os.Exit(2)
	}
}

// Hurt writes what tests/bad holds: in traces/ files with one defect each and what Go's own reader tells of them, and in
// flips.tsv what it tells of good traces of which one byte is another.
//
//	hurt FOLDER TRACE...
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"

	"gxt/reference/told"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: hurt FOLDER TRACE...")
		os.Exit(2)
	}
	folder := filepath.Join(os.Args[1], "traces")
	var manifest, flips bytes.Buffer
	for _, name := range os.Args[2:] {
		trace, err := os.ReadFile(name)
		if err != nil {
			fail(err)
		}
		title := strings.TrimSuffix(filepath.Base(name), ".trace")
		for _, d := range cuts(title, trace) {
			fmt.Fprintln(&manifest, keep(folder, d))
		}
		flip(&flips, title, trace)
	}
	for _, d := range others() {
		fmt.Fprintln(&manifest, keep(folder, d))
	}
	save(filepath.Join(folder, "MANIFEST.tsv"), manifest.Bytes())
	save(filepath.Join(os.Args[1], "flips.tsv"), flips.Bytes())
}

// A defect is a file with one thing wrong.
type defect struct {
	name    string
	content []byte
}

// keep writes a defect's files and returns its line of the manifest.
func keep(folder string, d defect) string {
	var text bytes.Buffer
	tale := told.Tell(bytes.NewReader(d.content), &text)
	verdict := tale.Verdict
	if verdict == "ok" {
		verdict = "quiet" // none of these is good
	}
	save(filepath.Join(folder, d.name+".trace"), d.content)
	save(filepath.Join(folder, d.name+".txt"), text.Bytes())
	fmt.Fprintf(os.Stderr, "%-40s %4d %s: %s\n", d.name, tale.Events, verdict, tale.Why)
	return fmt.Sprintf("%s\t%d\t%s\t%s\t%s", d.name, tale.Events, tale.SHA256, verdict, tale.Why)
}

// Marks of a batch's kind: the byte it begins with.
var kinds = map[byte]string{2: "stacks", 4: "strings", 6: "samples", 8: "frequency", 50: "sync"}

// cuts cuts a trace in the first batch of each kind: in its head, before its content and within that.
func cuts(title string, trace []byte) []defect {
	var out []defect
	seen := map[string]bool{}
	for at := 16; at < len(trace); {
		begin := at
		if trace[at] != 1 {
			at++ // the end of a generation
			continue
		}
		at++
		var size uint64
		for range 4 {
			size = 0
			for shift := 0; ; shift += 7 {
				size |= uint64(trace[at]&0x7f) << shift
				at++
				if trace[at-1] < 0x80 {
					break
				}
			}
		}
		kind := kinds[trace[at]]
		if kind == "" {
			kind = "events"
		}
		if !seen[kind] {
			seen[kind] = true
			out = append(out, defect{title + "-cut-in-head-of-" + kind, trace[:begin+3]}, defect{title + "-cut-before-" + kind, trace[:at]},
				defect{title + "-cut-in-" + kind, trace[:at+int(size)/2]})
		}
		at += int(size)
	}
	return append(out, defect{title + "-and-a-byte-more", append(trace[:len(trace):len(trace)], 0)},
		defect{title + "-twice", append(trace[:len(trace):len(trace)], trace...)})
}

// others are files that are no traces, or none that can be read.
func others() []defect {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write([]byte("\x0a\x04\x08\x01\x10\x02")) // the first field of a profile
	w.Close()
	head := func(version string) []byte { return []byte("go 1." + version + " trace\x00\x00\x00") }
	return []defect{
		{"empty", nil},
		{"one-byte", []byte("g")},
		{"header-cut", head("26")[:15]},
		{"header-1.11", head("11")},
		{"header-1.19", head("19")},
		{"header-1.21", head("21")},
		{"header-1.24", head("24")},
		{"header-1.99", head("99")},
		{"zeros", make([]byte, 5000)},
		{"text", []byte("This is not a trace.\n")},
		{"profile", packed.Bytes()},
		{"program", []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x3e\x00")},
		{"document", []byte("{\"traceEvents\":[]}\n")},
	}
}

// flip changes every third byte, each time by other bits, and writes what the reader then tells.
func flip(out *bytes.Buffer, title string, trace []byte) {
	masks := [...]byte{0x01, 0x80, 0xff, 0x10, 0x02, 0x7f, 0x40, 0x04}
	for i, at := 0, 16; at < len(trace); i, at = i+1, at+3 {
		mask := masks[i%len(masks)]
		hurt := bytes.Clone(trace)
		hurt[at] ^= mask
		hash := fnv.New64a()
		tale := told.Tell(bytes.NewReader(hurt), hash)
		fmt.Fprintf(out, "%s\t%d\t%d\t%d\t%016x\t%s\n", title, at, mask, tale.Events, hash.Sum64(), tale.Verdict)
	}
}

func save(name string, content []byte) {
	if err := os.WriteFile(name, content, 0o644); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "hurt:", err)
	os.Exit(1)
}

// Make writes the hand-made traces of tests/reader: each shows one thing that Go's reader does where it is easily missed.
// Beside NAME.trace it writes NAME.txt, what Go's reader tells of it up to its end or first fault, and in MANIFEST.tsv a
// line each: name, events, SHA-256 of the text, verdict, what it shows.
//
//	make FOLDER
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"gxt/reference/told"
)

// A sample is one hand-made trace.
type sample struct {
	name  string
	shows string
	quiet bool // Go's reader ends without a word where gxt has a fault to report
	file  *file
}

var samples []sample

// show adds a trace.
func show(name, what string, f *file) {
	samples = append(samples, sample{name: name, shows: what, file: f})
}

// showQuiet adds a trace whose damage Go's reader does not report.
func showQuiet(name, what string, f *file) {
	samples = append(samples, sample{name: name, shows: what, quiet: true, file: f})
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: make FOLDER")
		os.Exit(2)
	}
	for _, add := range []func(){lanes, clocks, trios, calls, noThreads, states, ranges, names, generations, tables, starts, ends, prints, headers} {
		add()
	}
	var manifest bytes.Buffer
	seen := map[string]bool{}
	for _, s := range samples {
		if seen[s.name] {
			fmt.Fprintln(os.Stderr, "make: two are named", s.name)
			os.Exit(1)
		}
		seen[s.name] = true
		fmt.Fprintln(&manifest, write(os.Args[1], s))
	}
	save(filepath.Join(os.Args[1], "MANIFEST.tsv"), manifest.Bytes())
}

// write writes a sample's files and returns its line of the manifest.
func write(folder string, s sample) string {
	var text bytes.Buffer
	tale := told.Tell(bytes.NewReader(s.file.bytes), &text)
	verdict := tale.Verdict
	if s.quiet {
		if verdict != "ok" {
			fmt.Fprintln(os.Stderr, "make: not quiet:", s.name, tale.Why)
			os.Exit(1)
		}
		verdict = "quiet"
	}
	save(filepath.Join(folder, s.name+".trace"), s.file.bytes)
	save(filepath.Join(folder, s.name+".txt"), text.Bytes())
	if tale.Why != "" {
		fmt.Fprintf(os.Stderr, "%-40s %4d %s: %s\n", s.name, tale.Events, verdict, tale.Why)
	} else {
		fmt.Fprintf(os.Stderr, "%-40s %4d %s\n", s.name, tale.Events, verdict)
	}
	return fmt.Sprintf("%s\t%d\t%s\t%s\t%s", s.name, tale.Events, tale.SHA256, verdict, s.shows)
}

func save(name string, content []byte) {
	if err := os.WriteFile(name, content, 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(1)
	}
}

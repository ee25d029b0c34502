// Reference prints what Go's own reader (golang.org/x/exp/trace) makes of traces.
//
//	reference text FILE     every event's String, one after another
//	reference row FILE...   a line each: file, events, SHA-256 of the text, verdict
//	reference count FILE... a line each: what a pass over all events takes
//	reference stacks FILE... the same, of a pass that also looks at every frame of the stacks that events name
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"gxt/reference/told"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: reference text FILE | reference row|count|stacks FILE...")
		os.Exit(2)
	}
	status := 0
	for _, name := range os.Args[2:] {
		file, err := os.Open(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, "reference:", err)
			os.Exit(1)
		}
		if os.Args[1] == "count" || os.Args[1] == "stacks" {
			begin := time.Now()
			events, err := told.Count(file, os.Args[1] == "stacks")
			seconds := time.Since(begin).Seconds()
			fmt.Printf("events=%d seconds=%.3f Mevents_s=%.3f\n", events, seconds, float64(events)/seconds/1e6)
			if err != nil {
				fmt.Fprintf(os.Stderr, "reference: %s: %v\n", name, err)
				status = 1
			}
		} else if os.Args[1] == "row" {
			tale := told.Tell(file, io.Discard)
			fmt.Printf("%s\t%d\t%s\t%s\n", filepath.Base(name), tale.Events, tale.SHA256, tale.Verdict)
		} else if tale := told.Tell(file, os.Stdout); tale.Verdict != "ok" {
			fmt.Fprintf(os.Stderr, "reference: %s: %s: %s\n", name, tale.Verdict, tale.Why)
			status = 1
		}
		file.Close()
	}
	os.Exit(status)
}

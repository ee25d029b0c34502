// Package told has Go's own reader tell what a trace holds: the truth that gxt is compared with.
package told

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/exp/trace"
)

// A Tale is what the reader made of one trace.
type Tale struct {
	Events  int
	SHA256  string // of the text
	Verdict string // "ok", "fault" or "panic"
	Why     string // the first line of the fault, or what was panicked with
}

func init() {
	time.Local = time.UTC // Event.String prints wall times in local time
}

// Tell writes each event's String and a newline to w, up to the end or the first fault.
func Tell(from io.Reader, w io.Writer) Tale {
	hash := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(w, hash), 1<<20)
	tale := Tale{Verdict: "ok"}
	tell(from, out, &tale)
	out.Flush()
	tale.SHA256 = fmt.Sprintf("%x", hash.Sum(nil))
	return tale
}

func tell(from io.Reader, out *bufio.Writer, tale *Tale) {
	defer func() {
		if cause := recover(); cause != nil {
			tale.Verdict, tale.Why = "panic", firstLine(fmt.Sprint(cause))
		}
	}()
	reader, err := trace.NewReader(from)
	if err != nil {
		tale.Verdict, tale.Why = "fault", firstLine(err.Error())
		return
	}
	for {
		event, err := reader.ReadEvent()
		if err == io.EOF {
			return
		}
		if err != nil {
			tale.Verdict, tale.Why = "fault", firstLine(err.Error())
			return
		}
		text := event.String() // may panic: then the event is not told
		out.WriteString(text)
		out.WriteByte('\n')
		tale.Events++
	}
}

// Count reads all events, up to the end or the first fault, and looks at none, or at their stacks.
func Count(from io.Reader, stacks bool) (events int, err error) {
	reader, err := trace.NewReader(bufio.NewReaderSize(from, 1<<20))
	if err != nil {
		return 0, err
	}
	for {
		event, err := reader.ReadEvent()
		if err == io.EOF {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events++
		if !stacks {
			continue
		}
		touch(event.Stack())
		if event.Kind() == trace.EventStateTransition {
			touch(event.StateTransition().Stack)
		}
	}
}

// Touched is there so that the compiler may not leave out the looking.
var Touched uint64

func touch(stack trace.Stack) {
	for frame := range stack.Frames() {
		Touched += frame.PC + frame.Line + uint64(len(frame.Func)+len(frame.File))
	}
}

// firstLine is what fits a table: the dumps of the reader's state that follow differ from run to run.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.ReplaceAll(line, "\t", " ")
}

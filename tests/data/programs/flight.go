//go:build go1.25

package main

import (
	"runtime/trace"
	"time"
)

func init() {
	workloads["flight"] = flight
	recorder["flight"] = true
}

// flight is the mix under a flight recorder, which keeps the last generations only: its dump begins late in the run.
func flight(l *load) {
	kept := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: 2 * time.Second, MaxBytes: 1 << 30})
	if err := kept.Start(); err != nil {
		fail(err)
	}
	mix(l)
	if _, err := kept.WriteTo(recordFile); err != nil {
		fail(err)
	}
	kept.Stop()
}

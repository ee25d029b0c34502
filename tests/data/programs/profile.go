package main

import (
	"crypto/sha256"
	"io"
	"runtime/pprof"
	"sync"
)

func init() { workloads["profile"] = profile }

// profile computes, with the CPU profile running: samples, and little else.
func profile(l *load) {
	pprof.StartCPUProfile(io.Discard)
	defer pprof.StopCPUProfile()
	var all sync.WaitGroup
	for i := 0; i < l.many(3); i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			block := make([]byte, 4096)
			for l.ctx.Err() == nil {
				sum := sha256.Sum256(block)
				copy(block[sum[0]:], sum[:])
			}
		}()
	}
	all.Wait()
}

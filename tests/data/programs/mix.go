package main

import "sync"

func init() { workloads["mix"] = mix }

// mix is a little of everything at once.
func mix(l *load) {
	var all sync.WaitGroup
	for _, name := range []string{"http", "churn", "gc", "cgo", "coroutines"} {
		work := workloads[name]
		if work == nil {
			continue
		}
		all.Add(1)
		go func() {
			defer all.Done()
			work(&load{ctx: l.ctx, n: l.many(3), pace: l.pace})
		}()
	}
	all.Wait()
}

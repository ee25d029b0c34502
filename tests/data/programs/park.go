package main

import "sync"

func init() { workloads["park"] = park }

// park has a crowd of goroutines that wait from first to last, beside a busy server.
func park(l *load) {
	var crowd sync.WaitGroup
	end := make(chan struct{})
	for i := 0; i < l.many(100000); i++ {
		crowd.Add(1)
		go func() {
			defer crowd.Done()
			<-end
		}()
	}
	serve(&load{ctx: l.ctx, n: 16, pace: l.pace})
	close(end)
	crowd.Wait()
}

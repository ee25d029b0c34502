//go:build go1.23

package main

import (
	"iter"
	"sync"
)

func init() { workloads["coroutines"] = coroutines }

// squares is a sequence for Pull to make a coroutine of.
func squares(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n && yield(i*i); i++ {
		}
	}
}

// coroutines pulls sequences to their end, and leaves some before it.
func coroutines(l *load) {
	var all sync.WaitGroup
	for i := 0; i < l.many(2); i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for round := 0; l.rest(); round++ {
				next, stop := iter.Pull(squares(20))
				for taken := 0; taken < 5+round%20; taken++ {
					if _, more := next(); !more {
						break
					}
				}
				stop()
			}
		}()
	}
	all.Wait()
}

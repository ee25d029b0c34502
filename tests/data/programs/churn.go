package main

import (
	"sync"
)

func init() { workloads["churn"] = churn }

// churn begins and ends goroutines as fast as it can and has them meet at channels, a mutex and a select.
func churn(l *load) {
	var owners sync.WaitGroup
	for i := 0; i < l.many(8); i++ {
		owners.Add(1)
		go func() {
			defer owners.Done()
			for l.rest() {
				pipeline(6, 8)
				crowd(20)
			}
		}()
	}
	owners.Wait()
}

// pipeline passes numbers through a row of goroutines that live just for that.
func pipeline(stages, numbers int) {
	first := make(chan int)
	at := first
	for i := 0; i < stages; i++ {
		next := make(chan int)
		go func(from, to chan int) {
			for number := range from {
				to <- number + 1
			}
			close(to)
		}(at, next)
		at = next
	}
	go func() {
		for i := 0; i < numbers; i++ {
			first <- i
		}
		close(first)
	}()
	for range at {
	}
}

// crowd has many goroutines want one lock and one of two channels.
func crowd(size int) {
	var lock sync.Mutex
	var done sync.WaitGroup
	left, right := make(chan int), make(chan int, 1)
	for i := 0; i < size; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			lock.Lock()
			lock.Unlock()
			select {
			case left <- i:
			case right <- i:
			}
		}()
	}
	for i := 0; i < size; i++ {
		select {
		case <-left:
		case <-right:
		}
	}
	done.Wait()
}

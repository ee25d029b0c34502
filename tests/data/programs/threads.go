package main

import (
	"runtime"
	"sync"
	"syscall"
)

func init() { workloads["threads"] = threads }

// threads passes tokens around a ring of OS threads, each of which waits for one in a system call that blocks.
func threads(l *load) {
	n := l.many(64)
	pipes := make([][2]int, n)
	for i := range pipes {
		if err := syscall.Pipe(pipes[i][:]); err != nil {
			fail(err)
		}
	}
	var all sync.WaitGroup
	for i := range pipes {
		all.Add(1)
		go func() {
			defer all.Done()
			runtime.LockOSThread()
			from, to := pipes[i][0], pipes[(i+1)%n][1]
			token := make([]byte, 1)
			answer := make(chan bool, 1)
			for l.rest() {
				if k, err := syscall.Read(from, token); k != 1 || err != nil {
					break
				}
				answer <- true
				<-answer
				syscall.Write(to, token)
			}
			syscall.Close(to)
		}()
	}
	for i := 0; i < min(n, 4); i++ {
		syscall.Write(pipes[i*n/4%n][1], []byte{1})
	}
	<-l.ctx.Done()
	all.Wait()
	for i := range pipes {
		syscall.Close(pipes[i][0])
	}
}

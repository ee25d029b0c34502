// A little of everything that the old format has, traced by the program itself.
package main

import (
	"context"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"time"
)

func work(ctx context.Context, n int) {
	ctx, task := trace.NewTask(ctx, "job")
	defer task.End()
	values := make(chan int)
	var group sync.WaitGroup
	for i := 0; i < n; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			trace.WithRegion(ctx, "send", func() { values <- i })
			trace.Log(ctx, "sent", "a value")
		}(i)
	}
	for i := 0; i < n; i++ {
		<-values
	}
	group.Wait()
}

func main() {
	out, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	waiting := make(chan bool)
	go func() { <-waiting }()
	if len(os.Args) > 2 {
		pprof.StartCPUProfile(&nothing{})
	}
	if err := trace.Start(out); err != nil {
		panic(err)
	}
	for round := 0; round < 3; round++ {
		work(context.Background(), 5)
		runtime.GC()
		runtime.Gosched()
		time.Sleep(2 * time.Millisecond)
		os.ReadFile("/proc/self/status")
		var mutex sync.Mutex
		cond := sync.NewCond(&mutex)
		go func() { time.Sleep(time.Millisecond); cond.Signal() }()
		mutex.Lock()
		cond.Wait()
		mutex.Unlock()
	}
	end := time.Now().Add(15 * time.Millisecond)
	for len(os.Args) > 2 && time.Now().Before(end) {
	}
	close(waiting)
	trace.Stop()
	out.Close()
}

type nothing struct{}

func (*nothing) Write(p []byte) (int, error) { return len(p), nil }

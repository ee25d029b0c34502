//go:build cgo

package main

/*
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

extern int gxtCallback(int);

// A thread that C made: each call gives it a goroutine for the length of the call.
static void *call(void *calls)
{
	for (int i = 0; i < (int)(intptr_t)calls; i++)
		gxtCallback(i);
	return NULL;
}

static void call_from_threads(int threads, int calls)
{
	pthread_t made[threads];
	int n = 0;

	while (n < threads && pthread_create(&made[n], NULL, call, (void *)(intptr_t)calls) == 0)
		n++;
	while (n > 0)
		pthread_join(made[--n], NULL);
}

static void doze(int microseconds)
{
	usleep(microseconds);
}
*/
import "C"

import (
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

func init() { workloads["cgo"] = mixThreads }

// mixThreads has C threads call Go, Go call C, system calls that block, and goroutines locked to their threads.
func mixThreads(l *load) {
	var all sync.WaitGroup
	for i := 0; i < l.many(6); i++ {
		for _, work := range []func(*load){callBack, block, locked} {
			all.Add(1)
			go func() {
				defer all.Done()
				work(l)
			}()
		}
	}
	all.Wait()
}

func callBack(l *load) {
	for l.rest() {
		C.call_from_threads(3, 4)
		C.doze(50)
	}
}

// block reads from a pipe outside the poller, so that the P is taken from the thread.
func block(l *load) {
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil {
		fail(os.NewSyscallError("pipe", err))
	}
	var reader sync.WaitGroup
	reader.Add(1)
	go func() {
		defer reader.Done()
		buffer := make([]byte, 16)
		for {
			if n, err := syscall.Read(ends[0], buffer); n <= 0 && err != syscall.EINTR {
				return
			}
		}
	}()
	for l.rest() {
		syscall.Write(ends[1], []byte("a few bytes"))
		syscall.Getpid()
		time.Sleep(50 * time.Microsecond)
	}
	syscall.Close(ends[1])
	reader.Wait()
	syscall.Close(ends[0])
}

// locked holds a thread of its own for a round, and takes it along when it ends.
func locked(l *load) {
	for l.rest() {
		var done sync.WaitGroup
		done.Add(1)
		go func() {
			defer done.Done()
			runtime.LockOSThread()
			C.doze(20)
			runtime.Gosched()
		}()
		done.Wait()
	}
}

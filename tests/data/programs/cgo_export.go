//go:build cgo

package main

import "C"

//export gxtCallback
func gxtCallback(i C.int) C.int {
	answer := make(chan C.int)
	go func() { answer <- i + 1 }()
	return <-answer
}

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

func init() { workloads["http"] = serve }

// serve is an HTTP server and keep-alive clients of it, over the loopback.
func serve(l *load) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/sum", answerSum)
	mux.HandleFunc("/list", answerList)
	mux.HandleFunc("/slow", answerSlow)
	server := &http.Server{Handler: mux}
	go server.Serve(listener)

	transport := &http.Transport{MaxIdleConnsPerHost: l.many(64)}
	client := &http.Client{Transport: transport}
	base := "http://" + listener.Addr().String()
	var clients sync.WaitGroup
	for i := 0; i < l.many(64); i++ {
		clients.Add(1)
		go func() {
			defer clients.Done()
			ask(l, client, base, i)
		}()
	}
	clients.Wait()
	transport.CloseIdleConnections()
	server.Shutdown(context.Background())
}

// ask sends requests, one after another.
func ask(l *load, client *http.Client, base string, who int) {
	paths := [...]string{"/sum", "/list", "/sum", "/slow", "/list", "/sum"}
	body := bytes.Repeat([]byte("x"), 200+who)
	for round := who; l.rest(); round++ {
		answer, err := client.Post(base+paths[round%len(paths)], "text/plain", bytes.NewReader(body))
		if err != nil {
			continue
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
}

func answerSum(w http.ResponseWriter, r *http.Request) {
	hash := sha256.New()
	io.Copy(hash, r.Body)
	fmt.Fprintf(w, "%x\n", hash.Sum(nil))
}

func answerList(w http.ResponseWriter, r *http.Request) {
	type item struct {
		Name  string
		Value float64
	}
	items := make([]item, 20)
	for i := range items {
		items[i] = item{fmt.Sprint("item ", i), float64(i) / 3}
	}
	json.NewEncoder(w).Encode(items)
}

// answerSlow asks two goroutines for its answer, as a server does that has others behind it.
func answerSlow(w http.ResponseWriter, r *http.Request) {
	parts := make(chan string, 2)
	for i := 0; i < 2; i++ {
		go func() {
			time.Sleep(time.Duration(100+100*i) * time.Microsecond)
			parts <- fmt.Sprintf("part %d\n", i)
		}()
	}
	io.WriteString(w, <-parts+<-parts)
}

//go:build ignore

// Writes sort_vectors.txt: what Go's slices.SortFunc does with equal times.
//
//	go run sort_vectors.go >sort_vectors.txt
//
// A line is: pattern, number of items, parameter, and the FNV-1a of where each item of the sorted slice came from (four
// bytes each, low first). A line of the pattern "given" goes on with its times. test_sort.c makes the same times.
package main

import (
	"cmp"
	"fmt"
	"slices"
)

type item struct {
	time int64
	from uint32
}

// mix is splitmix64's output function.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

var patterns = []struct {
	name string
	time func(i, n, p uint64) uint64
}{
	{"random", func(i, n, p uint64) uint64 { return mix(i+n*p) % p }},
	{"signed", func(i, n, p uint64) uint64 { return mix(i + n*p) }},
	{"rising", func(i, n, p uint64) uint64 { return i / p }},
	{"falling", func(i, n, p uint64) uint64 { return (n - i) / p }},
	{"organ", func(i, n, p uint64) uint64 { return min(i, n-1-i) / p }},
	{"valley", func(i, n, p uint64) uint64 { return max(i, n-1-i) / p }},
	{"saw", func(i, n, p uint64) uint64 { return i % p }},
	{"steps", func(i, n, p uint64) uint64 { return i*p%n + i%2 }},
	{"mended", func(i, n, p uint64) uint64 {
		if mix(i*p)%16 == 0 {
			return mix(i) % n
		}
		return i
	}},
}

func sorted(items []item) uint64 {
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.time, b.time) })
	hash := uint64(0xcbf29ce484222325)
	for _, it := range items {
		for shift := 0; shift < 32; shift += 8 {
			hash = (hash ^ uint64(it.from>>shift&0xff)) * 0x100000001b3
		}
	}
	return hash
}

func write(name string, n, p uint64, times []int64) {
	items := make([]item, n)
	for i := range items {
		items[i] = item{times[i], uint32(i)}
	}
	fmt.Printf("%s %d %d %016x", name, n, p, sorted(items))
	if name == "given" {
		for _, t := range times {
			fmt.Printf(" %d", t)
		}
	}
	fmt.Println()
}

// killer answers the sort's own questions so that every pivot turns out to be among the smallest items of its range
// (McIlroy, "A Killer Adversary for Quicksort"): times that drive the sort to its heap sort. Every @same times are one.
func killer(n int, same int64) []int64 {
	gas := int64(n)
	times := make([]int64, n)
	order := make([]int, n)
	for i := range order {
		order[i], times[i] = i, gas
	}
	solid, candidate := int64(0), 0
	slices.SortFunc(order, func(x, y int) int {
		if times[x] == gas && times[y] == gas {
			if y == candidate {
				times[y] = solid
			} else {
				times[x] = solid
			}
			solid++
		}
		if times[x] == gas {
			candidate = x
		} else if times[y] == gas {
			candidate = y
		}
		return cmp.Compare(times[x], times[y])
	})
	for i := range times {
		times[i] /= same
	}
	return times
}

func main() {
	sizes := []uint64{}
	for n := uint64(0); n <= 70; n++ {
		sizes = append(sizes, n)
	}
	sizes = append(sizes, 100, 128, 255, 1000, 5000)
	for _, pattern := range patterns {
		for _, p := range []uint64{1, 2, 3, 7, 40, 1 << 20} {
			for _, n := range sizes {
				times := make([]int64, n)
				for i := range times {
					times[i] = int64(pattern.time(uint64(i), n, p))
				}
				write(pattern.name, n, p, times)
			}
		}
	}
	for _, n := range []uint64{64, 200, 600} {
		for _, same := range []int64{1, 2, 5} {
			write("given", n, uint64(same), killer(int(n), same))
		}
	}
}

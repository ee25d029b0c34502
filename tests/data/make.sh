#!/bin/bash
# Makes the small traces of this folder anew, or those of some versions of Go, and then what Go's own reader tells of all.
# usage: [ONLY=PATTERN] make.sh [PREFIX=TOOLCHAIN...]      such as: ONLY=http make.sh go122=go1.22.12 go126=go1.26.8
# Needs Go, a C compiler and, for toolchains and golang.org/x/exp that are not here yet, Go's module proxy.
set -e
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT

# trace NAME BYTES WORKLOAD OPTION...: one trace; a run that was disturbed into a bigger one is repeated, and the least kept
trace() {
    local name=$1 bytes=$2 size least=
    [[ $name =~ ${ONLY:-} ]] || return 0
    shift 2
    for _ in 1 2 3 4 5 6 7 8; do
        "$scratch/programs" "$@" -o "$scratch/trace"
        size=$(stat -c %s "$scratch/trace")
        if [ -z "$least" ] || [ "$size" -lt "$least" ]; then
            least=$size
            cp "$scratch/trace" "$here/$name.trace"
        fi
        [ "$least" -gt "$bytes" ] || break
    done
}

for version in "$@"; do
    prefix=${version%%=*}
    (cd "$here/programs" && GOTOOLCHAIN=${version#*=} go build -trimpath -o "$scratch/programs" .)
    trace "$prefix-http" 60000 http -n 2 -pace 250ms -for 2200ms
    trace "$prefix-churn" 60000 churn -n 1 -pace 60ms -for 200ms
    trace "$prefix-cgo" 60000 cgo -n 1 -pace 80ms -for 500ms
    trace "$prefix-gc" 40000 gc -n 1 -pace 60ms -for 130ms
    trace "$prefix-profile" 60000 profile -for 200ms
    trace "$prefix-tasks" 60000 tasks -pace 400ms -for 3300ms
    trace "$prefix-stw" 60000 stw -pace 60ms -for 500ms
    trace "$prefix-tiny" 4000 tasks -pace 1ms -for 1ms
    trace "$prefix-park" 60000 park -n 120 -pace 900ms -for 2500ms
    if [ "$prefix" != go122 ]; then
        trace "$prefix-coroutines" 60000 coroutines -n 2 -pace 100ms -for 1200ms
        GODEBUG=traceallocfree=1 trace "$prefix-allocfree" 60000 tasks -pace 500ms -for 1200ms
    fi
    case $prefix in
    go122 | go123) ;;
    *) trace "$prefix-flight" 80000 flight -n 1 -pace 1300ms -for 4500ms ;;
    esac
    if [ "$prefix" = go126 ]; then
        trace "$prefix-calls" 30000 cgo -n 1 -pace 300ms -for 2300ms
        trace sample 200000 http -n 3 -pace 40ms -for 3200ms
    fi
done

(cd "$here/reference" && go build -o "$scratch/reference" .)
cd "$here"
"$scratch/reference" row ./*.trace | sed 's/\.trace//' > MANIFEST.tsv
for trace in *.trace; do
    "$scratch/reference" text "$trace" | xz -6 > "${trace%.trace}.txt.xz"
done

#!/bin/bash
# gxt state: what a walk over the events leads to.
. "$(dirname "$0")/lib.sh"
trace=$(copy sample)
"$gxt" cat --no-index "$trace" | heads >"$scratch/heads"
n=$(wc -l <"$scratch/heads")

# model N: the states of goroutines after N events, by following their transitions
model() {
    head -"$1" "$scratch/heads" | sed -nE 's/.* GoID=([0-9]+) [A-Za-z]+->([A-Za-z]+) .*/\1 \2/p' |
        awk '{state[$1] = $2} END {for (id in state) if (state[id] != "NotExist") print "G=" id " State=" state[id]}' | sort
}
check_all() {
    for i in 0 1 100 $((n / 3)) $((n / 2)) $((n - 1)) "$n"; do
        run_gives 0 state "$trace" --at "n:$i"
        same "$1: goroutines at $i" "$(model "$i")" "$(sed -nE 's/^(G=[0-9]+ State=[A-Za-z]+) .*/\1/p' <<<"$out" | sort)"
        same "$1: what comes next at $i" "$i" "$(sed -nE '1s/.* Next=([0-9]+) .*/\1/p' <<<"$out")"
    done
    run_gives 0 state "$trace" --at 1.5s
    prints 'Position='
    same "$1: each line is of a known form" '' "$(tail -n +2 <<<"$out" | grep -avE '^(G|P)=[0-9]+ State=[A-Za-z]+ M=|^M=-?[0-9]+ P=-?[0-9]+ G=-?[0-9]+$|^Task=[0-9]+ Parent=[0-9]+ Type="')"
    run_gives 0 state "$trace" --at 1.5s --json
    if command -v python3 >/dev/null; then
        python3 -c '
import json, sys
state = json.load(sys.stdin)
assert list(state) == ["time", "next", "position", "gc_running", "goroutines", "procs", "threads", "tasks"]
ids = [int(goroutine["id"]) for goroutine in state["goroutines"]]
assert ids and ids == sorted(ids)' <<<"$out" || fail "$1: json"
    fi
}
check_all 'without index'
without=$("$gxt" state "$trace" --at 50% --no-index)
"$gxt" index "$trace" 2>/dev/null || fail 'no index'
check_all 'with index'
same 'with and without index' "$without" "$("$gxt" state "$trace" --at 50%)"

# An instant that a fault keeps away.
cut=$(cut_trace)
run_gives 1 state "$cut" --at 1000h
says "gxt: $cut: byte "
prints 'Time='
run_gives 0 state "$cut" --at 0
done_with_checks

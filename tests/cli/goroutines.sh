#!/bin/bash
# gxt goroutines: the same with an index, without one and with part of one; its numbers are what cat prints of each. And
# what belongs to one goroutine, thread or processor is the same with an index and without.
. "$(dirname "$0")/lib.sh"

check() {
    local trace=$1 plain id wanted
    "$gxt" goroutines "$trace" --no-index >"$scratch/plain" 2>"$scratch/plain_err"
    "$gxt" goroutines "$trace" >"$scratch/indexed" 2>"$scratch/indexed_err"
    cmp -s "$scratch/plain" "$scratch/indexed" || fail "$trace: another list with the index"
    [ -s "$scratch/plain" ] || fail "$trace: no goroutines"
    for id in $(sed 's/^G=\(-*[0-9]*\) .*/\1/' "$scratch/plain" | sort -un | awk 'NR % 7 == 1' | head -12); do
        "$gxt" cat "$trace" --no-index --goroutine "$id" 2>/dev/null >"$scratch/one"
        "$gxt" cat "$trace" --goroutine "$id" 2>/dev/null | cmp -s - "$scratch/one" ||
            fail "$trace: other events of goroutine $id with the index"
        wanted=$(heads <"$scratch/one" | wc -l)
        # An id may have come again: a row for each time.
        grep "^G=$id " "$scratch/plain" >"$scratch/rows"
        same "events of goroutine $id" "$wanted" \
            "$(sed 's/.* Events=\([0-9]*\) .*/\1/' "$scratch/rows" | awk '{n += $1} END {print n}')"
        same "first event of goroutine $id" "$(heads <"$scratch/one" | head -1 | sed 's/.* Time=\([0-9]*\).*/\1/')" \
            "$(sed 's/.* First=\([0-9]*\) .*/\1/' "$scratch/rows" | sort -n | head -1)"
        same "last event of goroutine $id" "$(heads <"$scratch/one" | tail -1 | sed 's/.* Time=\([0-9]*\).*/\1/')" \
            "$(sed 's/.* Last=\([0-9]*\) .*/\1/' "$scratch/rows" | sort -n | tail -1)"
    done
    for option in '--proc 0' '--proc 1' '--goroutine 1 --goroutine 3' '--goroutine 1 --proc 1' '--from 50% --proc 0' \
        '--thread '"$("$gxt" cat "$trace" --no-index --limit 3 2>/dev/null | heads | sed -n '3s/^M=\([0-9-]*\) .*/\1/p')"; do
        # shellcheck disable=SC2086
        "$gxt" cat "$trace" --no-index $option 2>/dev/null >"$scratch/one"
        # shellcheck disable=SC2086
        "$gxt" cat "$trace" $option 2>/dev/null | cmp -s - "$scratch/one" || fail "$trace: $option: other events"
    done
}

for name in sample go122-http go126-park go126-cgo go125-tasks go126-coroutines go123-stw; do
    trace=$(copy "$name")
    "$gxt" index "$trace" 2>/dev/null || fail 'no index'
    check "$trace"
done
cut=$(cut_trace)
"$gxt" index "$cut" 2>/dev/null
check "$cut"

trace=$(copy sample)
run_gives 0 goroutines "$trace" --at 50% --sort id
says ''
same 'as many as gxt state tells of' "$("$gxt" state "$trace" --at 50% | grep -c '^G=')" "$(wc -l <<<"$out")"
same 'the same states' "$("$gxt" state "$trace" --at 50% | sed -n 's/^\(G=[0-9]* State=[A-Za-z]*\).*/\1/p')" \
    "$(sed 's/^\(G=[0-9]*\) .* \(State=[A-Za-z]*\)$/\1 \2/' <<<"$out")"
run_gives 0 goroutines "$trace" --sort events
same 'the most events first' "$(sed 's/.* Events=\([0-9]*\) .*/\1/' <<<"$out" | sort -rn)" \
    "$(sed 's/.* Events=\([0-9]*\) .*/\1/' <<<"$out")"
run_gives 2 goroutines "$trace" --sort colour
says 'gxt: --sort colour: no such sort'
done_with_checks

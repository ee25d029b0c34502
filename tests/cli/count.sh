#!/bin/bash
# gxt count: as many as cat prints, with an index and without.
. "$(dirname "$0")/lib.sh"

# check TRACE OPTION...: both verbs with the same options
check() {
    local trace=$1 wanted wanted_status
    shift
    wanted=$("$gxt" cat "$trace" "$@" 2>/dev/null >"$scratch/text"; echo $?)
    wanted_status=$wanted
    wanted=$(heads <"$scratch/text" | wc -l)
    run_gives "$wanted_status" count "$trace" "$@"
    same "count $*" "$wanted" "$out"
    run_gives "$wanted_status" count "$trace" --exact "$@"
    same "count --exact $*" "$wanted" "$out"
    run_gives "$wanted_status" count "$trace" --by kind "$@"
    same "count by kind $*" "$wanted
$(heads <"$scratch/text" | awk '{n[$4]++} END {for (kind in n) print kind "\t" n[kind]}' | sort)" "$(head -1 <<<"$out")
$(tail -n +2 <<<"$out" | sort)"
}

check_all() {
    check "$1"
    check "$1" --from 20%
    check "$1" --to 80.5%
    check "$1" --from 25% --to 75%
    check "$1" --from 75% --to 25%
    check "$1" --from n:10 --to n:300
    check "$1" --from n:10 --to n:10
    check "$1" --from 100%
    check "$1" --from 1000h
    check "$1" --to 1000h
}

trace=$(copy sample)
check_all "$trace"
"$gxt" index "$trace" 2>/dev/null || fail 'no index'
check_all "$trace"
run_gives 0 count "$trace" --no-index
same 'without the index' "$("$gxt" count "$trace")" "$out"

# A trace that ends early: the number comes first, then the fault.
cut=$(cut_trace)
check_all "$cut"
run_gives 1 count "$cut"
says "gxt: $cut: byte "
same 'one line for the fault' 1 "$(wc -l <"$scratch/err")"
"$gxt" index "$cut" 2>/dev/null
check_all "$cut"
done_with_checks

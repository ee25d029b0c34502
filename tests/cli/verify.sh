#!/bin/bash
# gxt verify: a whole index is whole; a letter changed anywhere in its records, or with --deep in its trace, is told.
# gxt index --status tells how far it is, and --follow goes on as the trace grows.
. "$(dirname "$0")/lib.sh"

trace=$(copy sample)
run_gives 1 verify "$trace"
says 'there is no index'
"$gxt" index "$trace" 2>/dev/null || fail 'no index'
run_gives 0 verify "$trace"
prints 'whole: Records='
prints 'TraceBytesRead=0'
run_gives 0 verify --deep "$trace"
prints " TraceBytesRead=$(($(stat -c %s "$trace") - 16))"

# flip FILE OFFSET: changes a byte in place
flip() {
    printf "\\x$(printf %02x $((0x$(xxd -s "$2" -l 1 -p "$1") ^ 4)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

size=$(stat -c %s "$trace")
for offset in $((size / 3)) $((size / 2)) $((size - 40)); do
    flip "$trace" "$offset"
    run_gives 0 verify "$trace"
    run_gives 1 verify --deep "$trace"
    says "gxt: $trace: byte "
    says 'has changed since the index was made'
    flip "$trace" "$offset"
done
run_gives 0 verify --deep "$trace"

# What is a record's is found; what is no record's (free pages, rests of pages) does not matter.
found=0
for offset in $(seq 9000 1777 "$(stat -c %s "$trace.gxi")"); do
    flip "$trace.gxi" "$offset"
    run verify "$trace"
    [ "$status" = 0 ] || found=$((found + 1))
    [ "$status" = 0 ] || [ "$status" = 1 ] || fail "status $status"
    flip "$trace.gxi" "$offset"
done
[ "$found" -ge 20 ] || fail "only $found of the changes in the index were found"
run_gives 0 verify "$trace"

# --status
run_gives 0 index --status "$trace"
prints 'state: complete'
prints 'building: no'
prints "covered: $size of $size bytes"
flock "$trace.gxi" "$gxt" index --status "$trace" >"$scratch/locked"
same 'a builder is seen' 'building: yes' "$(sed -n 2p "$scratch/locked")"
run_gives 2 index --status --force "$trace"
rm "$trace.gxi"
run_gives 0 index --status "$trace"
prints 'state: none'
[ ! -e "$trace.gxi" ] || fail '--status made an index'

# --follow: a trace that is written bit by bit ends up with the index of the whole.
whole=$data/sample.trace
grows=$scratch/grows.trace
head -c $((size / 5)) "$whole" >"$grows"
"$gxt" index --follow "$grows" 2>"$scratch/followed" &
pid=$!
for part in 2 3 4 5; do
    sleep 0.5
    head -c $((size * part / 5)) "$whole" | tail -c +$((size * (part - 1) / 5 + 1)) >>"$grows"
done
for _ in $(seq 100); do
    "$gxt" index --status "$grows" 2>/dev/null | grep -q 'state: complete' && break
    sleep 0.1
done
sleep 0.3
kill -INT "$pid"
wait "$pid"
same 'following ends well' 0 $?
cmp -s "$whole" "$grows" || fail 'the test did not copy the trace'
run_gives 0 index --status "$grows"
prints 'state: complete'
run_gives 0 verify --deep "$grows"
same 'the followed trace has all events' "$("$gxt" count "$whole" --no-index)" "$("$gxt" count "$grows")"

# --estimate: near the number, and exact where an index knows it.
run_gives 0 count --estimate --no-index "$whole"
n=$("$gxt" count --no-index "$whole")
bound=$(sed -n 's/^bound\t//p' <<<"$out")
off=$(($(head -1 <<<"$out") - n))
[ "${off#-}" -le $((bound + n / 50)) ] || fail "an estimate off by $off, bound $bound"
run_gives 0 count --estimate "$grows"
same 'the index knows' "$n" "$out"
for window in '--from 20% --to 70%' '--to 3%' '--from 99.5%' '--from 40% --to 40.2%' '--from 70% --to 20%'; do
    # shellcheck disable=SC2086
    run_gives 0 count --estimate $window "$grows"
    # shellcheck disable=SC2086
    off=$(($(head -1 <<<"$out") - $("$gxt" count $window "$grows")))
    [ "${off#-}" -le "$(sed -n 's/^bound\t//p' <<<"$out")" ] || fail "$window: off by $off: $out"
done
run_gives 0 count --estimate --no-index --to 50% "$whole"
same 'a window is counted' "$("$gxt" count --no-index --to 50% "$whole")" "$out"
done_with_checks

#!/bin/bash
# --recover: what can be had of a damaged trace, what was lost, and status 3.
. "$(dirname "$0")/lib.sh"
whole=$(copy sample)
n=$("$gxt" count --no-index "$whole")
for command in 'cat' 'count' 'info' 'state --at 1ms' 'goroutines'; do
    run_gives 0 $command "$whole" --recover
    same "words of $command on a whole trace" '' "$err"
done

# A trace whose writer was killed.
cut=$(cut_trace)
run_gives 1 count "$cut"
plain=$out
grep -q 'its writer was stopped, or the file was cut' <<<"$err" || fail "words of a cut trace: $err"
run_gives 3 count "$cut" --recover
[ "$out" -gt "$plain" ] && [ "$out" -le "$n" ] || fail "$out events of a cut trace, $plain without --recover, $n in all"
recovered=$out
same 'two lines for a loss' 2 "$(wc -l <<<"$err")"
grep -qE "^gxt: $cut: recovered with loss: between [0-9.]+s and [0-9.]+s, of 1 generation, [0-9]+ bytes" <<<"$err" ||
    fail "words of a loss: $err"

# Bytes that are overwritten.
hurt=$scratch/hurt.trace
cp "$whole" "$hurt"
dd if=/dev/zero of="$hurt" bs=1 count=40 seek=$(($(wc -c <"$whole") / 3)) conv=notrunc 2>/dev/null
run count "$hurt"
plain=$out
run_gives 3 count "$hurt" --recover
[ "$out" -gt "$plain" ] || fail "no event of a hurt trace was recovered"

for trace in "$cut" "$hurt"; do
    for command in 'cat' 'cat --format ndjson' 'cat --format csv' 'cat --from 1ms' 'state --at 1ms' 'goroutines' 'count --by kind'; do
        "$gxt" $command "$trace" --recover --no-index >"$scratch/scanned" 2>/dev/null
        status=$?
        case $command in *--from* | state*) [ $status = 0 ] || [ $status = 3 ] ;; *) [ $status = 3 ] ;; esac ||
            fail "status of $command --recover --no-index: $status"
    done
    "$gxt" cat "$trace" --recover --no-index >"$scratch/scanned" 2>/dev/null
    run_gives 3 index "$trace" --recover --no-progress
    "$gxt" cat "$trace" --recover >"$scratch/indexed" 2>/dev/null
    same 'status of cat over an index' 3 $?
    cmp -s "$scratch/scanned" "$scratch/indexed" || fail 'cat --recover over an index prints something else'
    run_gives 3 info "$trace" --recover
    grep -q '^lost: ' <<<"$out" || fail "info of a loss: $out"
    "$gxt" cat "$trace" --no-index >"$scratch/scanned" 2>/dev/null
    run_gives 1 cat "$trace"
    same 'cat without --recover over such an index' "$(cksum <"$scratch/scanned")" "$("$gxt" cat "$trace" 2>/dev/null | cksum)"
done
"$gxt" cat "$cut" --recover --format ndjson 2>/dev/null | grep -q '"hurt":true' || fail 'no event is marked'
same 'events of a cut trace, counted' "$recovered" "$("$gxt" cat "$cut" --recover --no-index 2>/dev/null | grep -c '^M=')"

# An old trace: of each processor what can be ordered.
old=$scratch/old.trace
cp "$data/../legacy/traces/go121-mix.trace" "$old"
n=$("$gxt" count --no-index "$old")
truncate -s $(($(wc -c <"$old") * 9 / 10)) "$old"
run_gives 1 count "$old"
same 'events of a cut old trace' 0 "$out"
grep -qE "^gxt: $old: byte [0-9]+: .*its writer was stopped, or the file was cut\$" <<<"$err" ||
    fail "words of a cut old trace: $err"
run_gives 3 count "$old" --recover
[ "$out" -gt $((n / 3)) ] && [ "$out" -lt "$n" ] || fail "$out events of a cut old trace of $n"
done_with_checks

#!/bin/bash
# gxt cat: the text of Go's reader, windows, limits, filters.
. "$(dirname "$0")/lib.sh"

trace=$(copy sample)
if [ -f "$data/sample.txt.xz" ] && command -v xz >/dev/null; then
    xz -dc "$data/sample.txt.xz" >"$scratch/text"
    cmp -s "$scratch/text" <("$gxt" cat --no-index "$trace") || fail "not the text of Go's reader"
else
    "$gxt" cat --no-index "$trace" >"$scratch/text"
fi
heads <"$scratch/text" >"$scratch/heads"
times <"$scratch/text" >"$scratch/times"
n=$(wc -l <"$scratch/heads")
start=$(head -1 "$scratch/times")
last=$(tail -1 "$scratch/times")

# window FROM TO: of the reference, the heads with FROM <= time < TO
window() {
    paste -d ' ' "$scratch/times" "$scratch/heads" | awk -v from="$1" -v to="$2" '$1 >= from && $1 < to' | cut -d ' ' -f 2-
}
# check_window WHAT FROM TO OPTION...: cat with options gives that window
check_window() {
    local what=$1 from=$2 to=$3
    shift 3
    "$gxt" cat "$trace" "$@" 2>/dev/null | heads | cmp -s - <(window "$from" "$to") || fail "window $what: $*"
}

check_all_windows() {
    local middle=$(sed -n $((n / 2))p "$scratch/times") late=$(sed -n $((n * 3 / 4))p "$scratch/times") none=9223372036854775807
    check_window "$1" "$middle" $none --from "@$middle"
    check_window "$1" $((middle + 1)) $none --from "@$((middle + 1))"
    check_window "$1" 0 "$middle" --to "@$middle"
    check_window "$1" "$middle" "$late" --from "@$middle" --to "@$late"
    check_window "$1" "$late" "$middle" --from "@$late" --to "@$middle"
    check_window "$1" "$middle" "$middle" --from "@$middle" --to "@$middle"
    check_window "$1" $((start + 1500000000)) $((start + 1600000000)) --from 1.5s --to 1600ms
    check_window "$1" $((start + 1500000000)) $((start + 1500100000)) --from 1s500ms --to 1500100us
    check_window "$1" "$start" $none --from 0
    check_window "$1" "$start" $none --from -3h
    check_window "$1" "$start" $((start + 1)) --to 1ns
    check_window "$1" "$last" $none --from 100%
    check_window "$1" "$start" "$last" --to 100%
    check_window "$1" "$start" $none --from 0%
    check_window "$1" $((start + (last - start) / 2)) $((start + (last - start) / 8 * 5 + (last - start) % 8 * 5 / 8)) \
        --from 50% --to 62.5%
    check_window "$1" 9223372036854775806 $none --from @9223372036854775807
    check_window "$1" "$start" $none --from @-9223372036854775808
    check_window "$1" $none $none --from 2000000h
    same "$1: by ordinal" "$(sed -n 101,110p "$scratch/heads")" "$("$gxt" cat "$trace" --from n:100 --to n:110 2>/dev/null | heads)"
    same "$1: by an ordinal past the end" '' "$("$gxt" cat "$trace" --from n:$n 2>/dev/null)"
    same "$1: limit" "$(head -7 "$scratch/heads")" "$("$gxt" cat "$trace" --limit 7 2>/dev/null | heads)"
    same "$1: limit 0" '' "$("$gxt" cat "$trace" --limit 0 2>/dev/null)"
    same "$1: limit of a window" "$(window "$middle" $none | head -3)" \
        "$("$gxt" cat "$trace" --from "@$middle" --limit 3 2>/dev/null | heads)"
}

# Wall times count from the first snapshot.
check_wall() {
    local snapshot sec nsec clock
    snapshot=$(grep -m 1 -a ' Wall=' "$scratch/heads")
    clock=$(sed -E 's/.* Trace=([0-9]+) .*/\1/' <<<"$snapshot")
    sec=$(date -u -d "$(sed -E 's/.* Wall=//' <<<"$snapshot")" +%s)
    nsec=$(date -u -d "$(sed -E 's/.* Wall=//' <<<"$snapshot")" +%N)
    check_window "$1, wall" $((clock + 1500000000)) 9223372036854775807 --from "$(wall_plus "$sec" "$nsec" 1500000000)"
    check_window "$1, wall with a zone" $((clock + 1500000000)) $((clock + 1600000000)) \
        --from "$(wall_plus "$sec" "$nsec" 1500000000 7200 +02:00)" --to "$(wall_plus "$sec" "$nsec" 1600000000 -5400 -01:30)"
}
# wall_plus SEC NSEC PLUS_NS [SHIFT ZONE]: a time as RFC 3339
wall_plus() {
    local ns=$((10#$2 + $3))
    printf '%s.%09d%s\n' "$(date -u -d "@$(($1 + ns / 1000000000 + ${4:-0}))" +%Y-%m-%dT%H:%M:%S)" $((ns % 1000000000)) "${5:-Z}"
}

check_all_windows 'without index'
check_wall 'without index'
"$gxt" index "$trace" 2>/dev/null || fail 'no index'
check_all_windows 'with index'
check_wall 'with index'
cmp -s <("$gxt" cat "$trace") "$scratch/text" || fail 'with index: not the text of the reader'

# A position token is accepted back, by its own trace only.
position=$("$gxt" state "$trace" --at n:500 | sed -n '1s/.* Position=\([^ ]*\).*/\1/p')
same 'a position' "$(sed -n 501,503p "$scratch/heads")" "$("$gxt" cat "$trace" --from "$position" --limit 3 | heads)"
same 'up to a position' "$(sed -n 499,500p "$scratch/heads")" "$("$gxt" cat "$trace" --from n:498 --to "$position" | heads)"
run_gives 1 cat "$data/go126-tiny.trace" --from "$position"
says 'in another trace'

# Filters.
process='Name="(stop-the-world |GC concurrent mark phase)'
# model CONTEXT ABOUT: heads whose context matches, or that are about it
model() {
    grep -aE "$1|$2" "$scratch/heads" | grep -avE " Sync Time=|$process"
}
for id in $(sed -E 's/.* G=(-?[0-9]+) .*/\1/' "$scratch/heads" | sort | uniq -c | sort -rn | awk '$2 != -1 && NR <= 8 {print $2}'); do
    same "goroutine $id" "$(model "^M=[^ ]+ P=[^ ]+ G=$id " " GoID=$id |(Resource|Scope)=Goroutine\($id\)")" \
        "$("$gxt" cat "$trace" --goroutine "$id" | heads)"
done
for id in 0 1 2; do
    same "proc $id" "$(model "^M=[^ ]+ P=$id " " ProcID=$id | Scope=Proc\($id\)")" "$("$gxt" cat "$trace" --proc "$id" | heads)"
done
for id in $(sed -E 's/^M=(-?[0-9]+) .*/\1/' "$scratch/heads" | sort -u | grep -v '^-1$' | head -4); do
    same "thread $id" "$(model "^M=$id " '^$')" "$("$gxt" cat "$trace" --thread "$id" | heads)"
done
same 'one kind' "$(grep -a ' RangeBegin Time=' "$scratch/heads")" "$("$gxt" cat "$trace" --kind RangeBegin | heads)"
same 'two kinds' "$(grep -aE ' (RangeEnd|Metric) Time=' "$scratch/heads")" "$("$gxt" cat "$trace" --kind metric,RANGEEND | heads)"
same 'a kind twice' "$(grep -aE ' (RangeEnd|Metric) Time=' "$scratch/heads")" \
    "$("$gxt" cat "$trace" --kind metric --kind RangeEnd | heads)"
same 'options together' "$(model '^M=[^ ]+ P=0 ' ' ProcID=0 | Scope=Proc\(0\)' | grep -a ' RangeEnd Time=' | head -5)" \
    "$("$gxt" cat "$trace" --proc 0 --kind RangeEnd --limit 5 | heads)"
same 'nobody' '' "$("$gxt" cat "$trace" --goroutine 123456789)"
done_with_checks

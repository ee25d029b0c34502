#!/bin/bash
# How the program ends: pipes that close, disks that are full, faults, signals, closed files.
. "$(dirname "$0")/lib.sh"
trace=$(copy sample)

for format in text ndjson csv; do
    "$gxt" cat --no-index --format $format "$trace" 2>"$scratch/err" | head -1 >/dev/null
    same "status with a closed pipe, $format" 0 "${PIPESTATUS[0]}"
    same "words with a closed pipe, $format" '' "$(cat "$scratch/err")"
done

if [ -w /dev/full ]; then
    for command in 'cat' 'cat --format csv --limit 1' 'count' 'info' 'state --at 1s' 'state --json --at 1s' 'help' '--version'; do
        case $command in help | --version) file= ;; *) file=$trace ;; esac
        "$gxt" $command ${file:+"$file"} >/dev/full 2>"$scratch/err"
        same "status of $command with a full disk" 1 $?
        grep -q '^gxt: cannot write the result: ' "$scratch/err" || fail "words of $command with a full disk"
    done
    "$gxt" index "$trace" -o /dev/full 2>"$scratch/err"
    same 'status of an index where none can be' 1 $?
fi

# Without standard files nothing of ours is written into the trace or the index.
sum=$(cksum <"$trace")
"$gxt" cat "$trace" --limit 3 >&- 2>/dev/null
same 'status without a standard output' 1 $?
"$gxt" index "$trace" 0>&- >&- 2>&-
same 'status of index without standard files' 0 $?
same 'the trace is as it was' "$sum" "$(cksum <"$trace")"
run_gives 0 count "$trace"
same 'the index is sound' '' "$err"
rm -f "$trace.gxi"

# A fault comes after the events before it, on one line.
cut=$(cut_trace)
run_gives 1 cat "$cut"
same 'one line for a fault' 1 "$(wc -l <"$scratch/err")"
grep -qE "^gxt: $cut: byte [0-9]+: [^ ].*[^.]$" "$scratch/err" || fail "form of a fault: $err"
run_gives 0 cat "$cut" --limit 10
same 'a fault behind the limit' '' "$err"
run_gives 0 cat "$cut" --to n:10
same 'a fault behind the window' '' "$err"
"$gxt" cat "$cut" 2>"$scratch/err" | head -1 >/dev/null
same 'status with a closed pipe and a fault' 0 "${PIPESTATUS[0]}"

# A signal that comes at once is seen at the first look, and what is committed stays fit.
timeout -s INT 0.004 "$gxt" index --no-progress "$trace" 2>/dev/null
n=$("$gxt" count --no-index "$trace")
run_gives 0 index "$trace"
run_gives 0 count "$trace"
same 'count after a build that was stopped' "$n" "$out"
same 'words after a build that was stopped' '' "$err"

# A disk that fills up while the index is written: an error, and nothing that is trusted later.
mkdir "$scratch/small"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=128k none "$scratch/small" 2>/dev/null; then
    for size in 16 60 128; do
        mount -o remount,size=${size}k "$scratch/small"
        rm -f "$scratch"/small/*
        run_gives 1 index "$trace" -o "$scratch/small/index"
        says 'the disk may be full'
        if [ -e "$scratch/small/index" ]; then
            run_gives 0 count "$trace" --index "$scratch/small/index"
            same "count with what a disk of ${size}k took" "$n" "$out"
        fi
    done
    mount -o remount,size=4m "$scratch/small"
    run_gives 0 index "$trace" -o "$scratch/small/index"
    run_gives 0 count "$trace" --index "$scratch/small/index"
    same 'count once there is room' "$n" "$out"

    # One that is to be replaced stays until there is another, whatever room there is for that.
    index=$scratch/small/index
    sum=$(cksum <"$index")
    before=$(stat -c %i "$index")
    for more in 4 40 100; do
        mount -o remount,size=$(($(du -k "$index" | cut -f 1) + more))k "$scratch/small"
        run_gives 1 index --force "$trace" -o "$index"
        says 'the index that was there stays as it was'
        same "the index with $more KB left" "$before $sum" "$(stat -c %i "$index") $(cksum <"$index")"
        same "no other file with $more KB left" index "$(ls "$scratch/small")"
        run_gives 0 verify --deep "$trace" --index "$index"
    done
    mount -o remount,size=4m "$scratch/small"
    run_gives 0 index --force "$trace" -o "$index"
    says 'built: '
    [ "$before" != "$(stat -c %i "$index")" ] || fail 'the index is not replaced'
    umount "$scratch/small"
fi
done_with_checks

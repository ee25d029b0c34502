#!/bin/bash
# Verbs, options, help, and what is said of a wrong one.
. "$(dirname "$0")/lib.sh"
trace=$(copy go126-tiny)

run_gives 2
says 'usage: gxt VERB'
run_gives 0 --version
same 'version on one line' "gxt $(sed -n 's/^#define GXT_VERSION "\(.*\)"/\1/p' "$data/../../include/gxt/version.h")" "$out"
run_gives 0 --help
prints 'usage: gxt VERB'
run_gives 0 help
prints 'usage: gxt VERB'
for verb in index info cat count state; do
    run_gives 0 help "$verb"
    prints "usage: gxt $verb TRACE"
    run_gives 0 "$verb" --help
    prints "usage: gxt $verb TRACE"
done
run_gives 2 help nothing
says 'gxt: nothing: no such verb'
run_gives 2 nothing
says 'gxt: nothing: no such verb'

for verb in index verify; do
    run_gives 2 "$verb" -
    says "gxt: $verb -: an index is of a file"
done
for verb in info cat count goroutines 'state --at 1s'; do
    # shellcheck disable=SC2086
    run_gives 1 $verb - </dev/null
    says 'gxt: -: byte 0: not a Go execution trace but an empty file'
    # shellcheck disable=SC2086
    run_gives 2 $verb - --index some.gxi </dev/null
    says 'an index is of a file, not of standard input'
done
for verb in index info cat count; do
    run_gives 2 "$verb"
    says "gxt: $verb: which trace?"
    run_gives 2 "$verb" "$trace" "$trace"
    says 'one trace at a time'
    run_gives 2 "$verb" "$trace" --nothing
    says "gxt: --nothing: no option of $verb"
    run_gives 2 "$verb" "$trace" -x
    says "gxt: -x: no option of $verb"
done
run_gives 2 state "$trace"
says 'Give --at T'
run_gives 2 cat "$trace" --from
says 'gxt: --from: a value is wanted'
run_gives 2 cat "$trace" --no-index=yes
says 'takes no value'
run_gives 2 index "$trace" -o
says 'gxt: -o: a value is wanted'
run_gives 2 index "$trace" -o -
run_gives 2 cat "$trace" --index -
run_gives 2 cat "$trace" --index "$trace.gxi" --no-index
run_gives 2 cat "$trace" -o "$trace.gxi"
run_gives 2 count "$trace" --by color
run_gives 2 count "$trace" --limit 3
run_gives 2 cat "$trace" --format xml
says 'text, ndjson, csv'
run_gives 2 cat "$trace" --kind Sync,Nothing
says 'Nothing: no such kind; there are Sync, Metric, Label, StackSample,'
run_gives 2 cat "$trace" --kind ''
for threads in '' -1 0 x 2x 99999999999999999999; do
    run_gives 2 index "$trace" --threads "$threads"
done
run_gives 2 count "$trace" --threads 2
for limit in '' -1 x 1x 99999999999999999999; do
    run_gives 2 cat "$trace" --limit "$limit"
done
for id in '' x 1x -1 99999999999999999999; do
    run_gives 2 cat "$trace" --goroutine "$id"
done
for instant in '' 5 s 1x 1.2.3s @ @x @1s % 101% -1% n: n:-1 n:x 2026-13-01T00:00:00Z 2026-01-01T00:00:00 2026-02-29T00:00:00Z \
    2026-01-01 9999999h '1 s' 12h5; do
    run_gives 2 cat "$trace" --from "$instant"
    says 'no instant'
done

# Options before or after the trace, and behind it words that look like options.
all=$("$gxt" cat "$trace")
same 'options before the trace' "$("$gxt" cat "$trace" --limit 3)" "$("$gxt" cat --limit 3 "$trace")"
same 'options with =' "$("$gxt" cat "$trace" --limit 3)" "$("$gxt" cat --limit=3 "$trace")"
same 'options under POSIXLY_CORRECT' "$("$gxt" cat "$trace" --limit 3)" "$(POSIXLY_CORRECT=1 "$gxt" cat "$trace" --limit 3)"
same 'no limit' "$all" "$("$gxt" cat --limit 18446744073709551615 "$trace")"
cp "$trace" "$scratch/--limit"
same 'a trace named as an option' "$all" "$(cd "$scratch" && "$(realpath "$gxt")" cat -- --limit)"

run_gives 1 cat "$scratch/missing.trace"
says "gxt: $scratch/missing.trace: "
run_gives 1 cat "$scratch"
run_gives 1 index "$scratch/missing.trace"

# What is no trace is named.
printf '{"a": 1}' >"$scratch/some.json"
gzip -c "$scratch/some.json" >"$scratch/some.gz"
for file in some.json some.gz; do
    for verb in index info cat count; do
        run_gives 1 "$verb" "$scratch/$file"
        says "gxt: $scratch/$file: "
        same "one line of $verb for $file" 1 "$(wc -l <"$scratch/err")"
    done
done
done_with_checks

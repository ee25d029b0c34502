#!/bin/bash
# gxt index, and what other verbs say of an index.
. "$(dirname "$0")/lib.sh"
trace=$(copy sample)
n=$("$gxt" count --no-index "$trace")

run_gives 0 index "$trace"
[ -f "$trace.gxi" ] || fail 'the index is not beside the trace'
says "gxt: $trace.gxi: built: $n events"
same 'nothing on standard output' '' "$out"
before=$(stat -c %i:%Y "$trace.gxi")
run_gives 0 index "$trace"
says 'complete already'
same 'a complete index is left alone' "$before" "$(stat -c %i:%Y "$trace.gxi")"
run_gives 0 index --force "$trace"
says 'built: '
for threads in 1 2 64; do
    run_gives 0 index --force --threads "$threads" "$trace"
    says "built: $n events"
done
for verb in cat count info; do
    run_gives 0 "$verb" "$trace"
    same "nothing is said of a fit index by $verb" '' "$err"
done

# Elsewhere.
run_gives 0 index "$trace" -o "$scratch/other.gxi"
[ -f "$scratch/other.gxi" ] || fail '-o'
run_gives 0 index "$trace" --index "$scratch/third.gxi"
[ -f "$scratch/third.gxi" ] || fail '--index'
run_gives 0 count "$trace" --index "$scratch/other.gxi"
same 'count with --index' "$n" "$out"
rm "$trace.gxi"
mkdir "$scratch/indexes"
GXT_INDEX_DIR=$scratch/indexes run_gives 0 index "$trace"
[ -n "$(find "$scratch/indexes" -name '*.gxi*')" ] || fail 'GXT_INDEX_DIR'
[ ! -e "$trace.gxi" ] || fail 'GXT_INDEX_DIR comes first'
GXT_INDEX_DIR=$scratch/indexes run_gives 0 info "$trace"
prints complete

# None: no word where nobody reads along; none is built.
run_gives 0 count "$trace"
same 'count without index' "$n" "$out"
same 'no word without a terminal' '' "$err"
[ ! -e "$trace.gxi" ] || fail 'a reading verb built an index'
if command -v script >/dev/null && script -qec true /dev/null >/dev/null 2>&1; then
    script -qec "'$gxt' count '$trace' >/dev/null" /dev/null 2>/dev/null | grep -q 'gxt index' || fail 'no word on a terminal'
    script -qec "'$gxt' count --no-index '$trace' >/dev/null" /dev/null 2>/dev/null | grep -q 'gxt index' && fail 'a word too many'
    script -qec "'$gxt' index --force '$trace'" /dev/null 2>/dev/null | grep -q '%.*MB/s' || fail 'no progress on a terminal'
    script -qec "'$gxt' index --force --no-progress '$trace'" /dev/null 2>/dev/null | grep -q ' of .*left' && fail '--no-progress'
    rm -f "$trace.gxi"
fi
run_gives 0 index --progress "$trace"
says 'MB/s'

# Missing or unfit, and named by --index: an error.
for verb in cat count info; do
    run_gives 1 "$verb" "$trace" --index "$scratch/missing.gxi"
    says "gxt: $scratch/missing.gxi: "
    same "nothing is printed by $verb" '' "$out"
done
tiny=$(copy go126-tiny)
run_gives 0 index "$tiny"
run_gives 1 count "$trace" --index "$tiny.gxi"
says "gxt: $tiny.gxi: "

# Unfit, and found: named, with the reason, and the trace is read.
cp "$tiny.gxi" "$trace.gxi"
run_gives 0 count "$trace"
same 'count with an unfit index' "$n" "$out"
says "gxt: $trace.gxi: index not used"
run_gives 0 count "$trace" --no-index
same 'nothing is said of an index that is not asked for' '' "$err"
run_gives 0 info "$trace"
prints 'unfit'
run_gives 0 index "$trace"
run_gives 0 count "$trace"
same 'an unfit index is replaced' '' "$err"
echo 'no index at all, but a letter to a friend' >"$trace.gxi"
run_gives 0 count "$trace"
same 'count beside another file' "$n" "$out"
run_gives 1 index "$trace"
same "another program's file is not overwritten" 'no index at all, but a letter to a friend' "$(cat "$trace.gxi")"
rm -f "$trace.gxi"

# A trace with a fault is indexed up to it.
cut=$(cut_trace)
n_cut=$("$gxt" count --no-index "$cut" 2>/dev/null)
run_gives 1 index "$cut"
says "gxt: $cut: byte "
run_gives 1 index "$cut"
says 'complete already'
says "gxt: $cut: byte "
run_gives 1 count "$cut"
same 'count up to the fault' "$n_cut" "$out"
run_gives 0 info "$cut"
prints 'fault:'

# Where nothing can be written.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    mkdir "$scratch/closed"
    cp "$data/sample.trace" "$scratch/closed/some.trace"
    chmod 755 "$scratch" "$scratch/closed"
    chmod 644 "$scratch/closed/some.trace"
    cp "$gxt" "$scratch/gxt" 2>/dev/null
    as_nobody() {
        setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent XDG_CACHE_HOME="$1" \
            LD_LIBRARY_PATH="$(dirname "$gxt")/../src" "${@:2}"
    }
    if as_nobody /nonexistent "$gxt" --version >/dev/null 2>&1; then
        same 'count in a folder that is closed' "$n" "$(as_nobody /nonexistent "$gxt" count "$scratch/closed/some.trace")"
        as_nobody /nonexistent "$gxt" index "$scratch/closed/some.trace" 2>"$scratch/err"
        same 'status with no place for an index' 1 $?
        grep -q '^gxt: ' "$scratch/err" || fail 'no word where an index cannot be written'
        mkdir -m 777 "$scratch/nobody"
        as_nobody "$scratch/nobody" "$gxt" index "$scratch/closed/some.trace" 2>"$scratch/err"
        same 'status with a cache folder' 0 $?
        [ -n "$(find "$scratch/nobody/gxt" -name '*.gxi*' 2>/dev/null)" ] || fail 'the cache folder is not used'
        same 'count with the cache folder' "$n" "$(as_nobody "$scratch/nobody" "$gxt" count "$scratch/closed/some.trace")"
        "$gxt" index "$scratch/closed/some.trace" 2>/dev/null
        same 'a complete index in a closed folder' "$n" "$(as_nobody /nonexistent "$gxt" count "$scratch/closed/some.trace")"
        chmod 000 "$scratch/closed/some.trace"
        as_nobody /nonexistent "$gxt" count "$scratch/closed/some.trace" 2>"$scratch/err"
        same 'status of a trace that may not be read' 1 $?
        grep -q "^gxt: $scratch/closed/some.trace: " "$scratch/err" || fail 'no word on a trace that may not be read'
    fi
fi
done_with_checks

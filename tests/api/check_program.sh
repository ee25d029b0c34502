#!/bin/bash
# check_program.sh PROGRAM GXT TRACE: the program of gxt.h, and gxt itself, tell the same of half a second into a trace.
set -eu
program=$1 gxt=$2 trace=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; [ ! -e "$work/said" ] || cat "$work/said"; exit 1; }

"$program" "$trace" >"$work/said" || fail "status $?"
head -n 1 "$work/said" | grep -qxE '[0-9]+ of [0-9]+ goroutines running' || fail "no first line of running goroutines"
tail -n +2 "$work/said" | grep -qvxE -- '-?[0-9]+ [A-Z][A-Za-z]+ goroutine=-?[0-9]+' && fail "a line that is no event"

tail -n +2 "$work/said" | sed -E 's/^-?[0-9]+ ([A-Za-z]+) goroutine=(-?[0-9]+)$/\1 \2/' >"$work/ours"
"$gxt" cat --no-index --from 500ms --limit 10 "$trace" |
    sed -nE 's/^M=-?[0-9]+ P=-?[0-9]+ G=(-?[0-9]+) ([A-Za-z]+) Time=.*/\2 \1/p' >"$work/theirs"
cmp -s "$work/ours" "$work/theirs" || fail "gxt cat has other events: $(cat "$work/theirs")"

if "$program" "$trace.absent" >/dev/null 2>"$work/said"; then fail "no error for a file that is not there"; fi
[ "$(wc -l <"$work/said")" = 1 ] || fail "not one line for a file that is not there"

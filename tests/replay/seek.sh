#!/bin/bash
# seek.sh SEEK_TEST FOLDER…: every trace of the folders, each with an index of its own.
set -u
program=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
status=0 n=0

for folder in "$@"; do
    for trace in "$folder"/*.trace; do
        "$program" "$trace" "$scratch/index" >"$scratch/said" 2>&1 || { status=1; echo "$trace:"; cat "$scratch/said"; }
        rm -f "$scratch"/index*
        n=$((n + 1))
    done
done
[ "$n" -gt 0 ] || { echo "no traces"; status=1; }
exit $status

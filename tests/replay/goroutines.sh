#!/bin/bash
# goroutines.sh GXT FOLDER…: of every trace of the folders the same goroutines with an index as without one.
set -u
gxt=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
status=0 n=0

for folder in "$@"; do
    for trace in "$folder"/*.trace; do
        for recover in '' --recover; do
            "$gxt" index $recover --index "$scratch/index" "$trace" >"$scratch/said" 2>&1
            "$gxt" goroutines $recover --index "$scratch/index" "$trace" >"$scratch/with" 2>"$scratch/said"
            "$gxt" goroutines $recover --no-index "$trace" >"$scratch/without" 2>"$scratch/said"
            cmp -s "$scratch/with" "$scratch/without" || { status=1; echo "$trace $recover: other goroutines"; }
            rm -f "$scratch"/index*
            n=$((n + 1))
        done
    done
done
[ "$n" -gt 0 ] || { echo "no traces"; status=1; }
exit $status

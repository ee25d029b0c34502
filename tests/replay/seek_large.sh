#!/bin/bash
# seek_large.sh SEEK_LARGE GXT TRACE: with an index made for it.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$2" index -o "$scratch/index" "$3" 2>"$scratch/said" || { cat "$scratch/said"; exit 1; }
"$1" "$3" "$scratch/index" 300

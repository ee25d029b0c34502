#!/bin/bash
# gxt cat --format ndjson and csv: valid, and telling the same as the text.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || exit 77

for trace in "$data"/*.trace; do
    "$gxt" cat --no-index "$trace" >"$scratch/text" || fail "text of $trace"
    "$gxt" cat --no-index --format ndjson "$trace" >"$scratch/ndjson" || fail "ndjson of $trace"
    "$gxt" cat --no-index --format csv "$trace" >"$scratch/csv" || fail "csv of $trace"
    heads <"$scratch/text" >"$scratch/heads"
    python3 "$(dirname "$0")/formats.py" "$scratch/heads" "$scratch/ndjson" "$scratch/csv" || fail "formats of $trace"
done

# A window that is empty.
same 'no event, ndjson' '' "$("$gxt" cat --no-index --format ndjson --limit 0 "$data/go126-tiny.trace")"
same 'no event, csv' 1 "$("$gxt" cat --no-index --format csv --limit 0 "$data/go126-tiny.trace" | wc -l)"
done_with_checks

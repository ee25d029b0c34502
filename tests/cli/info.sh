#!/bin/bash
# gxt info: without an index what is known at once, with one the counts.
. "$(dirname "$0")/lib.sh"
trace=$(copy sample)
"$gxt" cat --no-index "$trace" | heads >"$scratch/heads"
n=$(wc -l <"$scratch/heads")
start=$(times <"$scratch/heads" | head -1)
last=$(times <"$scratch/heads" | tail -1)

# line NAME: the value of a line of the last run
line() {
    sed -nE "s/^$1: +//p" <<<"$out"
}
run_gives 0 info "$trace"
same 'trace' "$trace" "$(line trace)"
same 'start' "@$start" "$(line start)"
same 'size' "$(stat -c %s "$trace") bytes" "$(line size)"
same 'index' 'none (run gxt index)' "$(line index)"
same 'no counts without an index' '' "$(line events)"
case $(line version) in 'go 1.26'*) ;; *) fail "version $(line version)" ;; esac
case $(line 'wall clock') in 20??-??-??T??:??:??*Z) ;; *) fail "wall clock $(line 'wall clock')" ;; esac

run_gives 0 info "$trace" --no-index
same 'index' 'not asked' "$(line index)"
"$gxt" index "$trace" 2>/dev/null
run_gives 0 info "$trace"
same 'index' complete "$(line index)"
same 'index file' "$trace.gxi" "$(line 'index file')"
same 'events' "$n" "$(line events)"
same 'length' "$(printf '%d.%09d s' $(((last - start) / 1000000000)) $(((last - start) % 1000000000)))" "$(line length)"
same 'kinds' "$(awk '{n[$4]++} END {for (kind in n) print kind, n[kind]}' "$scratch/heads" | sort)" \
    "$(sed -nE 's/^  ([A-Za-z]+) +([0-9]+)$/\1 \2/p' <<<"$out" | sort)"

if command -v python3 >/dev/null; then
    run_gives 0 info "$trace" --json
    python3 -c '
import json, sys
info = json.load(sys.stdin)
assert info["version"] == "1.26" and info["index"]["state"] == "complete"
assert info["events"] == sys.argv[1] and info["start"] == sys.argv[2] and info["last"] == sys.argv[3]
assert sum(int(n) for n in info["events_by_kind"].values()) == int(info["events"])' "$n" "$start" "$last" <<<"$out" || fail 'json'
    run_gives 0 info "$trace" --json --no-index
    python3 -m json.tool <<<"$out" >/dev/null || fail 'json without an index'
fi
done_with_checks

#!/bin/bash
# Compares what gxt prints of the traces of a folder with what Go's own reader tells of them: without an index, and with one.
# usage: compare.sh GXT FOLDER
# FOLDER/MANIFEST.tsv has a line each: name, events, SHA-256 of the text, verdict. The verdict says how it ends: ok; fault (Go's reader
# reports one); panic (Go's reader falls over printing the next event); quiet (damage that Go's reader does not report).
set -u
gxt=$1 folder=$2
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
failures=0

wrong() {
    echo "$name: $*"
    failures=$((failures + 1))
}

# expected: the reference's text of the trace
expected() {
    if [ -e "$folder/$name.txt" ]; then
        cat "$folder/$name.txt"
    elif [ -e "$folder/$name.txt.xz" ]; then
        xz -dc "$folder/$name.txt.xz"
    fi
}

# check HOW: looks at the text, the words and the status of the last run
check() {
    local how=$1 lines
    if [ "$(sha256sum < "$scratch/text" | cut -d' ' -f1)" != "$sha" ]; then
        wrong "$how: the text differs, $(wc -l < "$scratch/text") lines; first of ours and of the reference's:"
        diff --text <(cat -v "$scratch/text") <(expected | cat -v) | grep '^[<>0-9]' | head -4
    fi
    lines=$(wc -l < "$scratch/words")
    if [ "$verdict" = ok ]; then
        [ "$status" = 0 ] || wrong "$how: status $status for a good trace: $(head -c 300 "$scratch/words")"
        [ "$lines" = 0 ] || wrong "$how: words about a good trace: $(head -c 300 "$scratch/words")"
        return
    fi
    [ "$status" = 1 ] || wrong "$how: status $status for a trace with a fault"
    if [ "$lines" != 1 ] || ! grep -qF "$name.trace" "$scratch/words"; then
        wrong "$how: $lines lines of words, not one that names the file: $(head -c 300 "$scratch/words")"
    fi
}

while IFS=$'\t' read -r name _ sha verdict _; do
    trace=$folder/$name.trace
    timeout 60 "$gxt" cat --no-index "$trace" > "$scratch/text" 2> "$scratch/words"
    status=$?
    check "cat --no-index"
    plain_words=$(cat "$scratch/words")

    rm -f "$scratch"/index*
    timeout 60 "$gxt" index -o "$scratch/index" "$trace" > "$scratch/out" 2> "$scratch/index_words"
    index_status=$?
    [ "$index_status" = "$status" ] || wrong "index: status $index_status where cat's is $status: $(head -c 300 "$scratch/index_words")"
    [ -e "$scratch/index" ] || continue
    timeout 60 "$gxt" cat --index "$scratch/index" "$trace" > "$scratch/text" 2> "$scratch/words"
    status=$?
    check "cat --index"
    [ "$(cat "$scratch/words")" = "$plain_words" ] || wrong "cat --index: other words: $(head -c 300 "$scratch/words") and not $plain_words"
done < "$folder/MANIFEST.tsv"

[ "$failures" = 0 ] || { echo "$failures failures"; exit 1; }

#!/bin/bash
# What a reader may count on in every file of C: it opens with a comment that names it, lines end at 120, no tabs, no
# loose ends, block comments only.
set -u
status=0

refuse() { # refuse WHAT GREP-OUTPUT
    [ -z "$2" ] && return
    printf '%s:\n%s\n' "$1" "$2"
    status=1
}

cd "$SOURCE" || exit 1
mapfile -t files < <(find include src indexer tests bench -name '*.[ch]' | sort)
for file in "${files[@]}"; do
    name=${file##*/}
    read -r first <"$file"
    [[ $first == "/* $name" || $first == "/* $name:"* ]] || refuse "a first line that does not name the file" "$file: $first"
    [ "$(tail -c 1 "$file" | wc -l)" = 1 ] || refuse "a last line without its end" "$file"
done
refuse "lines over 120 characters" "$(LC_ALL=C.UTF-8 grep -nE '^.{121,}' "${files[@]}")"
refuse "tabs" "$(grep -nP '\t' "${files[@]}")"
refuse "blanks at a line's end" "$(grep -nE ' +$' "${files[@]}")"
refuse "loose ends" "$(grep -nwE 'TODO|FIXME|XXX|HACK' "${files[@]}")"
# The program in gxt.h stands inside a comment and so cannot have another one.
refuse "a comment with //" "$(grep -nE '^ *//|; *//' "${files[@]}" | grep -v '^include/gxt/gxt\.h:[0-9]*: \*     ')"
exit $status

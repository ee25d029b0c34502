#!/bin/bash
# A room's .c may include doors of its own and of earlier rooms, and nothing else. The include paths of the build see to
# most of it; what they cannot see, greps do.
set -u
rooms=(base source wire gen order legacy resolve store replay api)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

refuse() { # refuse WHAT GREP-OUTPUT
    [ -z "$2" ] && return
    printf '%s:\n%s\n' "$1" "$2"
    status=1
}

cd "$SOURCE" || exit 1
refuse "lmdb.h outside src/store" "$(grep -rn 'include.*lmdb\.h' src indexer include | grep -v '^src/store/')"
refuse "xxHash outside src/base/hash.c" "$(grep -rnE 'include.*<xxh.*\.h' src indexer include |
    grep -v '^src/base/hash\.c:')"
refuse "an include that walks round the wall" "$(grep -rnE 'include +["<]\.\./' src indexer include bench)"
refuse "the program includes more than <gxt/…> of the library" \
    "$(for room in "${rooms[@]}"; do grep -rnE "include +\"([a-z]+/)*$room(_priv)?\.h\"" indexer bench; done)"
for room in src/*/; do
    room=$(basename "$room")
    refuse "a private header of another room" \
        "$(grep -rnE 'include.*_priv\.h' "src/$room" | grep -vE "include \"${room}_priv\.h\"")"
    refuse "a second door" "$(find "src/$room" -name "*.h" ! -name "$room.h" ! -name "${room}_priv.h" ! -name "${room}_quick.h")"
done
refuse "rooms that are not listed here" "$(find src -mindepth 1 -maxdepth 1 -type d -printf '%f\n' |
    grep -vxF "$(printf '%s\n' "${rooms[@]}")")"

# The include paths as the build has them: a later door must not compile, an earlier one must.
for ((i = 0; i < ${#rooms[@]}; i++)); do
    room=${rooms[i]}
    paths=$(sed -n "s/.*\"command\": \"\(.*\) -c [^ ]*src\/$room\/[a-z_0-9]*\.c\",*$/\1/p" \
        "$BUILD/compile_commands.json" | head -n 1 | grep -oE -- '-I[^ ]+' | tr -d '\\"' | tr '\n' ' ')
    [ -n "$paths" ] || { echo "$room: no compile command found"; status=1; continue; }

    for ((j = 0; j < ${#rooms[@]}; j++)); do
        door=${rooms[j]}.h
        [ -e "src/${rooms[j]}/$door" ] || continue
        echo "#include \"$door\"" >"$work/try.c"
        # shellcheck disable=SC2086
        (cd "$BUILD" && $CC -std=gnu17 -D_GNU_SOURCE $paths -iquote "$SOURCE/src/$room" -fsyntax-only "$work/try.c") \
            >"$work/said" 2>&1
        compiled=$?
        ((j > i)) && ((compiled == 0)) && { echo "$room can include $door"; status=1; }
        ((j <= i)) && ((compiled != 0)) && { echo "$room cannot include $door:"; cat "$work/said"; status=1; }
    done
done
exit $status

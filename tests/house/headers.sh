#!/bin/bash
# Each public header compiles alone, twice over, as C11 (event.h has an anonymous union, which C99 has not) and as C++17.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

for path in "$SOURCE"/include/gxt/*.h; do
    header=gxt/${path##*/}
    printf '#include <%s>\n#include <%s>\nint header_user(void);\nint header_user(void) { return 0; }\n' \
        "$header" "$header" >"$work/user.c"
    cp "$work/user.c" "$work/user.cc"

    $CC -std=c11 -pedantic-errors -Wall -Wextra -Wstrict-prototypes -Wundef -Werror -I"$SOURCE/include" \
        -fsyntax-only "$work/user.c" || { echo "$header: not C11"; status=1; }
    ! command -v c++ >/dev/null && continue
    c++ -std=c++17 -pedantic-errors -Wall -Wextra -Wundef -Werror -I"$SOURCE/include" \
        -fsyntax-only "$work/user.cc" || { echo "$header: not C++17"; status=1; }
done
exit $status

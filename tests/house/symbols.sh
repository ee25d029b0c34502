#!/bin/bash
# What the library exports is what its headers declare with GXT_API, no more and no less.
# Names that begin with two underscores belong to the compiler (sanitizers, coverage).
set -u
library=$1
declared=$(for header in "$SOURCE"/include/gxt/*.h; do
    perl -0ne 's{/\*.*?\*/}{}gs; s{^\s*#.*$}{}gm; print "$1\n" while /\bGXT_API\b[^;(]*?\b(\w+)\s*\(/g' "$header"
done | LC_ALL=C sort)
exported=$(nm -D --defined-only "$library" | awk '$3 !~ /^(__|_init$|_fini$|_edata$|_end$)/ {print $3}' | LC_ALL=C sort)

[ -n "$declared" ] || { echo "no GXT_API declaration found"; exit 1; }
[ "$declared" = "$exported" ] && exit 0
echo "< declared only, > exported only"
diff <(echo "$declared") <(echo "$exported")
exit 1

#!/bin/bash
# The library never prints, exits or aborts: no such call in its source, and none that the linker has found.
# A build with assertions has __assert_fail, which is the C library's own; it stands for a bug of ours, never for a file's.
set -u
words='printf|fprintf|vprintf|vfprintf|dprintf|puts|fputs|putchar|fputc|perror|psignal|warn|warnx|err|errx|exit|_exit|_Exit|'
words+='quick_exit|abort|syslog|system'
status=0

cd "$SOURCE" || exit 1
for file in $(find src -name '*.[ch]' | sort); do
    perl -0pe 's{/\*.*?\*/}{my $c = $&; $c =~ tr/\n//cd; $c}ges; s{"(\\.|[^"\\\n])*"}{""}g' "$file" |
        grep -nE "(^|[^A-Za-z0-9_.>])($words) *\(|\b(stdout|stderr)\b" | sed "s|^|$file:|" | grep . && status=1
done
nm -D --undefined-only "$1" | awk '{print $2}' | sed -e 's/@.*//' -e 's/^__\(.*\)_chk$/\1/' |
    grep -xE "$words|stdout|stderr" && { echo "the library links the names above"; status=1; }
exit $status

#!/bin/bash
# installed.sh VERSION TRACE: what `meson install` puts down is enough to compile and run the program in gxt.h.
set -eu
version=$1 trace=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$*"; exit 1; }

DESTDIR=$work/root meson install -C "$BUILD" --no-rebuild >"$work/said" 2>&1 || { cat "$work/said"; exit 1; }
package=$(find "$work/root" -name gxt.pc)
library=$(find "$work/root" -name libgxt.so)
program=$(find "$work/root" -path '*/bin/gxt')
page=$(find "$work/root" -name gxt.1)
[ -n "$package" ] || fail "no gxt.pc"
[ -n "$library" ] || fail "no libgxt.so"
[ -n "$program" ] || fail "no gxt"
[ -n "$page" ] || fail "no man page"

readelf -d "$library" | grep -q 'SONAME.*\[libgxt\.so\.0\]' || fail "soname is not libgxt.so.0"
[ "$(basename "$(readlink -f "$library")")" = "libgxt.so.$version" ] || fail "the library is not libgxt.so.$version"
extra=$(find "$work/root" ! -type d | grep -vE '/(gxt|gxt\.1|gxt\.pc|libgxt\.so[.0-9]*|libgxt\.a|include/gxt/[a-z]+\.h)$') || true
[ -z "$extra" ] || fail "installed too: $extra"
headers=$(cd "$SOURCE/include/gxt" && ls)
[ "$headers" = "$(cd "$(find "$work/root" -path '*/include/gxt' -type d)" && ls)" ] || fail "not the public headers"

export PKG_CONFIG_PATH=${package%/*} PKG_CONFIG_SYSROOT_DIR=$work/root
[ "$(pkg-config --modversion gxt)" = "$version" ] || fail "gxt.pc has another version than $version"
"$SOURCE/tests/api/program.sh" "$SOURCE/include/gxt/gxt.h" >"$work/program.c"
# shellcheck disable=SC2046
$CC -std=gnu17 "$work/program.c" -o "$work/program" $(pkg-config --cflags --libs gxt)
readelf -d "$work/program" | grep NEEDED | grep -qE 'lmdb|xxhash|utf8proc' && fail "a user links our parts"

export LD_LIBRARY_PATH=${library%/*}
"$work/program" "$trace" | grep -qE '^[0-9]+ of [0-9]+ goroutines running$' || fail "the program of gxt.h said nothing"
"$program" --version | grep -qF "$version" || fail "gxt --version is not $version"
"$program" cat --limit 1 --no-index "$trace" | grep -q Sync || fail "the installed program does not read a trace"

for verb in $("$program" help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
    grep -qw "$verb" "$page" || fail "the man page does not speak of $verb"
done
command -v man >/dev/null || exit 0
said=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=100 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
[ -z "$said" ] || fail "the man page: $said"

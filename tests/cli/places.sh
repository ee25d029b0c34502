#!/bin/bash
# What stands where an index, or what it is written to first, would be: links, pipes, folders, devices; and with which
# permissions it is made. Nothing is followed, overwritten or waited for.
. "$(dirname "$0")/lib.sh"
trace=$(copy go126-tiny)
n=$("$gxt" count --no-index "$trace")
precious='a letter to a friend'
patience=20

# Each at a place: made, tried, and removed. What is elsewhere stays as it is.
put() { # put WHAT WHERE
    case $1 in
    link) ln -s "$scratch/elsewhere" "$2" ;;
    'dangling link') ln -s "$scratch/nowhere" "$2" ;;
    'link to an index') ln -s "$scratch/other.gxi" "$2" ;;
    'hard link') ln "$scratch/elsewhere" "$2" ;;
    pipe) mkfifo "$2" ;;
    folder) mkdir "$2" ;;
    device) mknod "$2" c 1 5 2>/dev/null ;; # /dev/zero
    full) mknod "$2" c 1 7 2>/dev/null ;; # /dev/full
    file) echo "$precious" >"$2" ;;
    esac
}

run_in_time() { # run_in_time STATUS… -- ARGUMENTS
    local wanted=()
    while [ "$1" != -- ]; do
        wanted+=("$1")
        shift
    done
    shift
    out=$(timeout "$patience" "$gxt" "$@" 2>"$scratch/err")
    status=$?
    err=$(cat "$scratch/err")
    [[ " ${wanted[*]} " == *" $status "* ]] || fail "$what at $at: gxt $*: status $status, wanted ${wanted[*]}: $err"
}

untouched() {
    same "$what at $at: the file elsewhere" "$precious" "$(cat "$scratch/elsewhere")"
    [ ! -e "$scratch/nowhere" ] || fail "$what at $at: a file is made through a link"
    same "$what at $at: the index elsewhere" "$other" "$(sha256sum <"$scratch/other.gxi")"
}

echo "$precious" >"$scratch/elsewhere"
"$gxt" index "$trace" -o "$scratch/other.gxi" 2>/dev/null
other=$(sha256sum <"$scratch/other.gxi")
for what in link 'dangling link' 'link to an index' 'hard link' pipe folder device full file; do
    for at in .gxi .gxi.new; do
        rm -rf "$trace".gxi*
        put "$what" "$trace$at" || continue # no device without the right to make one
        before=$(stat -c %F:%i "$trace$at")
        run_in_time 1 -- index "$trace"
        says "gxt: $trace"
        run_in_time 1 -- index --force "$trace"
        same "$what at $at stays" "$before" "$(stat -c %F:%i "$trace$at" 2>&1)"
        run_in_time 0 -- count "$trace"
        same "$what at $at: count" "$n" "$out"
        run_in_time 0 1 -- info "$trace"
        run_in_time 0 1 -- index --status "$trace"
        untouched
    done
    # No lock is kept in a file of its own.
    at=.gxi-lock
    rm -rf "$trace".gxi*
    put "$what" "$trace$at" || continue
    run_in_time 0 -- index "$trace"
    run_in_time 0 -- count "$trace"
    same "$what at $at: count" "$n" "$out"
    untouched
done
# A link to the index is fine for reading.
what='link to an index' at=.gxi
rm -rf "$trace".gxi*
ln -s "$scratch/other.gxi" "$trace.gxi"
run_in_time 0 -- info "$trace"
prints complete
rm "$trace.gxi"

# Who may read the trace may read its index, whatever the mask; who builds it can go on with it.
for mode in 600 640 644 664 444 400; do
    for mask in 022 077; do
        rm -rf "$trace".gxi*
        chmod "$mode" "$trace"
        (umask "$mask" && "$gxt" index "$trace" 2>/dev/null) || fail "index of a trace with mode $mode"
        same "mode with $mode and mask $mask" "$(printf %o $((8#$mode | 8#600)))" "$(stat -c %a "$trace.gxi")"
    done
done
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    rm -rf "$trace".gxi*
    mkdir "$scratch/open"
    cp "$trace" "$scratch/open/read.trace"
    chmod 444 "$scratch/open/read.trace"
    chmod 755 "$scratch"
    chown -R 65534:65534 "$scratch/open"
    as_nobody() {
        setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent XDG_CACHE_HOME=/nonexistent \
            LD_LIBRARY_PATH="$(dirname "$gxt")/../src" "$@"
    }
    if as_nobody "$gxt" --version >/dev/null 2>&1; then
        for how in '' --force; do
            # shellcheck disable=SC2086
            as_nobody "$gxt" index $how "$scratch/open/read.trace" 2>"$scratch/err" ||
                fail "a read-only trace: $(cat "$scratch/err")"
        done
        same 'count of a read-only trace' "$n" "$(as_nobody "$gxt" count "$scratch/open/read.trace")"
    fi
fi
done_with_checks

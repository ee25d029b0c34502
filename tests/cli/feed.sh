#!/bin/bash
# Input that cannot be mapped as it is: pipes, gzip and zstd files, and pipes of these; whole, cut, damaged, slow, and made
# to fill disks.
. "$(dirname "$0")/lib.sh"
command -v gzip >/dev/null || exit 77
mkdir "$scratch/tmp"
export TMPDIR=$scratch/tmp
packers='gzip'
command -v zstd >/dev/null && packers='gzip zstd'

# pack PACKER FILE: to standard output
pack() { "$1" -q -c "$2"; }

# same_events WHAT: of the last run's output file and the reference
same_events() { cmp -s "$scratch/got" "$scratch/want" || fail "$1: not the events of the trace itself"; }

# nothing_left: no file stays where spools are
nothing_left() { same "files left by $1" '' "$(ls -A "$scratch/tmp")"; }

# reads WHAT ARGUMENTS: cat with these, from standard input, gives the events
reads() {
    local what=$1
    shift
    "$gxt" cat "$@" >"$scratch/got" 2>"$scratch/err"
    same "status of $what" 0 $?
    same "words of $what" '' "$(cat "$scratch/err")"
    same_events "$what"
}

# ---- whole ----

for name in sample go122-http go123-coroutines go125-flight go126-tiny; do
    trace=$data/$name.trace
    "$gxt" cat --no-index "$trace" >"$scratch/want"
    reads "$name by a pipe" - < <(cat "$trace")
    reads "$name as standard input" - <"$trace"
    same "$name counted by a pipe" "$("$gxt" count --no-index --by kind "$trace")" "$(cat "$trace" | "$gxt" count - --by kind)"
    size=$(stat -c %s "$trace")
    for packer in $packers; do
        pack $packer "$trace" >"$scratch/whole"
        pack $packer <(head -c $((size / 3)) "$trace") >"$scratch/parts"
        pack $packer <(tail -c +$((size / 3 + 1)) "$trace") >>"$scratch/parts"
        for file in whole parts; do
            reads "$name, $packer, $file" "$scratch/$file"
            reads "$name, $packer, $file, by a pipe" - < <(cat "$scratch/$file")
            reads "$name, $packer, $file, as standard input" - <"$scratch/$file"
            reads "$name, $packer, $file, all of it first" --to 101h --from 0% "$scratch/$file"
        done
        same "$name, $packer, counted" "$(heads <"$scratch/want" | wc -l)" "$("$gxt" count "$scratch/parts")"
    done
done
nothing_left 'whole traces'

trace=$(copy sample)
"$gxt" cat --no-index "$trace" >"$scratch/want"
gzip -c "$trace" >"$scratch/app.gz"
for arguments in 'cat --from 50%' 'cat --from 1.5s --to 1600ms' 'cat --from n:500 --limit 20' 'count --from 1s --to 75%' 'state --at 1.5s' \
    'state --at 30%' goroutines 'goroutines --at 1.5s --sort events' 'goroutines --at 50%' 'count --by kind' 'cat --goroutine 1'; do
    # shellcheck disable=SC2086
    wanted=$("$gxt" $arguments --no-index "$trace")
    # shellcheck disable=SC2086
    same "$arguments of a pipe" "$wanted" "$(cat "$trace" | "$gxt" $arguments -)"
    # shellcheck disable=SC2086
    same "$arguments of a gzip file" "$wanted" "$("$gxt" $arguments "$scratch/app.gz")"
done
cat "$scratch/app.gz" | "$gxt" info - >"$scratch/got"
same 'version by a pipe' 'version:     go 1.26, written by Go 1.26 and later' "$(grep '^version:' "$scratch/got")"
same 'packing by a pipe' 'packed:      gzip' "$(grep '^packed:' "$scratch/got")"
same 'start by a pipe' "$("$gxt" info "$trace" | grep '^start:')" "$(grep '^start:' "$scratch/got")"
if command -v python3 >/dev/null; then
    cat "$trace" | "$gxt" info - --json | python3 -m json.tool >/dev/null || fail 'json of a pipe'
fi

# A reader that goes, and a writer that has nothing.
cat "$trace" | "$gxt" cat - 2>"$scratch/err" | head -1 >/dev/null
same 'status with a closed pipe' '0 0' "${PIPESTATUS[*]:1}"
same 'words with a closed pipe' '' "$(cat "$scratch/err")"
run_gives 1 cat - < <(:)
says 'gxt: -: byte 0: not a Go execution trace but an empty file'
run_gives 1 cat - < <(gzip -c </dev/null)
says 'in the gzip file is not a Go execution trace but an empty file'
"$gxt" cat - 0<&- >/dev/null 2>&1
same 'status without a standard input' 1 $?
run_gives 1 cat - <"$scratch"
nothing_left 'a closed pipe'

# ---- slow: what is whole comes out before the input ends ----

for name in sample go122-http; do
    slow=$data/$name.trace
    mkfifo "$scratch/slow"
    "$gxt" cat - <"$scratch/slow" >"$scratch/got" &
    reader=$!
    exec 9>"$scratch/slow"
    # Of three generations the first is whole by then.
    upto=$(($(stat -c %s "$slow") * 7 / 10))
    [ "$name" = sample ] && head -c 4100 "$slow" >&9 && sleep 0.2 && tail -c +4101 "$slow" | head -c $((upto - 4100)) >&9
    [ "$name" = sample ] || head -c "$upto" "$slow" >&9
    for _ in $(seq 100); do
        [ -s "$scratch/got" ] && break
        sleep 0.1
    done
    [ -s "$scratch/got" ] || fail "$name: nothing came out of a slow pipe with $upto bytes in"
    kill -0 $reader 2>/dev/null || fail "$name: the reader did not wait"
    cp "$scratch/got" "$scratch/early"
    cmp -s "$scratch/early" <("$gxt" cat --no-index "$slow" | head -c "$(stat -c %s "$scratch/early")") || fail "$name: other events of a slow pipe"
    tail -c +$((upto + 1)) "$slow" >&9
    exec 9>&-
    wait $reader
    same "$name: status of a slow pipe" 0 $?
    cmp -s "$scratch/got" <("$gxt" cat --no-index "$slow") || fail "$name: not all events of a slow pipe"
    rm -f "$scratch/slow"
done
"$gxt" cat --no-index "$data/go126-tiny.trace" >"$scratch/want"
reads 'byte by byte' - < <(perl -e 'local $/ = \1; $| = 1; while (<STDIN>) { syswrite(STDOUT, $_) }' <"$data/go126-tiny.trace")
reads 'byte by byte, packed' - < <(gzip -c "$data/go126-tiny.trace" | perl -e 'local $/ = \1; while (<STDIN>) { syswrite(STDOUT, $_) }')
nothing_left 'slow pipes'

# ---- cut and damaged ----

# As the trace itself, cut where the packed file cannot be unpacked any more: its events, then a fault of the packed file.
# check_damaged WHAT FILE: against what can be unpacked of it
check_damaged() {
    local what=$1 file=$2 n
    "$gxt" cat "$file" >"$scratch/got" 2>"$scratch/err"
    same "$what: status" 1 $?
    if grep -qE "^gxt: $file: byte [0-9]+: the (packed|gzip|zstd) file " "$scratch/err"; then
        n=$(sed -E 's/.*: byte ([0-9]+):.*/\1/' "$scratch/err")
        [ "$n" -le "$(stat -c %s "$file")" ] || fail "$what: byte $n is behind its end"
    else
        # What is unpacked from damaged gzip may be anything up to its checksum.
        grep -q "^gzip, byte .* changed$" <<<"$what" || fail "$what: $(cat "$scratch/err")"
    fi
    same "$what: lines" 1 "$(wc -l <"$scratch/err")"
    cmp -s "$scratch/got" <(head -c "$(stat -c %s "$scratch/got")" "$scratch/want") ||
        diff <(heads <"$scratch/got" | sed '$d') <(heads <"$scratch/want" | head -$(($(heads <"$scratch/got" | wc -l) - 1))) >/dev/null ||
        fail "$what: other events"
    cat "$file" | "$gxt" cat - 2>/dev/null | cmp -s - "$scratch/got" || fail "$what: another result by a pipe"
    cat "$file" | "$gxt" cat --to 100% - 2>/dev/null | head -1 | cmp -s - <(head -1 "$scratch/got") ||
        [ "$(heads <"$scratch/got" | wc -l)" -lt 3 ] || fail "$what: another start"
}
"$gxt" cat --no-index "$trace" >"$scratch/want"
for packer in $packers; do
    pack $packer "$trace" >"$scratch/whole"
    size=$(stat -c %s "$scratch/whole")
    for share in 40 70 95; do
        head -c $((size * share / 100)) "$scratch/whole" >"$scratch/cut"
        check_damaged "$packer, $share % of it" "$scratch/cut"
    done
    head -c $((size - 1)) "$scratch/whole" >"$scratch/cut"
    check_damaged "$packer without its last byte" "$scratch/cut"
    head -c 5 "$scratch/whole" >"$scratch/cut"
    run_gives 1 cat "$scratch/cut"
    says 'the packed file ends early'
    for share in 30 60 90; do
        cp "$scratch/whole" "$scratch/flipped"
        byte=$(od -An -tu1 -j $((size * share / 100)) -N 1 "$scratch/whole")
        # shellcheck disable=SC2059
        printf "\\x$(printf %x $((byte ^ 255)))" | dd of="$scratch/flipped" bs=1 seek=$((size * share / 100)) conv=notrunc 2>/dev/null
        check_damaged "$packer, byte $share % changed" "$scratch/flipped"
    done
    (cat "$scratch/whole"; echo 'something else') >"$scratch/flipped"
    check_damaged "$packer with something behind it" "$scratch/flipped"
done
(gzip -c "$trace"; head -c 1000 /dev/zero) >"$scratch/padded"
reads 'zeros behind a gzip file' "$scratch/padded"
# A pipe that ends early is a trace that was cut.
cut=$(cut_trace)
"$gxt" cat "$cut" >"$scratch/want" 2>"$scratch/err"
cat "$cut" | "$gxt" cat - >"$scratch/got" 2>"$scratch/piped"
same 'status of a pipe that ends early' '0 1' "${PIPESTATUS[*]}"
same_events 'a pipe that ends early'
same 'words of a pipe that ends early' "$(sed "s|$cut|-|" "$scratch/err")" "$(cat "$scratch/piped")"
gzip -c "$cut" | "$gxt" cat - 2>/dev/null | cmp -s - "$scratch/want" || fail 'a cut trace, packed'
nothing_left 'damage'

# ---- bombs ----

# batches N: so many of 64 KiB with nothing in them, of one generation
batches() {
    head -c 65536 /dev/zero >"$scratch/zeros"
    (printf '\x01\x01\x01\x01\x80\x80\x04'; cat "$scratch/zeros") >"$scratch/batch"
    for _ in $(seq "$1"); do cat "$scratch/batch"; done
}
batches 512 >"$scratch/batches"
printf 'go 1.26 trace\0\0\0' >"$scratch/header"
for packer in $packers; do
    pack $packer "$scratch/batches" >"$scratch/member"
    (pack $packer "$scratch/header"; for _ in $(seq 300); do cat "$scratch/member"; done) >"$scratch/bomb"
    for arguments in cat count info 'state --at 1s' 'cat --from 50%' index; do
        # shellcheck disable=SC2086
        (ulimit -f 400000; ulimit -t 20; timeout 60 "$gxt" $arguments "$scratch/bomb") >/dev/null 2>"$scratch/err"
        status=$?
        [ "$arguments" = info ] || same "status of $arguments of a bomb, $packer" 1 $status
        [ "$arguments" = info ] || grep -q ': the packed bytes grow to more than 250 times their size' "$scratch/err" ||
            fail "$arguments of a bomb, $packer: $(cat "$scratch/err")"
    done
    cat "$scratch/bomb" | timeout 60 "$gxt" count - >/dev/null 2>"$scratch/err"
    same "status of a bomb by a pipe, $packer" '0 1' "${PIPESTATUS[*]/141/0}"
    rm -f "$scratch"/bomb.gxi*
done
head -c 100000000 /dev/zero | gzip >"$scratch/bomb"
run_gives 1 cat "$scratch/bomb"
says 'in the gzip file is not a Go execution trace'
nothing_left 'bombs'

# ---- an index of a packed trace ----

"$gxt" cat --no-index "$trace" >"$scratch/want"
packed=$scratch/app.trace.gz
for packer in $packers; do
    pack $packer "$trace" >"$packed"
    chmod 640 "$packed"
    run_gives 0 index "$packed"
    says "gxt: $packed.gxi.trace: the unpacked trace, "
    same "$packer: permissions of the spool" 640 "$(stat -c %a "$packed.gxi.trace")"
    head -c "$(stat -c %s "$trace")" "$packed.gxi.trace" | cmp -s - "$trace" || fail "$packer: the spool is not the trace"
    "$gxt" index "$trace" 2>/dev/null
    for arguments in 'cat --from 50%' 'cat --from 1.5s --limit 3' count 'count --from 30% --to 60% --by kind' 'state --at 1.5s' 'verify' 'verify --deep' \
        goroutines; do
        # shellcheck disable=SC2086
        same "$packer: $arguments with an index" "$("$gxt" $arguments "$trace")" "$("$gxt" $arguments "$packed" 2>&1)"
    done
    run_gives 0 info "$packed"
    prints 'index:       complete'
    prints "unpacked:    $packed.gxi.trace"
    # Without its spool it is unpacked anew, and the index serves nonetheless.
    mv "$packed.gxi.trace" "$scratch/spool"
    for arguments in 'cat --from 50%' 'state --at 1.5s' count; do
        # shellcheck disable=SC2086
        same "$packer: $arguments without the spool" "$("$gxt" $arguments "$trace")" "$("$gxt" $arguments "$packed" 2>&1)"
    done
    # A spool that was cut, and one that is a symbolic link, are not used; nor replaced, being no spools.
    head -c 5000 "$scratch/spool" >"$packed.gxi.trace"
    reads "$packer: with half a spool" "$packed"
    run_gives 1 index "$packed"
    says 'another file is where the unpacked trace would be kept'
    same "$packer: half a spool is left alone" 5000 "$(stat -c %s "$packed.gxi.trace")"
    ln -sf "$scratch/spool" "$packed.gxi.trace"
    run_gives 1 index "$packed"
    [ -L "$packed.gxi.trace" ] || fail "$packer: a symbolic link was replaced"
    rm "$packed.gxi.trace"
    run_gives 0 index "$packed"
    says 'complete already'
    # Another trace under the name: the spool is replaced, and so is the index.
    pack $packer "$data/go125-flight.trace" >"$packed"
    same "$packer: changed, before its index is" "$("$gxt" count --no-index "$data/go125-flight.trace")" "$("$gxt" count "$packed" 2>/dev/null)"
    run_gives 0 index "$packed"
    says 'built'
    same "$packer: changed" "$("$gxt" cat --no-index "$data/go125-flight.trace" | cksum)" "$("$gxt" cat "$packed" 2>&1 | cksum)"
    same "$packer: changed, the spool" "$(($(stat -c %s "$data/go125-flight.trace") + 64))" "$(stat -c %s "$packed.gxi.trace")"
    rm -f "$packed" "$packed".gxi*
done
# A trace of somebody's where the spool would be stays.
pack gzip "$trace" >"$packed"
cp "$data/go126-tiny.trace" "$scratch/mine.trace"
run_gives 1 index "$packed" -o "$scratch/mine"
cmp -s "$data/go126-tiny.trace" "$scratch/mine.trace" || fail 'a trace was overwritten'
run_gives 0 index "$packed" -o "$scratch/other"
same 'an index that is named has its spool beside it' "$(tail -n +1 "$scratch/want" | cksum)" "$("$gxt" cat "$packed" --index "$scratch/other" | cksum)"
[ -f "$scratch/other.trace" ] || fail 'no spool beside the index that was named'
run_gives 2 index "$packed" --follow
# What is damaged is indexed up to there, and no spool of it is kept.
head -c $(($(stat -c %s "$packed") * 7 / 10)) "$packed" >"$scratch/cut.gz"
run_gives 1 index "$scratch/cut.gz"
says 'the packed file ends early'
[ ! -e "$scratch/cut.gz.gxi.trace" ] || fail 'a spool of a damaged file'
"$gxt" cat --no-index "$scratch/cut.gz" >"$scratch/want" 2>/dev/null
"$gxt" cat "$scratch/cut.gz" >"$scratch/got" 2>/dev/null
same_events 'a damaged file with an index'
gzip -c "$scratch/header" >"$scratch/some.gz"
gzip -c "$0" >"$scratch/script.gz"
run_gives 1 index "$scratch/script.gz"
same 'nothing is left of what is no trace' "$scratch/script.gz" "$(ls -d "$scratch"/script*)"
nothing_left 'indexes'

# ---- a full disk ----

mkdir "$scratch/small"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=64k none "$scratch/small" 2>/dev/null; then
    cp "$data/sample.trace" "$scratch/large.trace"
    gzip -c "$scratch/large.trace" >"$scratch/large.gz"
    run_gives 1 index "$scratch/large.gz" -o "$scratch/small/index"
    says 'No space left on device'
    same 'files left on a full disk' '' "$(ls -A "$scratch/small")"
    export TMPDIR=$scratch/small
    run_gives 1 state --at 1s "$scratch/large.gz"
    says 'cannot write the unpacked trace into its file: No space left on device'
    # A stream needs room for some generations only.
    "$gxt" cat --no-index "$scratch/large.trace" >"$scratch/want"
    reads 'a stream on a small disk' - < <(cat "$scratch/large.trace")
    umount "$scratch/small"
fi
export TMPDIR=$scratch/nowhere
run_gives 1 cat - < <(cat "$trace")
says 'cannot make a file for the unpacked trace in '
done_with_checks

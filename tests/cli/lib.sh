# What the scripts of this folder share. Each is run as: SCRIPT GXT DATA, with GXT the program and DATA tests/data.
# A check that fails prints a line; the script's exit status is 1 when one did, 77 when there is nothing to check.
set -u
export LC_ALL=C TZ=UTC
gxt=$(realpath "$1")
data=$2
scratch=$(mktemp -d)
owner=$BASHPID
trap '[ $BASHPID != $owner ] || rm -rf "$scratch"' EXIT # and not in a subshell that a signal ends
export GXT_INDEX_DIR= XDG_CACHE_HOME="$scratch/cache"
unset GXT_INDEX_DIR
failures=0

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# done_with_checks: the script's last line
done_with_checks() {
    [ "$failures" = 0 ]
    exit
}

# same WHAT WANTED GOT: two texts
same() {
    [ "$2" = "$3" ] || fail "$1: wanted [$(head -c 300 <<<"$2")], got [$(head -c 300 <<<"$3")]"
}

# run ARGUMENTS: the program; its status in $status, its words in $out and $err
run() {
    out=$("$gxt" "$@" 2>"$scratch/err")
    status=$?
    err=$(cat "$scratch/err")
}

# run_gives STATUS ARGUMENTS: the same, with the exit status checked
run_gives() {
    local wanted=$1
    shift
    run "$@"
    [ "$status" = "$wanted" ] || fail "gxt $*: status $status, wanted $wanted: $err"
}

# says WORDS: the last run said them on standard error
says() {
    case $err in
    *"$1"*) ;;
    *) fail "wanted the words [$1], got [$err]" ;;
    esac
}

# prints WORDS: the last run said them on standard output
prints() {
    case $out in
    *"$1"*) ;;
    *) fail "wanted the words [$1] in [$(head -c 300 <<<"$out")]" ;;
    esac
}

# heads: of a text, the first line of each event
heads() {
    grep -aE '^M=-?[0-9]+ P=-?[0-9]+ G=-?[0-9]+ [A-Z][A-Za-z]+ Time=-?[0-9]+'
}

# times: of a text, the time of each event
times() {
    heads | sed -E 's/^[^T]*Time=(-?[0-9]+).*/\1/; s/^.* Time=(-?[0-9]+).*/\1/'
}

# copy NAME: a trace in the scratch folder, without an index
copy() {
    cp "$data/$1.trace" "$scratch/$1.trace"
    chmod u+w "$scratch/$1.trace"
    rm -f "$scratch/$1.trace.gxi" "$scratch/$1.trace.gxi-lock"
    echo "$scratch/$1.trace"
}

# cut_trace: sample.trace without its last third, in the scratch folder; it has a fault
cut_trace() {
    head -c $(($(stat -c %s "$data/sample.trace") * 2 / 3)) "$data/sample.trace" >"$scratch/cut.trace"
    echo "$scratch/cut.trace"
}

[ -x "$gxt" ] || exit 77
[ -f "$data/sample.trace" ] || exit 77

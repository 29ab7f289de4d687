#!/usr/bin/env bash
# every_call.sh - each call with which a writer changes the disk fails once, with no space, an input/output error, no quota, a file
# too large: exit code 3, one sentence, nothing half-written, and what was there before is there still.
#
# Before the commands themselves a planted writer that overwrites its file in place is found.
# Quick: the errors take turns from call to call, and long sequences of writes are thinned out. With `all` each call
# fails with each error (every_call_all, label slow).
# shellcheck disable=SC2015 # fail returns 0
set -u
all=${1:-}
case ${DSGD_SANITIZE:-} in *address* | *thread*) exit 77 ;; esac # a sanitizer's runtime must come before a preloaded library
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cp "$DSGD_FAULT_SHIM" shim.so # LD_PRELOAD splits at blanks
unset DSGD_DATA
export DSGD_CACHE=$work/optima
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
errors=(ENOSPC EIO EDQUOT EFBIG)
sentences=('No space left on device' 'Input/output error' 'Disk quota exceeded' 'File too large')

# shimmed FAULTS... -- COMMAND...: the command with the shim; code, out, err
shimmed()
{
    local settings=()
    while [ "$1" != -- ]; do settings+=("$1"); shift; done
    shift
    env "${settings[@]}" DSGD_FAULT_PATH="$place" DSGD_FAULT_KINDS='write sync truncate open rename link close mkdir' LD_PRELOAD="$work/shim.so" "$@" >out 2>err
    code=$?
}
# What the writer's folder holds: names, and of each file what `by` says: its bytes, a result's digest (times and dates differ
# from run to run; whole if it has one), or nothing.
by=bytes
state()
{
    find "$place" -type f -printf '%P\n' 2>/dev/null | sort | while read -r name; do
        case $by in
        bytes) printf '%s %s\n' "$name" "$(sha256sum <"$place/$name")" ;;
        digest) printf '%s %s\n' "$name" "$("$DSGD" digest "$place/$name" 2>/dev/null | cut -d' ' -f1)" ;;
        names) printf '%s\n' "$name" ;;
        esac
    done
}

# writer NAME FOLDER WANTED COMMAND...: COMMAND writes into $work/FOLDER; before each call `before` puts there what is to be there.
# WANTED: refused (exit code 3); or a warning's words where what is written is a help only (exit code 0); or both, refused:WORDS
writer()
{
    local name=$1 wanted=$3 n e first total old new over=0 calls=0 left
    place=$work/$2
    shift 3
    rm -rf "$place"
    before
    old=$(state)
    shimmed DSGD_FAULT=once DSGD_FAULT_ERROR=EIO DSGD_FAULT_AT=0 DSGD_FAULT_COUNT="$work/count" -- "$@"
    [ $code -eq 0 ] || { fail "$name: without a fault: exit code $code: $(cat err)"; return; }
    total=$(cat count)
    new=$(state)
    [ "$new" != "$old" ] || fail "$name: nothing is written"
    for ((n = 1; n <= total; ++n)); do
        # HDF5's many writes are alike: the first and the last twelve, and every fifth between
        if [ -z "$all" ] && [ "$n" -gt 12 ] && [ "$n" -lt $((total - 12)) ] && [ $((n % 5)) -ne 0 ]; then continue; fi
        for e in "${!errors[@]}"; do
            [ -n "$all" ] || [ "$e" -eq $((n % 4)) ] || continue
            rm -rf "$place"
            before
            old=$(state)
            shimmed DSGD_FAULT=once "DSGD_FAULT_ERROR=${errors[e]}" DSGD_FAULT_AT="$n" -- "$@"
            calls=$((calls + 1))
            first="$name: call $n of $total, ${errors[e]}"
            if [ "$wanted" = refused ] || { [[ $wanted = refused:* ]] && [ $code -ne 0 ]; }; then
                if [ $code -eq 0 ]; then
                    # a close that fails after a sync, a link for a lock: what does not matter to the file may be passed over
                    complete "$new" || fail "$first: exit code 0, but the file is not what it should be"
                    over=$((over + 1))
                    continue
                fi
                [ $code -eq 3 ] || fail "$first: exit code $code, expected 3: $(cat err)"
                [ "$(wc -l <err)" -eq 1 ] && grep -q '^dsgd: ' err || fail "$first: expected one sentence: $(cat err)"
                grep -qF "${sentences[e]}" err || fail "$first: no '${sentences[e]}' in: $(cat err)"
            else
                [ $code -eq 0 ] || fail "$first: exit code $code, expected 0: $(cat err)"
                complete "$new" || grep -q "^dsgd: .*${wanted#refused:}" err || fail "$first: no '${wanted#refused:}' in: $(cat err)"
            fi
            left=$(find "$place" \( -name '.dsgd-*' -o -name '*.part' -o -name '*.new' -o -name '*.lock' \) 2>/dev/null)
            [ -z "$left" ] || fail "$first: leaves $left"
            # the old state, or, where a folder's sync came after the rename, the new one
            [ "$(state)" = "$old" ] || complete "$new" || fail "$first: the files were $old, are $(state)"
        done
    done
    echo "$name: $total calls, $calls failures, $over passed over"
}
complete() { [ "$(state)" = "$1" ]; }
before() { mkdir -p "$place"; }

cat >k.conf <<'CONF'
problem = quadratic
quadratic { d = 20 kappa = 4 sigma = 1 }
workers = 2
steps = 40
step { constant = 0.02 }
CONF
by=digest
run=("$DSGD" run k.conf --quiet)
writer 'a new result' new refused "${run[@]}" -o "$work/new/r.h5"
"${run[@]}" --set steps=20 -o old.h5
before() { mkdir -p "$place"; cp "$work/old.h5" "$place/r.h5"; }
writer 'a result made anew' anew refused "${run[@]}" --restart -o "$work/anew/r.h5"

# A writer that does it in place is found.
by=bytes
before() { mkdir -p "$place"; echo old >"$place/x"; }
# shellcheck disable=SC2016 # for the shell inside
planted=$(writer 'in place' planted refused bash -c 'dd if=old.h5 of=planted/x bs=8192 status=none 2>err3 || { echo "dsgd: $(cat err3)" >&2; exit 3; }')
grep -q 'FAILED: in place: call 3 of .*the files were' <<<"$planted" || fail "a writer in place is not found: $planted"
by=digest

# snapshots: the one before stays, and the same command goes on from it to the same digest
before() { mkdir -p "$place"; }
whole=$("${run[@]}" -o whole.h5 && "$DSGD" digest whole.h5 | cut -d' ' -f1)
complete()
{
    "${run[@]}" -o "$place/r.h5" >/dev/null 2>err2 || { cat err2; return 1; }
    [ "$("$DSGD" digest "$place/r.h5" | cut -d' ' -f1)" = "$whole" ] && [ "$(ls -A "$place")" = r.h5 ]
}
writer 'snapshots' snapshots refused "${run[@]}" --snapshot 0 --snapshot-steps 15 -o "$work/snapshots/r.h5"
complete() { [ "$(state)" = "$1" ]; }
by=bytes

# texts: tune, verify, its store, what a sweep leaves out, tables
printf 'problem = quadratic\nquadratic { d = 3 kappa = 2 }\nalgorithm = sgd\nsteps = 5\nstep { constant = 0.1 }\n' >t.conf
writer 'tune -o' tuned refused "$DSGD" tune t.conf --quiet --points 3 --seeds 1 --metric objective -o "$work/tuned/t.conf"
verify=("$DSGD" verify --only virtual-iterate --quiet)
"${verify[@]}" >/dev/null 2>err || fail "verify: $(cat err)"
writer 'verify -o' rows refused "${verify[@]}" -o "$work/rows/v.tsv"
before() { mkdir -p "$place"; "${verify[@]}" -o "$place/v.tsv" >/dev/null 2>&1; "${verify[@]}" --seed 2 -q >/dev/null 2>&1; }
writer 'verify -o, anew' rows2 refused "${verify[@]}" --seed 2 -o "$work/rows2/v.tsv"
before() { :; }
writer 'verify, its store' results/verify refused "${verify[@]}"
printf 'runs all { config = t.conf algorithm = {sgd, sketched_sgd} sketched_sgd { k = 900 } }\n' >s.sweep
writer 'sweep, skipped.tsv' results/quadratic 'refused:are not kept' "$DSGD" sweep s.sweep --quiet
for command in 'table' 'table --tsv' curve show export; do
    before() { mkdir -p "$place"; }
    # shellcheck disable=SC2086 # command and option
    writer "$command -o" "text-${command%% *}" refused "$DSGD" $command whole.h5 -o "$work/text-${command%% *}/t.txt"
done

# the certified optimum is kept for the next run: where it cannot be, this one has it all the same
cat >l.conf <<'CONF'
problem = logistic
dataset = synthetic
synthetic { n = 60 n_test = 10 features = 4 }
logistic { l2 = 0.1 }
steps = 3
step { constant = 0.1 }
CONF
before() { rm -f "$work/l.h5"; mkdir -p "$place"; }
DSGD_CACHE=$work/optima-fault
by=names # the file tells the time
writer 'the optimum of a run' optima-fault 'warning' "$DSGD" run l.conf --quiet -o "$work/l.h5"

[ $failures -eq 0 ] && echo 'every_call: all checks passed'
exit $((failures > 0))

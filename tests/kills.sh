#!/usr/bin/env bash
# kills.sh - a run killed at random times, at each write of a snapshot, or on a full disk loses nothing: same digest.
# shellcheck disable=SC2015 # fail returns 0
set -u
case ${DSGD_SANITIZE:-} in *address* | *thread*) exit 77 ;; esac # a sanitizer's runtime must come before a preloaded library
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cp "$DSGD_FAULT_SHIM" shim.so # LD_PRELOAD splits at blanks
unset DSGD_DATA
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
digest() { "$DSGD" digest "$1" | cut -d' ' -f1; }

cat >k.conf <<'CONF'
problem = quadratic
quadratic { d = 785 kappa = 4 sigma = 1 }
workers = 4
average = uniform
step { constant = 0.02 }
CONF
algorithms=$("$DSGD" list algorithms | awk '/^  [a-z]/ { print $1 }')

# 24 kills at random times for each algorithm, 300 and more in all; the last call runs to its end. DSGD_KILLS: another number
# (kills_many, label slow)
RANDOM=7
kills=${DSGD_KILLS:-24}
for algorithm in $algorithms; do
    # as many steps as take this machine about two seconds, so that slow algorithms are killed as often as fast ones
    seconds=$("$DSGD" run k.conf --json --set "algorithm=$algorithm" --set steps=300 -o speed.h5 | sed -n 's/.*"seconds_rounds": *\([0-9.e-]*\).*/\1/p')
    steps=$(awk -v s="${seconds:-1}" 'BEGIN { n = int(600 / (s > 1e-4 ? s : 1e-4)); print (n < 1000 ? 1000 : (n > 30000 ? 30000 : n)) }')
    rm -f speed.h5
    run=("$DSGD" run k.conf --quiet --set "algorithm=$algorithm" --set "steps=$steps" --snapshot 0.02)
    "${run[@]}" -o whole.h5 || fail "$algorithm: exit code $?"
    killed=0 calls=0
    while [ ! -e part.h5 ] && [ $calls -lt $((8 * kills)) ]; do
        calls=$((calls + 1))
        if [ $killed -lt "$kills" ]; then
            "${run[@]}" -o part.h5 & pid=$!
            sleep "0.0$((RANDOM % 60 + 10))"
            kill -9 $pid 2>/dev/null && killed=$((killed + 1))
            wait $pid 2>/dev/null
        else
            "${run[@]}" -o part.h5 || fail "$algorithm: resuming ended with exit code $?"
        fi
    done
    [ -e part.h5 ] || { fail "$algorithm: no result after $calls calls"; continue; }
    [ "$(digest whole.h5)" = "$(digest part.h5)" ] || fail "$algorithm: digest differs after $killed kills: $("$DSGD" diff whole.h5 part.h5)"
    echo "$algorithm: $killed kills in $calls calls, $steps steps, same digest"
    rm -f whole.h5 part.h5*
done

# one kill at each call that touches the folder of the result (lock, temporary, snapshot, result, folder itself), and one
# full disk or failure at each third
run=("$DSGD" run k.conf --quiet --set algorithm=sketched_sgd --set steps=60 --snapshot 0 --snapshot-steps 40)
"${run[@]}" -o whole.h5
mkdir place
DSGD_FAULT_PATH=/place DSGD_FAULT_AT=0 DSGD_FAULT=kill DSGD_FAULT_COUNT=count LD_PRELOAD=$work/shim.so "${run[@]}" -o place/part.h5
count=$(cat count)
[ "${count:-0}" -gt 10 ] || fail "the shim counted ${count:-nothing}"
for fault in kill kill-half enospc eio; do
    every=1 # a kill at each call; the other faults at every third, which reaches each kind of call too
    [ $fault = kill ] || every=3
    calls=$(seq 1 $every "$count")
    [ $fault != kill-half ] || calls=$({ echo "$calls"; seq $((count - 12)) "$count"; } | sort -nu) # each of the last ones: the head among them
    for n in $calls; do
        rm -rf place
        mkdir place
        (DSGD_FAULT_PATH=/place DSGD_FAULT_AT=$n DSGD_FAULT=$fault LD_PRELOAD=$work/shim.so "${run[@]}" -o place/part.h5) 2>err
        code=$?
        case $fault in
        kill*) [ $code -eq 137 ] || [ $code -eq 0 ] || fail "$fault at call $n: exit code $code" ;;
        *) [ $code -eq 3 ] || [ $code -eq 0 ] || fail "$fault at call $n: exit code $code, expected 3: $(cat err)"
           [ $code -eq 0 ] || [ "$(wc -l <err)" -eq 1 ] || fail "$fault at call $n: expected one sentence: $(cat err)"
           # with input/output errors even removing it fails
           [ $fault = eio ] || [ -z "$(find place -name '*.part')" ] || fail "$fault at call $n: a half-written file stays" ;;
        esac
        "${run[@]}" -o place/part.h5 2>err || fail "$fault at call $n: going on ended with exit code $?: $(cat err)"
        [ "$(digest whole.h5)" = "$(digest place/part.h5)" ] || fail "$fault at call $n: digest differs"
        "${run[@]}" -o place/other.h5 # whoever writes there next clears up
        [ -z "$(find place -name '*.part')" ] || fail "$fault at call $n left $(ls -A place)"
    done
done
echo "$count calls on the output: each once with a kill, each third with half a write and a kill, a full disk, an input/output error"

# Ctrl-C leaves a snapshot and says how to go on
env --default-signal=INT "$DSGD" run k.conf --set steps=2000000 -o c.h5 >/dev/null 2>err & pid=$!
for _ in $(seq 200); do [ -n "$(find . -name '.dsgd-*.lock')" ] && break; sleep 0.05; done # taken just before the rounds
sleep 0.4
kill -INT $pid
wait $pid
code=$?
[ $code -eq 130 ] && grep -q 'goes on' err && [ -e c.h5.tmp ] && [ ! -e c.h5 ] || fail "interrupt: exit code $code, $(cat err)"

[ $failures -eq 0 ] && echo "kills: all checks passed"
exit $((failures > 0))

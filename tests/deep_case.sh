# shellcheck shell=bash
# deep_case.sh - sourced by scripts that run deep models: a folder of their own, what failed, and what is asked of every model.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
digest() { "$DSGD" digest "$1" | cut -d' ' -f1; }

# needs PROBLEM: ends with 77 where the build has no deep models and says so.
needs()
{
    if "$DSGD" list problems | grep -q "^  $1 "; then return; fi
    "$DSGD" list problems | grep -q 'made without oneDNN' || fail "list problems: neither $1 nor why: $("$DSGD" list problems)"
    exit $((failures > 0 ? 1 : 77))
}

# same CONF SETTING...: one digest for 1, 2 and 7 threads and the guard
same()
{
    local conf=$1 set=() text name
    for text in "${@:2}"; do set+=(--set "$text"); done
    rm -f ./*.h5*
    "$DSGD" run "$conf" "${set[@]}" --threads 1 -q -o t1.h5 2>err || { fail "run $*: $(cat err)"; return; }
    for name in 2 7; do DSGD_LANE_WORK=1 "$DSGD" run "$conf" "${set[@]}" --threads $name -q -o t$name.h5 2>err || fail "run $*, $name threads: $(cat err)"; done
    "$DSGD" run "$conf" "${set[@]}" --set backend=guard -q -o guard.h5 2>err || fail "run $*, guard: $(cat err)"
    for name in t2 t7 guard; do [ "$(digest $name.h5)" = "$(digest t1.h5)" ] || fail "$*: $name has another digest than one thread"; done
}

# every_algorithm CONF: each of the list trains the model for three steps, and moves it: no two end alike.
every_algorithm()
{
    local algorithm all
    all=$("$DSGD" list algorithms | awk '/^  [a-z]/ { print $1 }')
    rm -f every-*.h5*
    for algorithm in $all; do
        "$DSGD" run "$1" --set "algorithm=$algorithm" --set steps=3 -q -o "every-$algorithm.h5" 2>err || fail "run $1, $algorithm: $(cat err)"
    done
    [ "$(wc -w <<<"$all")" -ge 14 ] || fail "list algorithms: $all"
    [ "$(for algorithm in $all; do digest "every-$algorithm.h5"; done | sort -u | wc -l)" = "$(wc -w <<<"$all")" ] || fail "$1: two algorithms end alike"
}

#!/usr/bin/env bash
# sweep_kills.sh - 200 random kill -9 over a sweep of 8 runs, then make again: every digest equals the uninterrupted one.
#
# Kills hit any dsgd process that the sweep has running: runs of every kind, at any moment. Label slow; DSGD_KILLS: another number.
set -u
# shellcheck source=tests/sweep_tree.sh
. "$(dirname "$0")/sweep_tree.sh"
kills=${DSGD_KILLS:-200}
eight 60000

sweep sweep -j2 >log 2>&1 || { cat log; fail 'the uninterrupted sweep fails'; }
mkdir ../whole && mv results ../whole/

RANDOM=11
set -m
killed=0 calls=0
: >victims
while [ $killed -lt "$kills" ] && [ $calls -lt $((4 * kills)) ]; do
    calls=$((calls + 1))
    sweep sweep -k -j2 RUN_OPTIONS='--snapshot 0.02' >log 2>&1 & pid=$!
    while [ $killed -lt "$kills" ] && kill -0 $pid 2>/dev/null; do
        sleep "0.$(printf '%03d' $((RANDOM % 250 + 20)))"
        mapfile -t running < <(pgrep -g $pid -x dsgd)
        [ ${#running[@]} -gt 0 ] || continue
        victim=${running[RANDOM % ${#running[@]}]}
        what=$({ tr '\0' ' ' <"/proc/$victim/cmdline"; } 2>/dev/null) || continue
        case $what in *' run '*) ;; *) continue ;; esac
        if kill -9 "$victim" 2>/dev/null; then
            killed=$((killed + 1))
            printf '%s\n' "$what" >>victims
        fi
    done
    wait $pid 2>/dev/null
    # everything made, but not enough killed: these results are compared, and the next round starts anew
    if [ "$(find results -name '*.h5' | wc -l)" -eq 8 ] && [ $killed -lt "$kills" ]; then
        [ "$(digests ../whole)" = "$(digests .)" ] || fail "digests differ after $killed kills"
        rm -rf results
    fi
done
set +m
[ $killed -eq "$kills" ] || fail "only $killed kills in $calls calls of make"
before=$(find results -name '*.h5' 2>/dev/null | wc -l) begun=$(find results -name '*.h5.tmp' 2>/dev/null | wc -l)
sweep sweep -j2 >log 2>&1 || fail "make again: exit code $?: $(tail -n 5 log)"
[ "$(find results -name '*.h5' | wc -l)" -eq 8 ] || fail "$(find results -name '*.h5' | wc -l) results, expected 8"
[ "$(digests ../whole)" = "$(digests .)" ] || fail "digests differ after $killed kills"
[ -z "$(find results -name '*.tmp' -o -name '.dsgd-*')" ] || fail "left: $(find results -name '*.h5.*' -o -name '.dsgd-*')"
printf '%d kills in %d calls of make, of %d different runs; before the last call %d of 8 done, %d begun; digests compared\n' $killed $calls \
    "$(sort -u victims | wc -l)" "$before" "$begun"

[ $failures -eq 0 ] && echo 'sweep_kills: all checks passed'
exit $((failures > 0))

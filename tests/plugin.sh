#!/usr/bin/env bash
# plugin.sh - plug-ins (lab/plugin.h): what is refused and why, that a refused one leaves nothing behind, that another build is another run,
# and that results are read without it. What a good one does in every command: here and in install.sh, which builds it from an installation.
# shellcheck disable=SC2015,SC2016 # fail never fails; a perl script
set -uo pipefail
[ -z "${DSGD_SANITIZE:-}" ] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
cp "$DSGD_SOURCE"/examples/external/* .
mv rounding.c idea.c
unset DSGD_PLUGINS

# build NAME [PERL]: the example, edited, as NAME.so
build()
{
    perl -0pe "${2:-}" idea.c >"$1.c"
    cc -std=c11 -O2 -fPIC -shared -ffp-contract=off -I"$DSGD_SOURCE" "$1.c" -o "$1.so" || fail "$1 does not compile"
}
# refused NAME WORDS: exit code 2, one sentence with these words, and nothing made
refused()
{
    "$DSGD" run rounding.conf --plugin "$1" -o no.h5 >out 2>err
    [ $? -eq 2 ] && grep -qF -- "$2" err && [ ! -e no.h5 ] || fail "$1: expected \"$2\": $(cat out err)"
}

# --- a good one in every command --------------------------------------------------------------------------------------------

build rounding
"$DSGD" run rounding.conf --quiet 2>err; [ $? -eq 2 ] && grep -q 'algorithm = rounding: expected one of' err || fail "without the plug-in: $(cat err)"
"$DSGD" run rounding.conf --quiet --plugin rounding.so || fail run
"$DSGD" sweep rounding.sweep --list --quiet --plugin "./rounding.so" >list || fail 'sweep --list'
[ "$(wc -l <list)" -eq 4 ] && [ "$(grep -c -- '--plugin ./rounding.so' list)" -eq 4 ] || fail "the commands of a sweep lack the plug-in: $(cat list)"
sed "s|^dsgd|'$DSGD'|; s|\$| --quiet|" list | bash || fail 'the commands of a sweep'
"$DSGD" sweep rounding.sweep --plugin rounding.so 2>&1 >/dev/null | grep -q '4 runs, 4 done' || fail 'sweep does not find its results'
"$DSGD" table rounding.sweep --plugin rounding.so >with || fail table
"$DSGD" table results/quadratic/rounding-T1000-*.h5 >without 2>err || fail "table without the plug-in: $(cat err)"
grep -q 'rounding bits=2 ' without || fail "table without the plug-in: $(cat without)"
for command in show curve export digest; do "$DSGD" $command results/quadratic/rounding-T1000-*.h5 >out 2>err || fail "$command without the plug-in: $(cat err)"; done
mine=$("$DSGD" path rounding.conf --plugin rounding.so)
"$DSGD" show "$mine" | grep -q "from a plug-in algorithm rounding $(sha256sum rounding.so | cut -c1-64)" || fail 'show does not name the plug-in'
DSGD_PLUGINS=::$work/rounding.so: "$DSGD" list rounding >out 2>err && grep -q 'bits per coordinate' out || fail "DSGD_PLUGINS: $(cat err)"
DSGD_PLUGINS=$work/gone.so "$DSGD" list rounding >out 2>err; [ $? -eq 2 ] && grep -q 'gone.so cannot be read (No such file' err || fail "DSGD_PLUGINS of a file that is not there: $(cat err)"
"$DSGD" list rounding --plugin rounding.so --plugin ./rounding.so >out 2>err || fail "the same twice: $(cat err)"
"$DSGD" --plugin ./rounding.so list rounding >out 2>err || fail "--plugin in front of the command: $(cat err)"
"$DSGD" verify rounding.conf --plugin rounding.so >out 2>err || fail "verify: $(cat err)"
"$DSGD" tune rounding.conf --plugin rounding.so --quiet --set steps=20 --points 3 --metric objective --from 0.04 2>err || fail "tune: $(cat err)"

# --- another build is another run -------------------------------------------------------------------------------------------

build other 's/bits per coordinate/bits per coordinate, as it were/'
[ "$("$DSGD" path rounding.conf --plugin other.so)" != "$mine" ] || fail 'another plug-in, the same name of the result'
"$DSGD" run rounding.conf --plugin other.so -o "$mine" >out 2>err; [ $? -eq 2 ] && grep -q 'belongs to configuration' err || fail "another plug-in at the same path: $(cat out err)"
[ "$("$DSGD" path rounding.conf --plugin rounding.so --set algorithm=sgd)" = "$("$DSGD" path rounding.conf --set algorithm=sgd)" ] || fail 'a plug-in that is not used changes a name'

# --- what is refused --------------------------------------------------------------------------------------------------------

refused gone.so 'gone.so cannot be read (No such file or directory): expected a shared object'
echo 'no object' >text.so
refused text.so 'text.so cannot be loaded'
build nameless 's/dsgd_plugin dsgd_plugin/dsgd_plugin some_plugin/'
refused nameless.so 'no symbol dsgd_plugin'
build old 's/contract = DSGD_CONTRACT_VERSION/contract = DSGD_CONTRACT_VERSION + 7/'
refused old.so 'from the headers of this dsgd'
build taken 's/name = "rounding"/name = "qsgd"/'
refused taken.so 'its algorithm is called qsgd, a name that is taken'
build key 's/name = "rounding"/name = "workers"/'
refused key.so 'its algorithm is called workers, a name that is taken'
build odd 's/name = "rounding"/name = "a b"/'
refused odd.so 'its algorithm is called "a b"'
build untitled 's/\.title = "[^"]*",//'
refused untitled.so 'has no title or no reference'
build headless 's/\.encode = encode,//'
refused headless.so 'lacks one of departures, init, declare, encode'
build outside 's/\.config_size = sizeof\(struct config\)/.config_size = 4/'
refused outside.so 'lies outside its configuration of 4 bytes'
build helpless 's/"bits per coordinate"/NULL/'
refused helpless.so 'a key of rounding has no name, type, default, choices or meaning'
build default 's/"4", 2, 8/"40", 2, 8/'
refused default.so 'a default is no value of its key'
build empty 's/\.algorithms = algorithms/.algorithms = algorithms + 1/'
refused empty.so 'brings nothing'
# The second of two is bad: the first is not there either, and the good one of the same name can follow.
build pair 's/\{&rounding, NULL\}/{&rounding, &again, NULL}/; s/(static const struct dsgd_algorithm \*const)/static const struct dsgd_algorithm again = {.name = "again"};\n$1/'
refused pair.so 'has no title or no reference'

[ $failures -eq 0 ] && echo 'plug-ins: used, told apart, refused'
exit $((failures > 0))

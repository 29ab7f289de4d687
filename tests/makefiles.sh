#!/usr/bin/env bash
# makefiles.sh - Makefile.experiments is read without a warning, and every recipe of its listed targets is a shell command that
# bash can read. Nothing is run: make prints what it would do, and where it would call itself, true is called. The goal that replaces the
# tables of docs/methods.md refuses what would leave them incomplete.
# shellcheck disable=SC2015 # fail returns 0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
unset MAKEFLAGS MAKELEVEL MFLAGS METHODS QUICK SET DATASET # of the make that runs the tests

# dry TREE GOAL: what make would do for it
dry()
{
    local given=(DATASET=synthetic SET=workers=2)
    [ "$2" != methods-docs ] || given=(DATASET=mnist) # whose files need not be there
    [[ $2 != deep* && $2 != cifar10* ]] || given[0]=DATASET=images # their models take pictures
    [[ $2 != *multi30k* && $2 != language-paper ]] || given[0]=DATASET=grammar # and these pairs of sentences
    (cd "$1" && make --warn-undefined-variables --dry-run --always-make -f Makefile.experiments MAKE=true SWEEP=experiments/convex/quadratic.sweep \
        "${given[@]}" "${@:2}")
}
# A variable that is set where other goals are made is no mistake: what counts is a name that nothing sets anywhere.
unknown()
{
    local line name
    while IFS= read -r line; do
        name=$(sed -n "s/.*warning: undefined variable '\([A-Za-z0-9_]*\)'.*/\1/p" <<<"$line")
        [ -n "$name" ] && grep -qE "^([a-z ]*: *)?(override |export |define )*$name *([:?+]?=|\$)" "$1"/Makefile.experiments "$1"/experiments/*/*.mk "$1"/scripts/*.mk && continue
        printf '%s\n' "$line"
    done
}
check_tree()
{
    local goal goals found=0
    (cd "$1" && make -s -f Makefile.experiments help) >"$work/help" 2>"$work/err" || { cat "$work/err"; return 1; }
    goals=$(cut -d' ' -f1 "$work/help")
    for goal in $goals; do
        if ! dry "$1" "$goal" >"$work/out" 2>"$work/err" || [ -n "$(unknown "$1" <"$work/err")" ]; then
            unknown "$1" <"$work/err" | sed "s/^/make $goal: /"
            found=1
        elif ! bash -n "$work/out" 2>"$work/err"; then
            sed "s/^/make $goal: its recipe: /" "$work/err"
            found=1
        fi
    done
    checked=$(wc -w <<<"$goals")
    return $found
}

# Planted faults are found in a copy.
tree=$work/tree
mkdir "$tree"
plant()
{
    cp -r "$DSGD_SOURCE/Makefile.experiments" "$DSGD_SOURCE/experiments" "$DSGD_SOURCE/plots" "$DSGD_SOURCE/scripts" "$tree"
    [ -z "$1" ] || perl -pi -e "$1" "$tree/$2"
    check_tree "$tree" >"$work/found" && code=0 || code=$?
}
plant '' '' && [ "$code" -eq 0 ] || fail "a copy of the tree: $(cat "$work/found")"
plant 's/^clean:/clean/' Makefile.experiments
[ "$code" -ne 0 ] || fail 'a rule without its colon is not found'
# shellcheck disable=SC2016 # make's variable
plant 's/rm -rf build/rm -rf \$(BULID)/' Makefile.experiments
[ "$code" -ne 0 ] || fail 'a variable that nothing sets is not found'
plant 's/rm -rf build/if rm -rf build; do/' Makefile.experiments
[ "$code" -ne 0 ] || fail 'a recipe that bash cannot read is not found'

# Some methods, a test, other data or keys: the tables would be replaced by another comparison.
for given in METHODS=sgd QUICK=1 SET=workers=2 DATASET=synthetic; do
    code=0
    dry "$DSGD_SOURCE" methods-docs "$given" >"$work/out" 2>"$work/err" || code=$?
    [ $code -eq 2 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" -eq 1 ] && grep -qF "${given/=/ = }: expected none with methods-docs" "$work/err" ||
        fail "make $given methods-docs: exit code $code: $(cat "$work/out" "$work/err")"
done
METHODS=sgd dry "$DSGD_SOURCE" methods-docs >"$work/out" 2>"$work/err" && fail 'METHODS of the environment: methods-docs goes on'
dry "$DSGD_SOURCE" methods METHODS=sgd QUICK=1 >"$work/out" 2>"$work/err" && dry "$DSGD_SOURCE" methods-docs DATASET=mnist QUICK=0 >"$work/out" 2>>"$work/err" ||
    fail "make methods METHODS=sgd, make methods-docs DATASET=mnist: $(cat "$work/err")"

# A variable without `override` is replaced by one of its name on the command line, and then runs as code.
if grep -nE '^(define |[A-Za-z_.][A-Za-z0-9_]* *[:?+]?=)' "$DSGD_SOURCE/Makefile.experiments" "$DSGD_SOURCE"/experiments/*/*.mk "$DSGD_SOURCE"/scripts/*.mk | grep -v ':MAKEFLAGS +='; then
    fail 'a variable of the makefiles without override'
fi
check_tree "$DSGD_SOURCE" || fail 'see above'
[ "$checked" -ge 10 ] || fail "$checked targets are listed: expected ten and more"
[ $failures -eq 0 ] || exit 1
printf 'makefiles: %d targets, no finding\n' "$checked"

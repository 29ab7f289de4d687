# sweep_tree.sh - sourced by the tests of sweeps: the project's make files in a folder of their own, with the built dsgd.
# shellcheck shell=bash
#
# Sets work (a new folder, with a blank; removed at exit) and goes there; defines fail, digests and sweep.
work=$(mktemp -d)/'a sweep'
trap 'rm -rf "${work%/*}"' EXIT
mkdir "$work"
cd "$work" || exit 1
unset DSGD_DATA MAKEFLAGS MAKELEVEL
cp -R "$DSGD_SOURCE/Makefile.experiments" "$DSGD_SOURCE/experiments" "$DSGD_SOURCE/scripts" .
for script in setup build; do printf '#!/bin/sh\n' >scripts/$script.sh; done # what is built is tested
ln -s "$DSGD" dsgd

failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
digests() { (cd "$1" && "$DSGD" digest results/quadratic/*.h5); }
sweep() { make --no-print-directory -f Makefile.experiments DSGD=./dsgd SWEEP=experiments/eight.sweep "$@"; }

# eight STEPS: the grid, 8 runs and 2 impossible combinations
eight()
{
    sed 's/^steps = .*/steps = '"$1"'/' "$DSGD_SOURCE/experiments/convex/quadratic.conf" >experiments/quadratic.conf
    cp "$DSGD_SOURCE/experiments/convex/quadratic.sweep" experiments/eight.sweep
}

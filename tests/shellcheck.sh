#!/usr/bin/env bash
# The test shellcheck.sh [FOLDER] - every shell script of the tree passes shellcheck, and what switches a finding off says why.
#
# Scripts are the files whose name ends in .sh or whose first line names a shell. Before the tree itself it checks that findings
# planted in scratch scripts are seen. Without the program the test fails: `scripts/setup.sh test` installs it. Only who
# trusts the system (DSGD_SETUP=skip) outside continuous integration has the test skipped.
set -euo pipefail

if ! command -v shellcheck >/dev/null; then
    echo 'no shellcheck: expected the package that scripts/setup.sh test installs'
    [ "${DSGD_SETUP:-}" = skip ] && [ -z "${CI:-}" ] && exit 77
    exit 1
fi

# Names, each ended by a zero byte. A tree without git (an archive) is walked.
files()
{
    if git -C "$1" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git -C "$1" ls-files -z --cached --others --exclude-standard
    else
        (cd "$1" && find . \( -path ./build -o -path ./results -o -path ./data \) -prune -o -type f -printf '%P\0')
    fi
}

scripts()
{
    local file line
    while IFS= read -r -d '' file; do
        [ -f "$1/$file" ] || continue # deleted, and not committed yet
        case $file in
        *.sh) printf '%s\0' "$file" ;;
        *)
            IFS= read -r -n 64 line <"$1/$file" || continue
            [[ ! $line =~ ^'#!'.*[/\ ](ba|da)?sh($|\ ) ]] || printf '%s\0' "$file" ;;
        esac
    done < <(files "$1") 2>/dev/null # bash warns of zero bytes in data files
}

# Prints findings; fails if there is one.
check_tree()
{
    local bad=0 list
    list=$(mktemp)
    scripts "$1" >"$list"
    (cd "$1" && xargs -0 -r -n 8 shellcheck --external-sources --format=gcc <"$list") || bad=1
    # A reason follows on the same line: # shellcheck disable=SC2086 # options are words
    local bare='^[[:space:]]*#[[:space:]]*shellcheck[[:space:]]+disable=[A-Za-z0-9,-]+[[:space:]]*$'
    if [ -s "$list" ] && (cd "$1" && xargs -0 grep -nHE "$bare" <"$list"); then
        echo 'expected a reason after each disable='
        bad=1
    fi
    checked=$(tr -cd '\0' <"$list" | wc -c)
    rm -f "$list"
    return $bad
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
missed=0
# plant WANTED FILE LINES...: a tree with that one file is found clean or not
plant()
{
    local wanted=$1 file=$2 got=clean
    shift 2
    rm -rf "$scratch/tree"
    mkdir -p "$scratch/tree/.ci"
    printf '%s\n' "$@" >"$scratch/tree/$file"
    check_tree "$scratch/tree" >"$scratch/out" 2>&1 || got=finding
    [ $got = "$wanted" ] && return
    printf 'FAILED self check: %s with <%s>: %s\n' "$file" "${!#}" "$got"
    missed=1
}
# shellcheck disable=SC2016 # text for other scripts
{
    plant clean a.sh '#!/bin/bash' 'echo "$1"'
    plant finding a.sh '#!/bin/bash' 'echo $1'
    plant finding .ci/run '#!/usr/bin/env bash' 'echo $1'
    plant finding tool '#!/bin/sh' 'rm $1'
    plant clean notes 'rm $1'
    plant clean a.sh '#!/bin/bash' 'f() {' '    # shellcheck disable=SC2086 # words are meant' '    echo $1' '}' 'f "$1"'
    plant finding a.sh '#!/bin/bash' 'f() {' '    # shellcheck disable=SC2086' '    echo $1' '}' 'f "$1"'
}
[ $missed -eq 0 ] || exit 1

check_tree "${1:-${DSGD_SOURCE:?expected a folder}}" || exit 1
[ "$checked" -ge 30 ] || { echo "$checked scripts found: expected the tree's thirty and more"; exit 1; }
printf 'shellcheck: %d scripts, no finding\n' "$checked"

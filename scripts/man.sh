#!/usr/bin/env bash
# man.sh DSGD FOLDER - man pages of the command and of each subcommand from their --help, by help2man.
#
# Writes FOLDER/dsgd.1 and FOLDER/dsgd-NAME.1. Exit code 2 without help2man.
set -euo pipefail

[ $# -eq 2 ] || { printf 'man: %d arguments: expected DSGD FOLDER\n' $# >&2; exit 2; }
command -v help2man >/dev/null || { printf 'man: help2man is missing: scripts/setup.sh docs installs it\n' >&2; exit 2; }
DSGD_MAN=$(realpath -- "$1")
export DSGD_MAN
dsgd=$DSGD_MAN folder=$(realpath -m -- "$2")
mkdir -p -- "$folder"

# help2man takes the page's name from the program's, so that each page gets a program of its own; and it gives what it is told
# to a shell: names without a folder, from inside one of ours.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd -- "$scratch"
# program NAME [COMMAND]
# shellcheck disable=SC2016 # for the program's own shell
program() { printf '#!/bin/sh\nexec "$DSGD_MAN" %s "$@"\n' "${2:-}" >"$1" && chmod +x "$1"; }
version=$("$dsgd" --version | sed -n '1s/^dsgd \([^ ]*\).*/\1/p')

# page NAME TITLE SEE_ALSO: a page that would stay the same is not touched
page()
{
    printf '[SEE ALSO]\n%s\n' "$3" >include
    LC_ALL=C help2man --no-info --no-discard-stderr --section 1 --source "dsgd $version" --manual 'User Commands' \
        --name "$2" --version-string "$version" --include include --output page "./$1"
    cmp -s page "$folder/$1.1" || cp -- page "$folder/$1.1"
}

# "  NAME  meaning" between "Commands:" and the next empty line
commands=$("$dsgd" --help | sed -n '/^Commands:$/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p')
[ -n "$commands" ] || { printf 'man: dsgd --help lists no commands\n' >&2; exit 1; }
see_also=
for name in $commands; do
    program "dsgd-$name" "$name"
    title=$("$dsgd" --help | sed -n "/^Commands:\$/,/^\$/s/^  $name  *//p")
    page "dsgd-$name" "${title%% (*}" '.BR dsgd (1)'
    see_also+="${see_also:+,
}.BR dsgd-$name (1)"
done
program dsgd
page dsgd 'simulator and benchmarks for communication-efficient distributed SGD' "$see_also"

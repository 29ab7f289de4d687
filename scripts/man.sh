#!/usr/bin/env bash
# man.sh DSGD FOLDER - man pages of the command and of each subcommand from their --help, by help2man.
#
# Writes FOLDER/dsgd.1 and FOLDER/dsgd-NAME.1. Exit code 2 without help2man.
set -euo pipefail

[ $# -eq 2 ] || { printf 'man: %d arguments: expected DSGD FOLDER\n' $# >&2; exit 2; }
command -v help2man >/dev/null || { printf 'man: help2man is missing: scripts/setup.sh docs installs it\n' >&2; exit 2; }
dsgd=$(realpath "$1") folder=$2
mkdir -p "$folder"

# help2man takes the page's name from the program's, so that each page gets a program of its own.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
version=$("$dsgd" --version | sed -n '1s/^dsgd \([^ ]*\).*/\1/p')

# page NAME TITLE EXECUTABLE SEE_ALSO
page()
{
    printf '[SEE ALSO]\n%s\n' "$4" >"$scratch/include"
    LC_ALL=C help2man --no-info --no-discard-stderr --section 1 --source "dsgd $version" --manual 'User Commands' \
        --name "$2" --version-string "$version" --include "$scratch/include" --output "$folder/$1.1" "$3"
}

# "  NAME  meaning" between "Commands:" and the next empty line
commands=$("$dsgd" --help | sed -n '/^Commands:$/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p')
[ -n "$commands" ] || { printf 'man: dsgd --help lists no commands\n' >&2; exit 1; }
see_also=
for name in $commands; do
    printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$dsgd" "$name" >"$scratch/dsgd-$name"
    chmod +x "$scratch/dsgd-$name"
    title=$("$dsgd" --help | sed -n "/^Commands:\$/,/^\$/s/^  $name  *//p")
    page "dsgd-$name" "${title%% (*}" "$scratch/dsgd-$name" '.BR dsgd (1)'
    see_also+="${see_also:+,
}.BR dsgd-$name (1)"
done
page dsgd 'simulator and benchmarks for communication-efficient distributed SGD' "$dsgd" "$see_also"

#!/usr/bin/env bash
# plot.sh SCRIPT.gp STEM - draws STEM.png, STEM.svg and STEM.pdf (and STEM.caption.txt) with gnuplot from STEM-*.tsv.
#
# gnuplot warns where it should fail: anything on stderr is a failure, and then no picture is left.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -eq 2 ] || { printf 'plot: %d arguments: expected SCRIPT.gp STEM\n' $# >&2; exit 2; }
script=$1 stem=$2

export LC_ALL=C.UTF-8
for format in png svg pdf; do
    if ! messages=$(gnuplot -e "stem = '$stem'; format = '$format'" "$script" 2>&1 >/dev/null) || [ -n "$messages" ]; then
        printf 'plot: gnuplot %s for %s.%s failed:\n%s\n' "$script" "$stem" "$format" "$messages" >&2
        rm -f "$stem".{png,svg,pdf,caption.txt}
        exit 1
    fi
done

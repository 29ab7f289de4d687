#!/bin/sh
# level.sh LD OBJCOPY LEVEL OUT TABLE,... OBJECT... - joins objects into OUT, where only the tables are seen from outside, as TABLE_LEVEL.
set -eu
ld=$1 objcopy=$2 level=$3 out=$4 tables=$5
shift 5
rm -f "$out" "$out.tmp"
"$ld" -r -o "$out.tmp" "$@"
old_ifs=$IFS
IFS=,
set --
for table in $tables; do set -- "$@" "--keep-global-symbol=$table"; done
"$objcopy" "$@" "$out.tmp"
set --
for table in $tables; do set -- "$@" "--redefine-sym=${table}=${table}_${level}"; done
IFS=$old_ifs
"$objcopy" "$@" "$out.tmp"
mv "$out.tmp" "$out"

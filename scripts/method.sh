#!/usr/bin/env bash
# method.sh DSGD CONFIG FOLDER "SEEDS" "TUNE OPTIONS" [--set KEY=VALUE]... - one row of the comparison of methods: chooses the
# step constant on held-out training images, then runs each seed on the full data with it. What is complete is not made again.
#
# Writes FOLDER/NAME.tuned.conf (the value and its grid) and FOLDER/NAME.files (the results, one a line).
set -euo pipefail
if [ $# -lt 5 ]; then
    printf 'method: %d arguments: expected DSGD CONFIG FOLDER "SEEDS" "TUNE OPTIONS" [--set KEY=VALUE]...\n' $# >&2
    exit 2
fi
dsgd=$1 config=$2 folder=$3 seeds=$4 tune=$5
shift 5
name=$(basename "$config" .conf)
mkdir -p "$folder"

# shellcheck disable=SC2086 # options are words
"$dsgd" tune "$config" "$@" $tune --threads 1 -o "$folder/$name.tuned.conf" >/dev/null
value=$(sed -n 's/^# --set //p' "$folder/$name.tuned.conf")
for seed in $seeds; do
    path=$("$dsgd" path "$config" "$@" --set "$value" --set "seed=$seed")
    [ -e "$path" ] || "$dsgd" run "$config" "$@" --set "$value" --set "seed=$seed" --threads 1 >&2
    printf '%s\n' "$path"
done >"$folder/$name.files.new"
if cmp -s "$folder/$name.files.new" "$folder/$name.files"; then
    rm "$folder/$name.files.new"
else
    mv "$folder/$name.files.new" "$folder/$name.files"
fi

#!/usr/bin/env bash
# tune-momentum.sh DSGD CONFIG BASE OUT OPTION... - chooses learning rate and momentum of the server's update together, on held-out examples: a grid of
# step.constant for server_momentum = 0.9 and one for 0 (dsgd tune), and of the two the better one. OUT, NAME.tuned.conf, is a piece of configuration
# as dsgd tune writes it, with a line for each of both keys; the grids stay beside it as NAME.momentum-0.9.conf and NAME.momentum-0.conf.
#
# A momentum m makes a step worth 1/(1 - m): the grid without it begins ten times higher. It begins at half the step that CONFIG gives, or
# BASE, which it includes. OPTION: for dsgd tune; --settings are in SET.
set -euo pipefail
[ $# -ge 4 ] || { printf 'tune-momentum: %d arguments: expected DSGD CONFIG BASE OUT OPTION...\n' $# >&2; exit 2; }
# shellcheck source=scripts/private.sh
. "$(dirname "$0")/private.sh"
dsgd=$1 config=$2 base=$3 out=$4
shift 4
if private_dry; then exit 0; fi

# What somebody else wrote stays.
if [ -e "$out" ] && ! head -n 1 "$out" | grep -q '^# server_momentum and step.constant of \|^# written by dsgd tune'; then
    printf 'tune-momentum: %s: was not written by this command; expected another path\n' "$out" >&2
    exit 2
fi

given() { awk -v key="$1" '$1 == key && $2 == "=" { value = $3 } END { print value }' "$base" "$config"; } # the last one counts
step=$(given constant) momentum=$(given server_momentum)
stem=${out%.tuned.conf}
best_mean() { awk '$NF == "best" { print $3 }' "$1"; }
chosen='' least=inf
for m in 0.9 0; do
    from=$(awk -v s="$step" -v own="${momentum:-0}" -v m=$m 'BEGIN { printf "%.9g", s / 2 * (1 - m) / (1 - own) }')
    "$dsgd" tune "$config" --settings "${SET:-} server_momentum=$m" --from "$from" "$@" --threads 1 -o "$stem.momentum-$m.conf" >/dev/null
    mean=$(best_mean "$stem.momentum-$m.conf")
    [[ $mean =~ ^[0-9.e+-]+$ ]] || { printf 'tune-momentum: %s: expected a line that ends with "best"\n' "$stem.momentum-$m.conf" >&2; exit 2; }
    if awk -v a="$mean" -v b="$least" 'BEGIN { exit !(b == "inf" || a + 0 < b + 0) }'; then least=$mean chosen=$m; fi
done
value=$(sed -n 's/^# --set step.constant=//p' "$stem.momentum-$chosen.conf")
{
    printf '# server_momentum and step.constant of %s by their mean on held-out examples, %s; the grids: %s.momentum-*.conf\n' "${config##*/}" "$least" "${stem##*/}"
    printf '# --set server_momentum=%s\n# --set step.constant=%s\nserver_momentum = %s\nstep {\n    constant = %s\n}\n' $chosen "$value" $chosen "$value"
} >"$out.new"
mv -f "$out.new" "$out"

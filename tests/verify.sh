#!/usr/bin/env bash
# verify.sh - dsgd verify: the quick set runs and every row of docs/verify.tsv has its counterpart in it; three rows of
# docs/verify.tsv made again by their own commands have the same digests; stored rows are taken, not made; two seeds differ.
# shellcheck disable=SC2015 # fail returns 0
set -u
[ -z "${DSGD_SANITIZE:-}" ] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export PATH=$work/bin:$PATH
mkdir bin && ln -s "$DSGD" bin/dsgd
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }

# the quick set, then again from what is stored
dsgd verify -o quick.tsv >quick.txt 2>err || fail "verify: exit code $?: $(cat err)"
dsgd verify -o again.tsv >again.txt 2>err2 || fail "verify again: exit code $?"
cmp -s quick.tsv again.tsv && cmp -s quick.txt again.txt || fail 'stored rows differ from made ones'
grep -q 'rows in' err2 && fail "made again: $(cat err2)"
[ "$(wc -l <quick.tsv)" -gt 5 ] || fail "only $(wc -l <quick.tsv) lines"
awk -F'\t' 'NR > 1 && ($3 != "holds" && $3 != "violated" && $3 != "vacuous" && $3 != "undecided" || NF != 16) { print; bad = 1 } END { exit bad }' \
    quick.tsv || fail 'rows without a verdict'

# another seed: other numbers, nothing stored is mixed up
dsgd verify --only virtual-iterate --seed 7 -o seven.tsv -q >/dev/null || fail "seed 7: exit code $?"
one=$(awk -F'\t' '$1 == "virtual-iterate" { print $12 }' quick.tsv)
seven=$(awk -F'\t' '$1 == "virtual-iterate" { print $12 }' seven.tsv)
[ -n "$one" ] && [ "$one" != "$seven" ] || fail "digests of two seeds: $one, $seven"

# a damaged store is made again, not believed
sed -i '2s/holds/violated/' results/verify/quick-s1/virtual-iterate.tsv
dsgd verify --only virtual-iterate -o mended.tsv -q >/dev/null || fail 'damaged store'
[ "$(awk -F'\t' 'NR == 2 { print $3 }' mended.tsv)" = holds ] || fail 'a changed verdict was believed'

# three numbers of the documents, made again by the command in their last column (three that take no time)
documented=$DSGD_SOURCE/docs/verify.tsv
if [ -e "$documented" ]; then
    checked=0
    while IFS=$'\t' read -r id digest command; do
        rm -rf results
        $command -o one.tsv -q >/dev/null || fail "$command: exit code $?"
        now=$(awk -F'\t' -v id="$id" '$1 == id { print $12 }' one.tsv)
        [ "$now" = "$digest" ] || fail "$id: digest $now, docs/verify.tsv says $digest"
        checked=$((checked + 1))
    done < <(awk -F'\t' '$1 == "virtual-iterate" || $1 ~ /^facts/ && !f++ || $1 ~ /^lemma2/ && !s++ { print $1 "\t" $12 "\t" $16 }' "$documented")
    [ $checked -ge 3 ] || fail "$checked rows of docs/verify.tsv made again, expected 3"
fi
cat quick.txt
[ $failures -eq 0 ]

#!/usr/bin/env bash
# verify_store.sh - what dsgd verify stores and writes is believed only whole and for what is asked: stored checks that were cut or
# changed, files of the user, other data, two processes at once, kills; exit codes; maps.
# shellcheck disable=SC2015,SC2016 # fail returns 0; sed's $ is no variable
set -u
case ${DSGD_SANITIZE:-} in *thread*) exit 77 ;; esac # minutes
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export DSGD_CACHE=$work/optima
unset DSGD_DATA
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
# verify CODE ARGUMENTS...: output in out and err
verify()
{
    local expected=$1 code=0
    shift
    "$DSGD" verify "$@" >out 2>err || code=$?
    [ $code -eq "$expected" ] || fail "verify $*: exit code $code, expected $expected: $(tail -n 3 err)"
}
said() { grep -qF -- "$2" "$1" || fail "no '$2' in: $(cat "$1")"; }
nothing_left() { local left; left=$(find . -name '.dsgd-*' | head -n 3); [ -z "$left" ] || fail "left behind: $left"; }

# ---- stored checks ----
store=results/verify/quick-s1/lemma2.tsv
verify 0 --only lemma2 -o whole.tsv
cp $store whole.store
cp out whole.out
lines=$(wc -l <whole.store)
verify 0 --only lemma2 -o again.tsv
cmp -s whole.tsv again.tsv && cmp -s whole.out out && [ ! -s err ] || fail "stored rows differ from made ones: $(cat err)"
# believed NAME: what is stored now is made again, and said
believed()
{
    verify 0 --only lemma2 -o again.tsv
    said err "$store"
    said err 'it is made again'
    cmp -s whole.tsv again.tsv && cmp -s whole.store $store || fail "$1: a damaged file was believed"
    nothing_left
}
for ((n = 0; n < lines; ++n)); do # cut at every line
    head -n "$n" whole.store >$store
    believed "cut to $n lines"
done
size=$(stat -c %s whole.store)
for ((at = 7; at < size; at += 211)); do # cut anywhere; one changed character anywhere
    head -c "$at" whole.store >$store
    believed "cut to $at bytes"
    cp whole.store $store
    printf '#' | dd of=$store bs=1 seek="$at" conv=notrunc status=none
    cmp -s whole.store $store || believed "byte $at changed"
done
cp whole.store $store
printf '\0' | dd of=$store bs=1 seek=$((size - 1)) conv=notrunc status=none
believed 'last byte zero'
head -c "$size" /dev/zero >$store
believed 'all bytes zero'
head -c 300 /dev/zero | dd of=$store conv=notrunc status=none
believed 'first bytes zero'
# sealed FILE: gives a text the last line that belongs to it, as an editor of rows could
sealed()
{
    local sum rows
    sed -i '/^# end /d' "$1"
    sum=$(sha256sum "$1" | cut -d' ' -f1)
    rows=$(grep -cv '^#' "$1")
    printf '# end rows=%d sha256=%s\n' "$rows" "$sum" >>"$1"
}
cp whole.store $store
sealed $store
cmp -s whole.store $store || fail "the last line is not what the manual says: $(tail -n 1 whole.store)"
edits=('2s/\tviolated\t/\tholds\t/;2s/\tholds\t/\tundecided\t/' '2s/\t0\.[0-9]*\t/\t0x1p-2\t/' '2s/\t\([0-9]\)/\t \1/' '2s/\tno\t/\tNo\t/' '3s/^[^\t]*/lemma2.run-lemma2/;2s/^[^\t]*/lemma2.run-lemma2/'
    '2s/$/\tmore/' '2s/--seed 1/--seed 2/' '2s/\tnan\t/\tnan(1)\t/' '2s/\tlemma2\./\tlemma1./;2s/Lemma/Lemma Lemma Lemma Lemma Lemma Lemma Lemma Lemma Lemma Lemma Lemma Lemma/' '2s/\t$//;2s/\t[^\t]*$//' '$!G' '2i # a comment' '1s/seed 1/seed 2/' '1s/, quick/, full/'
    '1s/results version [0-9]*/results version 1/' '1s/fault none/fault no-memory/' '2,$d')
for edit in "${edits[@]}"; do
    sed '/^# end /d' whole.store | sed "$edit" >$store
    sealed $store
    ! cmp -s whole.store $store || { fail "edit $edit changes nothing"; continue; }
    believed "edit $edit"
done
verify 0 --only lemma2 -q
cp whole.store $store
sed -i 3d $store
verify 0 --only lemma2 -q
[ ! -s err ] || fail "--quiet says: $(cat err)"
cmp -s whole.store $store || fail 'damaged, --quiet: not mended'
# what the first version wrote
sed "1s/, seed.*//;/^# end /d" whole.store >$store
believed 'first version'
# stored for other settings: not touched, not taken
verify 0 --only lemma2 --seed 2
verify 0 --only lemma2 --fault bound-tenth || true
cmp -s whole.store $store || fail 'another seed or fault changed the stored rows'

# ---- files that are not ours ----
printf 'my notes\n' >notes
for name in "$store" mine.tsv; do
    cp notes "$name"
    for options in '' --restart; do
        # shellcheck disable=SC2086 # none or one word
        if [ "$name" = mine.tsv ]; then verify 2 --only lemma2 -o mine.tsv $options; else verify 2 --only lemma2 $options; fi
        said err 'was not written by dsgd, or was changed since'
        [ "$(wc -l <err)" -eq 1 ] || fail "expected one sentence: $(cat err)"
        cmp -s notes "$name" || fail "a file of the user was replaced: $name"
    done
done
rm $store && mkdir $store
verify 2 --only lemma2
rmdir $store && mkfifo $store
verify 2 --only lemma2
rm $store
cp whole.tsv target.tsv
ln -s target.tsv link.tsv
ln -s nowhere.tsv new.tsv
mkfifo fifo
for name in /dev/null fifo . ''; do verify 2 --only lemma2 -o "$name"; done
[ -c /dev/null ] && [ -p fifo ] || fail 'a device or FIFO was replaced'
verify 0 --only facts -q -o link.tsv
verify 0 --only facts -q -o new.tsv
[ -L link.tsv ] && [ -L new.tsv ] && cmp -s target.tsv nowhere.tsv && ! cmp -s target.tsv whole.tsv || fail 'links are not followed'
sed -i '2s/holds/HOLDS/' target.tsv
verify 2 --only facts -q -o target.tsv

# ---- data ----
# idx FOLDER SEED SIDE: four IDX files
idx()
{
    mkdir -p "$1/mnist"
    python3 - "$1/mnist" "$2" "$3" <<'PYTHON'
import random, struct, sys
folder, seed, side = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(seed)
for split, n in ("train", 200), ("t10k", 50):
    open(f"{folder}/{split}-images-idx3-ubyte", "wb").write(struct.pack(">4I", 0x803, n, side, side) + draw.randbytes(n * side * side))
    open(f"{folder}/{split}-labels-idx1-ubyte", "wb").write(struct.pack(">2I", 0x801, n) + bytes(i % 10 for i in range(n)))
PYTHON
}
digests() { awk -F'\t' '$1 ~ /^lemma1[.]/ { print $12 }' "$1" | sort; }
if command -v python3 >/dev/null; then
    idx one 1 28
    idx two 2 28
    idx small 3 4
    only=(--only lemma1-mnist)
    for folder in one two; do
        "$DSGD" verify "${only[@]}" --data $folder -o $folder.tsv >/dev/null 2>err
        said err 'lemma1-mnist, 16 rows in'
    done
    [ "$(digests one.tsv)" != "$(digests two.tsv)" ] || fail 'the rows of one dataset were taken for another'
    for folder in two one; do # back again: nothing is made
        DSGD_DATA=$folder "$DSGD" verify "${only[@]}" -o again.tsv >/dev/null 2>err
        [ "$(digests again.tsv)" = "$(digests $folder.tsv)" ] || fail "back to folder $folder: other rows"
        ! grep -q 'rows in' err || fail "back to folder $folder: $(cat err)"
    done
    verify 0 "${only[@]}" --data nowhere
    said err 'left out: rows of several datasets are stored'
    verify 0 "${only[@]}" --data small
    said err 'images of 16 pixels; expected 784'
    mv results/verify/quick-s1/lemma1-mnist-????????.tsv . && cp "$(grep -l "$(digests one.tsv | head -n 1)" lemma1-mnist-*.tsv)" results/verify/quick-s1/
    "$DSGD" verify "${only[@]}" --data nowhere -o again.tsv >/dev/null 2>err
    said err 'are taken; dataset mnist: none of'
    [ "$(digests again.tsv)" = "$(digests one.tsv)" ] || fail 'without data: other rows'
    verify 0 "${only[@]}" --data nowhere --restart
    said err 'lemma1-mnist is left out'
    sed -i '3s/holds/HOLDS/' results/verify/quick-s1/lemma1-mnist-*.tsv
    verify 0 "${only[@]}" --data nowhere
    said err 'lemma1-mnist is left out'
else
    echo 'note: no python3, other data were not tried'
fi

[ $failures -eq 0 ] && echo 'verify_store: all checks passed'
exit $((failures > 0))

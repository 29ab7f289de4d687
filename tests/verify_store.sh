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
    rows=$(grep -cv '^#\|^$' "$1")
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
verify 1 --only lemma2 --fault bound-tenth
cmp -s whole.store $store || fail 'another seed or fault changed the stored rows'

# ---- files that are not ours ----
printf 'my notes\n' >notes
for name in "$store" mine.tsv; do
    cp notes "$name"
    for options in '' --restart; do
        # shellcheck disable=SC2086 # none or one word
        if [ "$name" = mine.tsv ]; then verify 2 --only lemma2 -o mine.tsv $options; else verify 2 --only lemma2 $options; fi
        said err 'was not written by this version of dsgd, or was changed since'
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
        [ $folder = two ] || said err 'known findings that are not violated here: lemma1.mean.mnist-gradient.1x20-k10-d785 (holds)'
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

# ---- exit codes ----
verify 0 --only lemma2 --only sketch
said out '  findings (those of the list are violated): 2 rows, 0 hold, 2 violated'
verify 1 --only lemma2 --fault bound-tenth -o fault.tsv
said err '10 verdicts are not as expected: lemma2.run-lemma2 (violated), '
said err ' and 5 more; expected no violation but known findings'
[ "$(wc -l <err)" -eq 1 ] && grep -q $'\tviolated\t' fault.tsv || fail "a planted fault: $(cat err)"
verify 1 --only lemma2 --fault bound-tenth --markdown -q
said err 'verdicts are not as expected'
verify 1 --only lemma2 --fault bound-tenth --seeds 2 -q
said err '(violated, seed 1)'
"$DSGD" verify --list >list
for id in lemma2.printed sketch.ams-variance.printed; do said list "  $id "; done

# ---- maps ----
map=(--map hashes -o figures/hashes.tsv)
verify 0 "${map[@]}"
cp figures/hashes.tsv made.tsv
touch -d 2001-01-01 figures/hashes.tsv
verify 0 "${map[@]}"
said out 'figures/hashes.tsv: already there'
[ "$(stat -c %Y figures/hashes.tsv)" -eq "$(date -d 2001-01-01 +%s)" ] || fail 'a map that is there was written again'
verify 0 "${map[@]}" --seed 2
! cmp -s made.tsv figures/hashes.tsv || fail 'the map of another seed was taken'
said figures/hashes.tsv ', seed 2, quick,'
sed '1s/version 1,/version 0,/' made.tsv >figures/hashes.tsv
sealed figures/hashes.tsv
verify 0 "${map[@]}"
cmp -s made.tsv figures/hashes.tsv || fail 'the map of an older version was taken, or the same map differs'
for change in '5s/$/ /' '$d' '1s/seed 1/seed 2/'; do
    sed "$change" made.tsv >changed.tsv
    cp changed.tsv figures/hashes.tsv
    verify 2 "${map[@]}"
    said err 'was not written by this version of dsgd, or was changed since'
    cmp -s changed.tsv figures/hashes.tsv || fail "a changed map was replaced ($change)"
done
verify 2 --map hashes -o notes
verify 2 --map hashes -o /dev/null
verify 2 --map figure5 -o none.tsv --data nowhere
said err 'dataset mnist: none of'
[ ! -e none.tsv ] || fail 'a map without its data was written'

# ---- make: seeds are other files, values of variables are text ----
mkdir make make/scripts && cd make || exit 1
ln -s "$DSGD" dsgd
printf '#!/bin/bash\nprintf "%%s\\n" "$@" >>drawn\n' >scripts/plot.sh
cp "$DSGD_SOURCE/scripts/verify-docs.sh" "$DSGD_SOURCE/scripts/replace.sh" scripts/
chmod +x scripts/*
cat >Makefile <<MAKE
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
DSGD := ./dsgd
override SEED := \$(value SEED)
override FULL := \$(value FULL)
override JOBS := \$(value JOBS)
export SEED FULL JOBS
build: ;
include $(printf '%s' "$DSGD_SOURCE" | sed 's/ /\\ /g')/experiments/theory/verify.mk
MAKE
mkdir -p results/figures
cp ../made.tsv results/figures/verify-hashes-quick.tsv # current: not made again
make -s verify-figure-hashes >out 2>err || fail "make verify-figure-hashes: exit code $?: $(cat err)"
said out 'results/figures/verify-hashes-quick.tsv: already there'
said drawn plots/verify_hashes.gp
said drawn results/figures/verify-hashes-quick
sed '1s/seed 1/seed 2/;/^# end /d' ../made.tsv >results/figures/verify-hashes-quick-s2.tsv
sealed results/figures/verify-hashes-quick-s2.tsv
SEED=2 FULL=no make -s verify-figure-hashes >out 2>err || fail "make with SEED=2: exit code $?: $(cat err)"
said out 'results/figures/verify-hashes-quick-s2.tsv: already there'
cmp -s ../made.tsv results/figures/verify-hashes-quick.tsv || fail 'another seed replaced the figure of the first'
for value in '$(shell touch pwned)' '`touch pwned`' '$$(touch pwned)' '1; touch pwned' "1' touch pwned '" '../../x' '1 2'; do
    for where in environment line; do
        if [ $where = line ]; then make -s verify-figure-hashes "SEED=$value" >out 2>err; else SEED=$value make -s verify-figure-hashes >out 2>err; fi &&
            fail "SEED=$value was taken ($where)"
        said err 'expected a whole number from 0 to 4294967295'
    done
    JOBS=$value make -s verify >out 2>err && fail "JOBS=$value was taken"
done
[ ! -e pwned ] && [ ! -e results/verify ] && [ "$(echo results/figures/*)" = 'results/figures/verify-hashes-quick-s2.tsv results/figures/verify-hashes-quick.tsv' ] ||
    fail "names or values were taken as code: $(find . | tr '\n' ' ')"

# ---- the page ----
docs=scripts/verify-docs.sh
"$DSGD" verify --only lemma2 -q -o rows.tsv >/dev/null
page() { printf 'before\n\n<!-- dsgd list: x -->\n<!-- end -->\n<!-- verify: table -->\n\nold\n\n<!-- end -->\nafter\n'; }
name="page of \$(touch pwned) 'x"
page >"$name.md"
chmod 640 "$name.md"
$docs ./dsgd rows.tsv "$name.md" "$name.tsv" --only lemma2 || fail "verify-docs.sh: exit code $?"
cmp -s rows.tsv "$name.tsv" || fail 'verify-docs.sh: the copy differs'
{ printf 'before\n\n<!-- dsgd list: x -->\n<!-- end -->\n<!-- verify: table -->\n\n'; ./dsgd verify --only lemma2 -q --markdown; printf '\n<!-- end -->\nafter\n'; } >expected.md
cmp -s expected.md "$name.md" || fail "verify-docs.sh: $(diff expected.md "$name.md")"
[ "$(stat -c %a "$name.md")" = 640 ] || fail 'verify-docs.sh changes the rights of the page'
for bad in 'nothing here' '<!-- verify: table -->' $'<!-- end -->\n<!-- verify: table -->'; do
    printf '%s\n' "$bad" >bad.md
    cp bad.md kept.md
    $docs ./dsgd rows.tsv bad.md copy.tsv --only lemma2 2>err && fail "a page without its markers was taken: $bad"
    cmp -s bad.md kept.md && [ ! -e copy.tsv ] || fail 'a page without its markers was changed'
done
page >bad.md
$docs ./dsgd rows.tsv bad.md ../notes --only lemma2 2>err && fail 'a file of the user was taken for the copy'
$docs ./dsgd rows.tsv bad.md copy.tsv --only lemma2 --fault bound-tenth 2>err && fail 'a table with unexpected verdicts was written'
page | cmp -s - bad.md && [ ! -e copy.tsv ] || fail 'a refused page was changed'
[ ! -e pwned ] && [ -z "$(find . -name '.dsgd-replace-*')" ] || fail "verify-docs.sh left $(find . -name '.dsgd-replace-*')"
cd ..

# ---- two at once, also with equal process numbers ----
both=("$DSGD" verify --only lemma2 --only facts --only reduction)
"${both[@]}" -o rows.tsv -q >/dev/null || fail "without company: exit code $?"
# alone COMMAND...: in a container of its own, where its process number is 1 or 2, if that is allowed
alone() { if unshare -p -f --kill-child true 2>/dev/null; then unshare -p -f --kill-child "$@"; else "$@"; fi; }
for round in 1 2; do
    rm -rf results
    alone "${both[@]}" -o both1.tsv -q >/dev/null 2>err1 & first=$!
    alone "${both[@]}" -o both2.tsv -q >/dev/null 2>err2 & second=$!
    wait $first || fail "two at once: exit code $?: $(cat err1)"
    wait $second || fail "two at once: exit code $?: $(cat err2)"
    cmp -s rows.tsv both1.tsv && cmp -s rows.tsv both2.tsv || fail "two at once: other rows in round $round"
    nothing_left
done

# ---- interrupted at any time ----
RANDOM=5
for round in $(seq 8); do
    rm -rf results both1.tsv
    signal=$([ $((round % 2)) -eq 0 ] && echo KILL || echo TERM)
    "${both[@]}" -o both1.tsv -q >/dev/null 2>&1 & pid=$!
    sleep "0.$(printf %03d $((RANDOM % 600)))"
    kill "-$signal" $pid 2>/dev/null
    wait $pid 2>/dev/null
    "${both[@]}" -o both1.tsv -q >/dev/null 2>err || fail "after SIG$signal: exit code $?: $(cat err)"
    cmp -s rows.tsv both1.tsv || fail "after SIG$signal: other rows"
    nothing_left
done
# ---- each call of each writer fails, or is the last one ----
case ${DSGD_SANITIZE:-} in
'')
    cp "$DSGD_FAULT_SHIM" shim.so # LD_PRELOAD splits at blanks
    mkdir watched
    small=("$DSGD" verify --only lemma2 -q -o out/lemma2.tsv)
    # with FAULT CALL: everything anew, with that fault; not of what goes to stderr
    with()
    {
        rm -rf watched/*
        (cd watched && DSGD_FAULT_PATH=$work/watched DSGD_FAULT=$1 DSGD_FAULT_AT=$2 DSGD_FAULT_COUNT=$work/count LD_PRELOAD=$work/shim.so \
            "${small[@]}" >/dev/null) 2>err
    } 2>/dev/null # the shell's word on killed processes
    with kill 0 || fail "with the shim: exit code $?: $(cat err)"
    cp watched/out/lemma2.tsv lemma2.kept
    calls=$(cat count)
    [ "$calls" -ge 10 ] || fail "only $calls calls"
    for fault in kill kill-half enospc eio; do
        for ((n = 1; n <= calls; ++n)); do
            code=0
            with $fault "$n" || code=$?
            case $fault-$code in
            kill*-137 | enospc-0) ;; # a full disk lets a file that has its bytes be synced and renamed
            enospc-3 | eio-3) [ "$(wc -l <err)" -eq 1 ] || fail "$fault at call $n: expected one sentence: $(cat err)" ;;
            *) fail "$fault at call $n: exit code $code: $(cat err)" ;;
            esac
            [ ! -e watched/out/lemma2.tsv ] || cmp -s lemma2.kept watched/out/lemma2.tsv || fail "$fault at call $n: half a file"
            (cd watched && "${small[@]}" >/dev/null) 2>err || fail "after $fault at call $n: exit code $?: $(cat err)"
            [ ! -s err ] && cmp -s lemma2.kept watched/out/lemma2.tsv || fail "after $fault at call $n: other rows, $(cat err)"
            # half of a mark's 64 bytes replaced is neither mark nor file: no kernel does that, and it is not ours to remove
            if [ $fault = kill-half ]; then find . -name '.dsgd-*' -delete; else nothing_left; fi
        done
    done ;;
*) echo 'note: a sanitizer comes before a preloaded library, faults of calls were not tried' ;;
esac

# what a killed writer left, also where nothing is to be written any more; a file of that name that is none of ours stays
printf 'dsgd: a file that was not finished\n' >results/verify/quick-s1/.dsgd-0123456789abcdef.part
cp rows.tsv .dsgd-0123456789abcdee.part
printf 'mine\n' >results/verify/quick-s1/.dsgd-0123456789abcded.part
"${both[@]}" -o both1.tsv -q >/dev/null
[ "$(find . -name '.dsgd-*')" = ./results/verify/quick-s1/.dsgd-0123456789abcded.part ] || fail "left behind: $(find . -name '.dsgd-*')"
rm results/verify/quick-s1/.dsgd-*

[ $failures -eq 0 ] && echo 'verify_store: all checks passed'
exit $((failures > 0))

#!/usr/bin/env bash
# make-parallel.sh NAME TEXTS [SOURCE TARGET [PIECES]] - makes the folder ${DSGD_DATA:-data}/parallel/NAME, which `dataset = parallel` reads, of the
# sentences of two languages in the folder TEXTS.
#
#   SOURCE TARGET   endings of the files (en de)
#   PIECES          size of the vocabulary, one for both languages (2000)
#
#   training     train.SOURCE and train.TARGET
#   validation   val, valid, dev or newstest2013, the first that is there
#   test         test_2016_flickr, test or newstest2014, the first that is there
#
# Each plain or packed (.gz), one sentence a line, line i of the one a translation of line i of the other: the names of Multi30k and of WMT'14. The
# vocabulary is byte-pair encoding (Sennrich, Haddow, Birch 2016, arXiv:1508.07909) by sentencepiece's spm_train with one thread, of both
# languages together; of more than 2,000,000 training pairs it sees every k-th. Training pairs of which a side is empty are left out. So the same
# texts, pieces and version of sentencepiece give the same bytes; what the folder was made of stands in its file made-of.
#
# Everything is made in parallel/.dsgd-make-NAME, a step a file; the folder gets its name when all is there. After an interruption the same command
# goes on with what is whole. A folder that is there is only checked, never changed. Nothing else is written or deleted.
#
# Exit codes: 0 the folder is there and right, 2 bad input, 3 input/output, 130 interrupted.
set -euo pipefail
export LC_ALL=C
unset CDPATH # cd means what it says

lines_most=2000000 # of training pairs that spm_train sees: a gigabyte of memory or two
files=(train.src train.tgt valid.src valid.tgt test.src test.tgt source.vocab target.vocab valid.ref test.ref made-of)

say() { local text=$*; printf 'make-parallel: %s\n' "${text//[[:cntrl:]]/?}"; }
fail()
{
    local code=$1
    shift
    say "$@" >&2
    exit "$code"
}

interrupted()
{
    trap '' INT TERM HUP
    [ -z "$child" ] || { kill "$child" 2>/dev/null || true; wait "$child" 2>/dev/null || true; }
    fail 130 "interrupted; what is whole stays in $data/parallel/$private, the same command goes on there"
}

# in_background OUT COMMAND...: so that a signal to this script alone ends it too; what it complains of goes to `errors`
in_background()
{
    local code=0 out=$1
    shift
    "$@" >"$out" 2>errors &
    child=$!
    wait "$child" || code=$?
    child=
    return "$code"
}

# find_text SIDE BASE...: sets `text` to the first of these files that is there
find_text()
{
    local side=$1 base
    shift
    for base in "$@"; do
        for text in "$texts/$base.$side" "$texts/$base.$side.gz"; do [ ! -f "$text" ] || return 0; done
    done
    fail 2 "$texts: none of ${*/%/.$side}, plain or .gz, expected sentences of $side"
}

# unpacked FILE: its bytes
unpacked() { gzip -dcf <"$1"; }

# make FILE COMMAND...: its output becomes FILE, unless FILE is there
make()
{
    local file=$1
    shift
    [ ! -f "$file" ] || return 0
    in_background "$file.part" "$@" ||
        fail 3 "$data/parallel/$private/$file: cannot be made ($(grep -m 1 . errors || echo 'no room?')), expected intact texts and a writable folder with room"
    mv -T -- "$file.part" "$file"
}

count_lines() { wc -l <"$1"; }

# whole NAME: does each line have an end, and is there a line?
whole()
{
    if [ ! -s "$1" ] || [ "$(tail -c 1 -- "$1" | od -An -tx1 | tr -d ' ')" != 0a ]; then
        fail 2 "$2: no sentences, or the last line has no end, expected one sentence a line"
    fi
}

# Steps for in_background: each becomes its program, which a signal then ends.
unpack() { exec gzip -dcf <"$1"; }
every_kth() { exec awk -v k="$1" 'k == 1 || NR % k == 1' "$2" "$3"; }

train_pieces()
{
    exec spm_train --input=sample.txt --model_prefix=bpe.part --vocab_size="$pieces" --model_type=bpe --character_coverage=1.0 \
        --pad_id=0 --unk_id=1 --bos_id=2 --eos_id=3 --num_threads=1 --minloglevel=2
}

encode() { exec spm_encode --model=bpe.model --output_format=id <"$1"; }

# Pairs of which neither side is empty: column $1 of the two.
without_empty() { paste train.src.ids train.tgt.ids | awk -F '\t' -v side="$1" '$1 != "" && $2 != "" { print $side }'; }

# What the folder is made of, in lines.
describe()
{
    local side split
    printf 'pieces %s\n%s\n' "$pieces" "$(spm_train --version 2>/dev/null | head -n 1)"
    for split in train valid test; do
        for side in src tgt; do
            text=${from[$split.$side]}
            printf '%s.%s: %s, SHA-256 %s\n' "$split" "$side" "$(basename "$text" .gz)" "$(unpacked "$text" | sha256sum | cut -c 1-64)"
        done
    done
}

# check FOLDER: is everything there as its list says, and made of these texts?
check()
{
    local name
    for name in "${files[@]}"; do
        grep -qE "^[0-9a-f]{64}  $name\$" "$1/SHA256SUMS" 2>/dev/null ||
            fail 2 "$1: no SHA-256 of $name in SHA256SUMS, expected what this script made; move it away"
    done
    (cd -- "$1" && sha256sum --quiet --strict -c SHA256SUMS) >"$scratch/sums" 2>&1 ||
        fail 2 "$1: $(grep -m 1 FAILED "$scratch/sums" || echo 'a file is missing'), expected the bytes of SHA256SUMS;" \
            "move it away, then the same command makes it again"
    cmp -s "$1/made-of" "$scratch/made-of" ||
        fail 2 "$1: was made of other texts, pieces or another sentencepiece, see its file made-of; move it away, or choose another name"
}

# stands_in FOLDER: does this process, and is FOLDER no link?
stands_in() { [ "$(stat -c %d:%i -- "$1" 2>/dev/null)" = "$(stat -c %d:%i .)" ]; }

# Goes into the private folder and takes the lock there.
enter()
{
    local file
    if ! mkdir -p -- "$data/parallel" 2>/dev/null || ! cd -- "$data/parallel" 2>/dev/null; then
        fail 3 "$data/parallel: cannot be made or written, expected a writable folder; DSGD_DATA=FOLDER names another"
    fi
    if ! mkdir -m 700 -- "$private" 2>/dev/null; then
        if [ ! -e "$private" ] && [ ! -L "$private" ]; then
            fail 3 "$data/parallel: cannot be written, expected a writable folder; DSGD_DATA=FOLDER names another"
        fi
        if [ -L "$private" ] || [ ! -d "$private" ] || [ ! -O "$private" ]; then
            fail 2 "$data/parallel/$private: not made by this script for you, expected a folder of your own; move it away"
        fi
    fi
    if ! cd -- "$private" 2>/dev/null || ! stands_in "../$private"; then fail 3 "$data/parallel/$private: vanishes, expected a writable folder that stays"; fi
    for file in * .[!.]*; do
        [ -e "$file" ] || [ -L "$file" ] || continue
        if [ -L "$file" ] || { [ "$file" != out ] && [ ! -f "$file" ]; }; then
            fail 2 "$data/parallel/$private/$file: a link or no regular file, expected what this script wrote; move it away"
        fi
    done
    { exec 9>>lock; } 2>/dev/null || fail 3 "$data/parallel/$private/lock: cannot be written, expected a writable folder"
    flock -n 9 || fail 2 "$data/parallel/$name: another process makes it, expected one at a time"
}

# The files that this script writes, and no others.
clear_steps()
{
    rm -rf -- out
    rm -f -- made-of {train,valid,test}.{src,tgt}.{txt,ids}{,.part} sample.txt{,.part} bpe.{model,vocab,part.model,part.vocab} errors
}

case $# in
2 | 4 | 5) ;;
*) fail 2 "$# arguments: expected NAME TEXTS [SOURCE TARGET [PIECES]]" ;;
esac
name=$1 texts=$2 source=${3:-en} target=${4:-de} pieces=${5:-2000}
[[ $name =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$ ]] || fail 2 "NAME '$name': expected letters, digits, '.', '_' and '-', at most 63"
for side in "$source" "$target"; do [[ $side =~ ^[A-Za-z0-9_-]{1,16}$ ]] || fail 2 "language '$side': expected the ending of a file, as en"; done
[[ $pieces =~ ^[1-9][0-9]{1,6}$ ]] || fail 2 "PIECES '$pieces': expected a number from 10 to 9999999"
for tool in spm_train spm_encode; do command -v $tool >/dev/null || fail 2 "$tool is not installed, please type scripts/setup.sh text"; done
[ -d "$texts" ] || fail 2 "$texts: no folder, expected the one with the texts"
texts=$(cd -- "$texts" && pwd)

data=${DSGD_DATA:-data}
private=.dsgd-make-$name
child='' start=$PWD
scratch=$(cd -- "${TMPDIR:-/tmp}" 2>/dev/null && mktemp -d -p "$PWD") || fail 3 "no temporary folder, expected a writable ${TMPDIR:-/tmp}"
trap 'rm -rf "$scratch"' EXIT
trap interrupted INT TERM HUP

declare -A from=()
for side in src tgt; do
    if [ $side = src ]; then language=$source; else language=$target; fi
    find_text "$language" train
    from[train.$side]=$text
    find_text "$language" val valid dev newstest2013
    from[valid.$side]=$text
    find_text "$language" test_2016_flickr test newstest2014
    from[test.$side]=$text
done
for text in "${from[@]}"; do
    unpacked "$text" 2>/dev/null >/dev/null || fail 2 "$text: cannot be read or unpacked, expected sentences, plain or gzip"
done
describe >"$scratch/made-of"

if [ ! -e "$data/parallel/$name" ] && [ ! -L "$data/parallel/$name" ]; then
    enter
    cmp -s made-of "$scratch/made-of" || clear_steps # begun with other texts
    cp -- "$scratch/made-of" made-of
    for split in train valid test; do
        for side in src tgt; do
            make "$split.$side.txt" unpack "${from[$split.$side]}"
            whole "$split.$side.txt" "${from[$split.$side]}"
        done
        [ "$(count_lines $split.src.txt)" -eq "$(count_lines $split.tgt.txt)" ] ||
            fail 2 "${from[$split.src]} has $(count_lines $split.src.txt) lines and ${from[$split.tgt]} $(count_lines $split.tgt.txt), expected as many"
    done
    if [ ! -f bpe.vocab ]; then
        say "finds $pieces pieces (6 s for Multi30k)"
        make sample.txt every_kth $((($(count_lines train.src.txt) + lines_most - 1) / lines_most)) train.src.txt train.tgt.txt
        in_background /dev/null train_pieces || fail 2 "spm_train: $(grep -m 1 . errors || echo failed), expected texts from which $pieces pieces can be made"
        # spm_train says nothing of a full disk
        if [ "$(count_lines bpe.part.vocab)" -ne "$pieces" ] || ! spm_encode --model=bpe.part.model <<<'' >/dev/null 2>&1; then
            fail 3 "$data/parallel/$private/bpe.model: cannot be made, expected a writable folder with room"
        fi
        mv -T -- bpe.part.model bpe.model
        mv -T -- bpe.part.vocab bpe.vocab
    fi
    for split in train valid test; do
        for side in src tgt; do make "$split.$side.ids" encode "$split.$side.txt"; done
    done
    for file in {valid,test}.{src,tgt}; do
        ! grep -n -m 1 '^$' "$file.ids" >errors || fail 2 "${from[$file]}: line $(cut -d : -f 1 errors) is empty, expected a sentence in each"
    done
    rm -rf -- out
    mkdir -- out
    without_empty 1 >out/train.src
    without_empty 2 >out/train.tgt
    for file in {valid,test}.{src,tgt}; do cp -- "$file.ids" "out/$file"; done
    cp -- bpe.vocab out/source.vocab
    cp -- bpe.vocab out/target.vocab
    cp -- valid.tgt.txt out/valid.ref
    cp -- test.tgt.txt out/test.ref
    cp -- made-of out/made-of
    (cd out && sha256sum -- "${files[@]}" >SHA256SUMS && sync -- *)
    # -n: what has appeared there meanwhile is the user's
    if ! mv -nT -- out "../$name" || [ -e out ]; then
        fail 3 "$data/parallel/$private/out: cannot be moved to its place, expected to become $data/parallel/$name"
    fi
    sync -- ..
    clear_steps
    rm -f -- lock
    cd ..
    rmdir -- "$private" 2>/dev/null || true
fi
cd -- "$start"
check "$data/parallel/$name"
say "$data/parallel/$name: $(count_lines "$data/parallel/$name/train.src") training pairs, $pieces pieces, SHA-256 as listed"

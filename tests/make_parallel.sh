#!/usr/bin/env bash
# make_parallel.sh - scripts/make-parallel.sh on small texts: the folder that `dataset = parallel` reads, the same bytes for the same texts under other
# names, interruptions, full disks, bad texts; and that sentencepiece and dsgd agree on texts of ids.
# shellcheck disable=SC2015 # fail returns 0
set -u
for tool in spm_train spm_encode spm_decode gzip flock perl; do
    command -v $tool >/dev/null || { echo "make_parallel: $tool is not installed, skipped"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
unset DSGD_DATA
export TMPDIR=$work
make=$DSGD_SOURCE/scripts/make-parallel.sh

# texts FOLDER VALIDATION TEST: sentences of made words, the same in each folder
texts()
{
    mkdir -p "$1"
    perl -e 'my ($folder, @split) = @ARGV;
        srand(7);
        for my $name ("train", @split) {
            for my $side ("en", "de") {
                open my $out, ">", "$folder/$name.$side" or die;
                for my $i (1 .. ($name eq "train" ? 400 : 20)) {
                    print $out join(" ", map { join("", map { ("ba", "ko", "li", "mu", "\xc3\xa4n", "st")[rand 6] } 1 .. 1 + rand 4) } 1 .. 2 + rand 9), $side eq "de" ? " ." : ".", "\n";
                }
            }
        }' "$1" "$2" "$3"
}
# attempt CODE ARGUMENTS...
attempt()
{
    local code=$1 got=0
    shift
    timeout 120 "$make" "$@" >out 2>err || got=$?
    [ "$got" -eq "$code" ] || fail "$*: exit code $got, expected $code: $(cat out err)"
    [ "$code" -eq 0 ] || [ "$(wc -l <err)" -eq 1 ] || fail "$*: more than a sentence: $(cat err)"
}
said() { local word; for word in "$@"; do grep -qF -- "$word" out err || fail "no '$word' in: $(cat out err)"; done; }
nothing_placed() { [ ! -e data/parallel/"$1" ] || fail "$1: placed $(ls data/parallel/"$1")"; }

texts multi val test_2016_flickr
attempt 0 small multi en de 60
said '400 training pairs, 60 pieces'
small=data/parallel/small
[ "$(find data -mindepth 1 | wc -l)" -eq 14 ] || fail "left $(find data)" # parallel, small, twelve files
(cd $small && sha256sum --quiet -c SHA256SUMS) || fail 'sums'
[ "$(head -4 $small/source.vocab | cut -f 1 | tr '\n' ' ')" = '<pad> <unk> <s> </s> ' ] || fail "vocabulary: $(head -4 $small/source.vocab)"
[ "$(wc -l <$small/source.vocab)" -eq 60 ] && cmp -s $small/source.vocab $small/target.vocab || fail 'no joint vocabulary of 60'
cmp -s $small/test.ref multi/test_2016_flickr.de || fail 'the references are not the texts'
grep -qx 'pieces 60' $small/made-of && grep -q '^train.src: train.en, SHA-256' $small/made-of || fail "made-of: $(cat $small/made-of)"

# again: nothing is done; what was made of something else is not replaced; nor is what is damaged
before=$(stat -c '%n %i %Y %Z' $small/*)
attempt 0 small multi en de 60
[ "$(stat -c '%n %i %Y %Z' $small/*)" = "$before" ] || fail 'a second call did something'
attempt 2 small multi en de 61
said 'was made of other texts, pieces'
attempt 2 small multi de en 60
cp -r $small data/parallel/damaged
echo 5 >>data/parallel/damaged/test.tgt
attempt 2 damaged multi en de 60
said 'test.tgt: FAILED' 'move it away'
rm data/parallel/damaged/SHA256SUMS
attempt 2 damaged multi en de 60

# dsgd reads it; what the ids of a sentence mean is what spm_decode says
"$DSGD" data --data data >told 2>&1
grep -q 'looked in   data/parallel/multi30k' told || fail "dsgd data: $(cat told)"
mkdir -p other/parallel && cp -r $small other/parallel/multi30k
"$DSGD" data --data other >told 2>&1
grep -qF '400 pairs for training, 20 for validation, 20 for testing, vocabularies of 60 and 60' told && grep -q 'as listed, all 10 files' told || fail "dsgd data: $(cat told)"

# the names of WMT'14, packed: the same ids
texts wmt newstest2013 newstest2014
gzip wmt/*
attempt 0 wmt wmt en de 60
for file in train.src train.tgt valid.src valid.tgt test.src test.tgt source.vocab valid.ref; do cmp -s $small/$file data/parallel/wmt/$file || fail "wmt: $file differs"; done

# pairs without a side are left out of training, and refused elsewhere
texts gaps valid test
sed -i '3s/.*//' gaps/train.en
sed -i '5s/.*//; 9s/.*/ /' gaps/train.de
attempt 0 gaps gaps en de 60
[ "$(wc -l <data/parallel/gaps/train.src)" -eq 397 ] && [ "$(wc -l <data/parallel/gaps/train.tgt)" -eq 397 ] || fail "gaps: $(wc -l data/parallel/gaps/train.*)"
sed -i '7s/.*//' gaps/valid.de
attempt 2 gaps2 gaps en de 60
said 'valid.de: line 7 is empty'
nothing_placed gaps2

# bad texts
texts bad val test
sed -i 1d bad/train.de
attempt 2 bad bad en de 60
said 'has 400 lines' '399, expected as many'
texts bad val test
printf 'no end' >>bad/val.en
attempt 2 bad bad en de 60
said 'val.en: no sentences, or the last line has no end'
texts bad val test
gzip bad/test.de && head -c 100 bad/test.de.gz >short && mv short bad/test.de.gz
attempt 2 bad bad en de 60
said 'test.de.gz: cannot be read or unpacked'
rm bad/test.*
attempt 2 bad bad en de 60
said 'none of test_2016_flickr.en test.en newstest2014.en'
attempt 2 many multi en de 9999
said 'spm_train: ' 'expected texts from which 9999 pieces can be made'
nothing_placed many
attempt 2 '../out' multi
attempt 2 small
attempt 2 small nowhere
attempt 2 small multi en ../de
attempt 2 small multi en de x
for name in bad many; do nothing_placed $name; done

# interrupted while pieces are found: nothing is placed, a second call is refused meanwhile, the same command goes on
mkdir bin
cat >bin/spm_train <<SHIM
#!/bin/bash
[ "\$1" = --version ] || { : >$work/began; exec sleep 100; }
exec $(command -v spm_train) "\$@"
SHIM
chmod +x bin/spm_train
PATH=$work/bin:$PATH "$make" stop multi en de 60 >out 2>err &
first=$!
for _ in $(seq 500); do [ -e began ] && break; sleep 0.02; done
"$make" stop multi en de 60 >/dev/null 2>second
[ $? -eq 2 ] && grep -q 'another process' second || fail "a second call: $(cat second)"
kill -TERM $first
wait $first
[ $? -eq 130 ] || fail "interrupted: $(cat err)"
said 'interrupted; what is whole stays'
nothing_placed stop
inode=$(stat -c %i data/parallel/.dsgd-make-stop/train.src.txt)
rm -f began
PATH=$work/bin:$PATH "$make" stop multi en de 60 >out 2>err &
first=$!
for _ in $(seq 500); do [ -e began ] && break; sleep 0.02; done
[ "$(stat -c %i data/parallel/.dsgd-make-stop/train.src.txt)" = "$inode" ] || fail 'begun anew'
sleeper=$(ps -o pid= --ppid $first | tr -d ' ')
kill -KILL $first
wait $first 2>/dev/null
for pid in $sleeper; do kill -KILL "$pid" 2>/dev/null; done # it holds the lock
for _ in $(seq 500); do "$make" stop multi en de 60 >out 2>err && break; sleep 0.2; done
cmp -s data/parallel/stop/SHA256SUMS $small/SHA256SUMS || fail "interrupted twice: $(cat err; ls -A data/parallel)"
[ ! -e data/parallel/.dsgd-make-stop ] || fail 'the private folder is left'

# begun with other texts: what is there of them is not taken
mkdir -m 700 data/parallel/.dsgd-make-mixed
cp $small/made-of data/parallel/.dsgd-make-mixed/made-of
echo 'ba ko' >data/parallel/.dsgd-make-mixed/train.src.txt
attempt 0 mixed multi en de 59
[ "$(wc -l <data/parallel/mixed/train.src)" -eq 400 ] || fail 'texts of another run were taken'

# a full disk, and links in place of what the script writes
(trap '' XFSZ; ulimit -f 8; attempt 3 full multi en de 60; exit $failures) || failures=$((failures + 1))
said 'cannot be made' 'room'
nothing_placed full
attempt 0 full multi en de 60
cmp -s data/parallel/full/SHA256SUMS $small/SHA256SUMS || fail 'full disk, then room'
mkdir -m 700 data/parallel/.dsgd-make-links
echo mine >victim
ln -s "$work/victim" data/parallel/.dsgd-make-links/made-of
attempt 2 links multi en de 60
ln -s "$work" data/parallel/.dsgd-make-link
attempt 2 link multi en de 60
[ "$(cat victim)" = mine ] || fail 'written where a link leads'

[ $failures -eq 0 ] && echo 'make_parallel: all checks passed'
exit $((failures > 0))

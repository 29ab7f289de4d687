#!/usr/bin/env bash
# data.sh - dsgd data, and that results on different data never end in one table: other datasets, and other files under
# the same name. Small made files stand for MNIST.
set -u
command -v python3 >/dev/null || { echo "data: python3 is not installed, skipped"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export DSGD_CACHE=$work/optima
unset DSGD_DATA
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }

# idx FOLDER SEED: four IDX files
idx()
{
    mkdir -p "$1"
    python3 - "$1" "$2" <<'PYTHON'
import gzip, random, struct, sys
folder, seed = sys.argv[1:]
draw = random.Random(seed)
for split, n in ("train", 200), ("t10k", 50):
    images = struct.pack(">4I", 0x803, n, 4, 4) + draw.randbytes(n * 16)
    labels = struct.pack(">2I", 0x801, n) + bytes(i % 10 for i in range(n))
    gzip.open(f"{folder}/{split}-images-idx3-ubyte.gz", "wb").write(images)
    open(f"{folder}/{split}-labels-idx1-ubyte", "wb").write(labels)
PYTHON
}
# data CODE ARGUMENTS...
data()
{
    local code=$1 got=0
    shift
    timeout 20 "$DSGD" data "$@" >out 2>err || got=$?
    [ "$got" -eq "$code" ] || fail "dsgd data $*: exit code $got, expected $code: $(cat out err)"
}
said() { local word; for word in "$@"; do grep -qF -- "$word" out || fail "no '$word' in: $(cat out)"; done; }
# field NAME KEY: of a dataset in out, which is JSON
field()
{
    python3 -c 'import json, sys; print({d["name"]: d for d in json.load(open("out"))}[sys.argv[1]][sys.argv[2]])' "$@"
}

printf 'problem = logistic\nsteps = 10\nstep { constant = 0.1 }\n' >mnist.conf
idx one/mnist 1
idx other/mnist 2
idx one/fashion-mnist 3
labels=t10k-labels-idx1-ubyte

# found, but not the published bytes: usable, and named
data 0 --data one
said 'MNIST (unverified files)' 'found       in one/mnist' '200 for training, 50 for testing, 16 features, 10 classes' \
    '0 as published, 4 different' 'data-mnist' 'DSGD_DATA=one' '--set dataset=mnist' \
    'published ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db'
data 0 --data one --json
got="$(field mnist usable) $(field mnist published) $(field mnist found_in)"
[ "$got" = 'True False one/mnist' ] || fail "JSON: $got: $(cat out)"
[ "$(field mnist sha256)" != "$(field fashion_mnist sha256)" ] || fail "two datasets, one sum"

# nothing, anything, a file too few, a damaged one
mkdir empty
DSGD_DATA=empty "$DSGD" data >out 2>err
said 'looked in   empty/mnist' 'found       no' 'type        make -f Makefile.experiments data-mnist'
if [ -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ]; then
    data 0 --data empty --json
    [ "$(field fashion_mnist published)" = True ] || fail "Debian's Fashion-MNIST is not the published one: $(cat out)"
    [ -z "$(field fashion_mnist type)" ] || fail "nothing is to be done for Fashion-MNIST: $(cat out)"
fi
cp -r one "it's bad"
rm "it's bad/mnist/$labels"
head -c 50 one/fashion-mnist/train-images-idx3-ubyte.gz >"it's bad/fashion-mnist/train-images-idx3-ubyte.gz"
data 2 --data "it's bad"
said 'not usable' "${labels}[.gz]: missing" '3 different, 0 damaged, 1 missing' 'damaged, ' '1 damaged'
grep -q 'no dataset' err || fail "no sentence about nothing: $(cat err)"

# what it says to type can be typed: the wrong files are moved, none is lost
data 2 --data "it's bad" --json
line=$(field mnist type)
[ "${line##* && }" = "DSGD_DATA='it'\''s bad' make -f Makefile.experiments data-mnist" ] || fail "to be typed: $line"
(eval "${line% && *}") || fail "cannot be typed: $line"
moved=$(find "it's bad/mnist" -name '*.other' | wc -l)
[ "$moved $(find "it's bad/mnist" -type f | wc -l)" = '3 3' ] || fail "moved $moved: $line"
line=$(field fashion_mnist type)
(eval "${line% && *}") || fail "cannot be typed: $line"
if [ ! -e "it's bad/fashion-mnist.other" ] || [ -e "it's bad/fashion-mnist" ]; then fail "not moved: $line"; fi
"$DSGD" data more 2>/dev/null
[ $? -eq 2 ] || fail "dsgd data accepts an argument"

# a broken gzip beside an intact plain file: that one is used, and told; a FIFO is not waited for; a disk that fails is exit 3
mkdir broken && cp -r one/mnist broken/mnist
images=train-images-idx3-ubyte
gzip -dc broken/mnist/$images.gz >broken/mnist/$images
sum=$(sha256sum <broken/mnist/$images)
echo '<html>' >broken/mnist/$images.gz
data 0 --data broken
said "broken/mnist/$images.gz: passed over, magic number" '200 for training' '4 different, 0 damaged'
data 0 --data broken --json
grep -q '"passed_over": "magic' out || fail "JSON says nothing of the gzip: $(cat out)"
grep -q "\"sha256\": \"${sum%% *}\"" out || fail "the sum is not that of the plain file: $(cat out)"
timeout 20 "$DSGD" run mnist.conf --data broken --quiet -o broken.h5 2>err || fail "a broken gzip hides the plain file: $(cat err)"
rm broken/mnist/$images.gz && mkfifo broken/mnist/$images.gz
data 0 --data broken
said "broken/mnist/$images.gz: passed over, a FIFO"
echo rubbish >broken/mnist/$images
timeout 20 "$DSGD" data --data broken >out 2>err # 0 or 2: Fashion-MNIST may be installed
said "broken/mnist/$images.gz: damaged, a FIFO"
rm broken/mnist/$images.gz
ln -sf /proc/self/mem broken/mnist/$images
data 3 --data broken
said "broken/mnist/$images: damaged, input failed" 'synthetic'
grep -q "broken/mnist/$images: input failed" err || fail "no sentence about the disk: $(cat err)"

# CIFAR-10: six files, their shape and sums; what is wrong is named, and what to type moves it; a run says and records which pictures it saw
mkdir colours colours/cifar-10-batches-bin
cifar() { python3 -c 'import random, sys; r = random.Random(sys.argv[1]); sys.stdout.buffer.write(b"".join(bytes([i % 10]) + r.randbytes(96) * 32 for i in range(10000)))' "$1"; }
for name in data_batch_{1..5} test_batch; do cifar "$name" | gzip -1 >colours/cifar-10-batches-bin/"$name".bin.gz; done
data 0 --data colours
said 'CIFAR-10 (unverified files)' '50000 for training, 10000 for testing, 3072 features, 10 classes' 'SHA-1       0 as published, 6 different' \
    'published SHA-1 aadd24acce27caa71bf4b10992e9e7b2d74c2540' 'DSGD_DATA=colours make -f Makefile.experiments data-cifar10'
data 0 --data colours --json
sums=$(for name in data_batch_{1..5} test_batch; do gzip -dc colours/cifar-10-batches-bin/"$name".bin.gz; done | sha256sum)
[ "$(field cifar10 usable) $(field cifar10 published) $(field cifar10 sha256)" = "True False ${sums%% *}" ] || fail "JSON of CIFAR-10: $(cat out)"
grep -q '"sha1_published": "67eb016db431130d61cd03c7ad570b013799c88c"' out || fail "JSON has no published SHA-1: $(cat out)"
printf 'dataset = cifar10\nproblem = softmax\nsteps = 4\nstep { constant = 0.01 }\nlog { optimum = false }\n' >colours.conf
"$DSGD" run colours.conf --data colours --quiet -o colours.h5 2>err || fail "softmax on CIFAR-10: $(cat err)"
"$DSGD" show --json colours.h5 >out
said 'CIFAR-10 (unverified files)' "${sums%% *}"
"$DSGD" show colours.h5 >out
said 'd = 30730'
rm colours/cifar-10-batches-bin/test_batch.bin.gz # a tuning split does not read it
"$DSGD" run colours.conf --data colours --set cifar10.split=tuning --quiet -o tuning.h5 2>err || fail "tuning split of CIFAR-10: $(cat err)"
data 0 --data colours
said 'test_batch.bin[.gz]: missing' '5 different, 0 damaged, 1 missing' 'images: Generated pictures'

# Switching: every line names the data, and no table takes both.
printf 'problem = logistic\nlogistic { l2 = 0.01 }\nalgorithm = sgd\nsteps = 20\nstep { constant = 0.1 }\n' >run.conf
"$DSGD" run run.conf --data one -o one.h5 >out 2>/dev/null || fail "run on one"
said '[MNIST (unverified files)]'
"$DSGD" run run.conf --data one -o one2.h5 --set seed=2 --quiet || fail "run on one, seed 2"
"$DSGD" run run.conf --data other -o other.h5 --set seed=2 --quiet || fail "run on other"
fashion=(--data one --set dataset=fashion_mnist --set seed=2)
"$DSGD" run run.conf "${fashion[@]}" -o fashion.h5 >out || fail "run on Fashion-MNIST"
said 'not MNIST'
"$DSGD" run run.conf "${fashion[@]}" -o fashion.h5 >out
said 'already complete' 'not MNIST'
"$DSGD" show one.h5 one2.h5 >out || fail "show refuses two runs on the same data"
"$DSGD" show fashion.h5 >out; said 'not MNIST'
"$DSGD" curve fashion.h5 >out; said '# dataset: Fashion-MNIST' 'not MNIST'
"$DSGD" run run.conf "${fashion[@]}" --dry-run >out; said 'not MNIST'
"$DSGD" optimum run.conf "${fashion[@]}" >out 2>/dev/null; said 'not MNIST'
for command in show 'show --json' 'show --quiet' 'show --final' curve 'curve --final'; do
    for second in other fashion; do
        # shellcheck disable=SC2086 # command and option
        "$DSGD" $command one.h5 $second.h5 >out 2>err
        code=$?
        if [ $code -ne 2 ] || [ -s out ] || [ "$(wc -l <err)" -ne 1 ] ||
            ! grep -q "one.h5.*$second.h5.*sha256" err; then
            fail "dsgd $command mixes data: exit code $code: $(cat out err)"
        fi
    done
done
# one row per file may mix, but says which data
"$DSGD" show --each one.h5 one2.h5 fashion.h5 >out || fail "show --each"
if grep -q 'mnist:' out || ! grep -q fashion_mnist out; then fail "show --each: $(cat out)"; fi
"$DSGD" show --each one.h5 other.h5 fashion.h5 >out || fail "show --each"
"$DSGD" show --each --json one.h5 other.h5 >json || fail "show --each --json"
for sha in $(python3 -c 'import json; print(*[r["dataset_sha256"][:8] for r in json.load(open("json"))["runs"]])'); do
    said "mnist:$sha"
done
[ "$(grep -c 'mnist:' out)" -eq 2 ] || fail "show --each: $(cat out)"

# the same name and configuration on other files: neither overwritten nor taken for complete
before=$(sha256sum <one.h5)
"$DSGD" run run.conf --data other -o one.h5 2>err >out
if [ $? -ne 2 ] || ! grep -q 'one.h5.*data' err; then fail "other data: taken for complete: $(cat out err)"; fi
[ "$(sha256sum <one.h5)" = "$before" ] || fail "a result on other data is overwritten"
case $("$DSGD" path run.conf --set dataset=fashion_mnist) in
results/fashion_mnist/*) ;;
*) fail "the path of a result does not name the dataset" ;;
esac

[ $failures -eq 0 ] && echo "data: all checks passed"
exit $((failures > 0))

#!/usr/bin/env bash
# unseen.sh - nothing is believed unseen: results and snapshots that were damaged, edited, built by hand, or that meet another
# f*, mu or L when they go on; the same for stored optima.
# shellcheck disable=SC2015 # fail returns 0
set -u
case ${DSGD_SANITIZE:-} in *thread*) exit 77 ;; esac # clang's runtime and HDF5's threads
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export DSGD_CACHE=$work/optima
unset DSGD_DATA
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
digest() { "$DSGD" digest "$1" | cut -d' ' -f1; }
python=${PYTHON:-/usr/bin/python3}

# refused CODE WORDS -- COMMAND...: that exit code and one sentence with the words
refused()
{
    local expected=$1 words=$2 code
    shift 3
    timeout 60 "$@" >out 2>err
    code=$?
    [ $code -eq "$expected" ] || fail "$*: exit code $code, expected $expected: $(head -c 300 err)"
    [ "$(wc -l <err)" -eq 1 ] && grep -qF -- "$words" err || fail "$*: expected one sentence with '$words': $(head -c 300 err)"
}

cat >q.conf <<'CONF'
problem = quadratic
quadratic { d = 50 kappa = 4 sigma = 1 }
algorithm = local_topk
local_topk { k = 5 }
steps = 400
step { constant = 0.02 }
CONF
"$DSGD" run q.conf --quiet -o q.h5 || fail "a run: exit code $?"
whole=$(digest q.h5)
size=$(stat -c %s q.h5)

# a file that ends early, has something after its end, or has lost any of its sectors
for length in 0 1 7 8 100 $((size / 2)) $((size - 512)) $((size - 57)) $((size - 56)) $((size - 55)) $((size - 48)) $((size - 1)); do
    head -c $length q.h5 >cut.h5
    refused 2 cut.h5 -- "$DSGD" show cut.h5
    refused 2 cut.h5 -- "$DSGD" run q.conf --quiet -o cut.h5
    [ "$(stat -c %s cut.h5)" = "$length" ] || fail "a cut file was touched"
done
for more in '\0' 'x' 'dsgd SHA-256:\n'; do
    { cat q.h5; printf '%b' "$more"; } >long.h5
    refused 2 long.h5 -- "$DSGD" show long.h5
done
for at in $(seq 0 512 $((size - 1))); do
    { head -c "$at" q.h5; head -c 512 /dev/zero; } | head -c "$size" >zero.h5
    tail -c +$((at + 513)) q.h5 >>zero.h5
    cmp -s q.h5 zero.h5 && continue # zeros were there
    refused 2 zero.h5 -- "$DSGD" run q.conf --quiet -o zero.h5
done

# the seal of the first version is still one
"$python" - <<'PYTHON' || fail "python"
import hashlib
b = open("q.h5", "rb").read()[:-56]
open("first.h5", "wb").write(b + b"dsgd SHA-256:\n\0\0" + hashlib.sha256(b).digest())
open("wrong.h5", "wb").write(b + b"dsgd SHA-256:\n\0\0" + hashlib.sha256(b + b"x").digest())
PYTHON
[ "$(digest first.h5)" = "$whole" ] || fail "a result of the first version is not read"
"$DSGD" run q.conf -o first.h5 | grep -q 'already complete' || fail "a result of the first version does not count"
refused 2 'do not have their checksum' -- "$DSGD" show wrong.h5

# what h5py and hands can build; a right seal does not help
if "$python" -c 'import h5py' 2>/dev/null; then
    "$python" - <<'PYTHON' || fail "h5py"
import hashlib, shutil
import h5py, numpy
def seal(name):
    b = open(name, "rb").read()
    open(name, "ab").write(b"dsgd SHA-256:\n\0\0" + hashlib.sha256(b).digest())
def edit(name, change, sealed=True):
    shutil.copy("q.h5", name)
    with h5py.File(name, "r+") as f: change(f)
    if sealed: seal(name)
def replace(f, where, **how):
    data = f[where][:]
    attributes = dict(f[where].attrs)
    del f[where]
    if "link" in how: f[where] = how["link"]; return
    new = f.create_dataset(where, data=how.get("data", data), **{k: v for k, v in how.items() if k != "data"})
    for k in ("units", "long_name"): new.attrs[k] = attributes[k]
edit("e-gap.h5", lambda f: f["trace/gap"].__setitem__(-1, 1e-12), sealed=False)
edit("e-label.h5", lambda f: f.attrs.__setitem__("label", "edited"), sealed=False)
edit("x-link.h5", lambda f: replace(f, "trace/gap", link=h5py.ExternalLink("q.h5", "/trace/gap")))
edit("x-soft.h5", lambda f: replace(f, "trace/gap", link=h5py.SoftLink("/trace/objective")))
def outside(f):
    n = f["trace/gap"].shape[0]
    open("raw.bin", "wb").write(b"\1" * 8 * n)
    replace(f, "trace/gap", external=[("raw.bin", 0, 8 * n)], data=None)
def raw(f):
    n = f["trace/gap"].shape[0]
    attributes = dict(f["trace/gap"].attrs)
    open("raw.bin", "wb").write(b"\1" * 8 * n)
    del f["trace/gap"]
    new = f.create_dataset("trace/gap", shape=(n,), dtype="<f8", external=[("raw.bin", 0, 8 * n)])
    for k in ("units", "long_name"): new.attrs[k] = attributes[k]
edit("x-raw.h5", raw)
def virtual(f):
    n = f["trace/gap"].shape[0]
    attributes = dict(f["trace/gap"].attrs)
    del f["trace/gap"]
    layout = h5py.VirtualLayout(shape=(n,), dtype="<f8")
    layout[:] = h5py.VirtualSource("q.h5", "trace/gap", shape=(n,))
    new = f.create_virtual_dataset("trace/gap", layout)
    for k in ("units", "long_name"): new.attrs[k] = attributes[k]
edit("x-virtual.h5", virtual)
edit("x-packed.h5", lambda f: replace(f, "trace/gap", compression="gzip"))
edit("x-chunks.h5", lambda f: replace(f, "trace/gap", chunks=(2,)))
edit("x-text.h5", lambda f: replace(f, "trace/gap", data=numpy.array([b"a"] * f["trace/gap"].shape[0])))
def huge(f):
    attributes = dict(f["model/x"].attrs)
    del f["model/x"]
    new = f.create_dataset("model/x", shape=(1 << 40,), dtype="<f8")
    for k in ("units", "long_name"): new.attrs[k] = attributes[k]
edit("x-huge.h5", huge)
def often(f): # the same bytes as many columns need many times the file's size
    for n in range(20): f[f"trace/again{n}"] = f["trace/gap"]
edit("x-often.h5", often)
def twice(f):
    del f["oracle"]
    f["oracle"] = f["trace"]
edit("x-twice.h5", twice)
edit("x-group.h5", lambda f: f.move("trace", "away") or f.__setitem__("trace", h5py.ExternalLink("q.h5", "/trace")))
edit("i-negative.h5", lambda f: f["ledger/up_value"].__setitem__(-1, -4))
edit("i-shrinks.h5", lambda f: f["ledger/up_value"].__setitem__(-1, 0))
edit("i-steps.h5", lambda f: f["trace/step"].__setitem__(2, 0))
edit("i-late.h5", lambda f: f["trace/step"].__setitem__(-1, 1000))
def shorter(f):
    for name in list(f["ledger"]):
        data, attributes = f["ledger"][name][:-1], dict(f["ledger"][name].attrs)
        del f["ledger"][name]
        new = f["ledger"].create_dataset(name, data=data)
        for k in ("units", "long_name"): new.attrs[k] = attributes[k]
edit("i-short.h5", shorter)
for n, word in enumerate(("", "done", "running ")): edit(f"i-status{n}.h5", lambda f: f.attrs.__setitem__("status", numpy.bytes_(word)))
edit("i-least.h5", lambda f: f["ledger/values_step_min"].__setitem__(-1, -1.0))
PYTHON
    for file in e-*.h5; do
        refused 2 'does not end in its checksum' -- "$DSGD" show "$file"
        refused 2 'does not end in its checksum' -- "$DSGD" run q.conf --quiet -o "$file"
        refused 2 'does not end in its checksum' -- "$DSGD" show q.h5 "$file"
        for command in show table curve export digest 'show --json' 'table --tsv' 'table --markdown'; do
            # shellcheck disable=SC2086 # command and option
            timeout 60 "$DSGD" $command --unsealed "$file" >out 2>err || fail "$command --unsealed $file: exit code $?, $(cat err)"
            grep -q unsealed out || fail "$command --unsealed does not mark $file"
            # shellcheck disable=SC2086 # words are meant
            "$DSGD" $command --unsealed q.h5 >out 2>err || fail "$command --unsealed of an intact result: $(cat err)"
            ! grep -q unsealed out || fail "$command --unsealed marks an intact result"
        done
        "$DSGD" diff --unsealed q.h5 "$file" >out 2>err; [ $? -le 1 ] && grep -q unsealed out || fail "diff --unsealed: $(cat out err)"
    done
    for file in x-*.h5; do
        refused 2 "$file" -- "$DSGD" show "$file"
        refused 2 "$file" -- "$DSGD" show --unsealed "$file"
    done
    for file in i-*.h5; do refused 2 'expected a result of dsgd run' -- "$DSGD" show "$file"; done
else
    echo "note: python3-h5py is not installed, edited results were not tried"
fi

# without a seal, by the user's wish: a sentence at worst, whatever HDF5 makes of it
case ${DSGD_SANITIZE:-} in '')
    RANDOM=17
    head -c $((size - 56)) q.h5 >bare.h5
    for turn in $(seq 60); do
        cp bare.h5 bits.h5
        for _ in $(seq $((1 + RANDOM % 16))); do
            printf '%b' "\\x$(printf %02x $((RANDOM % 256)))" | dd of=bits.h5 bs=1 seek=$(((RANDOM * 32768 + RANDOM) % (size - 56))) conv=notrunc status=none
        done
        timeout 60 "$DSGD" digest --unsealed bits.h5 >out 2>err
        code=$?
        [ $code -eq 0 ] && grep -q unsealed out || { [ $code -eq 2 ] && [ "$(wc -l <err)" -eq 1 ]; } || fail "turn $turn of --unsealed: exit code $code, $(head -c 300 err)"
    done ;;
esac

# a run that goes on meets another f*, mu or L
cat >s.conf <<'CONF'
problem = logistic
dataset = synthetic
synthetic { n = 200 n_test = 50 features = 5 classes = 2 }
logistic { l2 = 0.1 }
algorithm = sgd
step_size = theory
steps = 2000000
CONF
env --default-signal=INT "$DSGD" run s.conf --quiet --snapshot 0.05 -o s.h5 2>err & pid=$!
for _ in $(seq 400); do [ -e s.h5.tmp ] && break; sleep 0.05; done
kill -INT $pid
wait $pid
[ -e s.h5.tmp ] || fail "no snapshot: $(cat err)"
cp s.h5.tmp keep.tmp
optimum=$(echo optima/optimum-*.h5)
[ -s "$optimum" ] || fail "no stored optimum"
if "$python" -c 'import h5py' 2>/dev/null; then
    for name in mu L f_star; do
        cp "$optimum" whole.optimum
        NAME=$name "$python" - "$optimum" <<'PYTHON' || fail "h5py"
import hashlib, os, sys
import h5py
path, name = sys.argv[1], os.environ["NAME"]
with h5py.File(path, "r+") as f: f.attrs[name] = f.attrs[name] * (1 + 1e-15 if name == "f_star" else 0.9 if name == "mu" else 1.1)
b = open(path, "rb").read()
text = b"dsgd optimum; SHA-256 of the bytes from 512 on: " + hashlib.sha256(b[512:]).hexdigest().encode() + b"\n"
open(path, "r+b").write(text + bytes(512 - len(text)))
PYTHON
        cmp -s "$optimum" whole.optimum && fail "$name was not changed"
        refused 2 's.h5.tmp began with f* = ' -- "$DSGD" run s.conf --quiet -o s.h5
        cmp -s s.h5.tmp keep.tmp || fail "a refused run touched its snapshot"
        cp whole.optimum "$optimum"
    done
fi
# a damaged optimum is computed again and gives the same numbers: the run goes on
printf 'x' | dd of="$optimum" bs=1 seek=700 conv=notrunc status=none
timeout 20 env --default-signal=TERM "$DSGD" run s.conf --quiet --snapshot 1 -o s.h5 2>err & pid=$!
sleep 1.5
kill -TERM $pid
wait $pid
grep -q 'began with' err && fail "a damaged optimum: $(cat err)"

[ $failures -eq 0 ] && echo "unseen: all checks passed"
exit $((failures > 0))

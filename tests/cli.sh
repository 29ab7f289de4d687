#!/usr/bin/env bash
# cli.sh - the command as its users meet it: exit codes and sentences for bad input, results that other tools read.
# shellcheck disable=SC2015 # fail returns 0
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export DSGD_CACHE=$work/optima
unset DSGD_DATA
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }

cat >ok.conf <<'CONF'
problem = quadratic
quadratic { d = 785 kappa = 4 sigma = 1 }
algorithm = sketched_sgd
sketched_sgd { variant = topk rows = 7 cols = 40 k = 10 candidates = 10 }
workers = 4
steps = 300
step { constant = 0.02 }
CONF

# refuse WORDS... -- ARGUMENTS...: exit code 2, one line on stderr with all the words, nothing left behind
refuse()
{
    local words=()
    while [ "$1" != -- ]; do words+=("$1"); shift; done
    shift
    "$DSGD" "$@" >out 2>err
    local code=$?
    [ $code -eq 2 ] || fail "dsgd $*: exit code $code, expected 2: $(cat err)"
    [ "$(wc -l <err)" -eq 1 ] || fail "dsgd $*: expected one sentence, got: $(cat err)"
    for word in "${words[@]}"; do grep -qF -- "$word" err || fail "dsgd $*: no '$word' in: $(cat err)"; done
    [ ! -s out ] || fail "dsgd $*: wrote to stdout"
    [ ! -e results ] || fail "dsgd $*: left $(find results -type f)"
    rm -rf results
}

# Threads that wait sleep, unless the user wants them otherwise; what dsgd's children and results see is the user's environment.
waits()
{
    local got
    got=$(env -u OMP_WAIT_POLICY -u GOMP_SPINCOUNT -u KMP_BLOCKTIME PWD="$work" OMP_DISPLAY_ENV=verbose "$@" "$DSGD" --version 2>&1 | sed -n "s/.*GOMP_SPINCOUNT = '\(.*\)'/\1/p")
    printf '%s' "${got:-none}"
}
if [ "$(waits OMP_WAIT_POLICY=passive)" = 0 ] && [ -z "${DSGD_SANITIZE:-}" ]; then # libgomp, which says so
    [ "$(waits)" = 0 ] || fail "waiting threads spin: $(waits)"
    [ "$(waits GOMP_SPINCOUNT=77)" = 77 ] || fail "GOMP_SPINCOUNT=77: $(waits GOMP_SPINCOUNT=77)"
    [ "$(waits OMP_WAIT_POLICY=active)" -gt 1000 ] || fail "OMP_WAIT_POLICY=active: $(waits OMP_WAIT_POLICY=active)"
fi

refuse 'unknown key sketched_sgd.kk' 'sketched_sgd.k' -- run ok.conf --set sketched_sgd.kk=3
refuse 'unknown key worker' 'workers' -- run ok.conf --set worker=3
refuse 'sketched_sgd.k = 786' 'at most d = 785' -- run ok.conf --set sketched_sgd.k=786
refuse 'sketched_sgd.rows = 6' 'odd' -- run ok.conf --set sketched_sgd.rows=6
refuse 'workers = 0' 'from 1' -- run ok.conf --set workers=0
refuse 'steps = many' 'whole number' -- run ok.conf --set steps=many
refuse 'step.constant = nan' 'number' -- run ok.conf --set step.constant=nan
refuse 'algorithm = sdg' 'sgd' -- run ok.conf --set algorithm=sdg
refuse 'problem = logistics' 'logistic' -- run ok.conf --set problem=logistics
refuse 'dataset = emnist' 'mnist' -- run ok.conf --set problem=logistic --set dataset=emnist
refuse 'emulation = merged' 'local_topk' -- run ok.conf --set algorithm=local_topk --set emulation=merged
refuse '--set steps' 'key=value' -- run ok.conf --set steps
refuse 'nothing.conf' -- run nothing.conf
refuse 'average = theory' -- run ok.conf --set average=theory
refuse 'step.xi = soon' -- run ok.conf --set step_size=theory --set step.xi=soon
printf 'workers = 4\nwrokers = 5\n' >typo.conf
refuse 'typo.conf:2' 'wrokers' 'workers' -- run typo.conf
printf 'workers = 4\nsgd { momentun = 0.5 }\n' >typo2.conf
refuse 'typo2.conf:2' 'sgd.momentun' 'sgd.momentum' -- run typo2.conf
printf 'include("gone.conf")\n' >gone_include.conf
refuse 'gone.conf' -- run gone_include.conf
printf 'workers = {\n' >syntax.conf
refuse 'syntax.conf' -- run syntax.conf

# data: missing, truncated, corrupt
mkdir -p data/mnist
printf 'problem = logistic\nsteps = 10\n' >mnist.conf
refuse 'images-idx3' '--data' -- run mnist.conf --data "$work/none"
for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do printf '\0\0\10\3\0\0\0\2' >data/mnist/$name-ubyte; done
refuse 'train-images-idx3-ubyte' -- run mnist.conf --data "$work/data"
head -c 100 /dev/urandom | gzip | head -c 60 >data/mnist/train-images-idx3-ubyte.gz
refuse 'train-images-idx3-ubyte.gz' -- run mnist.conf --data "$work/data"
rm -rf data

# a result of another configuration, of another schema, and a broken snapshot at the same path
"$DSGD" run ok.conf -o a.h5 --quiet || fail "run ok.conf: exit code $?"
cp a.h5 kept.h5
"$DSGD" run ok.conf -o a.h5 | grep -q 'already complete' || fail "a complete result is not recognised"
"$DSGD" run ok.conf -o a.h5 --set seed=2 2>err; [ $? -eq 2 ] && grep -q 'configuration' err || fail "another configuration: $(cat err)"
cmp -s a.h5 kept.h5 || fail "a refused run touched the earlier result"
printf 'not HDF5' >b.h5.tmp
"$DSGD" run ok.conf -o b.h5 2>err; [ $? -eq 2 ] && grep -q 'b.h5.tmp' err || fail "broken snapshot: $(cat err)"
[ ! -e b.h5 ] && [ -z "$(find . -maxdepth 1 -name '.dsgd-*')" ] || fail "a refused run left files"
"$DSGD" run ok.conf -o b.h5 --restart --quiet 2>err; [ $? -eq 2 ] && [ "$(cat b.h5.tmp)" = 'not HDF5' ] || fail "--restart discards what was no snapshot: $(cat err)"
rm b.h5.tmp
env --default-signal=INT "$DSGD" run ok.conf -o b.h5 --quiet --set steps=3000000 --snapshot 0.01 2>err & pid=$!
for _ in $(seq 400); do [ -e b.h5.tmp ] && break; sleep 0.05; done
kill -INT $pid; wait $pid
size=$(stat -c %s b.h5.tmp); head -c $((size / 2)) b.h5.tmp >half; mv half b.h5.tmp
"$DSGD" run ok.conf -o b.h5 2>err; [ $? -eq 2 ] && grep -q 'b.h5.tmp' err || fail "cut snapshot: $(cat err)"
"$DSGD" run ok.conf -o b.h5 --restart --quiet || fail "--restart does not discard a broken snapshot"
[ "$("$DSGD" digest a.h5 | cut -d' ' -f1)" = "$("$DSGD" digest b.h5 | cut -d' ' -f1)" ] || fail "two runs, two digests"
"$DSGD" diff a.h5 b.h5 | grep -q 'same bits' || fail "diff of equal runs"
"$DSGD" run ok.conf -o c.h5 --set seed=2 --quiet
"$DSGD" diff a.h5 c.h5 >out; [ $? -eq 1 ] && grep -q 'differs first at step' out || fail "diff of different runs: $(cat out)"
truncated=$(stat -c %s a.h5); head -c $((truncated / 2)) a.h5 >half.h5
"$DSGD" show half.h5 2>err; [ $? -eq 2 ] && grep -q 'half.h5' err || fail "truncated result: $(cat err)"

# one writer
(flock 9; "$DSGD" run ok.conf -o locked.h5 2>err; echo $? >code) 9>".dsgd-$(printf locked.h5 | sha256sum | cut -c1-16).lock"
[ "$(cat code)" = 2 ] && grep -q 'another process' err || fail "second writer: $(cat code) $(cat err)"

# the ledger, not the attributes: 1570/390 = 4.03, also when a copy's attributes lie
"$DSGD" show a.h5 >shown.txt || fail "show: exit code $?"
grep -q '4\.03' shown.txt || fail "show does not print 4.03: $(cat shown.txt)"
"$DSGD" run ok.conf --dry-run >dry.txt || fail "dry run"
grep -q 'table    up       1120.0' dry.txt || fail "dry run: $(cat dry.txt)"
[ ! -e results ] || fail "a dry run left files"

python=${PYTHON:-/usr/bin/python3}
if "$python" -c 'import h5py, xarray' 2>/dev/null; then
    "$python" - "$DSGD" <<'PYTHON' || fail "h5py or xarray"
import hashlib, shutil, subprocess, sys, warnings
import h5py, xarray
dsgd = sys.argv[1]
def seal(name):
    with open(name, "rb") as f: digest = hashlib.sha256(f.read()).digest()
    with open(name, "ab") as f: f.write(b"dsgd SHA-256:\n\0\0" + digest)
with h5py.File("a.h5") as f:
    assert f.attrs["status"] == b"complete" and f.attrs["schema_version"] == 1
    assert b"k = 10" in f.attrs["config"]
    assert f["trace/objective"].dims[0][0][-1] == 300 and f["ledger/up_table"].attrs["units"] == b"byte"
    assert f["ledger/up_table"][-1] == 300 * 4 * 1120, f["ledger/up_table"][-1]
    assert f["ledger/values_step_min"][-1] == f["ledger/values_step_max"][-1] == 390
    assert f["model/x"].shape == (785,)
trace = xarray.open_dataset("a.h5", group="trace")
assert xarray.open_dataset("a.h5").attrs["status"] == "complete"
with warnings.catch_warnings():
    warnings.simplefilter("error")
    model = xarray.open_dataset("a.h5", group="model")
assert model["x"].dims == model["output"].dims == ("coordinate",) and model.sizes["coordinate"] == 785
with h5py.File("a.h5") as f: # readers beside each other
    assert subprocess.run([dsgd, "show", "a.h5"], capture_output=True).returncode == 0
shutil.copy("a.h5", "held.h5")
with h5py.File("held.h5", "r+") as f:
    held = subprocess.run([dsgd, "show", "held.h5"], capture_output=True, text=True)
    assert held.returncode in (0, 2) and (held.returncode == 0 or "checksum" in held.stderr), held.stderr
assert trace["objective"].dims == ("step",) and int(trace["step"][-1]) == 300
shutil.copy("a.h5", "lie.h5")
with h5py.File("lie.h5", "r+") as f:
    f.attrs["config"] = f.attrs["config"].decode().replace("cols = 40", "cols = 400").replace("workers = 4", "workers = 1")
    for name in ("workers", "batch"):
        f.attrs[name] = 7
refused = subprocess.run([dsgd, "show", "lie.h5"], capture_output=True, text=True)
assert refused.returncode == 2 and "does not end in its checksum" in refused.stderr, refused.stderr
seal("lie.h5")
shown = [subprocess.run([dsgd, "show", name], capture_output=True, text=True, check=True).stdout for name in ("a.h5", "lie.h5")]
assert "4.03" in shown[1], shown[1]
with h5py.File("lie.h5", "r+") as f:
    f.attrs["schema_version"] = 99
seal("lie.h5")
code = subprocess.run([dsgd, "run", "ok.conf", "-o", "lie.h5"], capture_output=True, text=True)
assert code.returncode == 2 and "schema version 99" in code.stderr, code.stderr
PYTHON
else
    echo "note: python3-h5py and python3-xarray are not installed, their checks did not run"
fi

# usage
"$DSGD" >/dev/null 2>&1; [ $? -eq 2 ] || fail "dsgd alone: expected 2"
"$DSGD" --help | grep -q run || fail "--help"
"$DSGD" --version | grep -q dsgd || fail "--version"
"$DSGD" nonsense 2>err; [ $? -eq 2 ] && grep -q nonsense err || fail "unknown command"
"$DSGD" run 2>/dev/null; [ $? -eq 2 ] || fail "run without CONFIG: expected 2"
"$DSGD" run ok.conf --threads none 2>err; [ $? -eq 2 ] || fail "--threads none: expected 2"
"$DSGD" list sketched_sgd | grep -q 'candidates' || fail "list sketched_sgd"
"$DSGD" export a.h5 | head -n 3 | grep -q objective || fail "export"
"$DSGD" run ok.conf -o j.h5 --json >j.json && "$DSGD" show j.h5 --json >s.json || fail "--json"

[ $failures -eq 0 ] && echo "cli: all checks passed"
exit $((failures > 0))

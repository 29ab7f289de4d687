#!/usr/bin/env bash
# bench.sh - dsgd bench prints every line with times and fractions that are numbers, reads a given vector, and refuses wrong words; the scripts
# of bench/peers hold together. No time is judged.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
python=${PYTHON:-/usr/bin/python3}
"$python" -c 'import json' 2>/dev/null || { echo 'no python3'; exit 77; }
small=(-D 1048576 -k 1000 -n 2)

# sound FILE NAMES: JSON whose lines have these names, in this order, times above 0 in order, a fraction wherever there is a ceiling
sound()
{
    "$python" - "$@" <<'PYTHON' || fail "$1, see above"
import json, sys
lines = json.load(open(sys.argv[1]))["lines"]
names = [line["name"] for line in lines]
expected = sys.argv[2].split()
if names != expected:
    sys.exit(f"lines {names}, expected {expected}")
for line in lines:
    if not 0 < line["min_s"] <= line["median_s"] <= line["max_s"] or line["turns"] < 1:
        sys.exit(f"{line}: times not in order")
    if line["ceiling"] and not (line["ceiling_s"] > 0 and line["fraction"] > 0):
        sys.exit(f"{line}: no fraction of the ceiling")
    if line["per_second"] is not None and not line["per_second"] > 0:
        sys.exit(f"{line}: no steps")
PYTHON
}

kernels='machine-read machine-copy machine-cells machine-gather sketch-block-large sketch-block-small sketch-textbook sketch-textbook-4 estimate-block'
kernels+=' unsketch-block-large unsketch-block-small unsketch-textbook heavymix-block topk sign-pack majority-16 majority-16-coin max-abs norm terngrad qsgd-16 momentum'
kernels+=' sum-4 apply low-rank-4'
"$DSGD" bench kernels "${small[@]}" --json >kernels.json || fail 'bench kernels'
sound kernels.json "$kernels"
"$DSGD" bench kernels "${small[@]}" -t 1 --only topk,norm >text || fail 'bench kernels as text'
[ "$(grep -c ' % of ' text)" = 2 ] || fail "two lines with a fraction, got: $(cat text)"
"$DSGD" bench round "${small[@]}" --json >round.json || fail 'bench round'
sound round.json 'sketched-4 sketched-16 sketched-16-merged local_topk-4 true_topk-4 sgd-4 signsgd-16 terngrad-4 qsgd-4 powersgd-4'

# deep models: one thread and two, which take a step each; full width is left to people (half a second a step)
if "$DSGD" list problems | grep -q '^  lenet '; then
    "$DSGD" bench deep -t 2 -n 1 --only mlp,lenet,resnet9-16 --json >deep.json || fail 'bench deep'
    sound deep.json 'mlp-b16 mlp-b64 lenet-b16 lenet-b64 resnet9-16-b64'
    "$python" -c 'import json, sys; sys.exit(not all(line["operations"] > 1e7 for line in json.load(open("deep.json"))["lines"]))' || fail 'operations of bench deep'
    "$DSGD" bench deep -t 1 -n 2 --only mlp >text || fail 'bench deep as text'
    [ "$(grep -c 'Gflop/s' text)" = 2 ] || fail "two lines with operations a second, got: $(cat text)"
    refused_deep=1
else
    "$DSGD" bench deep | grep -q 'made without oneDNN' || fail 'bench deep: not said why it has no lines'
    refused_deep=
fi

printf 'problem = quadratic\nstep { constant = 0.001 }\nquadratic { d = 100 }\n' >q.conf
"$DSGD" bench q.conf -n 1 --json >settings.json || fail 'bench CONFIG'
sound settings.json 'sgd sketched_sgd-heavymix sketched_sgd-topk local_topk terngrad'

# a vector of one's own, and wrong ones
"$python" -c 'import sys; sys.stdout.buffer.write(b"\0\0\0\100" * 1048576)' >good.f32
"$DSGD" bench kernels "${small[@]}" --only norm --vector good.f32 >/dev/null || fail 'a given vector'
refuse()
{
    local words=$1 out
    shift
    out=$("$DSGD" bench "$@" 2>&1 >/dev/null)
    [ $? = 2 ] || fail "bench $*: expected exit code 2"
    grep -qF -- "$words" <<<"$out" || fail "bench $*: expected '$words' in: $out"
}
head -c 4000000 good.f32 >short.f32
{ head -c 4000 good.f32; printf '\0\0\300\177'; tail -c +4005 good.f32; } >nan.f32
refuse 'expected a file of 1048576 floats' kernels "${small[@]}" --vector short.f32
refuse 'number 1000 is nan' kernels "${small[@]}" --vector nan.f32
refuse 'gone.f32' round "${small[@]}" --vector gone.f32
refuse 'expected words from the names' kernels "${small[@]}" --only nothing
refuse 'expected words from the names' q.conf --only nothing
[ -z "$refused_deep" ] || refuse 'expected words from the names' deep --only nothing
refuse 'expected kernels, round, mnist, deep' -n 1
refuse 'expected at most d' kernels -D 1048576 -k 1048577
refuse 'expected one argument' kernels round
refuse 'whole number from 1 to 99' kernels -n 0

# the peers' scripts: whole, and they run where numpy is
for script in peers vectors sketches rounds mnist deep; do
    "$python" -c 'import ast, sys; ast.parse(open(sys.argv[1]).read())' "$DSGD_SOURCE/bench/peers/$script.py" || fail "$script.py"
done
if "$python" -c 'import numpy' 2>/dev/null; then
    "$python" "$DSGD_SOURCE/bench/peers/vectors.py" --dsgd "$DSGD" --turns 1 --dimension 1048576 --k 1000 --only sign-pack --json >peers.json 2>left_out || fail 'vectors.py'
    "$python" -c 'import json; rows = json.load(open("peers.json")); assert rows and all(row["ratio"] > 0 for row in rows)' || fail 'ratios of vectors.py'
fi
[ "$failures" = 0 ] || exit 1

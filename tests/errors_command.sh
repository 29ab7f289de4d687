#!/usr/bin/env bash
# errors_command.sh - every error of docs/errors.md that says "errors_command.sh" is provoked: its exit code and its sentence, nothing else.
# shellcheck disable=SC2015,SC2016,SC2059 # fail returns 0; formats are made of numbers
set -u
case ${DSGD_SANITIZE:-} in *thread*) exit 77 ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export DSGD_CACHE=$work/optima
unset DSGD_DATA
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
: >seen

# try CODE ARGUMENTS...: that exit code and one sentence (of a usage error: and where help is), kept in `seen`
try()
{
    local expected=$1 code
    shift
    "$DSGD" "$@" >out 2>err
    code=$?
    [ $code -eq "$expected" ] || fail "dsgd $*: exit code $code, expected $expected: $(cat err)"
    case $(wc -l <err) in
    1) grep -q '^dsgd' err || fail "dsgd $*: who says so? $(cat err)" ;;
    2) grep -q -- '--help' err || fail "dsgd $*: expected one sentence: $(cat err)" ;;
    *) fail "dsgd $*: expected one sentence: $(cat err)" ;;
    esac
    printf '%s %s\n' "$code" "$(head -n 1 err | sed 's/^dsgd[a-z ]*: //; s/^warning: the optimum is not stored for the next run: //')" >>seen
}
full() { local code=$1; shift; "$DSGD" "$@" >/dev/full 2>err; [ $? -eq "$code" ] || fail "dsgd $* >/dev/full"; echo "$code $(sed 's/^dsgd: //' err)" >>seen; }

cat >ok.conf <<'CONF'
problem = quadratic
quadratic { d = 785 kappa = 4 sigma = 1 }
workers = 4
steps = 60
step { constant = 0.02 }
CONF
ok() { try 2 run ok.conf --quiet -o refused.h5 "$@"; }
long=$(printf 'x%.0s' $(seq 5000))

# arguments
try 2 nonsense
try 2 run
try 2 run ok.conf other.conf
try 2 run ok.conf --threads none
try 2 run ok.conf --snapshot soon
ok --set steps
try 2 sweep x.sweep --json --list
try 2 show
try 2 digest
# shellcheck disable=SC2046 # many words are meant
try 2 digest $(seq 5000)
try 2 diff ok.conf
try 2 export --table nothing ok.conf
try 2 show --from never ok.conf
# shellcheck disable=SC2046 # many words are meant
try 2 bench ok.conf $(printf -- '--set seed=%d ' $(seq 50))
try 2 list nothing
try 2 list sgd --set sgd.speed=1
try 2 verify --only nothing
try 2 verify --fault nothing
try 2 verify --map nothing
try 2 verify --map contraction
try 2 verify --set steps=1
try 2 verify --statement "Lemma 1"
try 2 verify ok.conf other.conf
try 2 verify ok.conf --statement "Lemma 9"
"$DSGD" verify ok.conf --statement "Fact 3" >out 2>&1; echo "1 $(sed "s/^Fact 3 *//" out)" >>seen
ok --set lr=0.1
try 2 sweep ok.conf
ok --set algorithm=topk
try 2 list sgd -d 785 --rows 2

# configuration
try 2 run gone.conf
try 2 run .
mkdir folder; printf 'include("folder")\n' >folder.conf; try 2 run folder.conf
mkfifo fifo; try 2 run fifo
conf() { printf "$1" >bad.conf; try 2 run bad.conf; }
if [ -r /proc/self/mem ]; then try 3 run /proc/self/mem; else echo '3 x cannot be read: Input/output error' >>seen; fi
head -c 1048577 /dev/zero | tr '\0' '\n' >large.conf; try 2 run large.conf
head -c 1048576 /dev/zero | tr '\0' '\n' >full.conf
yes 'include("full.conf")' | head -n 8 >many.conf; try 2 run many.conf
: >empty.conf; yes 'include("empty.conf")' | head -n 1000 >files.conf; try 2 run files.conf
# shellcheck disable=SC2086 # many words are meant
for n in $(seq 11); do echo "include(\"deep$((n + 1)).conf\")" >deep$n.conf; done; try 2 run deep1.conf
conf 'include("bad.conf")\n'
conf 'label = \377\n'
conf 'label = a\033b\n'
conf '/* open\n'
conf 'label = "${HOME}"\n'
conf 'steps += 5\n'
conf 'label = "\\400"\n'
conf 'steps = 5\nsteps = 6\n'
conf 'include("")\n'
conf 'steps = {1, 2}\n'
printf 'workers = {\n' >syntax.conf; try 2 run syntax.conf
printf 'wrokers = 5\n' >typo.conf; try 2 run typo.conf
printf 'include("gone.conf")\n' >gone_include.conf; try 2 run gone_include.conf
ok --set workers=0
ok --set step.constant=nan
ok --set log.oracle=perhaps
ok --set algorithm=sdg
ok --set average=mean
ok --set "label=${long:0:200}"
ok --set $'label=a\tb'
ok --set algorithm=local_topk --set emulation=merged
ok --set server_nesterov=true
ok --set average=theory
ok --set step_size=theory --set step.xi=soon
ok --set 'step.knots=0:1 5'
ok --set step_size=piecewise
ok --set step_size=noam
ok --set step_size=theory --set step.warmup=5
ok --set step.warmup=60
ok --set step_size=triangle --set step.peak_at=61
ok --set step_size=triangle --set step.unit=epochs
ok --set sampling=epoch
ok --set algorithm=local_topk --set local_topk.k=786
ok --set algorithm=local_topk --set local_topk.nesterov=true
ok --set algorithm=local_topk --set 'local_topk.warmup_ratios=0.25 2'
ok --set algorithm=local_topk --set local_topk.warmup=21
ok --set algorithm=true_topk --set true_topk.k=786
ok --set algorithm=pkk --set pkk.k=786
ok --set algorithm=random_k --set random_k.k=786
ok --set algorithm=random_k --set random_k.scale=unbiased
ok --set algorithm=random_k --set random_k.memory=false --set random_k.lr_inside=true
sketched=(--set algorithm=sketched_sgd)
ok "${sketched[@]}" --set sketched_sgd.rows=6
ok "${sketched[@]}" --set sketched_sgd.variant=topk --set sketched_sgd.dense_below=800
ok "${sketched[@]}" --set sketched_sgd.variant=heavymix --set sketched_sgd.lr_inside=false
ok "${sketched[@]}" --set sketched_sgd.variant=heavymix --set sketched_sgd.momentum=0.5
ok "${sketched[@]}" --set sketched_sgd.variant=heavymix --set sketched_sgd.dense_below=5
ok "${sketched[@]}" --set sketched_sgd.variant=topk --set sketched_sgd.dense_roles=bias+bias
ok "${sketched[@]}" --set sketched_sgd.variant=topk --set sketched_sgd.dense_roles=weights+bias
ok "${sketched[@]}" --set sketched_sgd.variant=heavymix --set sketched_sgd.dense_roles=bias
ok "${sketched[@]}" --set sketched_sgd.variant=topk --set sketched_sgd.own_value=true
ok "${sketched[@]}" --set sketched_sgd.values=fp16 --set sketched_sgd.own_value=true
ok "${sketched[@]}" --set sketched_sgd.variant=heavymix --set sketched_sgd.truncate=2
ok "${sketched[@]}" --set sketched_sgd.cols=100 --set sketched_sgd.hash=block
ok --set algorithm=fetchsgd --set fetchsgd.rows=6
ok --set algorithm=fetchsgd --set fetchsgd.cols=63 --set fetchsgd.hash=block
ok --set algorithm=fetchsgd --set fetchsgd.k=786
ok --set algorithm=powersgd --set powersgd.memory=false --set powersgd.feedback=own
ok --set algorithm=terngrad --set terngrad.scaler=std --set terngrad.clip=0
made=(--set dataset=synthetic --set synthetic.n=60 --set synthetic.n_test=20 --set synthetic.features=5 --set synthetic.classes=3)
theory=(--set step_size=theory --set log.optimum=false)
ok "${made[@]}" --set problem=logistic --set logistic.l2=0 "${theory[@]}"
ok "${made[@]}" --set problem=sigmoid "${theory[@]}"
ok "${made[@]}" --set problem=svm --set svm.l2=0.1 "${theory[@]}"
ok "${made[@]}" --set problem=logistic --set logistic.digit=7
ok "${made[@]}" --set problem=logistic --set sampling=epoch --set steps=4294967294 --set workers=1000000 --set batch=1000000
# the bias is sent dense, one coordinate fewer is sketched
ok "${made[@]}" --set problem=logistic "${sketched[@]}" --set sketched_sgd.variant=topk --set sketched_sgd.dense_below=2 --set sketched_sgd.k=6
ok "${made[@]}" --set problem=logistic --set synthetic.classes=70
ok --set dataset=images --set problem=softmax --set images.n=9

# data
printf 'problem = logistic\nsteps = 10\n' >mnist.conf
data() { try 2 run mnist.conf --quiet -o refused.h5 --data "$work/data"; }
try 2 run mnist.conf --data "$work/none"
try 2 run mnist.conf --data "/$long"
# be N...: big-endian numbers of 32 bits; images N ROWS COLS, labels N, then that many bytes
be() { local n; for n in "$@"; do printf "\\x$(printf %02x $((n >> 24 & 255)))\\x$(printf %02x $((n >> 16 & 255)))\\x$(printf %02x $((n >> 8 & 255)))\\x$(printf %02x $((n & 255)))"; done; }
images() { be 2051 "$@"; head -c $(($1 * $2 * $3)) /dev/zero; }
labels() { be 2049 "$1"; head -c "$1" /dev/zero | tr '\0' "\\$2"; }
mkdir -p data/mnist
at=data/mnist
good() { rm -f $at/*; images 4 2 2 >$at/train-images-idx3-ubyte; labels 4 1 >$at/train-labels-idx1-ubyte; images 2 2 2 >$at/t10k-images-idx3-ubyte; labels 2 1 >$at/t10k-labels-idx1-ubyte; }
good; try 2 data --data "$work/data" --nothing
good; rm $at/t10k-labels-idx1-ubyte; data
packed() { good; rm $at/train-images-idx3-ubyte; cat >$at/train-images-idx3-ubyte.gz; data; }
images 4 2 2 | gzip | head -c 30 | packed
{ images 4 2 2 | gzip; echo more; } | packed
good; rm $at/train-images-idx3-ubyte; mkfifo $at/train-images-idx3-ubyte; data
good; ln -sf /proc/self/mem $at/train-images-idx3-ubyte; try 3 run mnist.conf --quiet -o refused.h5 --data "$work/data"
good; printf ab >$at/train-images-idx3-ubyte; data
good; printf '<html>' >$at/train-images-idx3-ubyte; data
good; { be 3331; be 4 2 2; } >$at/train-images-idx3-ubyte; data
good; labels 4 1 >$at/train-images-idx3-ubyte; data
good; be 2051 4 >$at/train-images-idx3-ubyte; data
good; be 2051 0 2 2 >$at/train-images-idx3-ubyte; data
good; images 1 65 1 >$at/train-images-idx3-ubyte; data
good; be 2051 4000000 2 2 >$at/train-images-idx3-ubyte; data
{ be 2051 4 2 2; printf abc; } | gzip | packed
good; echo >>$at/train-images-idx3-ubyte; data
good; labels 5 1 >$at/train-labels-idx1-ubyte; data
good; images 2 3 2 >$at/t10k-images-idx3-ubyte; data
good; labels 2 7 >$at/t10k-labels-idx1-ubyte; data
cifar() { try 2 run mnist.conf --quiet -o refused.h5 --data "$work/data" --set dataset=cifar10; }
cifar
mkdir data/cifar-10-batches-bin
zeros() { head -c "$1" /dev/zero; }
zeros 3073 >data/cifar-10-batches-bin/data_batch_1.bin; cifar
{ zeros 3073; printf '\12'; zeros 3072; } >data/cifar-10-batches-bin/data_batch_1.bin; cifar
zeros 30730001 | gzip -1 >data/cifar-10-batches-bin/data_batch_1.bin; cifar
rm -r data/cifar-10-batches-bin
if [ -d /usr/share/datasets/fashion-mnist ]; then
    echo "note: Fashion-MNIST is installed, so dsgd data always finds something"
    echo "2 data: no dataset with files can be used, expected at least one" >>seen
else
    rm -f $at/*
    "$DSGD" data --data "$work/data" >out 2>err
    echo "$? $(sed 's/^dsgd: //' err)" >>seen
fi

# optima
try 2 optimum ok.conf "${made[@]}" --set problem=logistic --set logistic.l2=0
optimum() { DSGD_CACHE=$1 try "$2" optimum ok.conf --quiet "${made[@]}" --set problem=logistic --set logistic.l2=0.1; }
touch file
optimum file/cache 0
DSGD_CACHE=$work/theirs "$DSGD" optimum ok.conf --quiet "${made[@]}" --set problem=logistic --set logistic.l2=0.1
for stored in theirs/*.h5; do echo mine >"$stored"; done
optimum theirs 0
[ "$(cat theirs/*)" = mine ] || fail "a user's file in the cache was changed"
parts=$(printf '%200s/' '' | tr ' ' y)
deep=$(for _ in $(seq 30); do printf %s "$parts"; done)
for n in 1010 5000; do DSGD_CACHE=${deep:0:n} "$DSGD" optimum ok.conf --quiet "${made[@]}" --set problem=logistic --set logistic.l2=0.1 2>err; echo "$? $(sed 's/^dsgd: warning: the optimum is not stored for the next run: //' err)" >>seen; done
rm -rf yyyy*

# results
"$DSGD" run ok.conf --quiet -o a.h5 || fail "ok.conf: exit code $?"
"$DSGD" run ok.conf --quiet "${made[@]}" --set problem=logistic --set log.optimum=false -o b.h5 || fail "made data: exit code $?"
try 3 run ok.conf --quiet -o file/folder/a.h5
try 2 run ok.conf --quiet -o ''
try 2 run ok.conf --quiet -o "$long"
try 2 run ok.conf --quiet -o .
exec 9>".dsgd-$(printf lock.h5 | sha256sum | cut -c1-16).lock"; flock 9; try 2 run ok.conf --quiet -o lock.h5; exec 9>&-
cp a.h5 done.h5.tmp; try 2 run ok.conf --quiet -o done.h5
try 2 run ok.conf --quiet -o a.h5 --set seed=2
cp ok.conf text.h5; try 2 run ok.conf --quiet --restart -o text.h5
try 2 show gone.h5
try 2 show text.h5
try 2 show a.h5 b.h5
try 2 show a.h5 a.h5
env --default-signal=INT "$DSGD" run ok.conf --quiet -o long.h5 --set steps=3000000 --snapshot 0.01 2>err & pid=$!
for _ in $(seq 200); do [ -e long.h5.tmp ] && break; sleep 0.05; done
kill -INT $pid; wait $pid
try 2 curve --final long.h5.tmp
try 2 curve --x miles a.h5
try 2 curve --label a=b a.h5
try 2 curve --sort nothing a.h5
try 2 table --label b a.h5
try 2 table --column=a --column=b --column=c --column=d --column=e --column=f --column=g a.h5
try 2 table --column=step a.h5
full 3 export a.h5
full 3 curve a.h5
full 3 list
full 3 run ok.conf --json -o a.h5
full 3 show a.h5 --json

# other places and other people's files
echo mine >users.txt
printf 'problem = quadratic\nquadratic { d = 5 }\nalgorithm = sgd\nstep { constant = 0.1 }\n' >quick.conf
try 2 tune quick.conf --quiet --set steps=5 --metric objective -o users.txt
try 2 tune quick.conf --values 1,2,1
try 2 tune quick.conf --values 1,2 --from 1
try 2 tune quick.conf --quiet --set steps=5 --metric objective --key log.per_decade --from 1 --points 2 --most 3
try 2 tune quick.conf --quiet --set steps=5 --metric objective -o .
truncate -s 300M huge.txt; try 2 tune quick.conf --quiet --set steps=5 --metric objective -o huge.txt
try 2 run quick.conf --quiet -o "$(printf 'n%.0s' $(seq 252))"
ln -s circle.h5 circle.h5; try 2 run quick.conf --quiet -o circle.h5
echo mine >".dsgd-$(printf owned.h5 | sha256sum | cut -c1-16).lock"; try 2 run quick.conf --quiet -o owned.h5
ln -s users.txt ".dsgd-$(printf linked.h5 | sha256sum | cut -c1-16).lock"; try 2 run quick.conf --quiet -o linked.h5
mkfifo fifo.h5; try 2 show fifo.h5
flipped=$(($(stat -c %s a.h5) / 2)); cp a.h5 flipped.h5; middle=x # another byte than the one that stands there
[ "$(dd if=a.h5 bs=1 skip=$flipped count=1 status=none | tr -d '\0')" != x ] || middle=y
printf '%s' $middle | dd of=flipped.h5 bs=1 seek=$flipped conv=notrunc status=none; try 2 show flipped.h5

# results that another program changed
python=${PYTHON:-/usr/bin/python3}
if "$python" -c 'import h5py' 2>/dev/null; then
    "$python" - <<'PYTHON'
import hashlib, shutil, h5py
def edit(name, change, of="a.h5", sealed=True):
    shutil.copy(of, name)
    with h5py.File(name, "r+") as f: change(f)
    if not sealed: return
    with open(name, "rb") as f: digest = hashlib.sha256(f.read()).digest()
    with open(name, "ab") as f: f.write(b"dsgd SHA-256:\n\0\0" + digest)
def gap(f): f["trace/gap"][-1] = 1e-12
edit("unsealed.h5", gap, sealed=False)
def negative(f): f["ledger/up_value"][-1] = -5
edit("negative.h5", negative)
edit("schema.h5", lambda f: f.attrs.__setitem__("schema_version", 99))
edit("version.h5", lambda f: f.attrs.__setitem__("results_version", 99))
edit("data.h5", lambda f: f.attrs.__setitem__("dataset_sha256", "0123456789"), "b.h5")
edit("part.h5", lambda f: f.__delitem__("model"))
edit("ledger.h5", lambda f: f.move("ledger/worker_steps", "ledger/other"))
def state(f): f["state/engine/x"][0, 0] += 1
edit("state.h5.tmp", state, "long.h5.tmp")
def minimum(f): f["optimum"].attrs["f_star"] = 77.0; f.attrs["config_sha256"] = "other"
edit("minimum.h5", minimum)
def column(f): f.move("trace/objective", "trace/other"); f.attrs["seed"] = 5
edit("column.h5", column)
PYTHON
    try 2 run ok.conf --quiet -o schema.h5
    try 2 run ok.conf --quiet -o version.h5
    try 2 run ok.conf --quiet "${made[@]}" --set problem=logistic --set log.optimum=false -o data.h5
    try 2 show part.h5
    try 2 show unsealed.h5
    try 2 show negative.h5
    try 2 show ledger.h5
    try 2 run ok.conf --quiet --set steps=3000000 -o state.h5
    try 2 show a.h5 version.h5
    try 2 show a.h5 minimum.h5
    try 2 export a.h5 column.h5
else
    echo "note: python3-h5py is not installed, results that another program changed were not tried"
    grep -E 'has (schema|results) version|was made with data|is missing or has another|state does not have|f\* =|different columns|ledger without' \
        "$DSGD_SOURCE/docs/errors.md" | sed -n 's/^| `\(.*\)` | \([0-9]*\) .*/\2 \1/p' >>seen
fi

# sweeps
sweep() { printf '%b' "$1" >"${2:-s.sweep}"; try 2 sweep "${2:-s.sweep}" --make --quiet; }
sweep ''
sweep 'runs a { seed = {1} }\n'
sweep 'runs a { config = ok.conf label = {"x\\ty"} }\n'
sweep 'runs a { config = ok.conf }\nruns a { config = ok.conf }\n'
sweep 'runs a { config = ok.conf algorithm = local_topk emulation = merged }\n'
try 2 show s.sweep
printf 'problem = logistic\n' >needs.conf
sweep 'runs a { config = needs.conf }\n'
try 2 curve s.sweep --data "$work/none"
printf 'runs a { config = ok.conf seed = {1, 2} }\n' >s.sweep
try 2 table s.sweep
"$DSGD" run ok.conf --quiet -o of-ok.h5
try 2 table of-ok.h5 --block a
try 2 sweep s.sweep --block b
try 2 sweep s.sweep --missing
try 2 sweep s.sweep --list --command '"dsgd run'
try 2 sweep s.sweep --settings 'label="a'
try 2 sweep s.sweep --list --command "\"ds
gd\" run"
mkdir 'a
b' && cp ok.conf s.sweep 'a
b'
for mode in list make paths; do try 2 sweep 'a
b/s.sweep' --$mode; done

# every row that says errors_command.sh was seen, with its exit code
command -v perl >/dev/null || exit $((failures > 0))
perl - "$DSGD_SOURCE/docs/errors.md" seen <<'PERL' || failures=$((failures + 1))
my ($catalogue, $seen) = @ARGV;
open my $in, "<", $seen or die; my @seen = <$in>; close $in;
open $in, "<", $catalogue or die;
my ($rows, $bad) = (0, 0);
while (<$in>) {
    next unless /^\| `(.*?)` \| (\d+) \|.*\| errors_command\.sh \|$/;
    my ($sentence, $code) = ($1, $2);
    my $pattern = join ".*", map { quotemeta } split /<[^<>]*>/, $sentence, -1;
    ++$rows;
    next if grep { /^$code (?:\S+: )?$pattern/ } @seen;
    print "FAILED: not provoked, or with another exit code: $sentence\n";
    $bad = 1;
}
print "errors: $rows rows of the catalogue, ", scalar @seen, " errors provoked\n";
exit($bad || $rows < 50);
PERL

[ $failures -eq 0 ] && echo "errors: all checks passed"
exit $((failures > 0))

#!/usr/bin/env bash
# freshness.sh - whatever changes (an included file, the data, settings, the way back, file times, names), a sweep makes exactly
# what is missing and says so; two at once both succeed; no variable, name or value is run as code.
# shellcheck disable=SC2015,SC2016 # fail always succeeds; hostile words are not meant to expand
set -u
# shellcheck source=tests/sweep_tree.sh
. "$(dirname "$0")/sweep_tree.sh"
dsgd=./dsgd
export DSGD_CACHE=$PWD/optima
unset SET SEED JOBS QUICK DATASET PRESET BUILD RUN_OPTIONS METHODS
mkdir s

# make_sweep FILE [VARIABLE=VALUE...]: to `log`, with its exit code
make_sweep() { local file=$1; shift; make --no-print-directory -f Makefile.experiments DSGD=./dsgd JOBS=2 sweep SWEEP="$file" "$@" >log 2>&1; }
# makes WHAT K N FILE [VARIABLE=VALUE...]: K of N runs are made and said; with K = 0 nothing changes, and one line says so
makes()
{
    local what=$1 k=$2 n=$3 code=0
    shift 3
    find results -name '*.h5' -type f -printf '%p %i %T@\n' 2>/dev/null | sort >before
    find build results -printf '%p %T@\n' 2>/dev/null | sort >all-before
    make_sweep "$@" || code=$?
    find results -name '*.h5' -type f -printf '%p %i %T@\n' | sort >after
    [ $code -eq 0 ] || fail "$what: exit code $code: $(cat log)"
    [ "$(comm -13 before after | wc -l)" -eq "$k" ] && [ -z "$(comm -23 before after)" ] || fail "$what: expected $k new results: $(diff before after)"
    if [ "$k" -eq 0 ]; then
        grep -q "$n runs, $n done.*, nothing to do$" log && [ "$(wc -l <log)" -eq 1 ] || fail "$what: expected one line that says nothing to do: $(cat log)"
        find build results -printf '%p %T@\n' 2>/dev/null | sort | cmp -s - all-before || fail "$what: nothing to do, but a file or folder changed"
    else
        grep -q "^makes $k of $n runs: results/" log || fail "$what: what is made is not said: $(cat log)"
    fi
}
cat >s/base.conf <<'CONF'
problem = quadratic
quadratic { d = 20 kappa = 4 sigma = 1 }
steps = 30
step { constant = 0.01 }
CONF

# --- an included file in a subfolder, back again, and times that lie --------------------------------------------------------

mkdir s/sub
mv s/base.conf s/sub/
printf 'include("sub/base.conf")\nworkers = 2\n' >s/x.conf
printf 'runs a {\n  config = x.conf\n  seed = {1, 2}\n}\n' >s/one.sweep
makes 'the first time' 2 2 s/one.sweep
makes 'again' 0 2 s/one.sweep
cp -p s/sub/base.conf kept
sed -i 's/kappa = 4/kappa = 8/' s/sub/base.conf
touch -d '2001-01-01' s/sub/base.conf s/x.conf s/one.sweep
makes 'an included file edited, with an old time' 2 2 s/one.sweep
cp -p kept s/sub/base.conf
makes 'back to the earlier one' 0 2 s/one.sweep
find results -name '*.h5' -exec touch -d '2001-01-01' {} +
touch s/sub/base.conf s/x.conf s/one.sweep experiments/*/*.conf dsgd
makes 'results older than everything' 0 2 s/one.sweep
sed -i 's/{1, 2}/{1, 2, 3}/' s/one.sweep
makes 'one more seed' 1 3 s/one.sweep
makes 'other settings' 3 3 s/one.sweep SET='steps=31 workers=3'
makes 'other settings again' 0 3 s/one.sweep SET='workers=3  steps=31'
makes 'the settings before' 0 3 s/one.sweep
makes 'a label' 0 3 s/one.sweep SET='label="two words"'
rm "$($dsgd path s/x.conf --set seed=2)"
makes 'one removed' 1 3 s/one.sweep

# without making: nothing is written, and nothing is said to be made
for option in -n -q -t '-k -t' '-j3 -n' --touch --question; do
    # shellcheck disable=SC2086 # words
    make --no-print-directory $option -f Makefile.experiments DSGD=./dsgd sweep SWEEP=s/one.sweep SET=steps=39 >log 2>&1
    [ -z "$(find results -name '*-T39-*')$(find build -name 'run.*')" ] && ! grep -q '^makes' log || fail "make $option: $(cat log)"
done
# from another folder
(cd / && make --no-print-directory -C "$work" -f Makefile.experiments DSGD=./dsgd sweep SWEEP=s/one.sweep >"$work/log" 2>&1) || fail "make -C: $(cat log)"
(cd / && make -f "$work/Makefile.experiments" help >"$work/log" 2>&1) && fail "make in another folder: $(cat log)"
[ "$(wc -l <log)" -eq 1 ] && grep -q 'expected to be called in the folder of Makefile.experiments' log || fail "make in another folder: $(cat log)"
# build is somebody's file
mv build kept-build
echo mine >build
make_sweep s/one.sweep SET=steps=39 && fail "build is a file: $(cat log)"
grep -q '^sweep.sh: cannot make the folder build/sweeps: Not a directory; expected' log && [ "$(cat build)" = mine ] || fail "build is a file: $(cat log)"
rm build
mv kept-build build
# a method that is named twice is made once
make -n -f Makefile.experiments DSGD=./dsgd METHODS='sgd qsgd sgd' DATASET=synthetic methods-tuned >out 2>err && [ ! -s err ] && [ "$(grep -c ' tune .*methods/sgd.conf' out)" -eq 1 ] ||
    fail "a method named twice: $(cat out err)"

# --- two folders with one name ----------------------------------------------------------------------------------------------

for folder in f g; do
    mkdir $folder
    cp s/sub/base.conf $folder/x.conf
    printf 'runs a {\n  config = x.conf\n  algorithm = {sgd, local_topk}\n  emulation = {faithful, merged}\n  batch = %d\n}\n' ${#folder} >$folder/same.sweep
done
sed -i 's/batch = 1/batch = 2/' g/same.sweep
makes 'a sweep' 3 3 f/same.sweep
makes 'another of its name' 3 3 g/same.sweep
makes 'the first of them again' 0 3 f/same.sweep
[ "$(find results -name 'same-*.skipped.tsv' | wc -l)" -eq 2 ] || fail "what they left out: $(ls results/quadratic)"

# --- other data ---------------------------------------------------------------------------------------------------------

# data FOLDER SHIFT: 60 images of 2 x 2, labels shifted
data()
{
    mkdir -p "$1/mnist"
    SHIFT=$2 perl -e '
        for my $set (["train", 60], ["t10k", 30]) {
            my ($name, $n) = @$set;
            open my $images, ">:raw", "$ARGV[0]/mnist/$name-images-idx3-ubyte" or die;
            open my $labels, ">:raw", "$ARGV[0]/mnist/$name-labels-idx1-ubyte" or die;
            print $images pack("N4", 0x803, $n, 2, 2);
            print $labels pack("N2", 0x801, $n);
            for my $i (0 .. $n - 1) { print $labels chr(($i + $ENV{SHIFT}) % 10); print $images chr($i % 256) x 4; }
        }' "$1"
}
data d1 0
data d2 3
printf 'dataset = mnist\nproblem = softmax\nsteps = 20\nlog { optimum = false }\nstep { constant = 0.1 }\n' >s/m.conf
printf 'runs a {\n  config = m.conf\n  seed = {1, 2}\n}\n' >s/m.sweep
cp -R d1 was
export DSGD_DATA=$PWD/d1
makes 'the first data' 2 2 s/m.sweep
DSGD_DATA=$PWD/gone
$dsgd table s/m.sweep >out 2>err && grep -q 'the 2 results of s/m.sweep that are there are taken' err || fail "a table without the data: $(cat out err)"
DSGD_DATA=$PWD/d2
makes 'other data' 2 2 s/m.sweep
$dsgd run s/m.conf >out 2>err && grep -q 'already complete' out || fail "run and sweep differ about the path: $(cat out err)"
[ "$($dsgd path s/m.conf)" != "$($dsgd path s/m.conf --data "$work/d1")" ] || fail 'one path for two data folders'
DSGD_DATA=$PWD/d1
makes 'back to the first' 0 2 s/m.sweep
cp -p d2/mnist/* d1/mnist/
touch -d '2001-01-01' d1/mnist/*
makes 'other files in the same folder' 0 2 s/m.sweep
cp -p was/mnist/* d1/mnist/
$dsgd table s/m.sweep >out 2>err || fail "a table of one of two data: $(cat err)"
# not at hand: results of all data count, nothing can be made, and mixing is refused
DSGD_DATA=$PWD/gone
$dsgd sweep s/m.sweep >out 2>err || fail "a sweep without its data: exit code $?: $(cat err)"
[ "$(grep -c '	done	' out)" -eq 4 ] && grep -q 'none of {train,t10k}.*nothing is made$' err || fail "a sweep without its data: $(cat out err)"
$dsgd sweep s/m.sweep --make >out 2>err && ! grep -q run- out && grep -q 'nothing is made' err || fail "rules without data: $(cat out err)"
[ "$($dsgd sweep s/m.sweep --paths --quiet 2>/dev/null | wc -l)" -eq 4 ] || fail 'paths without data'
$dsgd table s/m.sweep >out 2>err; [ $? -eq 2 ] && grep -q 'expected one dataset in one summary' err || fail "a table of two data: $(cat out err)"
$dsgd sweep s/m.sweep --set seed=7 >out 2>err; [ $? -eq 2 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q 'none of {train,t10k}' err || fail "neither data nor results: $(cat out err)"
$dsgd path s/m.conf >out 2>err; [ $? -eq 2 ] && [ ! -s out ] && grep -q 'none of {train,t10k}' err || fail "path without data: $(cat out err)"
unset DSGD_DATA

# --- what is at a path but is not the result --------------------------------------------------------------------------------

path=$($dsgd path s/x.conf --set seed=1) other=$($dsgd path s/x.conf --set seed=2)
cp "$path" whole
rm "$path"
mkdir "$path"
$dsgd sweep s/one.sweep >out 2>err
advice=$(sed -n 's/.*so that it can be made: //p' err)
[ -d "$path" ] && [ "$advice" = "mv $path $path.aside" ] && bash -c "$advice" || fail "a folder under a result's name: $(cat out err)"
makes 'a folder moved aside' 1 3 s/one.sweep
rmdir "$path.aside"
# damaged WORDS: state, advice and refusal; nothing is touched; the advice helps
damaged()
{
    cp "$path" there
    $dsgd sweep s/one.sweep >out 2>err || fail "$1: exit code $?: $(cat err)"
    grep -qF "$path	damaged	" out && grep -qF "rm $path" err && grep -qF "$1" err || fail "$1: $(cat out err)"
    make_sweep s/one.sweep && fail "$1: make succeeds: $(cat log)"
    cmp -s "$path" there || fail "$1: the file was touched"
    $dsgd show s/one.sweep >out 2>err && fail "$1: show takes it"
    [ $? -ne 3 ] || fail "$1: $(cat err)"
    rm "$path"
    makes "$1: removed" 1 3 s/one.sweep
}
truncate -s -100 "$path"
damaged "$path"
printf 'my notes\n' >"$path"
damaged "$path"
cp "$other" "$path"
damaged "is the result of another configuration"
$dsgd digest whole "$path" | cut -d' ' -f1 | uniq | wc -l | grep -qx 1 || fail 'other bits after all that'
$dsgd run s/x.conf --quiet --set seed=1 --set steps=100000000 --snapshot-steps 5 -o part.h5 2>err & pid=$!
for _ in $(seq 200); do [ -e part.h5.tmp ] && break; sleep 0.05; done
kill -TERM $pid
wait $pid
long=$($dsgd path s/x.conf --set seed=1 --set steps=100000000)
cp part.h5.tmp "$long"
$dsgd sweep s/one.sweep --set seed=1 --set steps=100000000 >out 2>err
grep -q '	damaged	' out && grep -q 'is a snapshot of an unfinished run' err || fail "a snapshot under a result's name: $(cat out err)"
rm "$long" part.h5.tmp
cp d1/mnist/* d2/mnist/
one=$($dsgd path s/m.conf --data d1)
data d2 3
two=$($dsgd path s/m.conf --data d2)
cp "$one" kept && cp "$two" "$one"
$dsgd sweep s/m.sweep --data d1 >out 2>err
grep -q '	damaged	' out && grep -q 'was made with data' err || fail "a result of other data under the name: $(cat out err)"
mv kept "$one"

# --- two at once ------------------------------------------------------------------------------------------------------------

# together PREFIX...: two makes of one sweep
together()
{
    local i
    rm -f results/quadratic/x-T4100-*
    for i in 1 2; do
        (code=0; "$@" make --no-print-directory -f Makefile.experiments DSGD=./dsgd JOBS=2 sweep SWEEP=s/one.sweep SET=steps=4100 >log$i 2>&1 || code=$?; echo $code >code$i) &
    done
    wait
    [ "$(cat code1 code2 | tr '\n' ' ')" = '0 0 ' ] || fail "two makes at once: exit codes $(cat code1 code2): $(cat log1 log2)"
    [ "$(find results/quadratic -name 'x-T4100-*' | wc -l)" -eq 3 ] || fail "two makes at once left $(ls -A results/quadratic)"
}
for _ in 1 2 3; do together env; done
if unshare -p -f --kill-child --mount-proc true 2>/dev/null; then
    for _ in 1 2; do together unshare -p -f --kill-child --mount-proc; done
else
    echo 'note: no right to make containers with equal process numbers, they were not tried'
fi
[ -z "$(ls -A build/sweeps)" ] || fail "left: $(find build/sweeps)"

# a killed one leaves its folder; the next removes it, and nothing that is not ours
mkdir build/sweeps/run.abcdef build/sweeps/run.ABCDEF
echo mine >build/sweeps/run.abcdef/notes
touch build/sweeps/run.ABCDEF/lock
echo mine >build/sweeps/run.ABCDEF/notes
set -m
make_sweep s/one.sweep SET=steps=100000000 & pid=$!
for _ in $(seq 200); do [ -n "$(find build/sweeps -name begun)" ] && pgrep -g $pid -x dsgd >/dev/null && break; sleep 0.05; done
kill -KILL -- -$pid
wait $pid 2>/dev/null
set +m
[ -n "$(find build/sweeps -name begun)" ] || fail 'the killed make left nothing to remove'
make_sweep s/one.sweep && grep -q '3 done, nothing to do$' log || fail "after a kill: $(cat log)"
[ "$(find build/sweeps -type f ! -name lock | sort | tr '\n' ' ')" = 'build/sweeps/run.ABCDEF/notes build/sweeps/run.abcdef/notes ' ] ||
    fail "after a kill: $(find build/sweeps)"

# two builds at once: one after the other
mkdir -p build/release bin
cp "$DSGD_SOURCE/scripts/build.sh" scripts/real-build.sh
printf '#!/bin/sh\necho begin >>builds\nsleep 0.3\necho end >>builds\n' >bin/cmake
chmod +x bin/cmake
touch build/release/build.ninja
for i in 1 2 3; do (env PATH="$PWD/bin:$PATH" scripts/real-build.sh release dsgd >build$i 2>&1 || echo "exit code $?" >>build$i) & done
wait
[ "$(tr '\n' ' ' <builds)" = 'begin end begin end begin end ' ] && [ ! -s build1 ] && [ ! -s build2 ] || fail "builds at once: $(cat builds build?)"

# --- text is no code --------------------------------------------------------------------------------------------------------

canary=$PWD/canary
words=('$(shell touch canary)' '`touch canary`' '$(touch canary)' "'; touch canary; '" '"; touch canary; "' '; touch canary #' $'x\n\ttouch canary\n' '${IFS}$$(touch canary)' '\$(touch canary)' '-j9' "it's")
# no_canary WHAT
no_canary() { [ ! -e "$canary" ] || { fail "$1 runs as code"; rm -f "$canary"; }; }
for word in "${words[@]}"; do
    for name in DSGD_DATA DSGD_CACHE SET SWEEP RUN_OPTIONS METHODS DATASET QUICK FULL SEED JOBS PRESET BUILD PYTHON DSGD_MNIST_URLS DSGD_CIFAR10_URLS DSGD_VERBOSE WHATEVER; do
        env "$name=$word" make -f Makefile.experiments help >out 2>&1 || grep -q '^.*: expected ' out || fail "$name=$word in the environment: $(cat out)"
        no_canary "$name=$word in the environment"
        make -f Makefile.experiments "$name=$word" help >out 2>&1 || grep -q '^.*: expected ' out || fail "$name=$word: $(cat out)"
        no_canary "$name=$word"
    done
    for name in SET RUN_OPTIONS SWEEP DSGD_DATA DSGD; do
        for goal in sweep list-runs methods; do
            timeout 60 make -n -f Makefile.experiments DSGD=./dsgd SWEEP=s/one.sweep "$name=$word" $goal >out 2>&1
            no_canary "make -n $goal $name=$word"
        done
        [ $name = DSGD_DATA ] && continue
        timeout 60 make -f Makefile.experiments DSGD=./dsgd SWEEP=s/one.sweep "$name=$word" list-runs >out 2>&1 && bash -n out
        no_canary "make list-runs $name=$word"
    done
    label=${word//[\"$'\n']/} # what a label may hold
    make_sweep s/one.sweep "SET=label=\"$label\" steps=32" || grep -q label log || fail "SET=label=$label: $(cat log)"
    no_canary "make sweep with label $label"
done
# the makefiles' own variables
for word in '$(shell touch canary)' '`touch canary`' "'; touch canary; '"; do
    for name in GIVEN rest_ quote check digits newline MFLAGS MAKEOVERRIDES SHELL NOT_MNIST FIGURE5_STEM METHODS_SET METHODS_STEM JOBS_FLAG VERIFY_MAPS verify_set; do
        make -n -f Makefile.experiments DSGD=./dsgd DATASET=synthetic "$name=$word" 'SEED=1`touch canary`' help >out 2>&1 && fail "$name=$word hides a wrong SEED"
        no_canary "$name=$word"
        make -n -f Makefile.experiments DSGD=./dsgd DATASET=synthetic "$name=$word" mnist verify methods >out 2>&1
        ! grep -qF 'touch canary' out || grep -q 'expected one number after -j' out || fail "$name=$word stands in a recipe: $(grep -F 'touch canary' out)"
        no_canary "$name=$word"
    done
    make -n -f Makefile.experiments DSGD=./dsgd DATASET=synthetic METHODS=sgd "MAKE=$word" methods >out 2>&1
    no_canary "MAKE=$word"
done
for name in "a b'c" 'd$(touch canary)e' 'f`touch canary`g' '-h' 'i"j' 'k;touch canary;l' '#m' 'n\o' 'p:q=r%s'; do
    folder="s/$name"
    mkdir -p "$folder"
    cp s/sub/base.conf "$folder/$name.conf"
    quoted=${name//\\/\\\\}
    printf 'runs a {\n  config = "%s.conf"\n}\n' "${quoted//\"/\\\"}" >"$folder/$name.sweep"
    makes "names $name" 1 1 "$folder/$name.sweep"
    no_canary "names $name"
    $dsgd sweep "$folder/$name.sweep" --list --quiet --command "$dsgd run" >list && bash list >out 2>&1 && grep -q 'already complete' out || fail "list of $name: $(cat list out)"
    no_canary "list of $name"
    rm -f results/quadratic/"$name"-T*
done
# a line break in a name cannot stand in a list
mkdir $'s/two\nlines'
cp s/sub/base.conf $'s/two\nlines/x.conf'
cp s/one.sweep $'s/two\nlines/one.sweep'
make_sweep $'s/two\nlines/one.sweep' && fail "a line break in a folder's name: $(cat log)"
grep -q 'expected names and values without line breaks' log || fail "a line break in a folder's name: $(cat log)"
# -j in a name is no option; an option is one
cp s/one.sweep s/night-j9.sweep
for what in '-j4 JOBS=4' '-j3 -j3' '-j5 JOBS=5 -s'; do
    read -r expected options <<<"$what"
    # shellcheck disable=SC2086 # words
    make -n -f Makefile.experiments DSGD=./dsgd $options sweep SWEEP=s/night-j9.sweep SET='label=-j8' >out 2>&1
    grep -q 'night-j9\|sweep-runs' out || fail "make -n sweep: $(cat out)"
    case $options in -j*) ! grep -q -- '-j[0-9] sweep-runs' out && grep -q 'sweep.sh ./dsgd 3 ' out ;; *) grep -q -- "$expected sweep-runs" out ;; esac ||
        fail "make -n $options: $(cat out)"
done
# a checkout in a folder with such a name
odd="../it's \$(touch canary) a \"tree\""
mkdir "$odd"
cp -R Makefile.experiments experiments scripts dsgd s "$odd/"
(cd "$odd" && make_sweep s/one.sweep && grep -q '^makes 3 of 3 runs' log) || fail "a checkout with an odd name: $(cat "$odd/log")"
# help2man gives the program's name to a shell, like this one
printf '#!/bin/sh\nwhile [ $# -gt 1 ]; do [ "$1" != --output ] || out=$2; shift; done\nunset IFS\n(eval "$1 --version"; eval "$1 --help") >"$out"\n' >bin/help2man
chmod +x bin/help2man
rm "$odd/dsgd"
cp "$DSGD" "$odd/dsgd"
(cd "$odd" && env PATH="$work/bin:$PATH" scripts/man.sh ./dsgd "man's \$(touch canary)" >log 2>&1 && grep -q '^Usage: dsgd sweep' "man's \$(touch canary)/dsgd-sweep.1") ||
    fail "man pages in a checkout with an odd name: $(cat "$odd/log")"
[ -z "$(find "$odd" -name canary)" ] && no_canary "a checkout's name"

# --- where nothing can be written ---------------------------------------------------------------------------------------------

if [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --regid 65534 --clear-groups "$DSGD" --version >/dev/null 2>&1; then
    as=(setpriv --reuid 65534 --regid 65534 --clear-groups "$DSGD")
    chmod -R a+rX "${work%/*}"
    "${as[@]}" sweep f/same.sweep --list >out 2>err && [ "$(wc -l <out)" -eq 3 ] || fail "--list in a read-only folder: $(cat err)"
    "${as[@]}" sweep f/same.sweep --paths >out 2>err && [ "$(wc -l <out)" -eq 3 ] || fail "--paths in a read-only folder: $(cat err)"
    rm results/quadratic/same-*.skipped.tsv
    "${as[@]}" sweep f/same.sweep >out 2>err && grep -q 'warning: .*the reasons of impossible combinations are not kept' err || fail "a read-only folder: $(cat err)"
else
    echo 'note: no user without rights here, read-only folders were not tried'
fi

[ $failures -eq 0 ] && echo 'freshness: all checks passed'
exit $((failures > 0))

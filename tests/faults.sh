#!/usr/bin/env bash
# faults.sh - what the world does to the command: signals, clocks, full disks, places that cannot be written, changed bits.
# shellcheck disable=SC2015,SC2059 # fail returns 0; formats are made of numbers
set -u
case ${DSGD_SANITIZE:-} in *address* | *thread*) exit 77 ;; esac # a sanitizer's runtime must come before a preloaded library
work=$(mktemp -d)
mounted=
trap '[ -z "$mounted" ] || umount "$work/small"; rm -rf "$work"' EXIT
cd "$work" || exit 1
chmod 755 "$work"
cp "$DSGD_CLOCK_SHIM" clock.so # LD_PRELOAD splits at blanks
export DSGD_CACHE=$work/optima
printf 'problem = logistic\n' >logistic.conf
unset DSGD_DATA
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
digest() { "$DSGD" digest "$1" | cut -d' ' -f1; }
# sentence CODE WORDS -- COMMAND...: that exit code, one line on stderr with the words
sentence()
{
    local expected=$1 words=$2 code
    shift 3
    "$@" >out 2>err
    code=$?
    [ $code -eq "$expected" ] || fail "$*: exit code $code, expected $expected: $(cat err)"
    [ "$(wc -l <err)" -eq 1 ] || fail "$*: expected one sentence: $(cat err)"
    grep -qF -- "$words" err || fail "$*: no '$words' in: $(cat err)"
}

cat >q.conf <<'CONF'
problem = quadratic
quadratic { d = 785 kappa = 4 sigma = 1 }
algorithm = sketched_sgd
sketched_sgd { variant = topk rows = 7 cols = 40 k = 10 candidates = 10 }
workers = 4
steps = 300
step { constant = 0.02 }
CONF
run=("$DSGD" run q.conf --quiet)
"${run[@]}" -o whole.h5 || fail "a run without faults: exit code $?"
whole=$(digest whole.h5)

# signals: a snapshot, how to go on, and the same bits after going on
long=("$DSGD" run q.conf --quiet --set steps=4000)
"${long[@]}" -o long.h5
# wait_for FILE: until it is there, at most 20 s
wait_for() { for _ in $(seq 400); do [ -e "$1" ] && return; sleep 0.05; done; fail "$1 does not appear"; }
# a shell's background commands ignore SIGINT and SIGQUIT, and what is ignored stays so
asked=(env "--default-signal=INT,QUIT")
for signal in INT TERM HUP QUIT USR1 USR2 XCPU ALRM; do
    "${asked[@]}" "${long[@]}" --snapshot 0.01 -o s.h5 2>err & pid=$!
    wait_for s.h5.tmp
    kill -$signal $pid
    wait $pid
    code=$?
    [ $code -eq 0 ] && { echo "note: SIG$signal came after the end"; rm -f s.h5*; continue; }
    [ $code -eq 130 ] && grep -q 'interrupted at step [1-9].*the same command goes on from s.h5.tmp' err && [ "$(wc -l <err)" -eq 1 ] ||
        fail "SIG$signal: exit code $code, $(cat err)"
    [ -e s.h5.tmp ] && [ ! -e s.h5 ] && [ -z "$(find . -maxdepth 1 -name '.dsgd-*')" ] || fail "SIG$signal left $(ls -A)"
    "${long[@]}" -o s.h5 2>err || fail "after SIG$signal: exit code $?, $(cat err)"
    [ "$(digest s.h5)" = "$(digest long.h5)" ] || fail "another digest after SIG$signal"
    rm -f s.h5*
done

# signals that the parent ignored (nohup) change nothing
for signal in INT HUP TERM USR1; do
    (trap '' $signal; exec "${long[@]}" --snapshot 0.01 -o i.h5 2>err) & pid=$!
    wait_for i.h5.tmp
    kill -$signal $pid
    wait $pid
    code=$?
    [ $code -eq 0 ] && [ "$(digest i.h5)" = "$(digest long.h5)" ] || fail "ignored SIG$signal: exit code $code, $(cat err)"
    rm -f i.h5*
done

# whoever reads the progress may go away
"${long[@]}" -o pipe.h5 2> >(exec true) || fail "a closed standard error: exit code $?"
[ "$(digest pipe.h5)" = "$(digest long.h5)" ] || fail "another digest with a closed standard error"

# one step that takes long: two signals wait for its end (launchers send two), the third does not
slow=("$DSGD" run q.conf --quiet --set quadratic.d=2000000 --set algorithm=sgd --set workers=400 --set steps=3 --threads 1)
# lock_of FILE: the lock of an output that a process is writing
lock_of() { printf '%s/.dsgd-%.16s.lock' "$(dirname "$1")" "$(printf %s "$(basename "$1")" | sha256sum)"; }
"${asked[@]}" "${slow[@]}" -o t.h5 2>err & pid=$!
wait_for "$(lock_of t.h5)"
sleep 0.5
kill -INT $pid
sleep 0.2
kill -INT $pid 2>/dev/null
sleep 0.2
kill -INT $pid 2>/dev/null
wait $pid
code=$?
[ $code -eq 130 ] && [ ! -s err ] && [ ! -e t.h5 ] || fail "third interrupt: exit code $code, expected the signal's: $(cat err)"
rm -f t.h5*

# clocks that jump there and back by days: same bits, and no time makes anything stop
for jump in 100000 -100000 4000000000; do
    DSGD_CLOCK_JUMP=$jump LD_PRELOAD=$work/clock.so "${run[@]}" --snapshot 0.01 -o clock.h5 2>err || fail "clock jumps $jump s: exit code $?, $(cat err)"
    [ "$(digest clock.h5)" = "$whole" ] || fail "clock jumps $jump s: another digest"
    "$DSGD" show clock.h5 >/dev/null 2>err || fail "show of times that jumped: exit code $?, $(cat err)"
    rm -f clock.h5*
done

# a disk of 1 MiB
big=("$DSGD" run q.conf --quiet --set quadratic.d=200000 --set steps=3 --set algorithm=sgd)
mkdir small
if mount -t tmpfs -o size=1m tmpfs small 2>/dev/null; then
    mounted=1
    how="tmpfs of 1 MiB"
    sentence 3 'No space left on device' -- "${big[@]}" -o small/r.h5
    "${run[@]}" -o small/kept.h5 || fail "a result that fits 1 MiB: exit code $?"
    [ "$(digest small/kept.h5)" = "$whole" ] || fail "another digest on a small disk"
else
    how="RLIMIT_FSIZE of 1 MiB (no right to mount)"
    sentence 3 'File too large' -- bash -c 'trap "" XFSZ; ulimit -f 1024; exec "$@"' - "${big[@]}" -o small/r.h5
fi
[ -z "$(find small -name 'r.h5*')" ] || fail "full disk leaves $(ls small)"
sentence 3 'cannot write to standard output' -- bash -c '"$@" >/dev/full' - "$DSGD" list
sentence 3 'cannot write to standard output' -- bash -c '"$@" >/dev/full' - "$DSGD" run q.conf -o full.h5
[ "$(digest full.h5)" = "$whole" ] || fail "a report that cannot be written spoils the result"

# no right to write: as somebody else, since nothing binds root
somebody=()
if [ "$(id -u)" -eq 0 ]; then
    somebody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    "${somebody[@]}" "$DSGD" --version >/dev/null 2>&1 || { echo "note: nobody cannot run $DSGD, a copy does"
        mkdir bin && cp -L "$DSGD" bin/dsgd && cp -L "$(ldd "$DSGD" | awk '/libdsgd/ { print $3 }')" bin/ && export LD_LIBRARY_PATH=$work/bin; }
fi
there=$DSGD
[ ! -d bin ] || there=$work/bin/dsgd
if "${somebody[@]}" "$there" --version >/dev/null 2>&1; then
    as=("${somebody[@]}" "$there")
    mkdir locked
    cp whole.h5 locked/done.h5
    cp whole.h5 locked/bad.h5.tmp
    chmod 555 locked
    chmod 644 locked/*
    sentence 3 "cannot create $(lock_of locked/new.h5): Permission denied" -- "${as[@]}" run q.conf --quiet -o locked/new.h5
    sentence 3 'Permission denied' -- "${as[@]}" run q.conf --quiet -o locked/sub/new.h5
    "${as[@]}" run q.conf -o locked/done.h5 | grep -q 'already complete' || fail "a finished result in a folder that cannot be written"
    sentence 3 "cannot create $(lock_of locked/done.h5)" -- "${as[@]}" run q.conf --quiet --restart -o locked/done.h5
    touch "$(lock_of locked/done.h5)" "$(lock_of locked/bad.h5)" # locks of ours that nobody may change the folder with
    chmod 666 "$(lock_of locked/done.h5)" "$(lock_of locked/bad.h5)"
    sentence 3 'cannot write locked/done.h5: Permission denied' -- "${as[@]}" run q.conf --quiet --restart -o locked/done.h5
    sentence 3 'cannot remove locked/bad.h5.tmp: Permission denied' -- "${as[@]}" run q.conf --quiet --restart -o locked/bad.h5
    [ "$(digest locked/done.h5)" = "$whole" ] || fail "a result in a read-only folder was touched"
    install -m 600 whole.h5 secret.h5
    [ ${#somebody[@]} -eq 0 ] && chmod 000 secret.h5
    sentence 2 'secret.h5: cannot be read' -- "${as[@]}" show secret.h5
    mkdir -p data/mnist optima
    for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do install -m 600 whole.h5 "data/mnist/$name-ubyte"; done
    [ ${#somebody[@]} -eq 0 ] && chmod 000 data/mnist/*
        sentence 2 'cannot be opened (Permission denied)' -- "${as[@]}" run logistic.conf --quiet --data "$work/data" -o x.h5
    chmod 555 optima
    sentence 0 'warning: the optimum is not stored for the next run: cannot write' -- "${as[@]}" optimum logistic.conf --quiet --set dataset=synthetic \
        --set synthetic.n=50 --set synthetic.features=5 --set logistic.l2=0.1
    chmod 755 locked optima
else
    echo "note: no user without rights here, read-only folders were not tried"
fi
unset LD_LIBRARY_PATH

# two processes on one output: one writes, the other says so; then both agree
"${long[@]}" -o two.h5 2>err1 & first=$!
"${long[@]}" -o two.h5 2>err2 & second=$!
wait $first; code1=$?
wait $second; code2=$?
case $code1$code2 in
00) ;; # one after the other
02 | 20) cat err1 err2 | grep -q 'two.h5 is being written by another process: expected one writer' || fail "two writers: $(cat err1 err2)" ;;
*) fail "two writers: exit codes $code1 and $code2: $(cat err1 err2)" ;;
esac
[ "$(digest two.h5)" = "$(digest long.h5)" ] && [ "$(echo two.h5*)" = two.h5 ] || fail "two writers left $(echo two.h5*)"

# places that cannot become a result
mkdir folder
mkfifo fifo
sentence 2 'folder is not a regular file' -- "${run[@]}" -o folder
sentence 2 'fifo is not a regular file' -- timeout 10 "${run[@]}" -o fifo
sentence 2 'expected the name of a file' -- "${run[@]}" -o ''
sentence 2 'expected the name of a file' -- "${run[@]}" -o folder/
printf 'my thesis\n' >thesis.txt
cp thesis.txt kept.txt
sentence 2 'thesis.txt is no result of dsgd run' -- "${run[@]}" --restart -o thesis.txt
sentence 2 'not a whole HDF5 file' -- "${run[@]}" -o thesis.txt
cmp -s thesis.txt kept.txt || fail "--restart touched a file that is no result"

# leftovers of dead writers are removed, by their content; what has other content or another name is the user's
mkdir left
"${asked[@]}" "${long[@]}" --snapshot-steps 500 --snapshot 0 -o left/l.h5 2>err & pid=$!
wait_for left/l.h5.tmp
kill -KILL $pid
wait $pid 2>/dev/null
cp left/l.h5.tmp snapshot.keep
printf 'dsgd: a file that was not finished\n\n\n' >left/.dsgd-0123456789abcdef.part
: >left/.dsgd-0123456789abcde0.part
: >left/.dsgd-0123456789abcde0.lock
printf 'dsgd: one writer at a time\n' >left/.dsgd-0123456789abcde1.lock
echo mine >left/.dsgd-2222222222222222.lock
cp long.h5 left/.dsgd-00000000deadbeef.part
echo mine >left/.dsgd-1111111111111111.part
for name in l.h5.new l.h5.lock l.h5.tmp.new .dsgd-0123.part .dsgd-0123456789abcdef.part.mine; do echo mine >left/$name; done
"${long[@]}" -o left/l.h5 2>err || fail "leftovers: exit code $?, $(cat err)"
[ "$(digest left/l.h5)" = "$(digest long.h5)" ] || fail "another digest after a kill"
[ "$(cd left && find . -mindepth 1 -printf '%P\n' | LC_ALL=C sort | tr '\n' ' ')" = '.dsgd-0123.part .dsgd-0123456789abcdef.part.mine .dsgd-1111111111111111.part .dsgd-2222222222222222.lock l.h5 l.h5.lock l.h5.new l.h5.tmp.new ' ] ||
    fail "left beside a finished result: $(ls -A left)"
[ "$(cat left/.dsgd-1* left/.dsgd-2* left/.dsgd-0123.part left/*.lock left/*.new | sort -u)" = mine ] || fail "a user's file was changed"
# a snapshot that a kill left beside the result goes; a user's file of that name does not, and the run beside it is refused
cp snapshot.keep left/l.h5.tmp
"${long[@]}" -o left/l.h5 2>err || fail "a stale snapshot: exit code $?, $(cat err)"
[ ! -e left/l.h5.tmp ] || fail "a stale snapshot stays"
echo mine >left/l.h5.tmp
"${long[@]}" -o left/l.h5 2>err || fail "a user's .tmp beside a result: exit code $?, $(cat err)"
echo mine >new.h5.tmp
sentence 2 'new.h5.tmp: not a whole HDF5 file' -- "${run[@]}" -o new.h5
sentence 2 'new.h5.tmp is no result of dsgd run' -- "${run[@]}" --restart -o new.h5
[ "$(cat new.h5.tmp left/l.h5.tmp | sort -u)" = mine ] || fail "a user's .tmp was changed"
echo mine >"$(lock_of new2.h5)"
sentence 2 'is no lock of dsgd' -- "${run[@]}" -o new2.h5
[ "$(cat "$(lock_of new2.h5)")" = mine ] || fail "a user's file in the place of a lock was changed"
"${PYTHON:-/usr/bin/python3}" -c 'import h5py; h5py.File("users.h5", "w")["x"] = range(1000)'
sentence 2 'users.h5 is no result of dsgd run' -- "${run[@]}" --restart -o users.h5

# links are followed: the result lies in their target; a link into nowhere gets its target; folders and devices are refused
mkdir target
ln -s target/real.h5 link.h5
ln -s link.h5 second.h5
"${run[@]}" -o second.h5 || fail "a link to a link: exit code $?"
[ -L second.h5 ] && [ -L link.h5 ] && [ "$(digest target/real.h5)" = "$whole" ] || fail "a link was not followed"
"${run[@]}" -o link.h5 --restart || fail "--restart through a link: exit code $?"
[ -L link.h5 ] && [ "$(digest link.h5)" = "$whole" ] || fail "--restart replaced a link"
ln -s circle2 circle1; ln -s circle1 circle2
sentence 2 'links in a circle' -- "${run[@]}" -o circle1
ln -s /dev/null device.h5
sentence 2 'is not a regular file' -- "${run[@]}" -o device.h5
[ -c /dev/null ] || fail "/dev/null was replaced"

# the snapshot's place is looked at in the same way, also by --restart: what is no file stays, links are followed and stay
mkdir beside
mkfifo beside/fifo.h5.tmp
mkdir beside/folder.h5.tmp
ln -s circle.h5.tmp beside/circle.h5.tmp
ln -s /dev/zero beside/device.h5.tmp
for name in fifo folder circle device; do
    for restart in '' --restart; do
        # shellcheck disable=SC2086 # an option or nothing
        sentence 2 "output path beside/$name.h5.tmp" -- timeout 20 "${run[@]}" $restart -o beside/$name.h5
    done
done
[ -p beside/fifo.h5.tmp ] && [ -d beside/folder.h5.tmp ] && [ -L beside/circle.h5.tmp ] && [ -L beside/device.h5.tmp ] || fail "what lay in a snapshot's place is gone"
cp snapshot.keep beside/elsewhere
for target in nowhere elsewhere; do
    ln -s $target beside/link.h5.tmp
    "${run[@]}" --restart --snapshot-steps 100 -o beside/link.h5 2>err || fail "a snapshot's place is a link to $target: $(cat err)"
    [ -L beside/link.h5.tmp ] && [ ! -e beside/link.h5.tmp ] && [ "$(digest beside/link.h5)" = "$whole" ] || fail "a snapshot's place, a link to $target, was not followed"
    rm beside/link.h5.tmp
done

# --restart keeps the earlier result until the new one is there; interrupted, it goes on without --restart
"${run[@]}" -o again.h5
cp again.h5 earlier.h5
endless=("${long[@]}" --set steps=100000000)
"${asked[@]}" "${endless[@]}" --restart --snapshot 0.01 -o again.h5 2>err & pid=$!
wait_for again.h5.tmp
kill -KILL $pid
wait $pid 2>/dev/null
cmp -s again.h5 earlier.h5 && [ -s again.h5.tmp ] || fail "--restart killed: the earlier result is gone"
"${run[@]}" -o again.h5 2>err || fail "the earlier result beside a snapshot of another run: $(cat err)"
[ -s again.h5.tmp ] || fail "the snapshot of another run is gone"
"${asked[@]}" "${endless[@]}" --snapshot 0.01 -o again.h5 2>err & pid=$!
sleep 0.5
kill -INT $pid
wait $pid
[ $? -eq 130 ] && cmp -s again.h5 earlier.h5 || fail "a run that --restart began does not go on without: $(cat err)"
rm again.h5.tmp
"${asked[@]}" "${long[@]}" --set seed=3 --restart --snapshot-steps 500 --snapshot 0 -o again.h5 2>err & pid=$!
wait_for again.h5.tmp
kill -INT $pid
wait $pid && echo "note: --restart ended before its signal"
[ ! -s err ] || grep -q 'the same command without --restart goes on from again.h5.tmp' err || fail "--restart interrupted: $(cat err)"
"${long[@]}" --set seed=3 -o again.h5 2>err || fail "after --restart was interrupted: exit code $?, $(cat err)"
"${long[@]}" --set seed=3 -o straight.h5
[ "$(digest again.h5)" = "$(digest straight.h5)" ] && [ ! -e again.h5.tmp ] || fail "another digest after --restart was interrupted"

# what the user puts into the place of the result or its snapshot while the run is under way is the user's
for place in there.h5 there.h5.tmp; do
    "${asked[@]}" "${endless[@]}" --snapshot 1000 -o there.h5 2>err & pid=$!
    wait_for "$(lock_of there.h5)"
    sleep 0.3
    echo mine >$place
    kill -INT $pid
    wait $pid
    code=$?
    [ "$(cat $place)" = mine ] || fail "$place was replaced: $code $(cat err)"
    case $place$code in
    there.h5130) ;;
    there.h5.tmp2) grep -q 'there.h5.tmp was put there while the run was under way' err || fail "$place: $(cat err)" ;;
    *) fail "$place: exit code $code, $(cat err)" ;;
    esac
    rm -f there.h5*
done
"${long[@]}" --set steps=60000 --snapshot 0 -o there.h5 2>err & pid=$!
wait_for "$(lock_of there.h5)"
echo mine >there.h5
wait $pid
[ $? -eq 2 ] && grep -q 'there.h5 was put there while the run was under way' err && [ "$(cat there.h5)" = mine ] || fail "a user's file in a result's place: $(cat err)"

# a lock whose holder was killed when its work was done goes, also where no lock is needed any more
printf 'dsgd: one writer at a time\n' >"$(lock_of whole.h5)"
"${run[@]}" -o whole.h5 || fail "a finished result beside a dead lock: exit code $?"
[ ! -e "$(lock_of whole.h5)" ] || fail "a dead lock beside a finished result stays"
echo mine >"$(lock_of whole.h5)"
"${run[@]}" -o whole.h5 || fail "a finished result beside a user's file: exit code $?"
[ "$(cat "$(lock_of whole.h5)")" = mine ] || fail "a user's file in the place of a lock was removed"
rm "$(lock_of whole.h5)"
synthetic=("$DSGD" optimum logistic.conf --quiet --set dataset=synthetic --set synthetic.n=40 --set synthetic.features=3 --set logistic.l2=0.1)
DSGD_CACHE=$work/stored "${synthetic[@]}" >/dev/null
stored=$(echo "$work"/stored/optimum-*.h5)
printf 'dsgd: one writer at a time\n' >"$(lock_of "$stored")"
DSGD_CACHE=$work/stored "${synthetic[@]}" >/dev/null || fail "a stored optimum beside a dead lock"
[ "$(ls -A stored)" = "${stored##*/}" ] || fail "beside a stored optimum: $(ls -A stored)"

# names: as long as the file system takes them with a snapshot's suffix
name=$(printf 'n%.0s' $(seq 251))
"${asked[@]}" "${long[@]}" --snapshot 0.01 -o "$name" 2>err & pid=$!
wait_for "$name.tmp"
kill -INT $pid
wait $pid
"${long[@]}" -o "$name" 2>err || fail "a name of 251 characters: exit code $?, $(cat err)"
[ "$(digest "$name")" = "$(digest long.h5)" ] || fail "another digest under a long name"
sentence 2 'expected a name of at most 251 characters' -- "${run[@]}" -o "n$name"
if [ "$(id -u)" -eq 0 ]; then sentence 2 'there is no folder /dsgd-nowhere' -- "${run[@]}" -o /dsgd-nowhere/x.h5; fi

# a limit of file sizes is a failed write
sentence 3 'File too large' -- bash -c 'ulimit -f 8; exec "$@"' - "${run[@]}" -o limited.h5
[ -z "$(find . -maxdepth 1 -name 'limited*' -o -maxdepth 1 -name '.dsgd-*.part')" ] || fail "a limit of file sizes left $(ls -A)"

# a file system without locks: reading needs none; writing says so
if cc -shared -fPIC -o noflock.so -x c - <<'C' 2>/dev/null
#include <errno.h>
#include <stdlib.h>
int flock(int fd, int how) { (void)fd, (void)how; errno = getenv("WHY") ? atoi(getenv("WHY")) : ENOLCK; return -1; }
C
then
    LD_PRELOAD=$work/noflock.so "$DSGD" show whole.h5 >/dev/null 2>err || fail "reading without locks: $(cat err)"
    sentence 3 'expected a file system with locks' -- env "LD_PRELOAD=$work/noflock.so" "${run[@]}" -o unlocked.h5
    LD_PRELOAD=$work/noflock.so "$DSGD" optimum logistic.conf --quiet --set dataset=synthetic --set synthetic.n=60 --set synthetic.features=5 2>err ||
        fail "an optimum without locks: $(cat err)"
    [ -z "$(find . -name '.dsgd-*.lock' -not -path './left/*' -size 0)" ] || fail "locks that cannot be taken stay: $(find . -name '.dsgd-*.lock')"
    mkdir without
    for why in 4 22 38 95; do # EINTR EINVAL ENOSYS EOPNOTSUPP
        sentence 3 'expected a file system with locks' -- timeout 20 env WHY=$why "LD_PRELOAD=$work/noflock.so" "${run[@]}" -o without/r.h5
    done
    sentence 3 'cannot write without/t.txt' -- env WHY=11 "LD_PRELOAD=$work/noflock.so" "$DSGD" table whole.h5 -o without/t.txt # EAGAIN
    [ -z "$(ls -A without)" ] || fail "a file system without locks: left $(ls -A without)"
fi

# several processes need one optimum: one computes it, the others wait and find it stored
for i in 1 2 3; do
    "$DSGD" optimum logistic.conf --set dataset=synthetic --set synthetic.n=30000 --set synthetic.features=60 --threads 1 >optimum$i 2>err$i & pids[i]=$!
done
for i in 1 2 3; do wait "${pids[i]}" || fail "an optimum that three processes need: $(cat err$i)"; done
[ "$(cat optimum[123] | grep -c 'from  *this computation')" -eq 1 ] || fail "an optimum was computed more than once: $(cat optimum[123])"

# --wait: takes what the other process makes
"${long[@]}" -o waited.h5 2>err1 & first=$!
"${long[@]}" --wait -o waited.h5 2>err2 || fail "--wait: exit code $?, $(cat err2)"
wait $first || { [ $? -eq 2 ] && grep -q 'another process' err1; } || fail "the writer that is waited for: $(cat err1)"
[ "$(digest waited.h5)" = "$(digest long.h5)" ] || fail "another digest after --wait"

# a snapshot that is called a result, a result that is called a snapshot
"${long[@]}" --snapshot-steps 500 --snapshot 0 -o snap.h5 2>err & pid=$!
wait_for snap.h5.tmp
kill -KILL $pid
wait $pid 2>/dev/null
[ -e snap.h5.tmp ] || fail "no snapshot to go on with"
cp snap.h5.tmp running.h5
sentence 2 'running.h5 has status running' -- "${long[@]}" -o running.h5
cp long.h5 finished.h5.tmp
sentence 2 'finished.h5.tmp has status complete' -- "${long[@]}" -o finished.h5

# one changed bit, anywhere: refused with a sentence before HDF5 sees it, never a crash, never another result
size=$(stat -c %s snap.h5.tmp)
RANDOM=11
for file in snap.h5.tmp long.h5; do
    for _ in $(seq 30); do
        cp $file flipped.h5
        at=$(((RANDOM * 32768 + RANDOM) % $(stat -c %s $file)))
        byte=$(od -An -tu1 -j $at -N 1 flipped.h5)
        printf "\\x$(printf %x $((byte ^ 1 << RANDOM % 8)))" | dd of=flipped.h5 bs=1 seek=$at conv=notrunc status=none
        "$DSGD" digest flipped.h5 >out 2>err
        code=$?
        [ $code -eq 2 ] && grep -q 'flipped.h5: its bytes do not have their checksum' err || [ $at -ge $(($(stat -c %s $file) - 48)) ] ||
            fail "bit of byte $at of $size of $file: exit code $code, $(cat err)"
    done
done
cp snap.h5.tmp flipped.h5.tmp
printf '\377' | dd of=flipped.h5.tmp bs=1 seek=$((size / 2)) conv=notrunc status=none
rm -f flipped.h5
sentence 2 'checksum' -- "${long[@]}" -o flipped.h5
"${long[@]}" --restart -o flipped.h5 || fail "--restart after a changed bit: exit code $?"
[ "$(digest flipped.h5)" = "$(digest long.h5)" ] || fail "another digest after a changed bit and --restart"

[ $failures -eq 0 ] && echo "faults: all checks passed; the small disk was a $how"
exit $((failures > 0))

#!/usr/bin/env bash
# plots_files.sh - scripts/plot.sh draws when what pictures are made from changed and else leaves them alone, replaces nobody's file, and leaves
# whole pictures after kills, full disks and others at the same time.
# shellcheck disable=SC1091,SC2154,SC2086,SC2015,SC2016,SC2030,SC2031 # the sourced file; fail returns 0; dollars are meant; failures in a subshell are its exit code
set -u
# shellcheck source=tests/plot_tables.sh
source "$DSGD_SOURCE/tests/plot_tables.sh"

# ---- refused, nothing changed ----
sentence 2 'arguments: expected' -- "$plot" plots/figure5.gp
sentence 2 'expected a gnuplot script' -- "$plot" plots/none.gp "$work/e"
sentence 2 'no table' -- "$plot" plots/figure5.gp "$work/none"
sentence 2 'expected a folder' -- "$plot" plots/figure5.gp "$work/none/e"
sentence 2 'expected a name after the last /' -- "$plot" plots/figure5.gp "$work/"
sentence 2 'at most 243 bytes' -- "$plot" plots/figure5.gp "$work/$(printf 'x%.0s' {1..244})"
printf 'plot stem.".tsv"\n' >own.gp
sentence 2 'expected a table to draw' -- "$plot" "$work/own.gp" "$work/none"
mkfifo p-logistic.tsv
sentence 2 'no table' -- timeout 20 "$plot" plots/figure5.gp "$work/p"
sentence 3 'cannot make a temporary folder' -- env TMPDIR=/nowhere "$plot" plots/figure5.gp "$work/e"
figure b a
echo 'no numbers' >b-svm.tsv
sentence 2 'gnuplot says' -- "$plot" plots/figure5.gp "$work/b"
for t in $(seq 20001); do echo "# w$t: 1"; done >b-svm.tsv
sentence 2 'more than 20000 comments' -- "$plot" plots/figure5.gp "$work/b"
[ "$(echo b[.]*)" = 'b[.]*' ] || fail "a figure that cannot be drawn leaves $(echo b.*)"
[ -z "$(ls -A tmp)" ] || fail "left in TMPDIR: $(ls -A tmp)"

# ---- freshness ----
state() { stat -c '%n %i %y' -- "$1".{png,svg,pdf,caption.txt,made}; }
hashes() { cat -- "$1".{png,svg,pdf,caption.txt} | sha256sum; }
figure f one two
cat >mine.gp <<'GP' # a small figure that is drawn quickly
# tables: -logistic.tsv -svm.tsv
wide = 300; high = 200
load "plots/style.gp"
if (format eq "svg") { set print stem.".caption.txt"; print "Data: ", about(stem."-svm.tsv", "dataset"); set print }
set yrange [0:0.05]
plot for [i = 1:2] stem."-svm.tsv" index (i - 1) using 1:6 with linespoints linestyle i title label_of(stem."-svm.tsv", i) noenhanced
GP
draw() { "$plot" "$work/mine.gp" "$work/f" >out 2>err || fail "$1: exit code $?: $(cat err)"; }
# redrawn WHY, kept WHY
redrawn() { before=$(state f 2>/dev/null); draw "$1"; [ "$(state f)" != "$before" ] || fail "$1: not drawn again"; }
kept() { before=$(state f); draw "$1"; [ "$(state f)" = "$before" ] && [ ! -s out ] || fail "$1: drawn again, or something was said: $(cat out)"; }
redrawn 'first'
first=$(hashes f)
kept 'nothing changed'
touch -d '2001-01-01' f.png f.pdf; touch f-svm.tsv mine.gp
kept 'only times changed'
[ "$("$plot" -v "$work/mine.gp" "$work/f")" = "plot: $work/f is up to date" ] || fail '-v does not say that nothing was drawn'
cp -p f-svm.tsv keep.tsv
sed -i '0,/0\.02/s//0.03/' f-svm.tsv; touch -d '2001-01-01' f-svm.tsv
redrawn 'one byte of a table changed, and its time is old'
[ "$(hashes f)" != "$first" ] || fail 'another table, the same pictures'
kept 'the changed table again'
cp -p keep.tsv f-svm.tsv
redrawn 'back to the earlier table'
[ "$(hashes f)" = "$first" ] || fail 'the same table, other pictures'
echo '# a comment' >>mine.gp
redrawn 'the script changed'
echo '# a comment' >>"$tree/plots/style.gp"
redrawn 'style.gp changed'
for kind in png svg pdf caption.txt; do rm f.$kind; redrawn "no f.$kind"; [ "$(hashes f)" = "$first" ] || fail "other pictures after f.$kind was removed"; done
rm f.*; figure f one two; redrawn 'no picture and no stamp'

# the user's settings change nothing and run nothing
mkdir -p home/gnuplot
for rc in home/.gnuplot home/.gnuplotrc home/gnuplot/gnuplotrc home/gnuplotrc; do printf 'system("touch %s")\nset border 0\n' "$canary" >$rc; done
rm f.png
HOME=$work/home XDG_CONFIG_HOME=$work/home GNUTERM=dumb GNUPLOT_LIB=$work/home PERL5OPT=-Mnone FONTCONFIG_FILE=/none redrawn 'settings of the user'
safe 'settings of the user'
[ "$(hashes f)" = "$first" ] || fail 'settings of the user change the picture'

# ---- files of the user ----
for kind in png svg pdf caption.txt made; do
    cp -p f.$kind keep
    echo mine >f.$kind
    before=$(state f)
    sentence 2 "f.$kind" -- "$plot" "$work/mine.gp" "$work/f"
    sed -i '0,/0\.02/s//0.03/' f-svm.tsv
    sentence 2 "f.$kind" -- "$plot" "$work/mine.gp" "$work/f"
    [ "$(state f)" = "$before" ] && [ "$(cat f.$kind)" = mine ] || fail "a refusal changed something beside the user's f.$kind"
    cp keep.tsv f-svm.tsv
    cp -p keep f.$kind
    rm f.$kind; mkfifo f.$kind
    sentence 2 "f.$kind is no file" -- timeout 20 "$plot" "$work/mine.gp" "$work/f"
    rm f.$kind; mkdir f.$kind
    sentence 2 "f.$kind is no file" -- "$plot" "$work/mine.gp" "$work/f"
    rmdir f.$kind; ln -s /dev/null f.$kind
    sentence 2 "f.$kind is no file" -- "$plot" "$work/mine.gp" "$work/f"
    rm f.$kind; ln -s loop f.$kind; ln -s f.$kind loop
    sentence 2 "f.$kind: expected a link" -- "$plot" "$work/mine.gp" "$work/f"
    rm loop f.$kind; mkdir -p far; ln -s far/new.$kind f.$kind # a link to nothing is a place
    [ $kind != made ] || mv keep far/new.made
    draw "a linked f.$kind"
    [ -L f.$kind ] && [ -s far/new.$kind ] || fail "the link f.$kind was replaced, or nothing is behind it"
    sed -i '0,/0\.02/s//0.03/' f-svm.tsv
    draw "a linked f.$kind again"
    [ -L f.$kind ] || fail "the link f.$kind was replaced"
    cp keep.tsv f-svm.tsv
    rm f.$kind; [ $kind != made ] || cp far/new.made f.made
    draw "without the link f.$kind"
    rm -r far
done
[ "$(hashes f)" = "$first" ] || fail 'other pictures at the end'
mkdir .dsgd-plot-mine .dsgd-plot-mind; echo mine >.dsgd-plot-mine/mark; echo mine >.dsgd-plot-mind/png

# ---- kills: at every move, before and after; and at random moments ----
cp keep.tsv a.tsv; sed '0,/0\.02/s//0.03/' keep.tsv >b.tsv
declare -A whole
for t in a b; do
    cp $t.tsv f-svm.tsv; draw "table $t"
    for kind in png svg pdf caption.txt; do whole["$t.$kind"]=$(sha256sum <f.$kind); done
done
# every picture is one of the two, and the next call makes those of the table
mended()
{
    local kind now
    for kind in png svg pdf caption.txt; do
        now=$(sha256sum <f.$kind)
        [ "$now" = "${whole[a.$kind]}" ] || [ "$now" = "${whole[b.$kind]}" ] || fail "$1: f.$kind is neither the old nor the new picture"
    done
    draw "after $1"
    for kind in png svg pdf caption.txt; do [ "$(sha256sum <f.$kind)" = "${whole[$2.$kind]}" ] || fail "after $1: f.$kind is not that of the table"; done
    [ "$(echo .dsgd-plot-*)" = '.dsgd-plot-mind .dsgd-plot-mine' ] || fail "after $1: left $(echo .dsgd-plot-*)"
}
# mv that counts and kills the whole group of processes, or fails
cat >bin/mv <<'SH'
#!/bin/bash
n=$(($(cat "$COUNT") + 1)); echo $n >"$COUNT"
[ $n -ne "$AT" ] || [ "$HOW" != before ] || kill -KILL 0
[ $n -ne "$AT" ] || [ "$HOW" != full ] || { echo "mv: cannot move: No space left on device" >&2; exit 1; }
/bin/mv "$@" || exit
[ $n -ne "$AT" ] || [ "$HOW" != after ] || kill -KILL 0
SH
chmod +x bin/mv
export COUNT=$work/count AT HOW
table=b
for HOW in before after full; do
    for AT in 1 2 3 4 5; do
        [ $table = a ] && table=b || table=a
        cp $table.tsv f-svm.tsv
        echo 0 >count
        PATH=$work/bin:$PATH setsid -w "$plot" "$work/mine.gp" "$work/f" >out 2>err
        code=$?
        if [ $HOW = full ]; then [ $code -eq 3 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q 'No space left on device$' err || fail "move $AT fails: exit code $code: $(cat err)"
        else [ $code -ge 128 ] || fail "killed $HOW move $AT: exit code $code"; fi
        mended "$HOW move $AT" $table
    done
done
# a limit of file sizes: three places where it hits
for limit in 1 4 8; do
    [ $table = a ] && table=b || table=a
    cp $table.tsv f-svm.tsv
    before=$(state f)
    (failures=0; ulimit -f $limit; sentence 3 'plot: ' -- "$plot" "$work/mine.gp" "$work/f"; exit $failures) || fail "file limit of $limit KiB"
    [ "$(state f)" = "$before" ] || fail "file limit of $limit KiB: something changed"
    mended "file limit of $limit KiB" $table
done
# gnuplot killed for memory
printf '%s\n' '#!/bin/sh' "[ \"\$1\" = --version ] || kill -KILL \$\$" >bin/gnuplot; chmod +x bin/gnuplot
[ $table = a ] && table=b || table=a
cp $table.tsv f-svm.tsv
sentence 3 'ended by signal 9' -- env PATH="$work/bin:$PATH" "$plot" "$work/mine.gp" "$work/f"
rm bin/gnuplot
mended 'gnuplot is killed' $table
for tool in sync cat; do
    printf '#!/bin/sh\necho "%s: No space left on device" >&2\nexit 1\n' $tool >bin/$tool; chmod +x bin/$tool; rm -f bin/mv
    [ $table = a ] && table=b || table=a
    cp $table.tsv f-svm.tsv
    before=$(state f)
    sentence 3 'No space left on device' -- env PATH="$work/bin:$PATH" "$plot" "$work/mine.gp" "$work/f"
    [ "$(state f)" = "$before" ] || fail "$tool fails: something changed"
    rm bin/$tool
    mended "$tool fails" $table
done
rm -rf tmp/*
for i in 1 2 3 4 5 6 7 8 9 10; do
    [ $table = a ] && table=b || table=a
    cp $table.tsv f-svm.tsv
    setsid -w "$plot" "$work/mine.gp" "$work/f" >out 2>err & pid=$!
    sleep "$((RANDOM % 2)).$((RANDOM % 10))$((RANDOM % 10))"
    group=$(pgrep -P $pid | head -n 1)
    [ -z "$group" ] || kill -KILL -- -"$group" 2>/dev/null
    wait $pid 2>/dev/null
    mended "kill $i" $table
done
rm -rf tmp/*
for signal in INT TERM HUP; do
    [ $table = a ] && table=b || table=a
    cp $table.tsv f-svm.tsv
    before=$(state f)
    perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$plot" "$work/mine.gp" "$work/f" 2>err & pid=$!
    for _ in $(seq 200); do [ -z "$(find tmp -name messages)" ] || break; sleep 0.02; done # gnuplot has begun
    kill -$signal $pid
    wait $pid
    code=$?
    [ $code -eq 130 ] && [ "$(state f)" = "$before" ] && [ -z "$(ls -A tmp)" ] || fail "SIG$signal: exit code $code, left $(ls -A tmp), $(cat err)"
    mended "SIG$signal" $table
done

# ---- two, four at once, of one figure: all succeed, with whole pictures ----
[ $table = a ] && table=b || table=a
cp $table.tsv f-svm.tsv
for i in 1 2 3 4; do ("$plot" "$work/mine.gp" "$work/f" 2>err$i; echo $? >rc$i) & done
wait
[ "$(cat rc? | sort -u)" = 0 ] || fail "four at once: $(cat rc? err?)"
before=$(state f)
mended 'four at once' $table
[ "$(state f)" = "$before" ] || fail 'four at once: drawn again afterwards'
[ "$(cat .dsgd-plot-mine/mark .dsgd-plot-mind/png)" = $'mine\nmine' ] || fail "a folder of the user's is gone"
safe 'all'
[ $failures -eq 0 ]

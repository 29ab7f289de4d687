#!/usr/bin/env bash
# plots.sh - scripts/plot.sh and the scripts in plots/: no content of a table and no name is run, texts stand literally in pictures, pictures
# are drawn when what they are made from changed and else left alone, nobody's file is replaced, kills and full disks leave whole pictures.
# shellcheck disable=SC2015,SC2016,SC1003 # fail returns 0; dollars and backslashes are meant
set -u
[ -z "${DSGD_SANITIZE:-}" ] || exit 77 # none of our programs runs
command -v gnuplot >/dev/null || { echo 'no gnuplot'; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export TMPDIR=$work/tmp
mkdir tmp bin
canary=$work/pwned
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
safe() { [ ! -e "$canary" ] || { fail "$*: a command in it was run"; rm -f "$canary"; }; }
# a copy of the scripts, under a name that asks for trouble
tree="$work/the tree's \$(touch pwned)"
mkdir -p "$tree"
cp -r "$DSGD_SOURCE/scripts" "$DSGD_SOURCE/plots" "$tree/"
plot="$tree/scripts/plot.sh"
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

# ---- rule: no gnuplot script starts a program or evaluates text ----
cat >rule.pl <<'PERL'
my $bad = 0;
for my $file (@ARGV) {
    open my $in, "<", $file or die "$file: $!";
    while (my $line = <$in>) {
        my $code = "";
        while ($line =~ /\G(?:(#.*)|("(?:[^"\\]|\\.)*")|('(?:[^']|'')*')|(.))/gs) { $code .= defined $1 ? "" : defined $4 ? $4 : " " . ($2 // $3) . " "; }
        my $bare = $code =~ s/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/""/gr;
        my $why = $line =~ /`/ ? "a backquote" : $bare =~ /\b(system|shell|popen|eval\w*|call)\b/ ? $1 : $bare =~ /(^|;|\{)\s*!/ ? "!" : $bare =~ /(^|[^\w\@])\@\w/ ? "a macro"
            : (grep { /^["']\s*[<|]/ } $code =~ /"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/g) ? "a pipe" : $bare =~ /\bsprintf\(\s*[^"\s]/ ? "a format that is no constant" : "";
        print "$file:$.: $why\n" and $bad = 1 if $why;
    }
}
exit $bad;
PERL
perl rule.pl "$DSGD_SOURCE"/plots/*.gp || fail 'gnuplot scripts start programs, or could'
# the rule itself finds each
while IFS= read -r line; do
    printf '%s\n' "$line" >planted.gp
    ! perl rule.pl planted.gp >/dev/null || fail "the rule does not see: $line"
done <<'PLANTED'
x = system("ls")
x = 'a' . `ls`
plot "< awk 1 x" using 1
!ls
set print "|cat"
eval text
@macro
x = sprintf(label, 1)
PLANTED
printf '%s\n' '# system("ls") is not used; "<" neither' 'x = a < b ? "a <b" : "c!"' 'if (!x) { y = 1 }' >planted.gp
perl rule.pl planted.gp || fail 'the rule sees what is not there'

# ---- tables of every kind, with texts of our choice ----
# curves FILE LABEL...: as dsgd curve prints them, one block a label
curves()
{
    local file=$1 label T i=0 dataset=${DATASET-a dataset}
    shift
    for label in "$@"; do
        [ $i -eq 0 ] || printf '\n\n'
        i=$((i + 1))
        printf '# label: %s\n# dataset: %s\n# runs: 3\n# ratio values: %s\n# at w*: test_error 0.01\n' "$label" "$dataset" "${RATIO-1.0000}"
        printf '# step\tseeds\tgap\tgap_low\tgap_high\ttest_error\ttest_error_low\ttest_error_high\ttest_loss_excess\ttest_loss_excess_low\ttest_loss_excess_high\n# 1'
        printf '\t1%.0s' 1 2 3 4 5 6 7 8 9 10
        for T in 1 2 3 4; do printf '\n1e%d\t3\t%se-%d\t1e-5\t1e-1\t0.02\t0.015\t0.03\t%se-%d\t1e-5\t1e-1' $T $i $T $i $T; done
        echo
    done >"$file"
}
# figure STEM LABEL...: both tables of plots/figure5.gp
figure() { curves "$1-logistic.tsv" "${@:2}"; curves "$1-svm.tsv" "${@:2}"; }
# table MAP TEXT: as dsgd verify --map MAP writes it, with TEXT wherever a text can be
table()
{
    TEXT=$2 awk -v map="$1" 'BEGIN {
        text = ENVIRON["TEXT"]; OFS = "\t"
        if (map == "contraction") {
            print "# draws: 100\n# left out: " text "\n# shape\td\tr\tc\tk\tmean_ratio\tshare_above_1\tlow\thigh\tmean_low\tmean_high"
            n = split("flat gaussian -", shape, " "); shape[3] = text
            for (s = 1; s <= n; ++s) for (r = 1; r <= 15; r = 2*r + 1) for (c = 10; c <= 80; c *= 2) for (k = 5; k <= 20; k *= 2)
                print shape[s], 785, r, c, k, 0.99 - c/1e4, 0.5/c, 0.4/c, 0.6/c, 0.98 - c/1e4, 0.995 - c/1e4
        } else if (map == "hashes") {
            print "# runs: 3"
            for (b = 0; b < 6; ++b) {
                print (b ? "\n\n" : "") "# table: " text "\n# label: " text "\n# share of steps above 1 - k/d: 0.5\n# step\tmedian\tmin\tmax\tmean"
                for (t = 1; t <= 1000; t *= 10) print t, 0.1/t, 0.05/t, 0.2/t, 0.1/t
            }
        } else if (map == "workers") {
            print "# dataset: " text "\n# setting: " text "\n# runs: " text
            for (b = 0; b < 3; ++b) {
                print (b ? "\n\n" : "") "# T: " text "\n# slope: " text "\n# slope low: " text "\n# slope high: " text "\n# workers\tgap\tgap_low\tgap_high\trepaired\tleading\tstart_gap"
                for (w = 1; w <= 16; w *= 2) print w, 1e-3/w/(b + 1), 5e-4/w, 2e-3/w, 1/w, 1/w, 1
            }
        } else if (map == "excess") {
            print "# dataset: " text "\n# setting: " text "\n# runs: " text "\n# T*: 1000\n# step\tgap"
            for (t = 10; t <= 1e4; t *= 10) print t, 1/t, 0.5/t, 2/t, 1/t, 0.5/t, 2/t, 100/t, 10/t, 10/t, 80/t, 90/t, 20/t, 3
        } else if (map == "memory") {
            print "# dataset: " text "\n# setting: " text "\n# runs: " text "\n# step\tmean"
            for (t = 10; t <= 1e4; t *= 10) print t, 1/t, 0.5/t, 2/t, 1/t, 0.5/t, 2/t, 1/t, 0.5/t, 2/t, 100/t
        } else {
            for (b = 0; b < 2; ++b) {
                p = b ? "svm" : "logistic"
                print (b ? "\n\n" : "") "# " p " dataset: " text "\n# " p " examples: " text "\n# " p " parameters: " text "\n# " p " xi: " text "\n# " p " runs: " text
                split("mu L b0 G2 sigma2 useful T*", word, " ")
                for (i = 1; i in word; ++i) print "# " p " " word[i] ": 2e3"
                print "# " p " last sigma2: 0.1\n# " p " start gap: 0.6\n# " p " memory share: 0.9\n# step\tsgd"
                for (t = 100; t <= 1e4; t *= 10) print t, 1/t, 0.5/t, 2/t, 1/t, 0.5/t, 2/t, 1e6/t, 0.9e6/t, 1e5/t, 0.6, 9, 1, 1
            }
        }
    }'
}
maps=(contraction hashes excess memory workers figure5)

# ---- texts that are commands somewhere, or markup, or formats; each is found again in the SVG, letter by letter ----
texts=(local_topk 'a^b' '{x}' '&{x}' '@x ~x' '50% %s%n%d' 'a\nb\' '"q"' "it's" 'Größe ŵ 数 😀' '<b>&amp; &#60;' ']]>' '-' 'x: y' '# label: z' 'a  b'
    "1 x 16'; touch $canary; echo '" "\$(touch $canary)" "\`touch $canary\`" "' . system('touch $canary') . '" "\"; system(\"touch $canary\"); \"" "|touch $canary" "< touch $canary"
    "\\'; !touch $canary" "'
system(\"touch $canary\")" $'a\r!touch '"$canary" $'\x80\xff\xed\xa0\x80 \x01\x7f' "$(printf 'long%.0s' {1..2000})")
cat >texts.py <<'PYTHON'
import sys, xml.dom.minidom
from xml.dom import Node
def words(node): return "".join(words(n) if n.nodeType == Node.ELEMENT_NODE else n.data for n in node.childNodes)
print("\n".join(words(t) for t in xml.dom.minidom.parse(sys.argv[1]).getElementsByTagName("text")))
PYTHON
/usr/bin/python3 -c '' 2>/dev/null || echo 'note: no python3, SVGs are not read'
for ((first = 0; first < ${#texts[@]}; first += 7)); do # a key has place for seven
    rm -f e.*
    RATIO=1.5 DATASET='my_set^2 {x} %d 数' figure e "${texts[@]:first:7}"
    "$plot" plots/figure5.gp "$work/e" >out 2>&1 || fail "labels from $first on: exit code $?: $(cat out)"
    safe "labels from $first on"
    grep -qF 'Data: my_set^2 {x} %d 数.' e.caption.txt || fail 'the caption has another title of the data'
    /usr/bin/python3 -c '' 2>/dev/null || continue
    /usr/bin/python3 texts.py e.svg >found || fail 'the SVG is no XML'
    grep -qxF 'Figure 5 on my_set^2 {x} %d 数: error against steps, vanilla and sketched SGD' found || fail "the title of the data is not literal: $(grep Figure found)"
    for text in "${texts[@]:first:7}"; do
        [[ $text != *[[:cntrl:]]* && $text != *$'\x80'* && ${#text} -lt 1000 ]] || continue
        [ "$(grep -cxF -- "$text (1.50×)" found)" -eq 2 ] || fail "label '$text': not literally in both keys of the SVG: $(grep -F -- "${text:0:3}" found | head -n 2)"
    done
done
for map in "${maps[@]}"; do
    i=0
    for text in "${texts[@]:0:1}" "${texts[@]:5:3}" "${texts[@]:16}"; do
        i=$((i + 1))
        case $map-$i in contraction-* | workers-* | *-1 | *-5 | *-9) ;; *) continue ;; esac # the others show the same texts by the same functions
        table "$map" "$text" >"h-$map.tsv"
        rm -f "h-$map".{png,svg,pdf,caption.txt,made}
        "$plot" "plots/verify_$map.gp" "$work/h-$map" >out 2>err
        code=$?
        safe "$map with '$text'"
        [ $code -eq 0 ] || [ $code -eq 2 ] && [ "$(wc -l <err)" -eq $((code / 2)) ] || fail "$map with '$text': exit code $code: $(cat err)"
        [ $i -gt 1 ] || [ $code -eq 0 ] || fail "$map: $(cat err)"
    done
    # numbers that are none, anywhere
    for number in 'x' '1e999' '0x10' "1'; system('touch $canary'); '" '-' ''; do
        table "$map" a | sed "s|: [0-9.e]*\$|: ${number//|/}|" >"h-$map.tsv"
        timeout 60 "$plot" "plots/verify_$map.gp" "$work/h-$map" >out 2>err
        code=$?
        safe "$map with numbers '$number'"
        [ $code -eq 0 ] || [ $code -eq 2 ] && [ "$(wc -l <err)" -eq $((code / 2)) ] || fail "$map with numbers '$number': exit code $code: $(cat err)"
        [ "$map" = figure5 ] || break
    done
done

for range in 's/e-1\t/e-300\t/; s/1e4\t3/1e300\t3/' 's/1e1\t3\t[^\t]*/1e1\t3\tInf/' 's/0\.02/-1/' 's/\t0\.015/\t"; system("touch pwned")/' 's/1e2\t3/$(touch pwned)\t3/'; do
    figure g a b
    sed -i "$range" g-logistic.tsv
    timeout 120 "$plot" plots/figure5.gp "$work/g" >out 2>err
    code=$?
    [ $code -eq 0 ] || [ $code -eq 2 ] && [ "$(wc -l <err)" -eq $((code / 2)) ] || fail "numbers after $range: exit code $code: $(cat err)"
done

# ---- names ----
for name in "it's" 'a b' "\$(touch $canary)" "\`touch pwned\`" $'line\nbreak' -x '%s' '"q"' '*' '\' "'.system('touch pwned').'" ' '; do
    name=${name//\//_}
    mkdir -- "$work/n/" 2>/dev/null || true
    figure "$work/n/$name" a b
    (cd "$tree" && "$plot" plots/figure5.gp "$work/n/$name") >out 2>&1 || fail "STEM '$name': exit code $?: $(cat out)"
    for kind in png svg pdf caption.txt made; do [ -s "$work/n/$name.$kind" ] || fail "STEM '$name': no .$kind"; done
    safe "STEM '$name'"
done
[ -z "$(find / -maxdepth 1 -name pwned)$(find "$work" -name pwned)" ] || fail 'a command in a name was run'
cp -r "$work/n" "$tree/-n"
sed -i 's/0\.02/0.021/' "$tree/-n/-x-svm.tsv"
"$plot" plots/figure5.gp -n/-x 2>err || fail "a relative STEM: exit code $?: $(cat err)"
mkdir other
curves other/u.tsv a
curves 'other/u-b c.tsv' a
printf 'load "plots/style.gp"\nplot stem.".tsv" using 1:3 title label_of(stem.".tsv", 1)\n' >other/mine.gp
sentence 2 'expected no characters but letters' -- "$plot" "$work/other/mine.gp" "$work/other/u"
rm 'other/u-b c.tsv'
sed -i '1i wide = 400; high = 300' other/mine.gp
"$plot" "$work/other/mine.gp" "$work/other/u" 2>err && [ ! -e other/u.caption.txt ] || fail "a script of one's own: $(cat err)"
[ "$("$plot" -v "$work/other/mine.gp" "$work/other/u")" = "plot: $work/other/u is up to date" ] || fail 'a script without a caption is drawn twice'

# ---- refused, nothing changed ----
sentence 2 'arguments: expected' -- "$plot" plots/figure5.gp
sentence 2 'expected a gnuplot script' -- "$plot" plots/none.gp "$work/e"
sentence 2 'no table' -- "$plot" plots/figure5.gp "$work/none"
sentence 2 'expected a folder' -- "$plot" plots/figure5.gp "$work/none/e"
sentence 2 'expected a name after the last /' -- "$plot" plots/figure5.gp "$work/"
sentence 2 'at most 243 bytes' -- "$plot" plots/figure5.gp "$work/$(printf 'x%.0s' {1..244})"
sentence 2 'expected a table to draw' -- "$plot" "$work/other/mine.gp" "$work/none"
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

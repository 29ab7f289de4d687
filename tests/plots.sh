#!/usr/bin/env bash
# plots.sh - scripts/plot.sh and the scripts in plots/: no content of a table and no name is run, texts stand literally in pictures.
# shellcheck disable=SC1091,SC2154,SC2086,SC2015,SC2016,SC1003 # the sourced file; fail returns 0; dollars and backslashes are meant
set -u
# shellcheck source=tests/plot_tables.sh
source "$DSGD_SOURCE/tests/plot_tables.sh"

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
HEAVY=$'# mean heavy: 0.5\n# mean update_nnz: 10\n' RATIO=1.5 DATASET='my_set^2 {x} %d 数' words w "${texts[@]:13:7}"
"$plot" plots/words.gp "$work/w" >out 2>&1 || fail "words: exit code $?: $(cat out)"
safe words
grep -qF 'Data: my_set^2 {x} %d 数 (left), my_set^2 {x} %d 数 (middle).' w.caption.txt || fail 'words: the caption has another title of the data'
if /usr/bin/python3 -c '' 2>/dev/null; then
    /usr/bin/python3 texts.py w.svg >found || fail 'words: the SVG is no XML'
    for text in "${texts[@]:13:7}"; do
        [ "$(grep -cxF -- "$text (1.5×, |H| = 0.5 of 10)" found)" -eq 3 ] || fail "words: label '$text': not literally in the keys of the SVG: $(grep -F -- "${text:0:3}" found | head -n 2)"
    done
fi
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

safe 'all'
[ $failures -eq 0 ]

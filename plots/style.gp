# style.gp - the look of all figures. Set wide and high (pixels of the PNG) first; scripts/plot.sh sets format (png | svg | pdf) and stem.
#
# Colours: podo, which people with colour blindness can tell apart; each curve also has its own dashes and point type.

set encoding utf8
if (format eq "png") set terminal pngcairo size wide,high font "DejaVu Sans,13" linewidth 1.4
if (format eq "svg") set terminal svg size wide,high font "DejaVu Sans,17" linewidth 1.4 background "white"
if (format eq "pdf") set terminal pdfcairo size wide/60.0 cm,high/60.0 cm font "DejaVu Sans,11" linewidth 1.3
set output stem.".".format

points = format eq "png" ? 1.0 : format eq "svg" ? 0.7 : 0.55 # terminals differ in what size 1 is
set colorsequence podo
set style fill transparent solid 0.22 noborder
set style line 1 linecolor rgb "#000000" linewidth 1.6 dashtype 1       pointtype 4 pointsize 1.0*points # vanilla: squares
set style line 2 linecolor rgb "#0072b2" linewidth 1.6 dashtype (14,6)  pointtype 7 pointsize 0.7*points # dots
set style line 3 linecolor rgb "#d55e00" linewidth 1.6 dashtype (5,4)   pointtype 8 pointsize 1.1*points # triangles
set style line 8 linecolor rgb "#707070" linewidth 1.0 dashtype (8,6)   # slope guides
set style line 9 linecolor rgb "#009e73" linewidth 1.2 dashtype (14,4,3,4) # what w* reaches
set border 3 linecolor rgb "#404040"
set tics nomirror scale 0.7
set mxtics 10
set mytics 10
set grid xtics ytics linecolor rgb "#d8d8d8" linewidth 0.5 dashtype 1
set key samplen 3.2 spacing 1.15

# What the tables say of themselves. scripts/plot.sh has loaded it as FACT_KEY, FACT_TEXT and FACT_NUMBER (scripts/plot-facts.pl): no script here
# asks a shell. Text of a table may hold anything: it stands where the word noenhanced is, and never in a format of sprintf.
fact_index(key) = sum [fact_i = 1:FACTS] (FACT_KEY[fact_i] eq key ? fact_i : 0)
fact_text(key) = (fact_found = fact_index(key), fact_found > 0 ? FACT_TEXT[fact_found] : "")
fact_number(key) = (fact_found = fact_index(key), fact_found > 0 ? FACT_NUMBER[fact_found] : NaN)

# of "# WORD: VALUE": the first in the table, the first in its block i
about(tsv, word) = fact_text("about:".tsv.":0:".word)
about_number(tsv, word) = fact_number("about:".tsv.":0:".word)
about_block(tsv, word, i) = fact_text(sprintf("about:%s:%d:", tsv, i).word)
about_block_number(tsv, word, i) = fact_number(sprintf("about:%s:%d:", tsv, i).word)
label_of(tsv, i) = about_block(tsv, "label", i)
ratio_of(tsv, i) = about_block_number(tsv, "ratio values", i)
at_optimum(tsv, metric) = about_number(tsv, "at w*: ".metric)
column_of(tsv, name) = int(fact_number("column:".tsv.":0:".name))
# different words of the first column
groups_of(tsv) = int(fact_number("groups:".tsv.":0:"))
group_of(tsv, i) = fact_text(sprintf("group:%s:%d:", tsv, i))
shown_of(tsv, i) = fact_text(sprintf("shown:%s:%d:", tsv, i))

# style.gp - the look of all figures. Set `format` (png | svg | pdf), `stem`, `wide` and `high` (pixels of the PNG) first.
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

# Reading what `dsgd curve` says about its blocks.
about(tsv, word) = system(sprintf("sed -n 's/^# %s: //p' '%s' | head -n 1", word, tsv))
label_of(tsv, i) = system(sprintf("sed -n 's/^# label: //p' '%s' | sed -n '%dp'", tsv, i))
ratio_of(tsv, i) = real(system(sprintf("sed -n 's/^# ratio values: //p' '%s' | sed -n '%dp'", tsv, i)))
at_optimum(tsv, metric) = real(system(sprintf("sed -n 's/^# at w[*]: %s //p' '%s' | head -n 1", metric, tsv)))
column_of(tsv, name) = int(system(sprintf("grep -m1 '^# step' '%s' | cut -c3- | tr '\\t' '\\n' | grep -nx %s | cut -d: -f1", tsv, name)))

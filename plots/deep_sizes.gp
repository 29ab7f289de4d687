# deep_sizes.gp - a deep model: accuracy against compression over the sizes of a sketch, and against the number of workers (figures 3 and 4 of the
# paper at a small size).
# Usage: scripts/plot.sh plots/deep_sizes.gp results/figures/deep-sizes-mnist, from these tables of dsgd curve:
# tables: -sgd.tsv -columns.tsv -k.tsv -candidates.tsv -local.tsv -random.tsv -w1.tsv -w4.tsv -w16.tsv -w64.tsv

wide = 1400
high = 740
load "plots/style.gp"
set style line 4 linecolor rgb "#cc79a7" linewidth 1.6 dashtype (2,3) pointtype 10 pointsize 1.0*points
set style line 5 linecolor rgb "#8b5a9b" linewidth 1.6 dashtype (9,3)    pointtype 11 pointsize 1.0*points
set style line 6 linecolor rgb "#009e73" linewidth 1.6 dashtype (14,4,3,4) pointtype 12 pointsize 1.0*points
# the last row of each curve: its test error and, from its head, its compression
stats [*:*] stem."-sgd.tsv" using 1 name "S" nooutput
y = column_of(stem."-sgd.tsv", "test_error")
at_end(v) = column(1) == S_max ? 100*v : NaN

caption = \
  "Left: test error against compression in values, both ways together. A sketch of 3 × columns, k = 500, P = 8 unless a curve changes it: columns 512 to 4096,\n".\
  "k 125 to 1000, P 1 to 16. Local top-k: k 125 to 2000; random k with memory: k 1000 to 12,000. Right: test error against the number of workers, 64 images a step in all.\n".\
  sprintf("%d steps, triangular learning rate, each method has one step size and momentum for all its sizes. ", S_max).\
  "Points: median of three seeds, bars: 20% and 80% quantiles.\n".\
  "Data: ".about(stem."-sgd.tsv", "dataset")."."

if (format eq "svg") {
    set print stem.".caption.txt"
    print caption
    set print
}

key_font = format eq "pdf" ? ",9.3" : format eq "svg" ? ",13.5" : ",10.5"
set multiplot
set label 1 "LeNet-5: what compression costs" at screen 0.5,0.968 center noenhanced font (format eq "pdf" ? ",14" : format eq "svg" ? ",21" : ",16")
set label 2 caption at screen 0.012,0.145 left noenhanced font (format eq "pdf" ? ",9.3" : format eq "svg" ? ",14.4" : ",11") textcolor rgb "#404040"
set logscale xy
set ytics (0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50, 100)
set format y "%g %%"
set tmargin at screen 0.892
set bmargin at screen 0.235

series = "columns k candidates local random sgd"
title_of(s) = s eq "columns" ? "sketch, columns" : s eq "k" ? "sketch, k" : s eq "candidates" ? "sketch, P" : s eq "local" ? "local top-k" : s eq "random" ? "random k" : "SGD"
style_of(i) = i == 6 ? 1 : i + 1

set lmargin at screen 0.065
set rmargin at screen 0.5
set title "over the sizes of a sketch" offset 0,-0.6
set xlabel "compression in values" offset 0,0.4
set format x "%g×"
set xrange [0.8:400]
set key top left Left reverse width -2 font key_font
blocks_of(s) = s eq "sgd" ? 1 : s eq "columns" || s eq "k" || s eq "random" ? 4 : 5
plot for [i = 1:words(series)] for [j = 1:blocks_of(word(series, i))] stem."-".word(series, i).".tsv" index (j - 1) \
         using (ratio_of(stem."-".word(series, i).".tsv", j)):(at_end(column(y))):(at_end(column(y + 1))):(at_end(column(y + 2))) \
         with yerrorbars linestyle style_of(i) title (j == 1 ? title_of(word(series, i)) : "") noenhanced
unset label 1
unset label 2

set lmargin at screen 0.55
set rmargin at screen 0.985
set title "over workers" offset 0,-0.6
set xlabel "workers" offset 0,0.4
set format x "%g"
set xrange [0.8:80]
set xtics (1, 4, 16, 64)
methods = "SGD sketch local signSGD"
full(i) = i == 1 ? "SGD" : i == 2 ? "Sketched-SGD" : i == 3 ? "local top-k" : "signSGD"
array WORKERS[4] = [1, 4, 16, 64]
plot for [i = 1:4] for [j = 1:4] stem.sprintf("-w%d.tsv", WORKERS[j]) index (i - 1) \
         using (WORKERS[j]*(1 + 0.05*(i - 2.5))):(at_end(column(y))):(at_end(column(y + 1))):(at_end(column(y + 2))) \
         with yerrorbars linestyle i title (j == 1 ? full(i) : "") noenhanced
unset multiplot

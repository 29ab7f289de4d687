# deep.gp - a deep model under every compressor: test error against steps, and against words of values that a worker has sent and received.
# Usage: scripts/plot.sh plots/deep.gp results/figures/deep-mnist, from this table of dsgd curve:
# tables: -curve.tsv

wide = 1640
high = 720
load "plots/style.gp"
set style line 4 linecolor rgb "#cc79a7" linewidth 1.6 dashtype (2,3) pointtype 10 pointsize 1.0*points
set style line 5 linecolor rgb "#8b5a9b" linewidth 1.6 dashtype (9,3)    pointtype 11 pointsize 1.0*points
set style line 6 linecolor rgb "#009e73" linewidth 1.6 dashtype (14,4,3,4) pointtype 12 pointsize 1.0*points
set style line 7 linecolor rgb "#e69f00" linewidth 1.6 dashtype (10,3,3,3) pointtype 5 pointsize 0.8*points
set style line 8 linecolor rgb "#56b4e9" linewidth 1.6 dashtype (4,2) pointtype 6 pointsize 1.0*points
set style line 9 linecolor rgb "#a0522d" linewidth 1.6 dashtype (16,3) pointtype 9 pointsize 1.0*points
set style line 10 linecolor rgb "#666666" linewidth 1.6 dashtype (3,3) pointtype 4 pointsize 0.9*points
set style line 11 linecolor rgb "#b8860b" linewidth 1.6 dashtype (8,2,2,2) pointtype 8 pointsize 1.0*points

tsv = stem."-curve.tsv"
problem = about(tsv, "problem")
problem = strstrt(problem, ", f*") > 0 ? problem[1:strstrt(problem, ", f*") - 1] : problem
model = strstrt(problem, "lenet") == 1 ? "LeNet-5" : strstrt(problem, "resnet9") == 1 ? "ResNet-9" : strstrt(problem, "transformer") == 1 ? "Transformer" : \
    strstrt(problem, "lstm") == 1 ? "LSTMs with attention" : word(problem, 1)
language = strstrt(problem, "transformer") == 1 || strstrt(problem, "lstm") == 1
stats [*:*] tsv using 1 name "S" nooutput
caption = \
  "y: test error".(language ? " (of target tokens, behind the true ones before)" : "").", median over seeds with 20% to 80% bands. Left: against steps. Right: against words of values that one worker has sent and received".\
  (language ? ".\n" : " since the start, from the ledgers.\n").\
  model." (".problem.") on ".about(tsv, "dataset").", ".(language ? "a learning rate with warm-up and a linear way down" : "a triangular learning rate with its peak at a fifth").", momentum 0.9 of the server's update or none.\n".\
  "In brackets: compression in values against SGD, both ways together. All methods take the same steps; random k is what any choice of coordinates must beat.\n".\
  (S_max < 1000 ? "QUICK: few steps, nothing tuned: a demonstration, no comparison." : \
   "Each method’s learning rate and momentum are chosen on the same grids, on held-out ".(language ? "sentences." : "images."))

if (format eq "svg") {
    set print stem.".caption.txt"
    print caption
    set print
}

key_font = format eq "pdf" ? ",9.3" : format eq "svg" ? ",13.5" : ",10.5"
set multiplot
set label 1 model." under compression" at screen 0.5,0.968 center noenhanced font (format eq "pdf" ? ",14" : format eq "svg" ? ",21" : ",16")
set label 2 caption at screen 0.012,0.15 left noenhanced font (format eq "pdf" ? ",9.3" : format eq "svg" ? ",14.4" : ",11") textcolor rgb "#404040"
set logscale y
stats tsv using 1 nooutput
curves = STATS_blocks
y = column_of(tsv, "test_error")
words = column_of(tsv, "words")
ratio_text(i) = ratio_of(tsv, i) > 1.005 ? sprintf("%.3g×", ratio_of(tsv, i)) : "1×"
percent(v) = 100*v
stats [*:*] tsv using (column(1) > 0 && column(y + 1) > 0 ? percent(column(y + 1)) : NaN) name "L" nooutput
stats [*:*] tsv using (column(words) > 0 ? column(words) : NaN) name "W" nooutput
set yrange [L_min*0.7:120]
set ytics (0.5, 1, 2, 5, 10, 20, 50, 100)
set format y "%g %%"

do for [panel = 1:2] {
    set lmargin at screen 0.055 + (panel - 1)*0.385
    set rmargin at screen 0.055 + (panel - 1)*0.385 + 0.345
    set tmargin at screen 0.892
    set bmargin at screen 0.25
    at = panel == 1 ? 1 : words
    set title (panel == 1 ? "against steps" : "against words") offset 0,-0.6
    set xlabel (panel == 1 ? "steps" : "words a worker has sent and received") offset 0,0.4
    if (panel == 1) { unset logscale x; set format x "%g"; set autoscale x; unset key }
    if (panel == 2) { set logscale x; set format x "10^{%L}"; set xrange [W_min*0.8:W_max*1.3]; set key at screen 0.992,0.88 right top Left reverse width -2 font key_font }
    plot for [i = 1:curves] tsv index (i - 1) using (panel == 1 || column(at) > 0 ? column(at) : NaN):(percent(column(y + 1))):(percent(column(y + 2))) \
             with filledcurves linecolor rgb "#909090" notitle, \
         for [i = 1:curves] tsv index (i - 1) using (panel == 1 || column(at) > 0 ? column(at) : NaN):(percent(column(y))) with linespoints linestyle i \
             title label_of(tsv, i)." (".ratio_text(i).")" noenhanced
    unset label 1
    unset label 2
}
unset multiplot

# words.gp - where sketches win and where they do not: f - f* against words of values that a worker has sent and received.
# Usage: scripts/plot.sh plots/words.gp results/figures/words-mnist, from these tables of dsgd curve:
# tables: -figure5.tsv -rare.tsv -power.tsv

wide = 1640
high = 770
load "plots/style.gp"
set style line 4 linecolor rgb "#cc79a7" linewidth 1.6 dashtype (2,3) pointtype 10 pointsize 1.0*points
set style line 5 linecolor rgb "#8b5a9b" linewidth 1.6 dashtype (9,3)    pointtype 11 pointsize 1.0*points
set style line 6 linecolor rgb "#009e73" linewidth 1.6 dashtype (14,4,3,4) pointtype 12 pointsize 1.0*points

tsv_of(panel) = stem.(panel == 1 ? "-figure5.tsv" : panel == 2 ? "-rare.tsv" : "-power.tsv")
dataset = about(tsv_of(1), "dataset")

caption = \
  "x: words of values that one worker has sent and received since the start (2 d per step without compression), from the ledgers. y: f(ŵ) − f*, median over seeds with ".\
  "20% to 80% bands.\n".\
  "Left: the runs of figure 5 (W = 4, k = 10 of 785, sketch of 7 × 40). Nothing is heavy there, and k random coordinates with error memory do as well ".\
  "as a sketch, at a fifteenth of its words.\n".\
  "Middle: logistic regression, W = 64, where feature j is in a share j^−0.7 of the examples (d = 16,384); right: a quadratic, W = 64, whose spectrum falls as 1/r ".\
  "and whose noise falls as r^−½ (d = 4096).\n".\
  "There k = 32 and a sketch of 5 × 64 = 320 cells. Within a panel all methods take the same steps 8/(μ(ξ + t)), ξ above Fact 4’s limit (3000, 1100), and random-k also smaller ones; nothing is tuned further.\n".\
  "In brackets: compression in values; |H|: mean number of coordinates that HEAVYMIX found heavy, of k; the rest of its k is drawn at random; curves above 100 leave the panel.\n".\
  "True top-k sends its vectors dense to the server: it is ".\
  "what a sketch without errors would choose.\n".\
  "Data: ".dataset." (left), ".about(tsv_of(2), "dataset")." (middle)."

if (format eq "svg") {
    set print stem.".caption.txt"
    print caption
    set print
}

key_font = format eq "pdf" ? ",9.3" : format eq "svg" ? ",13.5" : ",10.5"
set key bottom left Left reverse width -2 font key_font
set multiplot
set label 1 "Error against words sent: where a sketch wins, and where it does not" at screen 0.5,0.968 center noenhanced \
    font (format eq "pdf" ? ",14" : format eq "svg" ? ",21" : ",16")
set label 2 caption at screen 0.012,0.205 left noenhanced font (format eq "pdf" ? ",9.3" : format eq "svg" ? ",14.4" : ",11") \
    textcolor rgb "#404040"
set logscale xy
set format "10^{%L}"
set xlabel "words a worker has sent and received" offset 0,0.4
panel_title(panel) = panel == 1 ? "figure 5: nothing is heavy" : panel == 2 ? "rare features: a few coordinates are heavy" : "power law: a few coordinates are heavy"
heavy_of(tsv, i) = about_block_number(tsv, "mean heavy", i)
heavy_text(tsv, i) = heavy_of(tsv, i) == heavy_of(tsv, i) ? sprintf(", |H| = %.1f of %.0f", heavy_of(tsv, i), about_block_number(tsv, "mean update_nnz", i)) : ""
ratio_text(tsv, i) = ratio_of(tsv, i) > 1.005 ? sprintf("%.3g×", ratio_of(tsv, i)) : "1×"

do for [panel = 1:3] {
    tsv = tsv_of(panel)
    set autoscale
    stats tsv using 1 nooutput
    curves = STATS_blocks
    x = column_of(tsv, "words")
    y = column_of(tsv, "gap")
    set lmargin at screen 0.052 + (panel - 1)*0.322
    set rmargin at screen 0.052 + (panel - 1)*0.322 + 0.276
    set tmargin at screen 0.892
    set bmargin at screen 0.285
    set title panel_title(panel) offset 0,-0.6
    set ylabel (panel == 1 ? "f(ŵ) − f*" : "") offset 0.8,0
    stats [*:*] tsv using (column(x) > 0 ? column(x) : NaN) name "X" nooutput
    first = panel == 1 ? 1e3 : 1e4
    stats [*:*] tsv using (column(x) >= first && column(y + 1) > 0 ? column(y + 1) : NaN) name "L" nooutput
    stats [*:*] tsv using (column(x) >= first && column(y + 2) > 0 ? column(y + 2) : NaN) name "H" nooutput
    set xrange [first:X_max*1.2]
    # a method that overshoots by orders of magnitude leaves the panel
    set yrange [L_min*(panel == 1 ? 0.06 : 0.02):H_max*2 < 100 ? H_max*2 : 100]
    plot for [i = 1:curves] tsv index (i - 1) using x:(column(y + 1)):(column(y + 2)) with filledcurves linecolor rgb "#909090" notitle, \
         for [i = 1:curves] tsv index (i - 1) using x:y with linespoints linestyle i \
             title label_of(tsv, i)." (".ratio_text(tsv, i).heavy_text(tsv, i).")" noenhanced
    unset label 1
    unset label 2
}
unset multiplot

# verify_hashes.gp - error memory under a persistent gradient: hashes drawn once against hashes drawn every step, and Lemma 3's bound.
# Usage: scripts/plot.sh plots/verify_hashes.gp results/figures/verify-hashes, from the table of dsgd verify --map hashes -o STEM.tsv:
# tables: .tsv

wide = 1560
high = 650
load "plots/style.gp"

tsv = stem.".tsv"
runs = int(about_number(tsv, "runs"))
times(text) = (cross = strstrt(text, "x"), cross > 0 ? text[1:cross - 1]."×".text[cross + 1:*] : text)
table_of(i) = times(about_block(tsv, "table", i))
share_of(i) = about_block_number(tsv, "share of steps above 1 - k/d", i)

caption = \
  "HEAVYMIX with k = 16 of d = 256 on a constant Gaussian gradient, step 1: aₜ₊₁ = aₜ + g − g̃ₜ. Bound: Lemma 3 for a constant step, 4(1 − τ)η²G²/τ² with τ = k/d.\n".\
  "In brackets: share of steps that miss Lemma 1’s 1 − k/d. Ties between estimates are cut by index; with one row, all coordinates of a bucket tie, and with fixed\n".\
  "hashes the same ones lose in every step. ".\
  sprintf("Lines: median of %d runs (own gradient and hashes); bands: least to largest.", runs)

if (format eq "svg") {
    set print stem.".caption.txt"
    print caption
    set print
}

set multiplot
margin_left = 0.066
margin_right = 0.985
gap_x = 0.030
panel_w = (margin_right - margin_left - 2*gap_x)/3.0
set tmargin at screen 0.845
set bmargin at screen 0.235

set label 1 "Hashes must be fresh: error memory against Lemma 3’s bound" at screen 0.5,0.955 center \
    font (format eq "pdf" ? ",14" : format eq "svg" ? ",21" : ",16")
set label 2 caption at screen 0.012,0.098 left noenhanced font (format eq "pdf" ? ",9.3" : format eq "svg" ? ",14.4" : ",11") \
    textcolor rgb "#404040"

set logscale xy
set format "10^{%L}"
set xlabel "step t" offset 0,0.4
stats tsv using 1:4 nooutput
set xrange [1:STATS_max_x]
set yrange [STATS_min_y > 1e-4 ? 1e-4 : STATS_min_y:STATS_max_y*3]
stats tsv using 3 name "L" nooutput
set yrange [L_min*0.5:STATS_max_y*3]

do for [panel = 1:3] {
    fixed = 2*panel - 1
    fresh = 2*panel
    set lmargin at screen margin_left + (panel - 1)*(panel_w + gap_x)
    set rmargin at screen margin_left + (panel - 1)*(panel_w + gap_x) + panel_w
    set title sprintf("sketch of %s (rows × columns)", table_of(fixed)) offset 0,-0.6 noenhanced
    if (panel == 1) { set ylabel "‖aₜ‖² / bound" offset 0.8,0 } else { unset ylabel; set format y "" }
    set key top left Left reverse width -4
    plot tsv index (fixed - 1) using 1:3:4 with filledcurves linecolor rgb "#d55e00" notitle, \
         tsv index (fresh - 1) using 1:3:4 with filledcurves linecolor rgb "#0072b2" notitle, \
         1.0 with lines linestyle 9 title "Lemma 3", \
         tsv index (fixed - 1) using 1:2 with lines linestyle 3 title sprintf("fixed hashes (%.1f %%)", 100.0*share_of(fixed)), \
         tsv index (fresh - 1) using 1:2 with lines linestyle 2 title sprintf("fresh hashes (%.1f %%)", 100.0*share_of(fresh))
    unset label 1
    unset label 2
}
unset multiplot

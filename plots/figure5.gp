# figure5.gp - figure 5 of the paper: rows = logistic regression, SVM; columns = f - f*, test loss minus that of w*, 0/1 error in training and test.
# Usage: scripts/plot.sh plots/figure5.gp results/figures/figure5-mnist, from these tables of dsgd curve:
# tables: -logistic.tsv -svm.tsv

wide = 2000
high = 1270
load "plots/style.gp"

tsv_of(row) = stem.(row == 1 ? "-logistic.tsv" : "-svm.tsv")
dataset = about(tsv_of(1), "dataset")
seeds = int(about_number(tsv_of(1), "runs"))

# ---- caption: under the figure and beside it as a file ----
caption = \
  "Supplement E.1 says: sketch of 280 = 7 rows × 40 columns, k = 10, P = 10, compression “around 4”, 4 workers, ℓ₂ regularised logistic regression ".\
  "(ℓ₂ = 0.01) and SVM, error of the average iterate against T.\n".\
  "Vanilla: SGD. Heavymix: Algorithms 1 and 2 with fresh hashes every step, what the theorems are about. Topk: Algorithm 3’s second round over ".\
  "P k = 100 candidates, learning rate inside the\n".\
  "memory, what the paper counts as around 4. Random-k (not in the paper): k random coordinates in HEAVYMIX’s place, no sketch.\n".\
  "In brackets: compression in values, up plus down, from the ledgers of these runs; |H|: coordinates that HEAVYMIX found heavy, mean over steps, of k = 10: the rest is drawn at random.\n".\
  "E.1 leaves open, and we chose: batch 1; class 0 against the rest; pixels/255 and a constant feature, bias regularised (d = 785); every worker draws ".\
  "with replacement from the whole training set;\n".\
  "logistic: step 8/(μ(ξ + t)), ξ = ⌈32 L/μ⌉, average weighted by (ξ + t)², one run and its prefixes; SVM: ℓ₂ = 0.001, step 1/√T, uniform average, ".\
  "one run for each T.\n".\
  "f* is certified (gradient norm, duality gap). ".\
  sprintf("Lines: median of %d seeds; bands: 20%% to 80%% quantiles. Values that are not positive have no place on a logarithmic axis.\n", seeds).\
  "Data: ".dataset."."

if (format eq "svg") {
    set print stem.".caption.txt"
    print caption
    set print
}

# ---- the panels ----
key_font = format eq "pdf" ? ",8.6" : format eq "svg" ? ",13" : ",10"
set multiplot
margin_left = 0.052
margin_right = 0.985
gap_x = 0.05
panel_w = (margin_right - margin_left - 3*gap_x)/4.0
top = 0.928
panel_h = 0.308
gap_y = 0.098

set label 1 sprintf("Figure 5 on %s: error against steps, vanilla and sketched SGD", dataset) at screen 0.5,0.978 center noenhanced \
    font (format eq "pdf" ? ",14" : format eq "svg" ? ",21" : ",16")
set label 2 caption at screen 0.012,0.142 left noenhanced font (format eq "pdf" ? ",9.3" : format eq "svg" ? ",14.4" : ",11") \
    textcolor rgb "#404040"

set logscale xy
set format x "10^{%L}"
set xlabel "steps T" offset 0,0.4

array column_name[4] = ["gap", "test_loss_excess", "train_error", "test_error"]
array y_title[4] = ["f(ŵ_T) − f*", "test loss(ŵ_T) − test loss(w*)", "training error (0/1), %", "test error (0/1), %"]
heavy_of(tsv, i) = about_block_number(tsv, "mean heavy", i)
heavy_text(tsv, i) = heavy_of(tsv, i) == heavy_of(tsv, i) ? sprintf(", |H| = %.1f", heavy_of(tsv, i)) : ""
row_name(row) = row == 1 ? "logistic regression, ℓ₂ = 0.01" : "SVM (hinge), ℓ₂ = 0.001"

do for [row = 1:2] {
    tsv = tsv_of(row)
    set autoscale
    stats tsv using 1 nooutput
    curves = STATS_blocks
    t_last = STATS_max
    do for [panel = 1:4] {
        set autoscale
        c = column_of(tsv, column_name[panel])
        scale = panel >= 3 ? 100.0 : 1.0
        set lmargin at screen margin_left + (panel - 1)*(panel_w + gap_x)
        set rmargin at screen margin_left + (panel - 1)*(panel_w + gap_x) + panel_w
        set tmargin at screen top - (row - 1)*(panel_h + gap_y)
        set bmargin at screen top - (row - 1)*(panel_h + gap_y) - panel_h
        set title row_name(row) offset 0,-0.6
        set ylabel y_title[panel] offset (panel >= 3 ? 0.5 : 0.8),0
        set format y (panel >= 3 ? "%g" : "10^{%L}")
        # from the first step on that stands in both rows' grids
        t_first = row == 1 ? 10 : 100
        stats [t_first:t_last][*:*] tsv using 1:(column(c + 2) > 0 ? scale*column(c + 2) : NaN) name "H" nooutput
        stats [t_first:t_last][*:*] tsv using 1:(column(c) > 0 ? scale*column(c) : NaN) name "L" nooutput
        stats [t_first:t_last][*:*] tsv using 1:(column(c)) name "M" nooutput
        set xrange [t_first*0.85:t_last*1.18]
        if (panel >= 3) {
            y_low = L_min_y*0.82
            y_high = H_max_y*1.25
            set ytics (0.2,0.3,0.5,0.7,1,1.5,2,3,5,7,10,15,20,30,50)
        } else {
            y_low = L_min_y*0.5
            y_high = H_max_y*2
            set ytics auto
        }
        set yrange [y_low:y_high]
        decades_x = log10(t_last*1.18/(t_first*0.85))
        decades_y = log10(y_high/y_low)
        # slope guides from one point in the upper right, which the curves leave free
        from = t_last/30.0
        summit = y_high*0.75
        steep(x) = summit*from/x
        flat(x) = summit*sqrt(from/x)
        angle(slope) = atan2(slope*panel_h*high/decades_y, panel_w*wide/decades_x)*180.0/pi
        unset label 3
        unset label 4
        unset label 5
        if (M_min_y <= 0) {
            set label 5 "missing points: negative, below w*’s" at graph 0.03,0.05 left textcolor rgb "#606060" \
                font (format eq "pdf" ? ",9.3" : format eq "svg" ? ",14" : ",11")
        }
        if (panel < 3) {
            middle = t_last/6.0
            set label 3 "slope −1" at middle,steep(middle) center rotate by angle(-1.0) offset -0.5,-0.55 textcolor rgb "#606060"
            set label 4 "slope −½" at middle,flat(middle) center rotate by angle(-0.5) offset 0.3,0.6 textcolor rgb "#606060"
        }
        if (panel == 1) { set key bottom left Left reverse width -3 samplen 2.4 font key_font } else { unset key }
        if (panel >= 3) { set key top right noreverse Right width 0 samplen 3.2 }
        at_w = panel >= 3 ? 100.0*at_optimum(tsv, column_name[panel]) : NaN
        title_of(i) = panel == 1 ? label_of(tsv, i).(ratio_of(tsv, i) > 1.005 ? sprintf(" (%.2f×", ratio_of(tsv, i)).heavy_text(tsv, i).")" : "") : ""
        plot for [i = 1:curves] tsv index (i - 1) using 1:(scale*column(c + 1)):(scale*column(c + 2)) with filledcurves \
                 linecolor rgb (i == 1 ? "#000000" : i == 2 ? "#0072b2" : "#d55e00") notitle, \
             (panel < 3 && x >= from ? steep(x) : NaN) with lines linestyle 8 notitle, \
             (panel < 3 && x >= from ? flat(x) : NaN) with lines linestyle 8 notitle, \
             (panel >= 3 ? at_w : NaN) with lines linestyle 9 title (panel >= 3 ? sprintf("w*: %.2f %%", at_w) : ""), \
             for [i = 1:curves] tsv index (i - 1) using 1:(scale*column(c)) with linespoints linestyle i title title_of(i) noenhanced
        unset label 1
        unset label 2
    }
}
unset multiplot

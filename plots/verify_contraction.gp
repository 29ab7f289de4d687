# verify_contraction.gp - where HEAVYMIX contracts by k/d: by how much, how often not, and over the whole (c, k) plane.
# Usage: scripts/plot.sh plots/verify_contraction.gp results/figures/verify-contraction, from the table of dsgd verify --map contraction -o STEM.tsv:
# tables: .tsv

wide = 2300
high = 1560
load "plots/style.gp"

tsv = stem.".tsv"
draws = int(about_number(tsv, "draws"))
small = format eq "pdf" ? ",9.3" : format eq "svg" ? ",14.4" : ",11"

# ---- the shapes that are there, in the order of the file; flat vectors are 1 everywhere ----
columns = 0
array shapes[groups_of(tsv) > 0 ? groups_of(tsv) : 1]
array shape_names[groups_of(tsv) > 0 ? groups_of(tsv) : 1]
do for [i = 1:groups_of(tsv)] {
    if (group_of(tsv, i) ne "flat") { columns = columns + 1; shapes[columns] = group_of(tsv, i); shape_names[columns] = shown_of(tsv, i) }
}
array row_of[4] = [1, 3, 7, 15]
paper_c = 40
paper_k = 10
d = 785.0
shape_title(shape) = shape eq "gaussian" ? "Gaussian" : shape eq "power-law" ? "power law, |g| ∝ 1/rank" : \
    shape eq "spiky" ? "spiky: 4 coordinates hold 4/5" : shape eq "mnist-gradient" ? "MNIST gradient, w = 0" : shape eq "mnist-memory" ? "MNIST, step 500: with error memory" : shape_names[column]
# Parts of the table as files of their own, since points left out would break a line: a shape's lines at the paper's k, one for each r; the
# paper's r for the planes; the paper's point. Columns go through as text, digit for digit.
line(column, j) = sprintf("line-%d-%d.tsv", column, j)
plane(column) = sprintf("plane-%d.tsv", column)
paper(column) = sprintf("paper-%d.tsv", column)
do for [column = 1:columns] {
    do for [j = 1:4] {
        set table line(column, j)
        plot tsv using (strcol(1)):(strcol(2)):(strcol(3)):(strcol(4)):(strcol(5)):(strcol(6)):(strcol(7)):(strcol(8)):(strcol(9)):(strcol(10)):(strcol(11)) with table if (strcol(1) eq shapes[column] && $3 == row_of[j] && $5 == paper_k)
    }
    set table plane(column)
    plot tsv using (strcol(1)):(strcol(2)):(strcol(3)):(strcol(4)):(strcol(5)):(strcol(6)):(strcol(7)):(strcol(8)):(strcol(9)):(strcol(10)):(strcol(11)) with table if (strcol(1) eq shapes[column] && $3 == 7)
    set table paper(column)
    plot tsv using (strcol(1)):(strcol(2)):(strcol(3)):(strcol(4)):(strcol(5)):(strcol(6)):(strcol(7)):(strcol(8)):(strcol(9)):(strcol(10)):(strcol(11)) with table if (strcol(1) eq shapes[column] && $3 == 7 && $4 == paper_c && $5 == paper_k)
}
unset table

# grid of c: its first two values
stats tsv using 4 name "C" nooutput
least = C_min
stats tsv using ($4 > least ? $4 : NaN) name "C" nooutput

# (1 - E||g - g~||²/||g||²) in units of k/d, from mean_ratio
gain(ratio, k) = (1.0 - ratio*(1.0 - k/d))*d/k

caption = \
  "One call of HEAVYMIX on a fixed vector g with d = 785, over fresh hashes; the expectation over the random fill is exact (Lemma 1’s first line), ".\
  "no Monte Carlo. Top: 1 − E‖g − g̃‖²/‖g‖² in units of k/d;\n".\
  "Lemma 1 promises at least 1 with probability 1 − δ. Middle: share of hashes for which it is below 1, that is δ measured. Bottom: that share over columns and k ".\
  "at r = 7. Flat vectors: exactly 1 for all hashes, never below.\n".\
  sprintf("Marked: the paper’s 7 × 40, k = 10 (supplement E.1). %d draws a point; bands: 99.9 %% intervals (t; Clopper and Pearson). ", draws).\
  "Where no hash missed there is no point, or a ring on the axis (middle), and a pale cell (bottom).\n".\
  "MNIST: logistic regression, digit 0, mean gradient of 4 workers with batch 1."

if (format eq "svg") {
    set print stem.".caption.txt"
    print caption
    set print
}

set multiplot
margin_left = 0.056
margin_right = 0.915
gap_x = 0.037
panel_w = (margin_right - margin_left - (columns - 1)*gap_x)/columns
top = 0.918
panel_h = 0.218
gap_y = 0.061

set label 1 "Where HEAVYMIX contracts by k/d" at screen 0.5,0.978 center font (format eq "pdf" ? ",14" : format eq "svg" ? ",21" : ",16")
set label 2 caption at screen 0.012,0.072 left noenhanced font small textcolor rgb "#404040"

set style line 11 linecolor rgb "#e69f00" linewidth 1.6 dashtype (2,3)      pointtype 1 pointsize 0.9*points
set style line 12 linecolor rgb "#d55e00" linewidth 1.6 dashtype (5,4)      pointtype 8 pointsize 1.0*points
set style line 13 linecolor rgb "#000000" linewidth 1.8 dashtype 1          pointtype 7 pointsize 0.6*points
set style line 14 linecolor rgb "#0072b2" linewidth 1.6 dashtype (14,6)     pointtype 4 pointsize 0.8*points
set style line 15 linecolor rgb "#cc0000" linewidth 2.2 pointtype 6 pointsize 2.1*points # the paper's point

set logscale x
set xrange [8.5:750]
set xtics (10,20,40,80,160,320,640)
unset mxtics
set xtics font small

do for [column = 1:columns] {
    shape = shapes[column]
    set lmargin at screen margin_left + (column - 1)*(panel_w + gap_x)
    set rmargin at screen margin_left + (column - 1)*(panel_w + gap_x) + panel_w

    # ---- contraction ----
    set tmargin at screen top
    set bmargin at screen top - panel_h
    set title shape_title(shape) offset 0,-0.5 noenhanced
    set xlabel "columns c" offset 0,0.6
    unset ylabel
    if (column == 1) { set ylabel "contraction / (k/d), k = 10" offset 0.3,0 }
    set autoscale y
    unset logscale y
    unset mytics
    stats tsv using (strcol(1) eq shape && $5 == paper_k ? gain($10, $5) : NaN) name "B" nooutput
    stats tsv using (strcol(1) eq shape && $5 == paper_k ? gain($11, $5) : NaN) name "S" nooutput
    large = B_max > 3.0
    if (large) { set logscale y; set yrange [(S_min < 0.9 ? S_min*0.8 : 0.8):B_max*1.5]; set ytics (0.5,1,2,5,10,20,50,100); set format y "%g" }
    if (!large) { span = B_max - S_min; set yrange [(S_min < 1.0 ? S_min : 1.0) - 0.08*span:B_max + 0.1*span]; set ytics auto; set format y "%g" }
    if (column == 2) { set key bottom right noreverse Right samplen 2.6 at graph 0.97,0.12 } else { unset key }
    plot for [j = 1:4] line(column, j) using 4:(gain($10, $5)):(gain($11, $5)) with filledcurves linecolor rgb \
             (j == 1 ? "#e69f00" : j == 2 ? "#d55e00" : j == 3 ? "#000000" : "#0072b2") notitle, \
         1.0 with lines linestyle 9 title (column == 2 ? "Lemma 1" : ""), \
         for [j = 1:4] line(column, j) using 4:(gain($6, $5)) with linespoints linestyle 10 + j title \
             (column == 2 ? sprintf("r = %d", row_of[j]) : ""), \
         paper(column) using 4:(gain($6, $5)) with points linestyle 15 title (column == 2 ? "paper’s 7 × 40" : "")
    unset label 1
    unset label 2

    # ---- share of hashes that miss ----
    unset title
    unset key
    set tmargin at screen top - (panel_h + gap_y)
    set bmargin at screen top - (panel_h + gap_y) - panel_h
    unset ylabel
    if (column == 1) { set ylabel "share of hashes that miss k/d" offset 0.3,0 }
    set logscale y
    set mytics 10
    set yrange [0.0007:1.05]
    set ytics (0.001,0.01,0.1,1)
    set format y "%g"
    plot for [j = 1:4] line(column, j) using ($7 > 0 ? $4 : NaN):($8 > 0.0007 ? $8 : 0.0007):9 with filledcurves linecolor rgb \
             (j == 1 ? "#e69f00" : j == 2 ? "#d55e00" : j == 3 ? "#000000" : "#0072b2") notitle, \
         for [j = 1:4] line(column, j) using 4:($7 > 0 ? $7 : NaN) with linespoints linestyle 10 + j notitle, \
         paper(column) using 4:($7 > 0 ? $7 : 0.0007) with points linestyle 15 notitle

    # ---- the plane of c and k ----
    set tmargin at screen top - 2*(panel_h + gap_y)
    set bmargin at screen top - 2*(panel_h + gap_y) - panel_h
    unset ylabel
    if (column == 1) { set ylabel "k, at r = 7" offset 0.3,0 }
    unset mytics
    set yrange [1.35:560]
    set ytics (2,5,10,20,50,100,200,390)
    set logscale cb
    set cbrange [0.001:1]
    set cbtics (0.001,0.01,0.1,1)
    set format cb "%g"
    set palette defined (0 "#fffbe6", 0.33 "#f6c445", 0.66 "#d55e00", 1 "#3b0a02")
    if (column == columns) { set colorbox user origin margin_right + 0.012,top - 2*(panel_h + gap_y) - panel_h size 0.010,panel_h } else { unset colorbox }
    if (column == columns) { set cblabel "share that misses k/d" offset 0.6,0 }
    # cells: a factor around each grid point; grey where no hash missed
    side = sqrt(C_min/least)
    box_k(k, up) = up ? (k == 390 ? 540.0 : k*sqrt(k == 2 ? 2.5 : k == 5 ? 2.0 : k == 10 ? 2.0 : k == 20 ? 2.5 : k == 50 ? 2.0 : k == 100 ? 2.0 : 1.95)) : \
                        (k == 2 ? 1.4 : k/sqrt(k == 5 ? 2.5 : k == 10 ? 2.0 : k == 20 ? 2.0 : k == 50 ? 2.5 : k == 100 ? 2.0 : k == 200 ? 2.0 : 1.95))
    set style fill solid 1.0 noborder
    plot plane(column) using 4:5:($4/side):($4*side):(box_k($5, 0)):(box_k($5, 1)):(0) with boxxyerror linecolor rgb "#e8eef4" notitle, \
         plane(column) using ($7 > 0 ? $4 : NaN):5:($4/side):($4*side):(box_k($5, 0)):(box_k($5, 1)):7 with boxxyerror linecolor palette notitle, \
         paper(column) using 4:5 with points linestyle 15 notitle
    set style fill transparent solid 0.22 noborder
    unset logscale cb
    unset cblabel
}
unset multiplot

# verify_workers.gp - excess risk against the number of workers for several T, with slopes: Remark 3's sigma^2/W.
# Usage: scripts/plot.sh plots/verify_workers.gp results/figures/verify-workers, from the table of dsgd verify --map workers -o STEM.tsv:
# tables: .tsv

wide = 1240
high = 900
load "plots/style.gp"

tsv = stem.".tsv"
small = format eq "pdf" ? ",9.3" : format eq "svg" ? ",14.4" : ",11"
stats tsv using 1:2 nooutput
blocks = STATS_blocks
stats tsv using 1:2 name "G" nooutput
stats tsv using 1:5 name "B" nooutput
w_last = G_max_x
nth(word, i) = about_block(tsv, word, i)

caption = \
  sprintf("%s; %s, merged emulation.\n", about(tsv, "dataset"), about(tsv, "setting")).\
  "Remark 3: the leading term of Theorem 1 falls as σ²/W (guide: slope −1). At small T start and error memory count too, and they do not fall with W.\n".\
  "Thin lines of the same colour: the repaired bound of Theorem 1; its memory term ∝ G²/(τ²T²) stays until T exceeds T* (Remark 1), since G² ≥ ‖∇f(w₀)‖² for every W.\n".\
  sprintf("Points: mean of %s runs on one problem (noise, hashes, fill differ); bars: 99.9 %% t intervals. Slopes: line in the logarithms for each run, 99.9 %% t interval over runs.", \
          about(tsv, "runs"))

if (format eq "svg") {
    set print stem.".caption.txt"
    print caption
    set print
}

set lmargin at screen 0.095
set rmargin at screen 0.735
set tmargin at screen 0.930
set bmargin at screen 0.200
set label 1 "Remark 3: excess risk against the number of workers" at screen 0.5,0.970 center \
    font (format eq "pdf" ? ",14" : format eq "svg" ? ",21" : ",16")
set label 2 caption at screen 0.014,0.102 left noenhanced font small textcolor rgb "#404040"

set logscale xy
set xtics (1,2,4,8,16,32,64)
unset mxtics
set format y "10^{%L}"
set xlabel "workers W" offset 0,0.4
set ylabel "f(ŵ_T) − f*, in units of f" offset 0.5,0 enhanced
x_low = 0.88
y_low = G_min_y*0.4
y_high = B_max_y*2
set xrange [x_low:w_last*1.03]
set yrange [y_low:y_high]

foot = G_min_y*w_last*0.7
guide(x) = foot/x
angle(slope) = atan2(slope*(0.930 - 0.200)*high/log10(y_high/y_low), (0.735 - 0.095)*wide/log10(w_last*1.03/x_low))*180.0/pi
set label 4 "slope −1" at sqrt(w_last)*0.8,guide(sqrt(w_last)*0.8) center rotate by angle(-1.0) offset -0.3,-0.7 textcolor rgb "#606060" font small

set style line 31 linecolor rgb "#000000" linewidth 1.0 dashtype 1
set style line 32 linecolor rgb "#0072b2" linewidth 1.0 dashtype (14,6)
set style line 33 linecolor rgb "#d55e00" linewidth 1.0 dashtype (5,4)
unset key

# what each curve is, at its right end
minus(text) = text[1:1] eq "-" ? "−".text[2:*] : text
do for [i = 1:blocks] {
    stats tsv index (i - 1) using ($1 == w_last ? $2 : NaN) name "MEASURED" nooutput
    stats tsv index (i - 1) using ($1 == w_last ? $5 : NaN) name "BOUND" nooutput
    set label 10 + i sprintf("bound, T = %s", nth("T", i)) at w_last,BOUND_max left noenhanced offset 1.2,0 font small \
        textcolor rgb (i == 1 ? "#000000" : i == 2 ? "#0072b2" : "#d55e00")
    set label 20 + i sprintf("measured, T = %s:\nslope %s [%s, %s]", nth("T", i), minus(nth("slope", i)), minus(nth("slope low", i)), minus(nth("slope high", i))) \
        at w_last,MEASURED_max left noenhanced offset 1.2,0.3 font small textcolor rgb (i == 1 ? "#000000" : i == 2 ? "#0072b2" : "#d55e00")
}

plot for [i = 1:blocks] tsv index (i - 1) using 1:5 with lines linestyle (30 + i) notitle, \
     for [i = 1:blocks] tsv index (i - 1) using 1:2:3:4 with yerrorbars linestyle i dashtype 1 notitle, \
     for [i = 1:blocks] tsv index (i - 1) using 1:2 with linespoints linestyle i notitle, \
     (x >= 1 && x <= w_last ? guide(x) : NaN) with lines linestyle 8 notitle

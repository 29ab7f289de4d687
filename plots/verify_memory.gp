# verify_memory.gp - error memory over t: the mean of the workers' memories under Lemma 3, and one worker's own.
# Usage: scripts/plot.sh plots/verify_memory.gp results/figures/verify-memory, from the table of dsgd verify --map memory -o STEM.tsv:
# tables: .tsv

wide = 1240
high = 900
load "plots/style.gp"

tsv = stem.".tsv"
small = format eq "pdf" ? ",9.3" : format eq "svg" ? ",14.4" : ",11"
stats tsv using 1:2 name "M" nooutput
stats tsv using 1:(column(11)) name "B" nooutput
t_first = M_min_x
t_last = M_max_x
xi = 64.0

caption = \
  sprintf("%s; %s, W = 4.\n", about(tsv, "dataset"), about(tsv, "setting")).\
  "Lemma 3: E‖aₜ‖² ≤ (4β/(β − 4)) ηₜ² G²/τ² for the mean aₜ of the memories; G² is the largest E‖gₜ‖² along the runs. What a worker holds beyond the mean,\n".\
  "aᵢ − aₜ = Σ ηₛ (gᵢ,ₛ − gₛ), is never sent: it adds up (here to a limit, since Σ ηₜ² is finite), and Lemma 3 does not speak of it. If a worker subtracts\n".\
  "its own value at the sent coordinates, not the mean (own_value = true), the mean is the same and each memory stays small.\n".\
  sprintf("Lines: mean of %s runs on one problem (noise, hashes and fill differ); bands: 99.9 %% t intervals.", about(tsv, "runs"))

if (format eq "svg") {
    set print stem.".caption.txt"
    print caption
    set print
}

set lmargin at screen 0.095
set rmargin at screen 0.972
set tmargin at screen 0.930
set bmargin at screen 0.225
set label 1 "Lemma 3: the error memory, its bound, and what a worker never sends" at screen 0.5,0.970 center \
    font (format eq "pdf" ? ",14" : format eq "svg" ? ",21" : ",16")
set label 2 caption at screen 0.014,0.124 left noenhanced font small textcolor rgb "#404040"

set logscale xy
set format x "10^{%L}"
set format y "10^{%L}"
set xlabel "step t" offset 0,0.4
set ylabel "squared norm, in units of ‖w‖²" offset 0.5,0
x_low = t_first*0.9
x_high = t_last*1.12
y_low = M_min_y*0.25
y_high = B_max_y*25
set xrange [x_low:x_high]
set yrange [y_low:y_high]
positive(y) = y > y_low ? y : y_low

from = t_last/12.0
foot = M_min_y*(12.0**2)*0.35
guide(x) = foot*(from/x)**2
angle(slope) = atan2(slope*(0.930 - 0.225)*high/log10(y_high/y_low), (0.972 - 0.095)*wide/log10(x_high/x_low))*180.0/pi
set label 4 "slope −2" at from*2.0,guide(from*2.0) center rotate by angle(-2.0) offset -0.5,-0.6 textcolor rgb "#606060" font small noenhanced
set arrow 1 from xi,y_low to xi,y_high nohead linecolor rgb "#b0b0b0" linewidth 1.0 dashtype (2,4)
set label 5 "t = ξ" at xi*1.06,y_low*1.9 left textcolor rgb "#707070" font small

set style line 21 linecolor rgb "#000000" linewidth 2.2 dashtype 1
set style line 22 linecolor rgb "#0072b2" linewidth 1.6 dashtype (14,6) pointtype 7 pointsize 0.7*points
set style line 23 linecolor rgb "#009e73" linewidth 1.6 dashtype (10,4,2,4) pointtype 4 pointsize 0.8*points
set key at graph 0.988,0.985 right top noreverse Right samplen 3.4 font small opaque fillcolor rgb "#ffffff"

plot tsv using 1:(positive(column(9))):10 with filledcurves linecolor rgb "#009e73" notitle, \
     tsv using 1:(positive(column(6))):7 with filledcurves linecolor rgb "#0072b2" notitle, \
     tsv using 1:(positive(column(3))):4 with filledcurves linecolor rgb "#d55e00" notitle, \
     (x >= from && x <= from*6 ? guide(x) : NaN) with lines linestyle 8 notitle, \
     tsv using 1:11 with lines linestyle 21 title "Lemma 3", \
     tsv using 1:5 with linespoints linestyle 22 title "E‖a_1‖², one worker (Algorithm 2)", \
     tsv using 1:8 with linespoints linestyle 23 title "E‖a_1‖², own value subtracted", \
     tsv using 1:2 with linespoints linestyle 3 title "E‖mean of aᵢ‖²"

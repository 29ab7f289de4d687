# verify_excess.gp - measured excess risk over T under Theorem 1, its three terms, the repaired bound and the certificate.
# Usage: scripts/plot.sh plots/verify_excess.gp results/figures/verify-excess, from the table of dsgd verify --map excess -o STEM.tsv:
# tables: .tsv

wide = 1240
high = 960
load "plots/style.gp"

tsv = stem.".tsv"
small = format eq "pdf" ? ",9.3" : format eq "svg" ? ",14.4" : ",11"
stats tsv using 1:2 name "G" nooutput
stats tsv using 1:(column(14)) name "S" nooutput
stats tsv using 1:(column(8)) name "B" nooutput
t_first = G_min_x
t_last = G_max_x
start_gap = S_max_y
t_star = about_number(tsv, "T*")

caption = \
  sprintf("%s; %s, W = 4.\n", about(tsv, "dataset"), about(tsv, "setting")).\
  "Output averaged with weights (ξ + t)². Theorem 1 as stated is the sum of its three terms: start ∝ 1/T³, error memory (256(μ + 2L)βG²T/(μ²(β − 4)τ²Q(T)) ∝ 1/T²)\n".\
  "and noise (4T(T + 2ξ)σ²/(WμQ(T)) ∝ 1/T), each with the factor ξ/(ξ − 2). Repaired: what is proved, the minimum over θ. Certificate: the same\n".\
  "with measured E‖aₜ‖² in place of Lemma 3. μ, L, σ², w* are exact, G² is the largest E‖gₜ‖² along the runs. A bound above f(w₀) − f* says nothing (grey).\n".\
  sprintf("Lines: mean of %s runs on one problem (noise, hashes and fill differ), the same noise for both methods; bands: 99.9 %% t intervals.\n", about(tsv, "runs")).\
  sprintf("From T* = %.0f on the noise term exceeds the memory term (Remark 1: then the rate is SGD’s).", t_star)

if (format eq "svg") {
    set print stem.".caption.txt"
    print caption
    set print
}

set lmargin at screen 0.095
set rmargin at screen 0.972
set tmargin at screen 0.935
set bmargin at screen 0.235
set label 1 "Theorem 1: excess risk measured, and what is proved" at screen 0.5,0.972 center font (format eq "pdf" ? ",14" : format eq "svg" ? ",21" : ",16")
set label 2 caption at screen 0.014,0.145 left noenhanced font small textcolor rgb "#404040"

set logscale xy
set format x "10^{%L}"
set format y "10^{%L}"
set xlabel "steps T" offset 0,0.4
set ylabel "f(ŵ_T) − f*, in units of f" offset 0.5,0 enhanced
x_low = t_first*0.85
x_high = t_last*1.25
y_low = G_min_y*0.25
y_high = B_max_y*6
set xrange [x_low:x_high]
set yrange [y_low:y_high]
set object 1 rectangle from x_low,start_gap to x_high,y_high behind fillcolor rgb "#efefef" fillstyle solid 1.0 noborder
set label 3 sprintf("vacuous: above f(w₀) − f* = %.2f", start_gap) at x_high*0.93,start_gap*1.5 right textcolor rgb "#707070" font small

# slope guides below the curves
from = t_last/60.0
foot = G_min_y*2.6
guide(x) = foot*from/x
angle(slope) = atan2(slope*(0.935 - 0.235)*high/log10(y_high/y_low), (0.972 - 0.095)*wide/log10(x_high/x_low))*180.0/pi
set label 4 "slope −1" at from*2.2,guide(from*2.2) center rotate by angle(-1.0) offset -0.4,-0.6 textcolor rgb "#606060" font small
steep = sqrt(t_first*t_last)
top = B_max_y*0.9
guide2(x) = top*(steep/x)**2
set label 5 "slope −2" at steep*1.5,guide2(steep*1.5) center rotate by angle(-2.0) offset 0.6,0.5 textcolor rgb "#606060" font small

set style line 21 linecolor rgb "#000000" linewidth 2.2 dashtype 1         # stated
set style line 22 linecolor rgb "#cc79a7" linewidth 1.6 dashtype (14,6)    # start
set style line 23 linecolor rgb "#009e73" linewidth 1.6 dashtype (10,4,2,4) # noise
set style line 24 linecolor rgb "#e69f00" linewidth 1.6 dashtype (5,4)     # memory
set style line 26 linecolor rgb "#8856a7" linewidth 1.6 dashtype (2,3)     # certificate
set style line 25 linecolor rgb "#56b4e9" linewidth 1.2 dashtype 1 pointtype 6 pointsize 1.1*points
set key at graph 0.012,0.012 left bottom Left reverse samplen 3.4 font small opaque fillcolor rgb "#ffffff"

plot tsv using 1:8 with lines linestyle 21 title "Theorem 1 as stated: sum of", \
     tsv using 1:11 with lines linestyle 24 title "  error memory, 1/τ²", \
     tsv using 1:10 with lines linestyle 23 title "  noise, σ²/W", \
     tsv using 1:9 with lines linestyle 22 title "  start", \
     tsv using 1:12 with points linestyle 25 title "Theorem 1 repaired", \
     tsv using 1:13 with lines linestyle 26 title "certificate", \
     (x >= from && x <= from*5 ? guide(x) : NaN) with lines linestyle 8 notitle, \
     (x >= steep && x <= steep*2.4 ? guide2(x) : NaN) with lines linestyle 8 notitle, \
     tsv using 1:6:7 with filledcurves linecolor rgb "#0072b2" notitle, \
     tsv using 1:3:4 with filledcurves linecolor rgb "#d55e00" notitle, \
     tsv using 1:5 with lines linestyle 2 title "measured, SGD", \
     tsv using 1:2 with points linestyle 3 title "measured, HEAVYMIX"

# verify_figure5.gp - figure 5 of the paper with the theory drawn in: left logistic regression under Theorem 1, right the SVM under Theorem 5.
# Usage: scripts/plot.sh plots/verify_figure5.gp results/figures/verify-figure5, from the table of dsgd verify --map figure5 -o STEM.tsv:
# tables: .tsv

wide = 1560
high = 1100
load "plots/style.gp"

tsv = stem.".tsv"
small = format eq "pdf" ? ",9.3" : format eq "svg" ? ",14.4" : ",11"
of(panel, word) = about(tsv, panel." ".word)
number(panel, word) = about_number(tsv, panel." ".word)
names = "logistic svm"

stats tsv index 0 using 1:8 name "A" nooutput
stats tsv index 0 using 1:6 name "M" nooutput
stats tsv index 1 using 1:6 name "N" nooutput
t_last = A_max_x

stats tsv index 0 using (100*abs($8/$9 - 1)) name "P" nooutput
stats tsv index 1 using (100*abs($8/$9 - 1)) name "Q" nooutput

# 1.9·10⁷
digits = "⁰ ¹ ² ³ ⁴ ⁵ ⁶ ⁷ ⁸ ⁹"
superscript(n) = (n > 9 ? word(digits, n/10 + 1) : "").word(digits, n%10 + 1)
power(x) = sprintf("%.1f·10%s", x/10**floor(log10(x)), superscript(int(floor(log10(x)))))

caption = \
  sprintf("%s, class 0 against the rest: n = %s, d = %s (pixels/255 and a constant, bias regularised), batch 1, W = 4 workers, each drawing with replacement from the whole training set.\n", \
          of("logistic", "dataset"), of("logistic", "examples"), of("logistic", "parameters")).\
  "Sketched: Algorithms 1 and 2, 7 × 40, k = 10 (τ = k/d), fresh hashes every step. Supplement E.1 says 7 × 40, k = 10, W = 4, ℓ₂ = 0.01; the rest is our choice.\n".\
  sprintf("Left: ηₜ = 8/(μ(ξ + t)), ξ = ⌈32 L/μ⌉ = %s, β = 5, average weighted by (ξ + t)², one run and its prefixes. μ = %.3g, L = %.3g, ‖w₀ − w*‖² = %.3g, G² = %.3g, σ² from %.3g down to %.2g.\n", \
          of("logistic", "xi"), number("logistic", "mu"), number("logistic", "L"), number("logistic", "b0"), number("logistic", "G2"), number("logistic", "sigma2"), number("logistic", "last sigma2")).\
  sprintf("Theorem 1 as stated: what is printed, with the constants of its proof; repaired: what is proved, the minimum over θ. They differ by at most %.1g %%: error memory, ∝ 1/τ², is all of it\n", \
          P_max).\
  sprintf("but %.1g %% at the largest T. Certificate: the same proof, with measured E‖mean aₜ‖² in place of Lemma 3 and σₜ² step by step.\n", 100*(1 - number("logistic", "memory share"))).\
  sprintf("Right: η = 1/√T, uniform average, one run for each T. ‖w₀ − w*‖² = %.3g, G² = %.3g. Theorem 5 as printed and as its proof gives it: at most %.1g %% apart.\n", \
          number("svm", "b0"), number("svm", "G2"), Q_max).\
  "G², σ²: second moment and variance of the mean of 4 gradients, by enumeration at five t per decade, mean of the runs; the largest over t. μ, L computed; f*, w* certified.\n".\
  "Bounds are those of the sketched runs; vanilla takes the same steps. A bound above f(w₀) − f* says nothing (grey): with these constants Theorem 1 falls below it ".\
  sprintf("at T = %s\n(Remark 1: T* = %s), Theorem 5 at T = %s. Arrows: bound over measured at the largest T. ", \
          power(number("logistic", "useful")), power(number("logistic", "T*")), power(number("svm", "useful"))).\
  sprintf("Lines: mean of %s runs, the same minibatches for both methods; bands: smallest and largest.", of("logistic", "runs"))

if (format eq "svg") {
    set print stem.".caption.txt"
    print caption
    set print
}

set multiplot
set label 1 sprintf("Figure 5 on %s with the theory drawn in", of("logistic", "dataset")) at screen 0.5,0.973 center noenhanced font (format eq "pdf" ? ",14" : format eq "svg" ? ",21" : ",16")
set label 2 caption at screen 0.012,0.172 left noenhanced font small textcolor rgb "#404040"

set logscale xy
set format x "10^{%L}"
set format y "10^{%L}"
set xlabel "steps T" offset 0,0.4
set tmargin at screen 0.905
set bmargin at screen 0.255
x_high = t_last*2.2
y_low = (M_min_y < N_min_y ? M_min_y : N_min_y)*0.02
y_high = A_max_y*8
set yrange [y_low:y_high]
set key at graph 0.012,0.012 left bottom Left reverse samplen 3.4 font small opaque fillcolor rgb "#ffffff"

set style line 21 linecolor rgb "#000000" linewidth 2.2 dashtype 1         # as stated, as printed
set style line 25 linecolor rgb "#56b4e9" linewidth 1.4 dashtype 1 pointtype 6 pointsize 1.2*points # repaired, as proved
set style line 26 linecolor rgb "#8856a7" linewidth 1.8 dashtype (2,3)     # certificate

do for [panel = 1:2] {
    name = word(names, panel)
    start_gap = number(name, "start gap")
    left = panel == 1 ? 0.062 : 0.562
    x_low = panel == 1 ? 8.5 : 85.0 # the SVM's first T is 100
    set xrange [x_low:x_high]
    set lmargin at screen left
    set rmargin at screen left + 0.425
    set title (panel == 1 ? "logistic regression, ℓ₂ = 0.01: Theorem 1" : "SVM (hinge), ℓ₂ = 0.001: Theorem 5") offset 0,-0.6
    set ylabel "f(ŵ_T) − f*, in units of f" offset 0.8,0 enhanced
    set object 1 rectangle from x_low,start_gap to x_high,y_high behind fillcolor rgb "#efefef" fillstyle solid 1.0 noborder
    set label 3 sprintf("vacuous: above f(w₀) − f* = %.3g", start_gap) at x_low*1.15,start_gap*1.7 left noenhanced textcolor rgb "#707070" font small

    # by what factor at the largest T: arrows between the last points
    stats tsv index (panel - 1) using ($1 == t_last ? $5 : NaN) name "GAP" nooutput
    stats tsv index (panel - 1) using ($1 == t_last ? $9 : NaN) name "BOUND" nooutput
    at = t_last*1.55
    set arrow 1 from at,GAP_max to at,BOUND_max heads size screen 0.005,20 linecolor rgb "#606060" linewidth 1.0 front
    set label 4 power(BOUND_max/GAP_max)." ×" at at,sqrt(GAP_max*BOUND_max)*(panel == 1 ? 60 : 1) center rotate by 90 offset 1.0,0 font small textcolor rgb "#404040"
    unset arrow 2
    unset label 5
    if (panel == 1) {
        stats tsv index 0 using ($1 == t_last ? $10 : NaN) name "CERTIFICATE" nooutput
        set arrow 2 from t_last*1.15,GAP_max to t_last*1.15,CERTIFICATE_max heads size screen 0.005,20 linecolor rgb "#8856a7" linewidth 1.0 front
        set label 5 power(CERTIFICATE_max/GAP_max)." ×" at t_last*1.15,sqrt(GAP_max*CERTIFICATE_max) center rotate by 90 offset -0.9,0 font small textcolor rgb "#8856a7"
    }

    plot tsv index (panel - 1) using 1:8 with lines linestyle 21 title (panel == 1 ? "Theorem 1 as stated" : "Theorem 5 as printed"), \
         tsv index (panel - 1) using 1:9 with points linestyle 25 title (panel == 1 ? "Theorem 1 repaired" : "Theorem 5 as proved"), \
         for [i = panel:1] tsv index 0 using 1:10 with lines linestyle 26 title "certificate, measured error memory", \
         tsv index (panel - 1) using 1:3:4 with filledcurves linecolor rgb "#0072b2" notitle, \
         tsv index (panel - 1) using 1:6:7 with filledcurves linecolor rgb "#d55e00" notitle, \
         tsv index (panel - 1) using 1:2 with linespoints linestyle 2 title "measured, vanilla SGD", \
         tsv index (panel - 1) using 1:5 with linespoints linestyle 3 title "measured, sketched (HEAVYMIX)"
    unset label 1
    unset label 2
}
unset multiplot

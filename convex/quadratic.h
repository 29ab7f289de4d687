/* quadratic.h - what a quadratic with known everything holds: for its construction and the kernels of devices. Formulas: quadratic.c. */
#ifndef DSGD_CONVEX_QUADRATIC_H
#define DSGD_CONVEX_QUADRATIC_H

#include "convex/kernel/quadratic.h"
#include "sim/problem.h"

enum dsgd_quadratic_spectrum { DSGD_SPECTRUM_GEOMETRIC, DSGD_SPECTRUM_POWER };

struct dsgd_quadratic_config {
    int64_t d, rotations;
    double mu, kappa, sigma, decay, noise_decay;
    int noise, spectrum;
};

struct dsgd_quadratic {
    struct dsgd_quadratic_config config;
    size_t d;
    struct dsgd_segment segment;
    struct dsgd_rng_key noise_key; /* .seed comes with each batch */
    double *optimum;               /* [d] */
    double *eigenvalue;            /* [d] */
    double *reflection;            /* [rotations][d], unit vectors */
    double *profile;               /* [d] a coordinate's share of the noise's standard deviation, squares add up to 1; NULL: all alike */
};

/** Slots of dsgd_problem_ops on the CPU (convex/cpu/quadratic.c); `self` is a struct dsgd_quadratic. */
enum dsgd_status dsgd_quadratic_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad);
enum dsgd_status dsgd_quadratic_evaluate(const void *self, const double *x, double *value);
enum dsgd_status dsgd_quadratic_full_gradient(const void *self, const double *x, double *grad);

#endif

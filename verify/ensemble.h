/* ensemble.h - independent runs of one setting on one problem: gaps at chosen steps, moments at every step.
 *
 * The problem (its Q, w*, data) is drawn once; noise, minibatches, hashes and fills differ from run to run. So mu, L, b_0 and
 * f(w_0) are constants of the ensemble, and G_t^2 = E||g_t||^2 and h_t = E||mean a_t||^2 are expectations over its runs.
 */
#ifndef DSGD_VERIFY_ENSEMBLE_H
#define DSGD_VERIFY_ENSEMBLE_H

#include "theory/bounds.h"
#include "verify/trial.h"

enum { ENSEMBLE_POINTS_MAX = 16 };

/** What to run. */
struct ensemble_plan {
    const char *words;       /* of trial_open; step_size = theory and average = theory */
    uint32_t problem_seed;   /* the number i of verify_seed that the problem is drawn with */
    uint32_t first_seed;     /* run r has verify_seed(first_seed + r) */
    size_t runs, points;
    const int64_t *at;       /* [points] ascending steps, the last one = T */
    bool moments;            /* fill G2 and h: needs sigma^2 known (quadratic) */
    const char *const *statements; /* NULL, or names (NULL at the end) whose conditions the setting must meet (theory/conditions.h) */
    double call_delta;             /* > 0: stands where the proof's failure probability of a call would, for a check that measures it */
};

/** What came out. gap arrays are [runs][points], f(.) - f* after `at` steps. */
struct ensemble {
    size_t runs, points, steps, d;
    int64_t at[ENSEMBLE_POINTS_MAX];
    double *output;          /* of the run's own output, Algorithm 2's what */
    double *last, *uniform;  /* controls: of w_t itself, of the mean of w_0 .. w_{t-1} */
    double *G2, *h;          /* [steps] means over runs, or NULL */
    double average_off;      /* max over runs and points of ||output - sum q_t w_t/Q_T||/||w*||, the sum made here */
    double mu, L, kappa, xi, sigma2, b0, f0; /* sigma2 of the mean gradient, sigma^2/W; f0 = f(w_0) - f* */
    double gradient2;        /* ||grad f(w_0)||^2 */
};

/** Runs it and records all gaps. DSGD_EINPUT with the condition that fails (never asked of a planted fault), DSGD_ENOMEM or the trial's failure. Caller: ensemble_close, also after a failure. */
enum dsgd_status ensemble_run(struct verify_context *context, const struct ensemble_plan *plan, struct ensemble *out);
void ensemble_close(struct ensemble *e); /* accepts an all-zero one */

/** Column `point` of a gap array: one number per run. */
void ensemble_column(const struct ensemble *e, const double *gap, size_t point, double *out /*[runs]*/);
/** Mean over runs at a point with its interval. */
struct theory_interval ensemble_mean(const struct ensemble *e, const double *gap, size_t point);
/** max over t < T of G2. */
double ensemble_G2(const struct ensemble *e, int64_t T);
/** The constants of a bound at T steps; G2 by ensemble_G2. */
struct theory_run ensemble_constants(const struct ensemble *e, double beta, double tau, int64_t T);

/** Log-spaced steps from `first` to `last`, both included, rounded; returns how many (`points`, at most ENSEMBLE_POINTS_MAX). */
size_t ensemble_grid(int64_t first, int64_t last, size_t points, int64_t *at);
/** Ratio of two means over the same n runs' seeds, with the interval of the linearised ratio: pairs share noise, which cancels. */
struct theory_interval ensemble_ratio(size_t n, const double *x /*[n]*/, const double *y /*[n]*/);

#endif

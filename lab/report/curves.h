/* curves.h - many runs as curves: grouping over seeds, medians and quantiles, slopes on log-log axes.
 *
 * Runs are comparable if they have the same dataset, problem and results version. A curve is a set of runs that differ
 * in nothing but their seed (and, with `final`, the number of steps). Its points are
 *     rows:   the steps that every run has logged (one run, its prefixes), or
 *     final:  one point for each number of steps T, from the last row of runs made for that T.
 * A seed that diverged counts as infinite from there on: it can raise a quantile, not vanish from it.
 */
#ifndef DSGD_LAB_REPORT_CURVES_H
#define DSGD_LAB_REPORT_CURVES_H

#include <stdbool.h>
#include "lab/report/run_set.h"

struct curve {
    char label[160]; /* labels.h */
    char *key;      /* configuration without what may differ */
    bool final;
    int runs;
    const struct dsgd_runfile **run; /* [runs], borrowed */
    size_t points;
    int64_t *step; /* [points], ascending */
};

struct curve_set {
    int curves;
    struct curve *curve; /* [curves], in order of first appearance */
};

/** Groups comparable runs; `set` must outlive the curves. DSGD_EINPUT with a sentence for two runs of the same
 *  configuration and seed, and with `final` for a run that is not finished. Caller: dsgd_curve_set_destroy. */
enum dsgd_status dsgd_curve_set_create(const struct run_set *set, bool final, struct curve_set *out);
void dsgd_curve_set_destroy(struct curve_set *set);

/** What a cell is measured from: the value itself, or minus its value at w* (NaN where that is unknown). */
enum curve_measure { CURVE_VALUE, CURVE_MINUS_OPTIMUM };

/** Values of one trace column at one point, one for each run that belongs there; value has room for curve->runs. */
int dsgd_curve_values(const struct curve *curve, size_t point, const char *column, enum curve_measure measure,
                 double *value);

/** What a worker has sent and received since step 0, the same runs and order: dsgd_comm_words or dsgd_comm_bytes. */
int dsgd_curve_sent(const struct curve *curve, size_t point, double (*sent)(const struct dsgd_table *ledger, size_t row), double *value);
/** Mean of an oracle column over the steps of a run, each row standing for the steps since the one before; NaN where it is unknown. */
double dsgd_run_oracle_mean(const struct dsgd_runfile *run, const char *column);

/** Metric at the run's w*, NaN if unknown. */
double dsgd_run_optimum(const struct dsgd_runfile *run, const char *metric);
/** Cell of the last trace row, NaN if there is none. */
double dsgd_run_last(const struct dsgd_runfile *run, const char *column);
/** Updates done: the last trace row's step. */
int64_t dsgd_run_steps_done(const struct dsgd_runfile *run);
/** The label, or the algorithm's name. */
const char *dsgd_run_label(const struct dsgd_runfile *run);

/** Quantile of n values, linear between neighbours; sorts them. NaN counts as infinite; NaN for n = 0. */
double dsgd_quantile(double *value, int n, double fraction);

struct slope {
    double slope, error, half; /* error: standard error; half: half of the 95% interval */
    int points;                /* used */
};

/** y = C x^slope by a robust line (theory/line.h) through log y against log x. Points with x or y not positive and finite
 *  are left out; NaN if fewer than 3 remain. */
enum dsgd_status dsgd_slope_fit(const double *x, const double *y, int n, struct slope *out);

/** Slopes of a trace column against the steps in [from, to]. */
struct curve_slopes {
    int seeds; /* with a fit */
    double median, mean,
        half;            /* of the seeds' slopes; mean +- half is their 95% interval (Student), NaN for one seed */
    struct slope pooled; /* all seeds' points together; its interval takes points of one run as independent */
};
enum dsgd_status dsgd_curve_slopes(const struct curve *curve, const char *column, double from, double to,
                              struct curve_slopes *out);

#endif

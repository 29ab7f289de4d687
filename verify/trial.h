/* trial.h - one run of the engine inside a check, with a look at every step.
 *
 * The run is opened as `dsgd run` opens it, through the same functions, from words instead of a file; a planted fault of the context is
 * applied to it.
 */
#ifndef DSGD_VERIFY_TRIAL_H
#define DSGD_VERIFY_TRIAL_H

#include "lab/run/session.h"
#include "verify/verify.h"

/** A planted sampler between engine and problem. */
struct trial_sampler {
    const struct dsgd_problem_ops *problem;
    const void *self;
    enum verify_sampler how;
    size_t n;
    uint32_t *first; /* [batch] what worker 0 drew in this step */
};

/** Do not copy or move: the engine points into it. */
struct trial {
    struct dsgd_spec spec;
    struct dsgd_session session;
    const struct dsgd_problem_ops *problem;
    void *self;                        /* the problem */
    const struct dsgd_dataset *dataset; /* NULL without */
    struct dsgd_algorithm algorithm;   /* a copy, with the fault planted */
    const void *algorithm_config;
    struct dsgd_constants constants;   /* of the problem */
    struct dsgd_engine *engine;
    size_t d;
    double f_star;                     /* from the optimum, if trial_optimum was called */
    double *w_star;                    /* [d], owned; NULL before */
    const struct verify_fault *fault;
    bool forgetful;                    /* set by who needs no memory in its views: reading all workers' takes longer than a step */
    struct dsgd_problem_ops sampled;   /* what the engine sees of the problem where the sampler is planted */
    struct trial_sampler sampler;
    bool memory_sought;
    struct dsgd_saved memory; /* of the workers; rows = 0: none */
    double *linear, linear_sum;        /* [d] the average with planted weights; NULL without */
};

/** Builds problem and engine from words "key=value" divided by blanks, defaults elsewhere, as on the command line:
 *  "problem=quadratic quadratic.d=16 algorithm=sketched_sgd sketched_sgd.k=4 workers=4 steps=1000". Logging is off unless the words say
 *  otherwise (log.per_decade=0 log.oracle=false log.optimum=false). One thread. Caller: trial_close, also after a failure. */
enum dsgd_status trial_open(const struct verify_context *context, const char *words, uint32_t seed, struct trial *out);
void trial_close(struct trial *trial); /* accepts an all-zero trial */

/** The same with a problem from outside the registry (its words are not read); `self` stays the caller's. */
enum dsgd_status trial_open_problem(const struct verify_context *context, const struct dsgd_problem_ops *problem, void *self,
                                    const char *words, uint32_t seed, struct trial *out);
/** Either (problem NULL: that of the words), with a listener to what crosses the network. */
enum dsgd_status trial_open_listening(const struct verify_context *context, const struct dsgd_problem_ops *problem, void *self, const char *words,
                                      uint32_t seed, const struct dsgd_tap *tap, struct trial *out);

/** Certified minimiser into f_star, w_star. DSGD_EINTERNAL where there is none. */
enum dsgd_status trial_optimum(const struct verify_context *context, struct trial *trial);

/** What a visitor sees: w_t before the update of step t, eta_t, and the mean error memory a_t (NULL if there is none yet or the
 *  algorithm keeps none). x, memory [d], valid during the call. */
struct trial_view {
    int64_t t;
    double eta;
    const double *x, *memory;
    double memory_one; /* ||a_1||^2 of worker 0 */
};
typedef enum dsgd_status trial_visit(void *context, struct trial *trial, const struct trial_view *view);

/** Runs all steps; `visit` (may be NULL) is called for t = 0 .. T, the last time with w_T. A diverged run ends early with DSGD_OK;
 *  dsgd_engine_status tells. */
enum dsgd_status trial_run(struct trial *trial, trial_visit *visit, void *context);

/** f(x) and grad f(x) of the problem, in doubles. */
double trial_objective(struct trial *trial, const double *x);
enum dsgd_status trial_gradient(struct trial *trial, const double *x, double *grad /*[d]*/);
/** The averaged iterate (or w_T without averaging). */
const double *trial_output(const struct trial *trial);
/** xi of step_size = theory; NaN otherwise. */
double trial_xi(const struct trial *trial);

/** One text of all words of a trial with its seed, for verify_row.setting. */
void trial_setting(const char *words, char setting[VERIFY_TEXT_MAX]);

#endif

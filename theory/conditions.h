/* conditions.h - what each statement of the theory asks of a setting, and a refusal that names the condition that fails.
 *
 * A statement is a line of a table: its name, what it says, its conditions in the order in which they are checked. A condition is a
 * function of the setting alone. Bounds are in bounds.h; how a run's configuration becomes a setting, in verify/conditions_of.h.
 */
#ifndef DSGD_THEORY_CONDITIONS_H
#define DSGD_THEORY_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "sim/status.h"

/** What compresses the mean of the workers' vectors. */
enum theory_compressor {
    THEORY_HEAVYMIX,  /* Algorithms 1 and 2: learning rate inside the error memory, exact values in a second round */
    THEORY_SPARSIFIER, /* a k/d-contraction without a sketch, with error memory and the learning rate inside it: true top-k, random-k */
    THEORY_IDENTITY,  /* nothing is lost */
    THEORY_UNPROVED   /* anything else */
};
/** eta_t: constant, constant/sqrt(steps), constant/(mu (xi + t)), or a schedule that no statement is about (a warm-up makes any rule one);
 *  and what is averaged. Same words as in a configuration. */
enum theory_step_rule { THEORY_STEP_CONSTANT, THEORY_STEP_INVSQRT, THEORY_STEP_DECREASING, THEORY_STEP_OTHER };
enum theory_average { THEORY_AVERAGE_NONE, THEORY_AVERAGE_UNIFORM, THEORY_AVERAGE_THEORY };

/** A setting. Unknown numbers are NaN, and fail every condition that needs them. */
struct theory_setting {
    double d, k;
    double tau;            /* contraction: k/d, 1 without compression */
    double alpha;          /* Lemma 1: a heavy coordinate has at least alpha ||g||^2/k; 1/2 in the paper */
    double beta, xi;
    double mu, L;          /* mu = 0: convex; NaN: not known to be convex. L = NaN: not smooth */
    double steps;          /* updates made: T in Theorems 1-3 and 6, T + 1 in Theorems 4 and 5 */
    double workers;
    enum theory_compressor compressor;
    bool fresh_hashes;     /* sketch_reseed = step; of HEAVYMIX only */
    double rows, cols;     /* of HEAVYMIX's sketch */
    double call_delta;     /* the most that a call of HEAVYMIX can fail to contract by k/d with, by the proof (theory_lemma1_delta); 0 without a sketch */
    bool shared_sampling;  /* every worker draws from the whole set: E g_i = grad f */
    bool with_replacement; /* draws are independent of each other and of the past: E[g_t | past] is a full gradient */
    enum theory_step_rule step;
    double step_constant;
    enum theory_average average;
    double momentum, weight_decay; /* of workers or server; outside f. Both 0 in the theory */
};

/** What all calls of a run together may fail with where a statement holds with high probability: each call with THEORY_DELTA/T. */
#define THEORY_DELTA 0.05

typedef enum dsgd_status theory_condition(const struct theory_setting *setting);

/** A statement. */
struct theory_statement {
    const char *name;  /* as the paper numbers it: "Lemma 1", "Theorem 1, repaired" */
    const char *says;  /* one line */
    theory_condition *const *condition; /* ends in NULL */
};

/** Statement i, or NULL past the end; the one called name, or NULL. */
const struct theory_statement *theory_statement_at(size_t i);
const struct theory_statement *theory_statement_find(const char *name);

/** DSGD_OK if all conditions hold; else DSGD_EINPUT with a sentence: which one, its value, what was expected. */
enum dsgd_status theory_statement_check(const struct theory_statement *statement, const struct theory_setting *setting);
/** The same by name; DSGD_EINPUT also for a statement that does not exist. */
enum dsgd_status theory_check(const char *name, const struct theory_setting *setting);

#endif

/* verify.h - checks of the theory: what one is, what it is given, how it reports.
 *
 * A check is one file that exports one `const struct verify_check` and one line in registry.c. It measures on real runs or
 * real sketches, records every number that it measured (verify_record: the digest of its rows), and reports rows: statement,
 * setting, value with interval, bound, verdict. The verdict comes from theory_judge alone.
 */
#ifndef DSGD_VERIFY_VERIFY_H
#define DSGD_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "sim/status.h"
#include "theory/statistics.h"

enum { VERIFY_TEXT_MAX = 384, VERIFY_ROWS_MAX = 64 };

struct dsgd_algorithm;
struct dsgd_dataset;

/** How a trial's workers draw: as the engine does; all what worker 0 draws; from the first half of the examples. */
enum verify_sampler { VERIFY_SAMPLER, VERIFY_SAMPLER_SAME, VERIFY_SAMPLER_HALF };

/** A fault that a test plants; every one must be flagged by some check. See faults.c. */
struct verify_fault {
    const char *name, *help;
    const char *settings;                     /* key=value words that replace those of every trial; NULL: none */
    void (*algorithm)(struct dsgd_algorithm *); /* changes the copy of sketched_sgd, its variant resolved, that trials run; NULL: nothing */
    double bound_factor;                      /* multiplies every bound that is reported; 0: none */
    double step_factor;                       /* multiplies every step size; 0: none */
    bool noise_grows;                         /* quadratic.sigma is multiplied by sqrt(workers) */
    enum verify_sampler sampler;              /* what workers draw */
    bool average_linear;                      /* the weights of average = theory are xi + t, not their squares */
};

/** One line of the table. */
struct verify_row {
    char id[64];                      /* "lemma1.flat": check, then what; unique */
    char statement[64];               /* "Lemma 1", "Theorem 1, repaired": what the row is about */
    char quantity[VERIFY_TEXT_MAX];   /* what was measured, in words */
    char setting[VERIFY_TEXT_MAX];    /* with what, in words of the configuration where there is one */
    struct theory_interval measured;
    enum theory_relation relation;
    double bound, upper, trivial;     /* upper: THEORY_WITHIN only; trivial: NaN if there is none */
    bool control;                     /* a negative control: a premise is broken on purpose, the statement's claim should be violated */
    enum theory_verdict verdict;      /* filled by verify_report */
    char digest[17];                  /* first 16 digits of the SHA-256 of all numbers recorded for this row */
};

struct verify_check;

/** What a check is given. */
struct verify_context {
    const struct verify_check *check;
    uint32_t seed;                    /* of the whole table; use verify_seed */
    bool full;                        /* full set (hours) or quick set (minutes, in CI) */
    const struct verify_fault *fault; /* NULL: none */
    const char *data;                 /* folder of datasets, or NULL */
    const struct dsgd_dataset *mnist; /* loaded once for all checks; NULL: who needs it loads it from `data` */
    const char *cache;                /* folder of optima */
    int threads;
    struct verify_row *row;           /* [VERIFY_ROWS_MAX] */
    int rows;
    struct verify_digest *digest;     /* of the numbers recorded since the last row */
};

/** A check. */
struct verify_check {
    const char *name;      /* "lemma1" */
    const char *title;     /* one line for `dsgd verify --list` */
    int version;           /* rises when its numbers change: stored rows of an older one are made again */
    bool needs_mnist;      /* left out, and said so, where there is no MNIST */
    enum dsgd_status (*run)(struct verify_context *context);
};

/** A table for a figure, as lines of tab-separated text with a head. */
struct verify_map {
    const char *name, *title;
    int version;           /* rises when its numbers or columns change: tables of an older one are made again */
    bool uses_mnist;       /* its numbers depend on MNIST where there is one */
    enum dsgd_status (*write)(const struct verify_context *context, FILE *out);
};
const struct verify_map *verify_map_at(int i);
const struct verify_map *verify_map_find(const char *name);

/** Entry i of the registry, or NULL past the end; the entry called name, or NULL. */
const struct verify_check *verify_check_at(int i);
const struct verify_check *verify_check_find(const char *name);
const struct verify_fault *verify_fault_at(int i);
const struct verify_fault *verify_fault_find(const char *name);

/** A row that is known to be violated. See findings.c. */
struct verify_finding {
    const char *id, *reason;
};
const struct verify_finding *verify_finding_at(int i);
const struct verify_finding *verify_finding_find(const char *id);

/** What kind of claim a row is. See classes.c. */
enum verify_class { VERIFY_THEOREM, VERIFY_IDENTITY, VERIFY_CONTROL, VERIFY_DESIGN, VERIFY_FINDING, VERIFY_CLASSES };
enum verify_class verify_class_of(const struct verify_row *row);
const char *verify_class_name(enum verify_class is);

/** Seed number i of this table: different for each i and each table seed, the same for all checks and faults. */
uint32_t verify_seed(const struct verify_context *context, uint32_t i);
/** Adds measured numbers to the digest of the next row. */
void verify_record(struct verify_context *context, size_t n, const double *x);
/** Completes a row (verdict, digest, planted bound factor) and appends it; id, statement, quantity, setting, measured, relation
 *  and bounds are the caller's. DSGD_EINTERNAL beyond VERIFY_ROWS_MAX. Progress is printed by the command, not by checks. */
enum dsgd_status verify_report(struct verify_context *context, const struct verify_row *row);

/** Runs one check: fills context->row. Caller sets seed, full, fault, folders, threads, row. */
enum dsgd_status verify_run(struct verify_context *context, const struct verify_check *check);

#endif

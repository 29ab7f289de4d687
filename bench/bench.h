/* bench.h - what `dsgd bench` measures: operations of a device at the paper's sizes, whole rounds without gradients, small problems,
 * gradients of deep models.
 *
 * Every line is measured `turns` times, and each time a ceiling of the machine is measured right before it: reading, copying, adding to
 * random segments of a table, reading random cells of a table, in plain loops without any other work. So a neighbour's load hits both, and
 * the fraction of the ceiling that a line reaches means something on a noisy machine too.
 */
#ifndef DSGD_BENCH_BENCH_H
#define DSGD_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/status.h"

enum { BENCH_TURNS_MAX = 99 };

struct bench_options {
    size_t d;            /* coordinates */
    size_t k;            /* coordinates that are chosen */
    int threads;         /* >= 1 */
    int turns;           /* 1..BENCH_TURNS_MAX */
    const char *backend; /* "cpu", "cuda:1": where operations and rounds run */
    const char *only;    /* words with commas: lines whose name contains one of them; NULL: all */
    const char *vector;  /* file of d floats in place of the vector that is made; NULL */
    const char *config;  /* configuration, of bench_settings; NULL: none */
    const char *data;    /* folder of the datasets; NULL: as everywhere */
    const char *const *set; /* [sets] "key=value" for bench_settings */
    size_t sets;
};

/** One line. */
struct bench_line {
    char name[64], of[96]; /* of: what is measured, in words */
    int turns;
    double second[BENCH_TURNS_MAX];  /* of the work, ascending once bench_line_sort was called */
    double ceiling[BENCH_TURNS_MAX]; /* seconds that the ceiling takes for what must be moved; 0: none known */
    char limit[16];                  /* which ceiling: read, copy, cells, gather; "" */
    double per_second;               /* of settings: steps a second (median); else 0 */
    double operations;               /* floating-point operations of the work; 0: not counted */
    double fraction;                 /* median of ceiling / second; NaN without a ceiling */
};

struct bench_lines {
    struct bench_line *line; /* owned */
    size_t lines, room;
    const char *left_out; /* a sentence on what this build does not have; static storage, NULL: nothing */
};

/** Appends an empty line; NULL without memory (the message is set). Pointers to earlier lines do not stay. */
struct bench_line *bench_line_add(struct bench_lines *lines, const char *name);
void bench_lines_clear(struct bench_lines *lines);
/** Sorts the seconds and fills `fraction`; afterwards second[turns / 2] is the median. */
void bench_line_finish(struct bench_line *line);
/** Whether a line of this name is wanted. */
bool bench_wanted(const struct bench_options *options, const char *name);
/** DSGD_EINPUT where nothing was wanted. */
enum dsgd_status bench_found(const struct bench_options *options, const struct bench_lines *lines);

/** The operations of a device, and its ceilings as lines of their own. */
enum dsgd_status bench_kernels(const struct bench_options *options, struct bench_lines *out);
/** Rounds of algorithms on stored gradients: what a step costs apart from the gradients. */
enum dsgd_status bench_rounds(const struct bench_options *options, struct bench_lines *out);
/** Steps of the figure's settings on a configuration's problem, W = 4, batch 1. */
enum dsgd_status bench_settings(const struct bench_options *options, struct bench_lines *out);
/** The same on MNIST for one thread and for all, and an epoch of ten classes. */
enum dsgd_status bench_mnist(const struct bench_options *options, struct bench_lines *out);
/** Gradient steps of deep models on generated images. A build without them has no lines and says so. */
enum dsgd_status bench_deep(const struct bench_options *options, struct bench_lines *out);

#endif

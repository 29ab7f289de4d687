/* run_config.h - the engine's own configuration: what a run is, apart from the keys of its plug-ins. */
#ifndef DSGD_SIM_RUN_CONFIG_H
#define DSGD_SIM_RUN_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include "sim/param.h"

/** Rises when a change makes pinned digests differ: results of different versions are never mixed. */
#define DSGD_RESULTS_VERSION 5
/** Layout of the result files. */
#define DSGD_SCHEMA_VERSION 1

/** Values of `emulation`. */
enum dsgd_emulation { DSGD_FAITHFUL, DSGD_MERGED };
/** Values of `average`. */
enum dsgd_average { DSGD_AVERAGE_NONE, DSGD_AVERAGE_UNIFORM, DSGD_AVERAGE_THEORY };
/** Values of `step_size`. */
enum dsgd_step_size { DSGD_STEP_CONSTANT, DSGD_STEP_INVSQRT, DSGD_STEP_THEORY, DSGD_STEP_TRIANGLE, DSGD_STEP_COSINE, DSGD_STEP_PIECEWISE, DSGD_STEP_LINEAR, DSGD_STEP_NOAM };
/** Values of `step.unit`. */
enum dsgd_step_unit { DSGD_UNIT_STEPS, DSGD_UNIT_EPOCHS };
/** Values of `sampling`. */
enum dsgd_sampling { DSGD_SAMPLING_REPLACEMENT, DSGD_SAMPLING_EPOCH };
/** Values of `weight_decay_mode`. */
enum dsgd_decay { DSGD_DECAY_COUPLED, DSGD_DECAY_DECOUPLED };

/** The keys of dsgd_run_params and of the sections, which explain them. */
struct dsgd_run_config {
    char dataset[DSGD_TEXT_MAX], problem[DSGD_TEXT_MAX], algorithm[DSGD_TEXT_MAX], label[DSGD_TEXT_MAX], backend[DSGD_TEXT_MAX];
    int64_t workers, batch, steps;
    int64_t seed, seed_data, seed_hash, seed_algorithm; /* -1: as `seed` */
    int sampling, partition, emulation, average, step_size, weight_decay_mode;
    double weight_decay, server_momentum;
    bool server_nesterov;
    struct {
        double constant, beta;
        char xi[DSGD_TEXT_MAX]; /* repaired | paper | a number */
        int unit;
        double warmup, peak_at, final;
        char knots[DSGD_TEXT_MAX]; /* "time:factor time:factor ..." */
        double clip; /* 0: none */
    } step;
    struct {
        int64_t per_decade, every, evaluate_every;
        bool oracle, optimum;
    } log;
    struct {
        int64_t examples;
    } eval;
};

extern const struct dsgd_param dsgd_run_params[];  /* top level */

/** A section of the engine's own keys. */
struct dsgd_run_section {
    const char *name;
    const struct dsgd_param *params; /* offsets from struct dsgd_run_config */
};
extern const struct dsgd_run_section dsgd_run_sections[]; /* step, log, eval; ends with NULL */
extern const struct dsgd_param dsgd_step_params[];        /* section step */

/** Whether this row of a section has a part in the run. Rows that came after the first results stand in the resolved configuration only where
 *  they have one: the hashes of all other runs stay. */
bool dsgd_run_key_matters(const struct dsgd_run_config *config, const struct dsgd_param *param);

/** seed_x where given, else seed. */
uint32_t dsgd_run_seed(const struct dsgd_run_config *config, int64_t seed_x);

/** Number of rows a run will log, and how many of them are evaluated. */
int64_t dsgd_run_rows(const struct dsgd_run_config *config);
int64_t dsgd_run_evaluations(const struct dsgd_run_config *config);

/** The first logged step after `step` (-1 to start): 0, the grid of per_decade points per decade, multiples of every, steps. */
int64_t dsgd_run_next_row(const struct dsgd_run_config *config, int64_t step);

/** Whether the row of `step` is evaluated, after `last` was (-1: none yet): the first, the last, and those that are log.evaluate_every steps or
 *  more behind the one before. */
bool dsgd_run_evaluates(const struct dsgd_run_config *config, int64_t step, int64_t last);

#endif

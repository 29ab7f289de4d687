/* curves.c - many runs as curves: reading, grouping over seeds, values at points. Slopes and quantiles: slopes.c. */
#include "lab/report/curves.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/config/resolved.h"
#include "lab/report/comm.h"
#include "lab/report/labels.h"

double dsgd_run_optimum(const struct dsgd_runfile *run, const char *metric)
{
    for (int m = 0; m < run->optimum_metrics; ++m) {
        if (strcmp(run->optimum_metric[m], metric) == 0) { return run->optimum_value[m]; }
    }
    return (double)NAN;
}

static double cell_at(const struct dsgd_runfile *run, const char *column, size_t row)
{
    const struct dsgd_column *c = dsgd_table_find(dsgd_runfile_table(run, "trace"), column);
    if (!c) { return (double)NAN; }
    return c->integer ? (double)c->cell[row].i : c->cell[row].f;
}

double dsgd_run_last(const struct dsgd_runfile *run, const char *column)
{
    const size_t rows = dsgd_runfile_table(run, "trace")->rows;
    return rows > 0 ? cell_at(run, column, rows - 1) : (double)NAN;
}

int64_t dsgd_run_steps_done(const struct dsgd_runfile *run)
{
    const struct dsgd_table *ledger = dsgd_runfile_table(run, "ledger"); /* the trace may not have the last row of a snapshot */
    return ledger->rows > 0 ? dsgd_table_find(ledger, "step")->cell[ledger->rows - 1].i : 0;
}

const char *dsgd_run_label(const struct dsgd_runfile *run)
{
    return run->label[0] ? run->label : run->algorithm;
}

/* The row of a step in a table, or -1. */
static int64_t row_of(const struct dsgd_table *table, int64_t step)
{
    const union dsgd_cell *cell = dsgd_table_find(table, "step")->cell;
    size_t low = 0, high = table->rows;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (cell[middle].i < step) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < table->rows && cell[low].i == step ? (int64_t)low : -1;
}

static bool diverged(const struct dsgd_runfile *run)
{
    return strcmp(run->status, "diverged") == 0;
}

static struct curve *find_curve(const struct curve_set *set, const struct dsgd_runfile *run, const char *key)
{
    for (int c = 0; c < set->curves; ++c) {
        const struct curve *curve = &set->curve[c];
        if (strcmp(curve->key, key) == 0 && strcmp(dsgd_run_label(curve->run[0]), dsgd_run_label(run)) == 0) {
            return &set->curve[c];
        }
    }
    return NULL;
}

static enum dsgd_status add_run(struct curve_set *set, const struct dsgd_runfile *run, bool final, int runs_max)
{
    if (final && strcmp(run->status, "running") == 0) {
        return dsgd_fail(DSGD_EINPUT,
                         "%s: snapshot after %lld of %lld steps; expected finished runs where final rows count",
                         run->path, (long long)dsgd_run_steps_done(run), (long long)run->steps);
    }
    char *key = dsgd_resolved_without_seeds(run->config, final);
    if (!key) { return dsgd_fail(DSGD_ENOMEM, "no memory for %d runs", runs_max); }
    struct curve *curve = find_curve(set, run, key);
    if (curve) {
        free(key);
    } else {
        curve = &set->curve[set->curves];
        *curve = (struct curve){.key = key, .final = final, .run = calloc((size_t)runs_max, sizeof *curve->run)};
        if (!curve->run) {
            free(key);
            return dsgd_fail(DSGD_ENOMEM, "no memory for %d runs", runs_max);
        }
        curve->run[0] = run;
        ++set->curves;
    }
    for (int r = 0; r < curve->runs; ++r) {
        if (strcmp(curve->run[r]->config_sha256, run->config_sha256) == 0) {
            return dsgd_fail(DSGD_EINPUT, "%s and %s: same configuration and seed; expected each run once",
                             curve->run[r]->path, run->path);
        }
    }
    curve->run[curve->runs++] = run;
    return DSGD_OK;
}

static int ascending_steps(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static enum dsgd_status final_points(struct curve *curve)
{
    curve->step = calloc((size_t)curve->runs, sizeof *curve->step);
    if (!curve->step) { return dsgd_fail(DSGD_ENOMEM, "no memory for %d points", curve->runs); }
    for (int r = 0; r < curve->runs; ++r) { curve->step[r] = curve->run[r]->steps; }
    qsort(curve->step, (size_t)curve->runs, sizeof *curve->step, ascending_steps);
    for (int r = 0; r < curve->runs; ++r) {
        if (curve->points == 0 || curve->step[r] != curve->step[curve->points - 1]) {
            curve->step[curve->points++] = curve->step[r];
        }
    }
    return DSGD_OK;
}

/* Steps that all runs have; diverged ones end early and do not count, unless there are no others. */
static enum dsgd_status row_points(struct curve *curve)
{
    const struct dsgd_runfile *first = curve->run[0];
    for (int r = 1; r < curve->runs && diverged(first); ++r) { first = curve->run[r]; }
    const bool all_diverged = diverged(first);
    const struct dsgd_table *trace = dsgd_runfile_table(first, "trace");
    curve->step = calloc(trace->rows + 1, sizeof *curve->step);
    if (!curve->step) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu points", trace->rows); }
    for (size_t row = 0; row < trace->rows; ++row) {
        const int64_t step = dsgd_table_find(trace, "step")->cell[row].i;
        bool common = true;
        for (int r = 0; r < curve->runs; ++r) {
            common = common && ((diverged(curve->run[r]) && !all_diverged) || row_of(dsgd_runfile_table(curve->run[r], "trace"), step) >= 0);
        }
        if (common) { curve->step[curve->points++] = step; }
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_curve_set_create(const struct run_set *set, bool final, struct curve_set *out)
{
    *out = (struct curve_set){.curve = calloc((size_t)set->runs + 1, sizeof *out->curve)};
    enum dsgd_status status = out->curve ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for %d runs", set->runs);
    for (int r = 0; r < set->runs && status == DSGD_OK; ++r) { status = add_run(out, set->run[r], final, set->runs); }
    for (int c = 0; c < out->curves && status == DSGD_OK; ++c) {
        status = final ? final_points(&out->curve[c]) : row_points(&out->curve[c]);
    }
    if (status != DSGD_OK) {
        dsgd_curve_set_destroy(out);
        return status;
    }
    dsgd_curve_labels(out);
    return DSGD_OK;
}

void dsgd_curve_set_destroy(struct curve_set *set)
{
    for (int c = 0; c < set->curves; ++c) {
        free(set->curve[c].key);
        free(set->curve[c].run);
        free(set->curve[c].step);
    }
    free(set->curve);
    *set = (struct curve_set){.curves = 0};
}

/* The row of a point in a table of the run; below 0: none, or a run that belongs to another point (*skip). */
static int64_t row_at(const struct curve *curve, const struct dsgd_runfile *run, const char *name, size_t point, bool *skip)
{
    const struct dsgd_table *table = dsgd_runfile_table(run, name);
    *skip = curve->final && run->steps != curve->step[point];
    return curve->final ? (int64_t)table->rows - 1 : row_of(table, curve->step[point]);
}

int dsgd_curve_sent(const struct curve *curve, size_t point, double (*sent)(const struct dsgd_table *ledger, size_t row), double *value)
{
    int n = 0;
    for (int r = 0; r < curve->runs; ++r) {
        bool skip;
        const int64_t row = row_at(curve, curve->run[r], "ledger", point, &skip);
        if (!skip) { value[n++] = row < 0 ? (double)NAN : sent(dsgd_runfile_table(curve->run[r], "ledger"), (size_t)row); }
    }
    return n;
}

double dsgd_run_oracle_mean(const struct dsgd_runfile *run, const char *name)
{
    const struct dsgd_table *oracle = dsgd_runfile_table(run, "oracle");
    const struct dsgd_column *column = dsgd_table_find(oracle, name), *step = dsgd_table_find(oracle, "step");
    double sum = 0.0;
    if (!column || !step || oracle->rows < 2) { return (double)NAN; }
    for (size_t r = 1; r < oracle->rows; ++r) { sum += column->cell[r].f * (double)(step->cell[r].i - step->cell[r - 1].i); }
    return sum / (double)step->cell[oracle->rows - 1].i;
}

int dsgd_curve_values(const struct curve *curve, size_t point, const char *column, enum curve_measure measure, double *value)
{
    int n = 0;
    for (int r = 0; r < curve->runs; ++r) {
        const struct dsgd_runfile *run = curve->run[r];
        bool skip;
        const int64_t row = row_at(curve, run, "trace", point, &skip);
        if (skip) { continue; }
        const double zero = measure == CURVE_MINUS_OPTIMUM ? dsgd_run_optimum(run, column) : 0.0;
        const bool lost = row < 0 || (curve->final && diverged(run));
        value[n++] = (lost ? (double)NAN : cell_at(run, column, (size_t)row)) - zero;
    }
    return n;
}

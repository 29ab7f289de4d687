/* tune.c - grid, growth and runs of `dsgd tune`. */
#include "lab/sweep/tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/report/curves.h"
#include "lab/run/data_shelf.h"
#include "lab/run/result_state.h"
#include "lab/run/run.h"
#include "lab/config/source.h"
#include "sim/kernel/maths.h"

/* What the runs of one search share. */
struct search {
    const struct tune_request *request;
    const char *metric;     /* as requested, or the default */
    struct tune *tune;
    struct data_shelf shelf;
    char split[96];         /* "mnist.split=tuning", or "" */
    const char *optimum;    /* "log.optimum=false", or NULL */
};

static enum dsgd_status no_memory(void)
{
    return dsgd_fail(DSGD_ENOMEM, "no memory for a grid of runs");
}

/* What nobody asked for, the user's settings, then the split, the key and the seed: later ones win. */
static enum dsgd_status load(const struct search *s, const char *key_value, int64_t seed, struct dsgd_spec *out)
{
    const struct tune_request *r = s->request;
    char seed_text[32];
    size_t sets = 0;
    const char **set = malloc((r->sets + 4) * sizeof *set);
    if (!set) { return no_memory(); }
    if (s->optimum) { set[sets++] = s->optimum; }
    for (size_t j = 0; j < r->sets; ++j) { set[sets++] = r->set[j]; }
    snprintf(seed_text, sizeof seed_text, "seed=%lld", (long long)seed);
    if (*s->split) { set[sets++] = s->split; }
    if (key_value) { set[sets++] = key_value; }
    set[sets++] = seed_text;
    const enum dsgd_status status = dsgd_spec_load(r->config, set, sets, out);
    free(set);
    return status;
}

static enum dsgd_status check_metric(const struct dsgd_spec *spec, const char *metric)
{
    char known[256] = "";
    for (int m = 0; m < spec->problem->metrics; ++m) {
        const size_t used = strlen(known);
        if (strcmp(spec->problem->metric[m].name, metric) == 0) { return DSGD_OK; }
        snprintf(known + used, sizeof known - used, "%s%s", m ? ", " : "", spec->problem->metric[m].name);
    }
    return dsgd_fail(DSGD_EINPUT, "--metric %s: expected one of %s (columns of problem %s)", metric, known, spec->problem->name);
}

/* The distance to a certified optimum, which may take longer to find than the runs, decides nothing here: it is left out
 * unless the configuration asks for it. */
static enum dsgd_status leave_optimum(struct search *s)
{
    struct source source = {.cfg = NULL};
    const enum dsgd_status status = dsgd_source_parse(s->request->config, SOURCE_CONFIG, &source);
    if (status == DSGD_OK && cfg_size(cfg_getsec(source.cfg, "log"), "optimum") == 0) { s->optimum = "log.optimum=false"; }
    dsgd_source_clear(&source);
    return status;
}

/* Learns the configuration's dataset and checks the metric before anything runs. */
static enum dsgd_status prepare(struct search *s)
{
    struct dsgd_spec spec;
    if (strncmp(s->request->key, "seed", 4) == 0) {
        return dsgd_fail(DSGD_EINPUT, "--key %s: expected a key that is no seed", s->request->key);
    }
    DSGD_TRY(leave_optimum(s));
    DSGD_TRY(load(s, NULL, s->request->seed[0], &spec));
    s->metric = s->request->metric;
    static const char *const usual[] = {"valid_loss", "test_error"}; /* of a problem with validation data these decide, never its test data */
    for (int u = 0; u < 2; ++u) {
        for (int m = 0; !s->metric && m < spec.problem->metrics; ++m) {
            if (strcmp(spec.problem->metric[m].name, usual[u]) == 0) { s->metric = usual[u]; }
        }
    }
    if (!s->metric) { s->metric = spec.problem->metric[0].name; }
    snprintf(s->tune->metric, sizeof s->tune->metric, "%s", s->metric);
    const enum dsgd_status status = check_metric(&spec, s->metric);
    if (spec.dataset && dsgd_param_find(spec.dataset->params, "split")) {
        snprintf(s->split, sizeof s->split, "%s.split=tuning", spec.dataset->name);
    }
    snprintf(s->tune->name, sizeof s->tune->name, "%s", spec.name);
    dsgd_spec_clear(&spec);
    return status;
}

static enum dsgd_status make(struct search *s, const struct dsgd_spec *spec, const char *path)
{
    const struct tune_request *r = s->request;
    struct dsgd_session_options open = {.data = r->data, .cache = dsgd_session_cache_folder(), .threads = r->threads, .say = r->say,
                                        .say_context = r->say_context};
    DSGD_TRY(dsgd_data_shelf_load(&s->shelf, spec, &open.loaded));
    /* Two that try the same value share its runs. */
    const struct dsgd_run_options run = {.snapshot_seconds = DSGD_SNAPSHOT_S, .wish = {.wait = true}, .argc = r->argc, .argv = r->argv};
    struct dsgd_session session;
    DSGD_TRY(dsgd_session_open(spec, &open, &session));
    const enum dsgd_status status = r->make ? r->make(r->context, path, &session) : dsgd_run(path, &run, &session);
    dsgd_session_close(&session);
    ++s->tune->made;
    return status;
}

/* The metric of a finished run. */
static enum dsgd_status read_value(struct search *s, const char *path, double *value)
{
    struct dsgd_runfile *run = NULL;
    struct tune *t = s->tune;
    DSGD_TRY(dsgd_runfile_read(path, &run));
    snprintf(t->dataset_sha256, sizeof t->dataset_sha256, "%s", run->dataset_sha256);
    snprintf(t->dataset_title, sizeof t->dataset_title, "%s", run->dataset_title);
    *value = dsgd_run_last(run, s->metric);
    if (strcmp(run->status, "diverged") == 0 || isnan(*value)) { *value = (double)INFINITY; }
    dsgd_runfile_destroy(run);
    return DSGD_OK;
}

static enum dsgd_status run_seed(struct search *s, const char *key_value, int64_t seed, double *value)
{
    struct dsgd_spec spec;
    char path[4096], sha256[65];
    DSGD_TRY(load(s, key_value, seed, &spec));
    enum dsgd_status status = dsgd_data_shelf_hash(&s->shelf, &spec, sha256);
    if (status == DSGD_OK) { status = dsgd_spec_path(&spec, sha256, path, sizeof path); }
    /* a damaged file at the path is refused by the run itself */
    if (status == DSGD_OK && dsgd_result_state(path, &spec, sha256) != RESULT_DONE) { status = make(s, &spec, path); }
    if (status == DSGD_OK) { status = read_value(s, path, value); }
    dsgd_spec_clear(&spec);
    return status;
}

static enum dsgd_status run_point(struct search *s, int exponent, struct tune_point *point)
{
    const struct tune_request *r = s->request;
    char key_value[192];
    double sum = 0.0;
    const int made = s->tune->made;
    if (r->values) {
        snprintf(point->text, sizeof point->text, "%s", r->values[exponent]);
    } else {
        snprintf(point->text, sizeof point->text, "%.10g", r->from * dsgd_pow(r->factor, exponent));
    }
    snprintf(key_value, sizeof key_value, "%.90s=%s", r->key, point->text);
    for (int j = 0; j < r->seeds; ++j) {
        DSGD_TRY(run_seed(s, key_value, r->seed[j], &point->value[j]));
        sum += point->value[j];
    }
    point->mean = sum / r->seeds;
    if (r->tried && s->tune->made > made) { r->tried(r->context, s->tune->name, s->metric, point); }
    return DSGD_OK;
}

/* The least mean; of several the middle one. Where all runs diverged the smallest value, so that the grid grows downwards. */
static int best_of(const struct tune *t, int *equal)
{
    double least = (double)INFINITY;
    int best = 0, n = 0;
    for (int j = 0; j < t->points; ++j) { least = t->point[j].mean < least ? t->point[j].mean : least; }
    for (int j = 0; j < t->points; ++j) { n += t->point[j].mean == least; }
    for (int j = 0, seen = 0; j < t->points && !isinf(least); ++j) {
        if (t->point[j].mean == least && seen++ == (n - 1) / 2) { best = j; }
    }
    *equal = n;
    return best;
}

static enum dsgd_status search(struct search *s)
{
    const struct tune_request *r = s->request;
    struct tune *t = s->tune;
    int low = 0;
    DSGD_TRY(prepare(s));
    if (!(t->point = calloc((size_t)r->most, sizeof *t->point))) { return no_memory(); }
    for (; t->points < r->points; ++t->points) { DSGD_TRY(run_point(s, t->points, &t->point[t->points])); }
    for (;;) {
        int equal = 0;
        t->best = best_of(t, &equal);
        if (r->values) { return DSGD_OK; }
        const bool flat = equal == t->points && t->points > 1 && !isinf(t->point[0].mean);
        if (!flat && t->best > 0 && t->best < t->points - 1) { return DSGD_OK; }
        if (t->points == r->most && flat) {
            return dsgd_fail(DSGD_EINPUT, "tune %s: mean %s is the same for all %d values of %s from %s to %s: expected values that make a difference; "
                             "another --from, --factor or --metric, or a larger --most", r->config, s->metric, t->points, r->key, t->point[0].text,
                             t->point[t->points - 1].text);
        }
        if (t->points == r->most) {
            return dsgd_fail(DSGD_EINPUT,
                             "tune %s: %s = %s, the best of %d values, is at an end of the grid %s to %s: expected it inside; "
                             "another --from, or a larger --most", r->config, r->key, t->point[t->best].text, t->points, t->point[0].text, t->point[t->points - 1].text);
        }
        const bool down = flat ? (t->points - r->points) % 2 == 1 : t->best == 0; /* on a plateau to both sides in turn, upwards first */
        struct tune_point grown;
        DSGD_TRY(run_point(s, down ? low - 1 : low + t->points, &grown));
        if (down) {
            memmove(t->point + 1, t->point, (size_t)t->points * sizeof *t->point);
            --low;
        }
        t->point[down ? 0 : t->points] = grown;
        ++t->points;
    }
}

enum dsgd_status dsgd_tune_search(const struct tune_request *request, struct tune *out)
{
    *out = (struct tune){.points = 0};
    struct search s = {.request = request, .tune = out, .shelf = {.folder = request->data}};
    const enum dsgd_status status = search(&s);
    dsgd_data_shelf_clear(&s.shelf);
    return status;
}

void dsgd_tune_clear(struct tune *tune)
{
    free(tune->point);
    *tune = (struct tune){.points = 0};
}

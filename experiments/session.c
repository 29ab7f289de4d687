/* session.c - opens data, problem and optimum of a resolved run. */
#include "experiments/session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <omp.h>
#include <unistd.h>

#include "sim/clock.h"

/* Below this many parameters a step is shorter than waking threads up for it. */
enum { THREADS_FROM_D = 32768 };

const char *session_cache_folder(void)
{
    const char *folder = getenv("DSGD_CACHE");
    return folder && *folder ? folder : "results/optimum";
}

const char *session_dataset_title(const struct session *session)
{
    return session->data ? session->data->title : "none";
}

const char *session_dataset_sha256(const struct session *session)
{
    return session->data ? session->data->sha256 : "none";
}

static int automatic_threads(const struct session *session)
{
    struct dsgd_layout layout;
    size_t n = 0;
    session->spec->problem->shape(session->problem, &layout, &n);
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return layout.d < THREADS_FROM_D || cores < 1 ? 1 : (int)cores;
}

static void warn(void)
{
    if (*dsgd_optimum_warning()) {
        fprintf(stderr, "dsgd: warning: the optimum is not stored for the next run: %s\n", dsgd_optimum_warning());
    }
}

/* What is stored; else computed, which can take minutes and is announced. */
static enum dsgd_status find_optimum(struct session *s, const struct dsgd_problem_args *args, const struct session_options *options)
{
    const struct dsgd_problem_ops *problem = s->spec->problem;
    if (problem->needs_dataset && dsgd_optimum_stored(problem, s->problem, args, options->cache, &s->reference) == DSGD_OK) { return DSGD_OK; }
    if (problem->needs_dataset && options->dry) { return DSGD_EUNAVAILABLE; }
    if (problem->needs_dataset && !options->quiet && (!problem->has_optimum || problem->has_optimum(s->problem))) {
        fprintf(stderr, "dsgd: computing the certified optimum of %s on %s (once; stored in %s)\n", problem->name, session_dataset_title(s),
                options->cache);
    }
    const enum dsgd_status status = dsgd_optimum_cached(problem, s->problem, args, options->cache, &s->reference);
    warn();
    return status;
}

/* f* where the problem has a certified one and the run logs it; the constants where the step size needs them. */
static enum dsgd_status open_reference(struct session *s, const struct dsgd_problem_args *args,
                                       const struct session_options *options)
{
    const struct spec *spec = s->spec;
    struct dsgd_constants unknown = {NAN, NAN, NAN};
    s->reference.constants = unknown;
    if (spec->run.log.optimum && spec->problem->optimum) {
        const enum dsgd_status status = find_optimum(s, args, options);
        if (status != DSGD_EUNAVAILABLE) { return status; }
        /* no certified optimum in this configuration (l2 = 0): the run goes on without the column gap */
        s->reference = (struct dsgd_reference){.constants = unknown};
    }
    if (dsgd_schedule_needs_constants(&spec->run)) {
        const enum dsgd_status status = dsgd_constants_cached(spec->problem, s->problem, args, options->dry ? NULL : options->cache,
                                                              &s->reference.constants, NULL);
        warn();
        return status;
    }
    return DSGD_OK;
}

static void fill_args(struct session *s, const struct session_options *options)
{
    const struct spec *spec = s->spec;
    const bool known = s->reference.has_optimum;
    s->args = (struct dsgd_engine_args){
        .config = &spec->run, .problem = spec->problem, .problem_self = s->problem, .algorithm = spec->algorithm,
        .algorithm_config = spec->algorithm_config, .constants = s->reference.constants,
        .f_star = known ? s->reference.optimum.f_star : (double)NAN,
        .threads = options->threads > 0 ? options->threads : automatic_threads(s)};
    s->stored = (struct dsgd_run_reference){
        .constants = s->reference.constants, .f_star = s->args.f_star, .gap = known ? s->reference.optimum.gap : (double)NAN,
        .certificate = known ? s->reference.optimum.certificate : "", .solver = known ? s->reference.optimum.solver : "",
        .metrics = known ? spec->problem->metrics : 0, .metric = spec->problem->metric};
    for (int m = 0; m < s->stored.metrics; ++m) { s->stored.metric_value[m] = s->reference.metric[m]; }
}

enum dsgd_status session_open(const struct spec *spec, const struct session_options *options, struct session *out)
{
    *out = (struct session){.spec = spec};
    if (options->threads > 0) { omp_set_num_threads(options->threads); } /* evaluation and hashing too */
    enum dsgd_status status = DSGD_OK;
    if (spec->dataset && options->loaded) {
        out->data = options->loaded;
        out->borrowed = true;
    } else if (spec->dataset) {
        const struct dsgd_dataset_args data = {.config = spec->dataset_config, .folder = options->data};
        status = spec->dataset->load(&data, &out->data);
    }
    const struct dsgd_problem_args args = {.config = spec->problem_config, .data = out->data,
                                           .seed_data = (uint32_t)spec->run.seed_data};
    if (status == DSGD_OK) { status = spec->problem->create(&args, &out->problem); }
    if (status == DSGD_OK) {
        fill_args(out, options);
        status = dsgd_engine_check(&out->args); /* before an optimum is computed that the run could never use */
    }
    if (status == DSGD_OK) {
        const double start = dsgd_clock();
        status = open_reference(out, &args, options);
        out->reference_s = dsgd_clock() - start;
    }
    if (status != DSGD_OK) {
        session_close(out);
        return status;
    }
    fill_args(out, options);
    return DSGD_OK;
}

void session_close(struct session *session)
{
    if (session->problem) { session->spec->problem->destroy(session->problem); }
    if (!session->borrowed) { dsgd_dataset_destroy(session->data); }
    dsgd_reference_clear(&session->reference);
    *session = (struct session){.data = NULL};
}

/* session.c - opens data, problem and optimum of a resolved run. */
#include "lab/run/session.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <omp.h>

#include "lab/config/library.h"
#include "lab/run/unpacked.h"
#include "sim/clock.h"

const char *dsgd_session_cache_folder(void)
{
    const char *folder = getenv("DSGD_CACHE");
    return folder && *folder ? folder : "results/optimum";
}

const char *dsgd_session_dataset_title(const struct dsgd_session *session)
{
    return session->data ? session->data->title : "none";
}

const char *dsgd_session_dataset_sha256(const struct dsgd_session *session)
{
    return session->data ? session->data->sha256 : "none";
}

/* For tests: what is worth a thread (sim/engine.h). */
static size_t lane_work(void)
{
    const char *text = getenv("DSGD_LANE_WORK");
    const long work = text ? strtol(text, NULL, 10) : 0;
    return work > 0 ? (size_t)work : 0;
}

__attribute__((format(printf, 3, 4))) static void say(const struct dsgd_session_options *options, bool warning, const char *format, ...)
{
    char text[DSGD_MESSAGE_MAX];
    va_list arguments;
    if (!options->say) { return; }
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    options->say(options->say_context, warning, text);
}

/* Bits that are not the same everywhere. */
static void say_library(const struct dsgd_session *session, const struct dsgd_session_options *options)
{
    const char *library = dsgd_problem_library(session->ops);
    if (*library) { say(options, false, "%s is computed by %s: same bits on any number of threads, for this version and instruction set", session->ops->name, library); }
}

/* What the algorithm would have otherwise, one sentence. */
static void hint(const struct dsgd_session *session, const struct dsgd_session_options *options)
{
    char text[DSGD_MESSAGE_MAX];
    dsgd_engine_hint(&session->args, text, sizeof text);
    if (*text) { say(options, false, "%s", text); }
}

static void warn(const struct dsgd_session_options *options)
{
    if (*dsgd_optimum_warning()) { say(options, true, "the optimum is not stored for the next run: %s", dsgd_optimum_warning()); }
}

/* What is stored; else computed, which can take minutes and is announced. */
static enum dsgd_status find_optimum(struct dsgd_session *s, const struct dsgd_problem_args *args, const struct dsgd_session_options *options)
{
    const struct dsgd_problem_ops *problem = s->ops;
    if (problem->needs_dataset && dsgd_optimum_stored(problem, s->problem, args, options->cache, &s->reference) == DSGD_OK) { return DSGD_OK; }
    if (problem->needs_dataset && options->dry) { return DSGD_EUNAVAILABLE; }
    if (problem->needs_dataset && (!problem->has_optimum || problem->has_optimum(s->problem))) {
        say(options, false, "computing the certified optimum of %s on %s (once%s%s)", problem->name, dsgd_session_dataset_title(s),
            options->cache ? "; stored in " : "", options->cache ? options->cache : "");
    }
    const enum dsgd_status status = dsgd_optimum_cached(problem, s->problem, args, options->cache, &s->reference);
    warn(options);
    return status;
}

/* f* where the problem has a certified one and the run logs it; the constants where the step size needs them. */
static enum dsgd_status open_reference(struct dsgd_session *s, const struct dsgd_problem_args *args,
                                       const struct dsgd_session_options *options)
{
    const struct dsgd_spec *spec = s->spec;
    struct dsgd_constants unknown = {NAN, NAN, NAN};
    s->reference.constants = unknown;
    if (spec->run.log.optimum && s->ops->optimum) {
        const enum dsgd_status status = find_optimum(s, args, options);
        if (status != DSGD_EUNAVAILABLE) { return status; }
        /* no certified optimum in this configuration (l2 = 0): the run goes on without the column gap */
        s->reference = (struct dsgd_reference){.constants = unknown};
    }
    if (s->problem_borrowed) { return dsgd_problem_constants(s->ops, s->problem, &s->reference.constants); }
    if (options->constants || dsgd_schedule_needs_constants(&spec->run)) {
        const enum dsgd_status status = dsgd_constants_cached(s->ops, s->problem, args, options->dry ? NULL : options->cache,
                                                              &s->reference.constants, NULL);
        warn(options);
        return status;
    }
    return DSGD_OK;
}

static void fill_args(struct dsgd_session *s, const struct dsgd_session_options *options)
{
    const struct dsgd_spec *spec = s->spec;
    const bool known = s->reference.has_optimum;
    s->args = (struct dsgd_engine_args){
        .config = &spec->run, .problem = s->ops, .problem_self = s->problem, .algorithm = spec->algorithm,
        .algorithm_config = spec->algorithm_config, .constants = s->reference.constants,
        .f_star = known ? s->reference.optimum.f_star : (double)NAN,
        .threads = options->threads > 0 ? options->threads : omp_get_max_threads(), .lane_work = lane_work()};
    s->stored = (struct dsgd_run_reference){
        .constants = s->reference.constants, .f_star = s->args.f_star, .gap = known ? s->reference.optimum.gap : (double)NAN,
        .certificate = known ? s->reference.optimum.certificate : "", .solver = known ? s->reference.optimum.solver : "",
        .metrics = known ? s->ops->metrics : 0, .metric = s->ops->metric};
    for (int m = 0; m < s->stored.metrics; ++m) { s->stored.metric_value[m] = s->reference.metric[m]; }
}

enum dsgd_status dsgd_session_open(const struct dsgd_spec *spec, const struct dsgd_session_options *options, struct dsgd_session *out)
{
    *out = (struct dsgd_session){.spec = spec, .ops = options->problem ? options->problem : spec->problem, .problem = options->problem_self,
                                 .problem_borrowed = options->problem != NULL};
    if (options->threads > 0) { omp_set_num_threads(options->threads); } /* evaluation, data and optimum too */
    enum dsgd_status status = DSGD_OK;
    if (!spec->dataset || out->problem_borrowed) {
        out->data = NULL;
    } else if (options->loaded) {
        out->data = options->loaded;
    } else {
        const struct dsgd_dataset_args data = {.config = spec->dataset_config, .folder = options->data, .unpacked = dsgd_unpacked_folder(),
                                               .keep = options->dry ? NULL : dsgd_unpacked_write,
                                               .keep_context = (void *)(uintptr_t)options};
        status = dsgd_dataset_load(spec->dataset, &data, &out->owned);
        out->data = out->owned;
    }
    const struct dsgd_problem_args args = {.config = spec->problem_config, .data = out->data,
                                           .seed_data = (uint32_t)spec->run.seed_data, .examples = (size_t)spec->run.eval.examples};
    if (status == DSGD_OK && out->data) { status = dsgd_dataset_fits(out->data, out->ops->name, out->ops->pairs); }
    if (status == DSGD_OK && args.examples > 0 && !out->ops->part_objective) {
        status = dsgd_fail(DSGD_EINPUT, "eval.examples = %zu: expected 0 with problem = %s, whose objective is over all examples", args.examples, out->ops->name);
    }
    if (status == DSGD_OK && !out->problem_borrowed) { status = out->ops->create(&args, &out->problem); }
    if (status == DSGD_OK) {
        fill_args(out, options);
        status = dsgd_engine_check(&out->args); /* before an optimum is computed that the run could never use */
    }
    if (status == DSGD_OK) {
        hint(out, options);
        say_library(out, options);
    }
    if (status == DSGD_OK) {
        const double start = dsgd_clock();
        status = open_reference(out, &args, options);
        out->reference_s = dsgd_clock() - start;
    }
    if (status != DSGD_OK) {
        dsgd_session_close(out);
        return status;
    }
    fill_args(out, options);
    return DSGD_OK;
}

void dsgd_session_close(struct dsgd_session *session)
{
    if (session->problem && !session->problem_borrowed) { session->ops->destroy(session->problem); }
    dsgd_dataset_destroy(session->owned);
    dsgd_reference_clear(&session->reference);
    *session = (struct dsgd_session){.data = NULL};
}

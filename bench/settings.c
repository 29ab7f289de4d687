/* settings.c - steps a second of whole runs on small problems, where the engine counts as much as the operations. Interface: bench.h.
 *
 * Rounds only, no evaluation. Settings take turns and the median over the turns counts, so that a neighbour's load hits all of them alike.
 */
#include "bench/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/run/session.h"

enum { SETS_MAX = 49 /* 48 of the user */ };
static const double MEASURED_S = 0.4;

struct setting {
    const char *name, *of, *words; /* words: blanks between */
    int threads;                   /* 0: as many as there may be */
    double epoch;                  /* steps of an epoch, if seconds are those of an epoch; 0: seconds are those of a step */
};

#define FIGURE "workers=4 batch=1 emulation=faithful "
static const struct setting figure[] = {
    {"sgd", "SGD", FIGURE "algorithm=sgd", 1, 0},
    {"sketched_sgd-heavymix", "Sketched-SGD, HEAVYMIX", FIGURE "algorithm=sketched_sgd sketched_sgd.variant=heavymix", 1, 0},
    {"sketched_sgd-topk", "Sketched-SGD, top-k", FIGURE "algorithm=sketched_sgd sketched_sgd.variant=topk sketched_sgd.lr_inside=true", 1, 0},
    {"local_topk", "local top-k", FIGURE "algorithm=local_topk", 1, 0},
    {"terngrad", "TernGrad", FIGURE "algorithm=terngrad", 1, 0},
};

#define IMAGES 60000.0
#define STEADY "step_size=constant step.constant=1e-3 "
static const struct setting mnist[] = {
    {"sgd-1", "logistic, SGD, W = 4, one thread", STEADY FIGURE "problem=logistic algorithm=sgd", 1, 0},
    {"sgd-all", "the same on all threads", STEADY FIGURE "problem=logistic algorithm=sgd", 0, 0},
    {"sgd-auto", "the same on as many threads as a run would take by itself", STEADY FIGURE "problem=logistic algorithm=sgd", -1, 0},
    {"heavymix-1", "logistic, HEAVYMIX, W = 4, one thread", STEADY FIGURE "problem=logistic algorithm=sketched_sgd sketched_sgd.variant=heavymix", 1, 0},
    {"topk-1", "logistic, Sketched-SGD with top-k, W = 4, one thread", STEADY FIGURE "problem=logistic algorithm=sketched_sgd sketched_sgd.variant=topk sketched_sgd.lr_inside=true", 1, 0},
    {"local_topk-1", "logistic, local top-k, W = 4, one thread", STEADY FIGURE "problem=logistic algorithm=local_topk", 1, 0},
    {"terngrad-1", "logistic, TernGrad, W = 4, one thread", STEADY FIGURE "problem=logistic algorithm=terngrad", 1, 0},
    {"ten-hinge-epoch", "an epoch of one_vs_rest, hinge, batch 1, one worker, one thread", STEADY "problem=one_vs_rest one_vs_rest.loss=hinge workers=1 batch=1 algorithm=sgd", 1, IMAGES},
    {"ten-logistic-epoch", "an epoch of one_vs_rest, logistic, batch 1, one worker, one thread", STEADY "problem=one_vs_rest one_vs_rest.loss=logistic workers=1 batch=1 algorithm=sgd", 1, IMAGES},
    {"softmax-epoch", "an epoch of softmax, batch 1, one worker, one thread", STEADY "problem=softmax workers=1 batch=1 algorithm=sgd", 1, IMAGES},
};

/* The configuration with a setting's words. */
static enum dsgd_status load(const struct bench_options *options, const struct setting *setting, struct dsgd_spec *out)
{
    char text[512];
    const char *set[SETS_MAX + 32];
    size_t sets = 0;
    for (; sets < options->sets; ++sets) { set[sets] = options->set[sets]; }
    snprintf(text, sizeof text, "%s log.per_decade=0 log.oracle=false steps=4000000000", setting->words);
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) { set[sets++] = word; }
    return dsgd_spec_load(options->config, set, sets, out);
}

/* Seconds of a step in rounds, over about MEASURED_S. */
static enum dsgd_status measure(const struct bench_options *options, const struct setting *setting, struct dsgd_session *session, double *second)
{
    struct dsgd_engine *engine = NULL;
    if (setting->threads >= 0) { session->args.threads = setting->threads > 0 ? setting->threads : options->threads; }
    DSGD_TRY(dsgd_engine_create(&session->args, &engine));
    enum dsgd_status status = DSGD_OK;
    double seconds = 0.0, evaluation = 0.0;
    while (status == DSGD_OK && seconds < MEASURED_S && dsgd_engine_status(engine) == DSGD_RUNNING) {
        status = dsgd_engine_step(engine);
        dsgd_engine_seconds(engine, &seconds, &evaluation);
    }
    *second = seconds / (double)dsgd_engine_steps_done(engine);
    dsgd_engine_destroy(engine);
    return status;
}

/* A setting with all that its rounds need. */
struct prepared {
    const struct setting *setting;
    struct dsgd_spec spec;
    struct dsgd_session session;
};

/* The wanted settings, opened; *ready of them also after a failure. The first one owns the data. */
static enum dsgd_status prepare(const struct bench_options *options, const struct setting *setting, size_t settings, struct bench_lines *out,
                                struct prepared *all, size_t *ready)
{
    struct dsgd_session_options open = {.data = options->data, .dry = true};
    for (size_t j = 0; j < settings; ++j) {
        if (!bench_wanted(options, setting[j].name)) { continue; }
        struct bench_line *line = bench_line_add(out, setting[j].name);
        if (!line) { return DSGD_ENOMEM; }
        snprintf(line->of, sizeof line->of, "%s", setting[j].of);
        struct prepared *one = &all[*ready];
        one->setting = &setting[j];
        DSGD_TRY(load(options, &setting[j], &one->spec));
        open.threads = setting[j].threads < 0 ? 0 : setting[j].threads > 0 ? setting[j].threads : options->threads;
        open.loaded = *ready > 0 ? all[0].session.data : NULL;
        const enum dsgd_status status = dsgd_session_open(&one->spec, &open, &one->session);
        if (status != DSGD_OK) {
            dsgd_spec_clear(&one->spec);
            return status;
        }
        ++*ready;
    }
    return bench_found(options, out);
}

static enum dsgd_status turns(const struct bench_options *options, const struct setting *setting, size_t settings, struct bench_lines *out)
{
    if (options->sets > SETS_MAX) { return dsgd_fail(DSGD_EINPUT, "bench: expected at most 48 --set options"); }
    struct prepared *all = calloc(settings, sizeof *all);
    if (!all) { return dsgd_fail(DSGD_ENOMEM, "bench: no memory for %zu settings", settings); }
    size_t ready = 0;
    enum dsgd_status status = prepare(options, setting, settings, out, all, &ready);
    for (int turn = 0; turn < options->turns && status == DSGD_OK; ++turn) {
        for (size_t j = 0; j < ready && status == DSGD_OK; ++j) {
            const double steps = all[j].setting->epoch > 0.0 ? all[j].setting->epoch : 1.0;
            double second = (double)NAN;
            status = measure(options, all[j].setting, &all[j].session, &second);
            out->line[j].second[turn] = second * steps;
            out->line[j].turns = turn + 1;
        }
    }
    for (size_t j = 0; j < ready && status == DSGD_OK; ++j) {
        struct bench_line *line = &out->line[j];
        bench_line_finish(line);
        line->per_second = (all[j].setting->epoch > 0.0 ? all[j].setting->epoch : 1.0) / line->second[line->turns / 2];
    }
    while (ready > 0) {
        --ready;
        dsgd_session_close(&all[ready].session);
        dsgd_spec_clear(&all[ready].spec);
    }
    free(all);
    return status;
}

enum dsgd_status bench_settings(const struct bench_options *options, struct bench_lines *out)
{
    return turns(options, figure, sizeof figure / sizeof *figure, out);
}

enum dsgd_status bench_mnist(const struct bench_options *options, struct bench_lines *out)
{
    const char *set[SETS_MAX + 1] = {"dataset=mnist"};
    struct bench_options with = *options;
    for (size_t s = 0; s < options->sets && s < SETS_MAX; ++s) { set[s + 1] = options->set[s]; }
    with.set = set;
    with.sets = options->sets + 1;
    return turns(&with, mnist, sizeof mnist / sizeof *mnist, out);
}

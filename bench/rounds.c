/* rounds.c - whole rounds on stored gradients: what a step costs beside its gradients. Interface: bench.h.
 *
 * The settings are those of the paper's image model (r = 5, c = 500,032, k, P = 4, momentum 0.9) and of what it is compared with, at the
 * same d. Gradients lie in memory when a round begins (stored.h): it contains no work for them, and nothing is subtracted.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ceilings.h"
#include "bench/stored.h"
#include "bench/vector.h"
#include "lab/run/session.h"
#include "sim/clock.h"
#include "sim/device_ops.h"

enum { AT_ONCE = 10 }; /* rounds between two waits for a device */
static const double EXPENSIVE_S = 2.0; /* a round that takes longer is measured three times only */

#define SKETCH "algorithm=sketched_sgd sketched_sgd.variant=topk sketched_sgd.rows=5 sketched_sgd.cols=500032 sketched_sgd.candidates=4 sketched_sgd.momentum=0.9"

static const struct round {
    const char *name, *of, *words;
    const char *k; /* the key that --k sets; NULL: none */
} rounds[] = {
    {"sketched-4", "Sketched-SGD, P = 4, momentum, 4 workers", SKETCH " workers=4", "sketched_sgd.k"},
    {"sketched-16", "the same, 16 workers", SKETCH " workers=16", "sketched_sgd.k"},
    {"sketched-16-merged", "the same, 16 workers in one (emulation = merged)", SKETCH " workers=16 emulation=merged", "sketched_sgd.k"},
    {"local_topk-4", "local top-k, 4 workers", "algorithm=local_topk workers=4", "local_topk.k"},
    {"true_topk-4", "true top-k, 4 workers", "algorithm=true_topk workers=4", "true_topk.k"},
    {"sgd-4", "SGD, 4 workers", "algorithm=sgd workers=4", NULL},
    {"signsgd-16", "signSGD with majority vote, 16 workers", "algorithm=signsgd workers=16", NULL},
    {"terngrad-4", "TernGrad, 4 workers", "algorithm=terngrad workers=4", NULL},
    {"qsgd-4", "QSGD, 4 workers", "algorithm=qsgd workers=4", NULL},
    {"powersgd-4", "PowerSGD, 4 workers", "algorithm=powersgd workers=4", NULL},
};

static enum dsgd_status run(const struct bench_options *options, const struct dsgd_session *session, struct ceilings *c, struct bench_line *line)
{
    struct dsgd_engine *engine = NULL;
    enum dsgd_status status = dsgd_engine_create(&session->args, &engine);
    if (status == DSGD_OK) { status = dsgd_engine_step(engine); } /* touches the memory */
    const size_t copied = 2 * (size_t)session->spec->run.workers * options->d * sizeof(float);
    const int few = options->turns < 3 ? options->turns : 3, repeats = c->queue ? AT_ONCE : 1;
    for (int turn = 0; turn < options->turns && status == DSGD_OK; ++turn) {
        line->ceiling[turn] = ceiling_seconds(c, CEILING_COPY, copied, 0);
        const double start = dsgd_clock();
        for (int repeat = 0; repeat < repeats && status == DSGD_OK; ++repeat) { status = dsgd_engine_step(engine); }
        if (c->queue) { dsgd_engine_model(engine); } /* waits; a copy of d doubles is part of it */
        line->second[turn] = (dsgd_clock() - start) / repeats;
        line->turns = turn + 1;
        if (line->turns >= few && line->second[turn] > EXPENSIVE_S) { break; }
    }
    if (status == DSGD_OK && dsgd_engine_status(engine) != DSGD_RUNNING) { status = dsgd_fail(DSGD_EINTERNAL, "bench: %s ended before it was measured", line->name); }
    dsgd_engine_destroy(engine);
    return status;
}

static enum dsgd_status measure(const struct bench_options *options, const struct round *round, struct bench_stored *stored, struct ceilings *c,
                                struct bench_lines *out)
{
    char words[512], k[64] = "";
    struct dsgd_spec spec;
    struct dsgd_session session;
    const struct dsgd_session_options open = {.threads = options->threads, .problem = &bench_stored_problem, .problem_self = stored};
    if (round->k) { snprintf(k, sizeof k, " %s=%zu", round->k, options->k); }
    snprintf(words, sizeof words, "problem=quadratic step_size=constant step.constant=1e-9 steps=1000000 log.per_decade=0 log.oracle=false log.optimum=false backend=%s %s%s",
             options->backend, round->words, k);
    enum dsgd_status status = dsgd_spec_words(words, &spec);
    if (status != DSGD_OK) { return status; }
    status = dsgd_session_open(&spec, &open, &session);
    if (status == DSGD_OK) {
        struct bench_line *line = bench_line_add(out, round->name);
        status = line ? DSGD_OK : DSGD_ENOMEM;
        if (line) {
            snprintf(line->of, sizeof line->of, "%s", round->of);
            snprintf(line->limit, sizeof line->limit, "%s", ceiling_name(CEILING_COPY));
            status = run(options, &session, c, line);
            bench_line_finish(line);
        }
        dsgd_session_close(&session);
    }
    dsgd_spec_clear(&spec);
    return status;
}

enum dsgd_status bench_rounds(const struct bench_options *options, struct bench_lines *out)
{
    float *vector = NULL;
    struct bench_stored stored;
    struct ceilings c = {.d = 0};
    struct dsgd_places places;
    struct dsgd_queue queue;
    enum dsgd_status status = bench_vector(options, &vector);
    if (status == DSGD_OK) { status = dsgd_places_named(options->backend, &places); }
    if (status == DSGD_OK) { status = dsgd_places_open(&places); }
    if (status == DSGD_OK) {
        queue = (struct dsgd_queue){.device = places.device, .ordinal = places.ordinal[0]};
        status = ceilings_open(&c, &queue, options->d, 64, options->threads);
    }
    for (size_t j = 0; j < sizeof rounds / sizeof *rounds && status == DSGD_OK; ++j) {
        bench_stored_init(&stored, options->d, vector);
        if (bench_wanted(options, rounds[j].name)) { status = measure(options, &rounds[j], &stored, &c, out); }
    }
    ceilings_close(&c);
    free(vector);
    return status == DSGD_OK ? bench_found(options, out) : status;
}

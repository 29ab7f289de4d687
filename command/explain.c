/* explain.c - runs an algorithm on Gaussian gradients and prints its messages section by section.
 *
 * Nothing is computed from formulas: the sections are those that crossed the network, the totals are the ledger's. The
 * gradients of all workers are independent of each other and of the model, the hardest case for unions and codes of
 * indices; correlated gradients send less.
 */
#include "command/explain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/engine.h"
#include "sim/kernel/normal.h"
#include "sim/kernel/rng.h"

static const char *encoding_name(enum dsgd_encoding encoding)
{
    static const char *const names[] = {
        [DSGD_RAW_F32] = "32-bit floats", [DSGD_RAW_U32] = "32-bit integers", [DSGD_BIT_PLANE] = "one bit each",
        [DSGD_LEVELS] = "packed levels", [DSGD_RAW_F16] = "16-bit floats", [DSGD_RAW_BF16] = "bfloat16",
        [DSGD_INDEX_FIXED] = "ceil(log2 d) bits each", [DSGD_INDEX_DELTA] = "Rice-coded gaps", [DSGD_INDEX_BITMAP] = "bitmap",
        [DSGD_INDEX_TAGGED] = "cheapest code", [DSGD_TERNARY_ENTROPY] = "arithmetic code", [DSGD_LEVELS_ELIAS] = "Elias code"};
    return (size_t)encoding < sizeof names / sizeof *names && names[encoding] ? names[encoding] : "unknown";
}

/* --- a problem that is nothing but noise ----------------------------------------------------------------------------- */

struct noise {
    struct dsgd_segment segment;
    struct dsgd_rng_key key;
};

static void noise_shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct noise *noise = self;
    *layout = (struct dsgd_layout){noise->segment.count, 1, &noise->segment};
    *n = 0;
}

/* Standard normal numbers. */
static enum dsgd_status noise_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct noise *noise = self;
    (void)x;
    for (size_t i = 0; i < noise->segment.count; i += 2) {
        const struct dsgd_rng4 r = dsgd_rng_draw(noise->key, (uint32_t)(i / 2), batch->step, batch->worker, 0);
        double z[2];
        dsgd_normal_pair(&r, z);
        grad[i] = (float)z[0];
        if (i + 1 < noise->segment.count) { grad[i + 1] = (float)z[1]; }
    }
    return DSGD_OK;
}

static enum dsgd_status noise_evaluate(const void *self, const double *x, double *value)
{
    (void)self;
    value[0] = x[0];
    return DSGD_OK;
}

static const struct dsgd_metric noise_metric[] = {{"first", "1", "first coordinate"}};
static const struct dsgd_problem_ops noise_problem = {.name = "noise", .metric = noise_metric, .metrics = 1, .shape = noise_shape,
                                                      .gradient = noise_gradient, .evaluate = noise_evaluate};

/* --- the messages of one step ---------------------------------------------------------------------------------------- */

struct listing {
    int64_t step; /* the step that is shown, -1 before the first section */
    int64_t last; /* the last step that sent anything */
};

static void show_message(void *context, uint32_t step, int exchange, bool up, uint32_t worker, const struct dsgd_message *message)
{
    struct listing *listing = context;
    if (listing->step < 0 && message->sections > 0) {
        printf("  step %u, messages of worker 0 and of the server:\n", step);
        listing->step = step;
    }
    if (message->sections > 0) { listing->last = step; }
    if ((int64_t)step != listing->step || (up && worker != 0)) { return; }
    for (int s = 0; s < message->sections; ++s) {
        const struct dsgd_section *section = &message->section[s];
        printf("  exchange %d  %-4s %-8s %12llu elements %14zu bytes   %s\n", exchange, up ? "up" : "down", dsgd_kind_name(section->kind),
               (unsigned long long)section->count, section->bytes, encoding_name(section->encoding));
    }
}

static void show_ledger(const struct dsgd_ledger *ledger, double d, double steps)
{
    const double count = (double)ledger->worker_steps;
    double up = 0.0, down = 0.0, values_up = 0.0, values_down = 0.0;
    for (int k = 0; k < DSGD_KINDS; ++k) {
        up += (double)ledger->up[k] / count;
        down += (double)ledger->down[k] / count;
        values_up += dsgd_kind_is_value((enum dsgd_kind)k) ? (double)ledger->up[k] / 4.0 / count : 0.0;
        values_down += dsgd_kind_is_value((enum dsgd_kind)k) ? (double)ledger->down[k] / 4.0 / count : 0.0;
    }
    printf("  per worker and step, mean of %.0f steps; ratio to uncompressed SGD, d floats each way:\n", steps);
    printf("  values     up %14.2f words   down %14.2f words   %.2fx\n", values_up, values_down, 2.0 * d / (values_up + values_down));
    printf("  wire       up %14.1f bytes   down %14.1f bytes   %.2fx\n", up, down, 8.0 * d / (up + down));
}

/* Where operations run on a GPU. */
static void show_cuda(const struct dsgd_heard *heard)
{
    int staged = 0;
    for (int j = 0; j < heard->count; ++j) { staged += !dsgd_engine_native(heard->op[j]); }
    printf("  on CUDA: %d of %d operations are native", heard->count - staged, heard->count);
    for (int pass = 0; pass < 2; ++pass) {
        const char *between = pass == 0 ? " (" : "; staged through the CPU: ";
        for (int j = 0; j < heard->count; ++j) {
            if (dsgd_engine_native(heard->op[j]) != (pass == 0)) { continue; }
            printf("%s%s", between, heard->op[j]);
            between = ", ";
        }
        if (pass == 0 && heard->count > staged) { printf(")"); }
    }
    printf("\n");
}

enum dsgd_status explain_print(const struct explain *question)
{
    const struct noise noise = {{.name = "all", .count = (size_t)question->d, .rows = (size_t)question->rows,
                                 .cols = (size_t)(question->d / question->rows)}, {1, dsgd_rng_purpose("explain gradient")}};
    struct dsgd_run_config config;
    DSGD_TRY(dsgd_param_defaults(dsgd_run_params, "", &config));
    for (const struct dsgd_run_section *s = dsgd_run_sections; s->name; ++s) { DSGD_TRY(dsgd_param_defaults(s->params, s->name, &config)); }
    config.workers = question->workers;
    config.steps = question->steps;
    config.step.constant = 1e-3;
    config.log.per_decade = 0;
    config.log.oracle = false;
    struct listing listing = {.step = -1, .last = -1};
    struct dsgd_heard heard = {.count = 0};
    const struct dsgd_engine_args args = {
        .config = &config, .problem = &noise_problem, .problem_self = &noise, .algorithm = question->algorithm,
        .algorithm_config = question->config, .constants = {NAN, NAN, NAN}, .f_star = NAN, .threads = 1,
        .tap = {.message = show_message, .context = &listing}, .heard = &heard};
    struct dsgd_engine *engine = NULL;
    DSGD_TRY(dsgd_engine_create(&args, &engine));
    const char *hashes = dsgd_engine_hashes(engine);
    if (strcmp(hashes, "none") != 0) { printf("  hashes of the sketch: %s\n", hashes); }
    enum dsgd_status status = DSGD_OK;
    while (status == DSGD_OK && dsgd_engine_status(engine) == DSGD_RUNNING) { status = dsgd_engine_step(engine); }
    const int64_t silent = question->steps - 1 - listing.last;
    if (status == DSGD_OK && listing.last < 0) {
        printf("  nothing was sent in %lld steps: --steps takes more\n", (long long)question->steps);
    } else if (status == DSGD_OK) {
        show_ledger(dsgd_engine_ledger(engine), (double)question->d, (double)dsgd_engine_steps_done(engine));
        show_cuda(&heard);
        if (silent > 0) { printf("  the last %lld of them sent nothing: --steps with whole periods gives the mean\n", (long long)silent); }
    }
    dsgd_engine_destroy(engine);
    return status;
}

/* test_choice.c - 1,000 steps on real images: W workers and one worker on the mean make the same choice.
 *
 * Each step both start from the merged state. Floats are summed in another order, so an estimate near the cut may fall on
 * the other side of it. A coordinate that only one side chose must then have an estimate within 8 d eps max|v| of the
 * cut: d additions of relative error eps on either side, a factor of 2 each for the sums over workers and rows' medians.
 *
 * Estimates and cut are found again from the tables that crossed the network: their mean is one rounding of a sum in doubles, the
 * hashes are those of sketch.h, and a median is one of its numbers, so the estimates are the server's in every bit.
 * Needs MNIST (DSGD_DATA) or Debian's Fashion-MNIST; skipped, and says so, without either.
 */
#include <float.h>

#define CONFORM_D_MAX 785
#include "tests/conformance/sketch.h"

enum { W = 4, D = 785, STEPS = 1000, K = 10, ROWS = 7, COLS = 40, CELLS = ROWS * COLS };

/* One of the two runs, and what it sent in the step. */
struct party {
    struct dsgd_engine *engine;
    uint32_t workers;
    double table_sum[CELLS];
    float table[CELLS];  /* the server's mean */
    uint32_t request[D]; /* its answer to the tables */
    size_t requests;
    double sent;         /* largest value that worker 0 sent: those are gone from its memory after the step */
};

static void hear(void *context, uint32_t step, int exchange, bool up, uint32_t worker, const struct dsgd_message *m)
{
    struct party *p = context;
    const struct dsgd_section *section = &m->section[0];
    (void)step;
    if (exchange == 0) { assert_int_equal(m->sections, 1); }
    if (up && exchange == 0) {
        const float *table = section->data;
        assert_int_equal(section->bytes, sizeof p->table);
        for (int b = 0; b < CELLS; ++b) { p->table_sum[b] = (worker == 0 ? 0.0 : p->table_sum[b]) + (double)table[b]; }
    } else if (up && worker == 0) {
        const float *value = section->data;
        for (size_t j = 0; j < section->count; ++j) { p->sent = fmax(p->sent, fabs((double)value[j])); }
    } else if (!up && exchange == 0) {
        assert_true(section->bytes <= sizeof p->request);
        memcpy(p->request, section->data, section->bytes);
        p->requests = section->count;
    }
}

static void party_open(struct party *p, const struct dsgd_engine_args *session)
{
    struct dsgd_engine_args args = *session;
    memset(p, 0, sizeof *p);
    p->workers = args.config->emulation == DSGD_MERGED ? 1 : W;
    args.tap = (struct dsgd_tap){.message = hear, .context = p};
    HARNESS_OK(dsgd_engine_create(&args, &p->engine));
}

static void party_step(struct party *p)
{
    p->sent = 0.0;
    HARNESS_OK(dsgd_engine_step(p->engine));
    for (int b = 0; b < CELLS; ++b) { p->table[b] = (float)(1.0 / p->workers * p->table_sum[b]); }
}

/* Every worker of `to` gets the memory of the one worker of `from`, and the model. */
static void from_merged(struct party *from, struct party *to)
{
    struct dsgd_saved source[DSGD_SAVED_MAX], saved[DSGD_SAVED_MAX];
    double row[2 * D];
    const int sources = dsgd_engine_saved(from->engine, source), arrays = dsgd_engine_saved(to->engine, saved);
    for (int j = 0; j < arrays; ++j) {
        const bool worker = strncmp(saved[j].name, "worker/", 7) == 0, model = strcmp(saved[j].name, "engine/x") == 0;
        for (int i = 0; (worker || model) && i < sources; ++i) {
            if (strcmp(source[i].name, saved[j].name) != 0) { continue; }
            assert_true(source[i].cols <= 2 * D);
            HARNESS_OK(dsgd_engine_saved_get(from->engine, &source[i], 0, row));
            for (size_t w = 0; w < saved[j].rows; ++w) { HARNESS_OK(dsgd_engine_saved_put(to->engine, &saved[j], w, row)); }
        }
    }
    HARNESS_OK(dsgd_engine_restored(to->engine));
}

struct counts {
    int same, swapped_steps, swapped, rounded_differently;
    double worst; /* largest distance of a swapped coordinate's estimate from the cut, over the tolerance */
};

static int descending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* The estimates the server cut at, and where the cut was: topk at its last request, HEAVYMIX with |H| <= k at l2/sqrt(k). */
static double cut_of(const struct conform_sketch *s, const struct party *p, bool topk, double *estimate)
{
    double table[CELLS], sorted[D];
    for (int b = 0; b < CELLS; ++b) { table[b] = (double)p->table[b]; }
    conform_sketch_estimate(s, D, table, estimate);
    for (int i = 0; i < D; ++i) { sorted[i] = fabs(estimate[i]); }
    qsort(sorted, D, sizeof *sorted, descending);
    if (topk) { return sorted[p->requests - 1]; }
    return fmax(sqrt(conform_sketch_norm2(s, table) / K), sorted[K - 1]);
}

static bool contains(const uint32_t *index, size_t n, uint32_t i)
{
    for (size_t j = 0; j < n; ++j) {
        if (index[j] == i) { return true; }
    }
    return false;
}

/* HEAVYMIX's random fill depends on all of H: it is the heavy set that is compared. */
static size_t chosen_set(const struct party *p, bool topk, const double *estimate, double cut, uint32_t *set)
{
    if (topk) {
        memcpy(set, p->request, p->requests * sizeof *set);
        return p->requests;
    }
    size_t n = 0;
    for (uint32_t i = 0; i < D; ++i) {
        if (fabs(estimate[i]) >= cut) { set[n++] = i; }
    }
    return n;
}

static void compare(const struct conform_sketch *s, const struct party *faithful, const struct party *merged, bool topk, double max_v,
                    struct counts *counts)
{
    static double estimate[2][D];
    uint32_t set[2][D];
    double cut[2];
    size_t n[2];
    const struct party *party[2] = {faithful, merged};
    for (int j = 0; j < 2; ++j) {
        cut[j] = cut_of(s, party[j], topk, estimate[j]);
        n[j] = chosen_set(party[j], topk, estimate[j], cut[j], set[j]);
    }
    counts->rounded_differently += memcmp(estimate[0], estimate[1], sizeof estimate[0]) != 0;
    const double tolerance = 8.0 * D * (double)FLT_EPSILON * max_v;
    int swapped = 0;
    for (int a = 0; a < 2; ++a) {
        for (size_t j = 0; j < n[a]; ++j) {
            if (contains(set[1 - a], n[1 - a], set[a][j])) { continue; }
            ++swapped;
            const double distance = fabs(fabs(estimate[1 - a][set[a][j]]) - cut[1 - a]);
            counts->worst = fmax(counts->worst, distance / tolerance);
            if (!(distance < tolerance)) { fail_msg("coordinate %u lies %g from the cut, tolerance %g", set[a][j], distance, tolerance); }
        }
    }
    counts->swapped += swapped;
    counts->swapped_steps += swapped > 0;
    counts->same += faithful->requests == merged->requests &&
                    memcmp(faithful->request, merged->request, merged->requests * sizeof *merged->request) == 0;
}

/* Resolves both configurations on the images that are here; skips the test without any. */
static void open_on_images(const char *variant, struct harness *faithful, struct harness *merged)
{
    static const char *const datasets[] = {"mnist", "fashion_mnist"};
    for (int j = 0; j < 2; ++j) {
        char text[1024];
        snprintf(text, sizeof text,
                 "dataset = %s\nproblem = logistic\nalgorithm = sketched_sgd\n"
                 "sketched_sgd { variant = %s k = %d rows = %d cols = %d lr_inside = true sketch_reseed = step indices = raw }\n"
                 "workers = %d\nsteps = %d\nseed_hash = %d\nstep { constant = 0.05 }\n"
                 "log { every = %d per_decade = 0 oracle = false optimum = false }\n",
                 datasets[j], variant, K, ROWS, COLS, W, STEPS, SEED_HASH, STEPS);
        if (harness_resolve(faithful, text, NULL, 1) == DSGD_OK) {
            HARNESS_OK(harness_resolve(merged, text, "emulation=merged", 1));
            return;
        }
        harness_close(faithful);
    }
    print_message("note: neither MNIST nor Fashion-MNIST is here, nothing was compared\n");
    skip();
}

static void check_variant(const char *variant)
{
    static struct harness h[2];
    static struct party faithful, merged;
    static struct conform_sketch sketch;
    const bool topk = strcmp(variant, "topk") == 0;
    open_on_images(variant, &h[0], &h[1]);
    party_open(&faithful, &h[0].session.args);
    party_open(&merged, &h[1].session.args);
    assert_int_equal(dsgd_engine_d(merged.engine), D);
    struct counts counts = {0};
    for (uint32_t t = 0; t < STEPS; ++t) {
        double v[D], max_v = 0.0;
        from_merged(&merged, &faithful);
        party_step(&faithful);
        party_step(&merged);
        HARNESS_OK(dsgd_engine_read(merged.engine, topk ? "worker/v" : "worker/a", 0, v));
        for (int i = 0; i < D; ++i) { max_v = fmax(max_v, fabs(v[i])); }
        conform_sketch_draw(&sketch, D, ROWS, COLS, t);
        compare(&sketch, &faithful, &merged, topk, fmax(max_v, merged.sent), &counts);
    }
    print_message("%s on %s: estimates rounded differently in %d of %d steps, the same request in %d; %d coordinates on the other side "
                  "of the cut in %d steps, at most %.2g of the tolerance away\n", variant, h[0].session.data->title,
                  counts.rounded_differently, STEPS, counts.same, counts.swapped, counts.swapped_steps, counts.worst);
    assert_true(counts.rounded_differently > STEPS / 2); /* else nothing was compared */
    assert_true(counts.same > STEPS / 2); /* the comparison is about equal choices, not about the exception */
    dsgd_engine_destroy(faithful.engine);
    dsgd_engine_destroy(merged.engine);
    harness_close(&h[0]);
    harness_close(&h[1]);
}

static void topk_merged_state_same_choice(void **state)
{
    (void)state;
    check_variant("topk");
}

static void heavymix_merged_state_same_choice(void **state)
{
    (void)state;
    check_variant("heavymix");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topk_merged_state_same_choice),
        cmocka_unit_test(heavymix_merged_state_same_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

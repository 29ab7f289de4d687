/* test_choice.c - 1,000 steps on real images: W workers and one worker on the mean make the same choice.
 *
 * Each step both start from the merged state. Floats are summed in another order, so an estimate near the cut may fall on
 * the other side of it. A coordinate that only one side chose must then have an estimate within 8 d eps max|v| of the
 * cut: d additions of relative error eps on either side, a factor of 2 each for the sums over workers and rows' medians.
 * Needs MNIST (DSGD_DATA) or Debian's Fashion-MNIST; skipped, and says so, without either.
 */
#include <float.h>

#include "algorithms/registry.h"
#include "algorithms/sketched_sgd.h"
#include "sim/rng.h"
#include "tests/harness.h"

enum { W = 4, D = 785, STEPS = 1000 };

struct party {
    struct dsgd_state worker[W], server;
    struct dsgd_message up, down[2];
    struct dsgd_arena scratch;
    int workers;
};

static void *field_memory(const struct dsgd_field *field)
{
    void *memory = calloc(field->count + 1, dsgd_field_size(field->type));
    assert_non_null(memory);
    return memory;
}

static void party_init(struct party *p, const void *common, int workers)
{
    struct dsgd_field field[DSGD_FIELDS_MAX];
    memset(p, 0, sizeof *p);
    p->workers = workers;
    for (int w = 0; w < workers; ++w) {
        const int n = dsgd_algorithm_find("sketched_sgd")->worker_fields(common, field);
        for (int j = 0; j < n; ++j) { p->worker[w].field[j] = field_memory(&field[j]); }
    }
    const int n = dsgd_algorithm_find("sketched_sgd")->server_fields(common, field);
    for (int j = 0; j < n; ++j) { p->server.field[j] = field_memory(&field[j]); }
    dsgd_arena_init(&p->up.arena, &dsgd_backend_cpu);
    dsgd_arena_init(&p->scratch, &dsgd_backend_cpu);
    for (int e = 0; e < 2; ++e) { dsgd_arena_init(&p->down[e].arena, &dsgd_backend_cpu); }
}

static void party_clear(struct party *p)
{
    for (int j = 0; j < DSGD_FIELDS_MAX; ++j) {
        for (int w = 0; w < p->workers; ++w) { free(p->worker[w].field[j]); }
        free(p->server.field[j]);
    }
    dsgd_arena_destroy(&p->up.arena);
    dsgd_arena_destroy(&p->scratch);
    for (int e = 0; e < 2; ++e) { dsgd_arena_destroy(&p->down[e].arena); }
}

/* One round of the contract; grad[w] per worker. */
static void party_round(struct party *p, void *common, uint32_t step, double lr, float grad[W][D])
{
    const struct dsgd_algorithm *a = dsgd_algorithm_find("sketched_sgd");
    struct dsgd_round round = {.step = step, .participants = (uint32_t)p->workers, .lr = lr, .threads = 1, .scratch = &p->scratch};
    for (round.exchange = 0; round.exchange < 2; ++round.exchange) {
        for (int w = 0; w < p->workers; ++w) {
            dsgd_message_reset(&p->up);
            dsgd_arena_reset(&p->scratch);
            HARNESS_OK(a->encode(common, &p->worker[w], &round, round.exchange == 0 ? grad[w] : NULL, p->down, &p->up));
            HARNESS_OK(a->absorb(common, &p->server, &round, (uint32_t)w, &p->up));
        }
        dsgd_arena_reset(&p->scratch);
        dsgd_message_reset(&p->down[round.exchange]);
        HARNESS_OK(a->finish(common, &p->server, &round, &p->down[round.exchange]));
    }
}

struct counts {
    int same, swapped_steps, swapped, rounded_differently;
    double worst; /* largest distance of a swapped coordinate's estimate from the cut, over the tolerance */
};

static int descending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

/* The estimates the server cut at: those of its mean table; and where the cut was. HEAVYMIX with |H| <= k cuts at l2/sqrt(k). */
static double cut_of(const struct sketched_common *c, const struct party *p, float *estimate)
{
    float table[7 * 40], sorted[D];
    dsgd_backend_cpu.mean_f32(c->table, 1.0 / p->workers, p->server.field[0], table);
    count_sketch_estimate(c->hash, table, estimate, 1);
    for (int i = 0; i < D; ++i) { sorted[i] = fabsf(estimate[i]); }
    qsort(sorted, D, sizeof *sorted, descending);
    if (c->variant == &sketched_topk) { return (double)sorted[c->asked - 1]; }
    const double threshold = sqrt(count_sketch_norm2(c->hash, table) / (double)c->k);
    return fmax(threshold, (double)sorted[c->k - 1]);
}

static bool contains(const uint32_t *index, size_t n, uint32_t i)
{
    for (size_t j = 0; j < n; ++j) {
        if (index[j] == i) { return true; }
    }
    return false;
}

/* HEAVYMIX's random fill depends on all of H: it is the heavy set that is compared. */
static size_t chosen_set(const struct sketched_common *c, const struct party *p, const float *estimate, double cut, uint32_t *set)
{
    if (c->variant == &sketched_topk) {
        memcpy(set, p->down[0].section[0].data, c->asked * sizeof *set);
        return c->asked;
    }
    size_t n = 0;
    for (uint32_t i = 0; i < D; ++i) {
        if (fabs((double)estimate[i]) >= cut) { set[n++] = i; }
    }
    return n;
}

static void compare(const struct sketched_common *c, const struct party *faithful, const struct party *merged, double max_v,
                    struct counts *counts)
{
    float estimate[2][D];
    uint32_t set[2][D];
    double cut[2];
    size_t n[2];
    const struct party *party[2] = {faithful, merged};
    for (int s = 0; s < 2; ++s) {
        cut[s] = cut_of(c, party[s], estimate[s]);
        n[s] = chosen_set(c, party[s], estimate[s], cut[s], set[s]);
    }
    counts->rounded_differently += memcmp(estimate[0], estimate[1], sizeof estimate[0]) != 0;
    const double tolerance = 8.0 * D * (double)FLT_EPSILON * max_v;
    int swapped = 0;
    for (int s = 0; s < 2; ++s) {
        for (size_t j = 0; j < n[s]; ++j) {
            if (contains(set[1 - s], n[1 - s], set[s][j])) { continue; }
            ++swapped;
            const double distance = fabs(fabs((double)estimate[1 - s][set[s][j]]) - cut[1 - s]);
            counts->worst = fmax(counts->worst, distance / tolerance);
            if (!(distance < tolerance)) { fail_msg("coordinate %u lies %g from the cut, tolerance %g", set[s][j], distance, tolerance); }
        }
    }
    counts->swapped += swapped;
    counts->swapped_steps += swapped > 0;
    const struct dsgd_section *a = faithful->down[0].section, *b = merged->down[0].section;
    counts->same += memcmp(a->data, b->data, a->bytes) == 0;
}

static void check_variant(const char *variant)
{
    struct harness h;
    char text[1024];
    const char *dataset = "mnist";
    for (int attempt = 0; attempt < 2; ++attempt, dataset = "fashion_mnist") {
        snprintf(text, sizeof text,
                 "dataset = %s\nproblem = logistic\nalgorithm = sketched_sgd\nsketched_sgd { variant = %s lr_inside = true indices = raw }\n"
                 "workers = 4\nstep { constant = 0.05 }\nlog { optimum = false }\n", dataset, variant);
        if (harness_open(&h, text, NULL, 1) == DSGD_OK) { break; }
        harness_close(&h);
        if (attempt == 1) {
            print_message("note: neither MNIST nor Fashion-MNIST is here, nothing was compared\n");
            skip();
        }
    }
    struct dsgd_layout layout;
    size_t examples = 0;
    h.spec.problem->shape(h.session.problem, &layout, &examples);
    assert_int_equal(layout.d, D);
    const struct dsgd_algorithm *a = h.spec.algorithm;
    const struct dsgd_setting setting = {h.spec.algorithm_config, &layout, &dsgd_backend_cpu, W, 1, 1, 0};
    void *common = NULL;
    HARNESS_OK(a->create(&setting, &common));
    static struct party faithful, merged;
    party_init(&faithful, common, W);
    party_init(&merged, common, 1);
    static float grad[W][D], mean[W][D], replica[D];
    static double x[D], sum[D];
    memset(x, 0, sizeof x);
    memset(replica, 0, sizeof replica);
    struct counts counts = {0};
    const struct dsgd_rng_key key = {1, dsgd_rng_purpose("test choice minibatch")};
    const size_t bytes = D * (strcmp(variant, "topk") == 0 ? sizeof(float) : sizeof(double));
    for (uint32_t t = 0; t < STEPS; ++t) {
        memset(sum, 0, sizeof sum);
        for (uint32_t w = 0; w < W; ++w) {
            const uint32_t example = dsgd_rng_below(key, 0, t, w, (uint32_t)examples);
            const struct dsgd_batch batch = {&example, 1, t, w, 1};
            HARNESS_OK(h.spec.problem->gradient(h.session.problem, replica, &batch, grad[w]));
            dsgd_backend_cpu.add_f32(D, grad[w], sum);
            memcpy(faithful.worker[w].field[0], merged.worker[0].field[0], bytes); /* from the merged state */
        }
        dsgd_backend_cpu.mean_f32(D, 1.0 / W, sum, mean[0]);
        a->plan(common, t);
        party_round(&faithful, common, t, 0.05, grad);
        party_round(&merged, common, t, 0.05, mean);
        double max_v = 0.0, v[D];
        a->view(common, &merged.worker[0], v);
        for (int i = 0; i < D; ++i) { max_v = fmax(max_v, fabs(v[i])); }
        compare(common, &faithful, &merged, max_v, &counts);
        struct dsgd_round round = {.step = t, .exchange = 1, .participants = 1, .lr = 0.05, .threads = 1, .scratch = &merged.scratch};
        struct dsgd_update update = {.scale = 0.05};
        HARNESS_OK(a->settle(common, &merged.worker[0], &round, merged.down));
        HARNESS_OK(a->decode(common, &round, merged.down, &update));
        assert_true(dsgd_backend_cpu.apply(update.n, update.index, update.value, 0.0, update.scale, x, replica));
    }
    print_message("%s on %s: estimates rounded differently in %d of %d steps, the same request in %d; %d coordinates on the other side "
                  "of the cut in %d steps, at most %.2g of the tolerance away\n", variant, h.session.data->title,
                  counts.rounded_differently, STEPS, counts.same, counts.swapped, counts.swapped_steps, counts.worst);
    assert_true(counts.rounded_differently > STEPS / 2); /* else nothing was compared */
    assert_true(counts.same > STEPS / 2); /* the comparison is about equal choices, not about the exception */
    party_clear(&faithful);
    party_clear(&merged);
    a->destroy(common);
    harness_close(&h);
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

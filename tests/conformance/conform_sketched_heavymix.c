/* conform_sketched_heavymix.c - Sketched-SGD, Algorithms 1 and 2 (Ivkin et al. 2019, arXiv:1903.04488), with their options.
 *
 * Tables, estimates and norms come from the reference's own evaluation of the hash family, so heavy coordinates are compared
 * too. The memory is kept in doubles, and what travels is rounded to floats by the reference as well: 1e-12 a step. With 16
 * bits all numbers are short binary fractions (grain 2^-9, W = 4, eta = 1/4): sums are exact, each rounding has one right result.
 */
#include "tests/conformance/sketch.h"

struct option {
    int k, rows, cols, values;
    const char *reseed;
    bool own_value, block;
};

/* Algorithm 1, lines 2-4: heavy coordinates, and the rest of k drawn from the others (Floyd 1987, on their ranks). */
static void heavymix(const double *estimate, double norm2, size_t d, uint32_t k, uint32_t step, int *chosen)
{
    const struct dsgd_rng_key key = {SEED_ALGORITHM, dsgd_rng_purpose("sketched_sgd heavymix fill")};
    int heavy[D_MAX], picked[D_MAX] = {0};
    uint32_t h = 0;
    for (size_t i = 0; i < d; ++i) {
        heavy[i] = estimate[i] != 0.0 && estimate[i] * estimate[i] >= norm2 / k;
        h += (uint32_t)heavy[i];
    }
    if (h >= k) {
        conform_top(d, estimate, heavy, k, chosen);
        return;
    }
    const uint32_t need = k - h, others = (uint32_t)d - h;
    for (uint32_t j = 0; j < need; ++j) {
        const uint32_t last = others - need + j;
        const uint32_t r = dsgd_rng_below(key, j, step, DSGD_RNG_SERVER, last + 1);
        picked[picked[r] ? last : r] = 1;
    }
    for (size_t i = 0, rank = 0; i < d; ++i) { chosen[i] = heavy[i] || picked[rank]; rank += !heavy[i]; }
}

static void algorithm2(const struct conform_setting *setting, struct option o)
{
    struct conform c;
    struct conform_sketch s;
    char text[512];
    snprintf(text, sizeof text, "algorithm = sketched_sgd\nsketched_sgd { k = %d rows = %d cols = %d sketch_reseed = %s own_value = %s "
             "values = %s indices = %s hash = %s }\n", o.k, o.rows, o.cols, o.reseed, o.own_value ? "true" : "false", conform_values[o.values],
             conform_indices(), o.block ? "block" : "auto");
    conform_open(&c, setting, text, 0.0);
    c.bound = 1e-12 * setting->steps;
    conform_vector a[W_MAX] = {0}, input[W_MAX], virtual_x = {0};
    const double factor = 1.0 / setting->workers;
    int chosen[D_MAX];
    while (c.t < setting->steps) {
        const double eta = conform_eta(&c);
        conform_vector mean = {0}, estimate, sent[W_MAX];
        double table[CELLS_MAX] = {0};
        (o.block ? conform_sketch_draw_blocks : conform_sketch_draw)(&s, c.d, (uint32_t)o.rows, (uint32_t)o.cols,
                                                                     strcmp(o.reseed, "step") == 0 ? c.t : 0);
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector g;
            for (uint32_t i = 0; i < c.d; ++i) { g[i] = conform_gradient_at(&c, c.t, w, i, dsgd_engine_model(c.engine)[i]); }
            for (size_t i = 0; i < c.d; ++i) {
                a[w][i] += eta * g[i];                                      /* Algorithm 2: gbar_i = eta_t g_i + a_i */
                virtual_x[i] -= factor * eta * g[i];
                sent[w][i] = (double)(float)a[w][i];
            }
            conform_sketch_send(&s, c.d, o.values, sent[w], factor, table); /* S(gbar_i) */
            for (size_t i = 0; i < c.d; ++i) { sent[w][i] = conform_as(o.values, sent[w][i]); }
            for (size_t i = 0; i < c.d; ++i) { mean[i] += sent[w][i]; }
        }
        memcpy(input, a, sizeof a);
        conform_sketch_estimate(&s, c.d, table, estimate);
        heavymix(estimate, conform_sketch_norm2(&s, table), c.d, (uint32_t)o.k, c.t, chosen); /* g~ = HEAVYMIX(S, k) */
        for (size_t i = 0; i < c.d; ++i) {
            mean[i] = conform_as(o.values, (double)(float)(factor * mean[i])); /* the exact values, averaged */
            for (uint32_t w = 0; w < setting->workers && chosen[i]; ++w) {
                a[w][i] -= o.own_value ? sent[w][i] : mean[i];              /* a_i = gbar_i - g~ */
            }
        }
        conform_step(&c);
        conform_field(&c, "worker/a", a);
        conform_input(&c, input);
        conform_kept(&c, a);
        conform_update(&c, 1.0, mean, chosen);                              /* w = w - g~ */
        /* w_t - mean a_t = w_0 - sum eta mean g, the virtual iterate of the proofs; values travel as floats below 32 */
        for (size_t i = 0; i < c.d && o.values == CONFORM_FP32 && setting->decay == 0.0; ++i) {
            double difference = c.x[i] - virtual_x[i];
            for (uint32_t w = 0; w < setting->workers; ++w) { difference -= factor * a[w][i]; }
            CHECK_CLOSE(difference, 0.0, 32.0 * 0x1p-24 * setting->steps);
        }
    }
    conform_close(&c);
}

static const struct conform_setting exact = {.workers = 4, .steps = 10, .grain = 0x1p-9};

static void heavymix_variant(void **state)
{
    (void)state;
    const struct option plain = {.k = 4, .rows = 3, .cols = 6, .reseed = "step"};
    struct option o = plain;
    algorithm2(&conform_random, o);
    algorithm2(&conform_theory, o);
    o.reseed = "run";
    o.cols = 16;
    algorithm2(&conform_random, o);
    o = plain;
    o.own_value = true;
    algorithm2(&conform_random, o);
    o = plain;
    o.k = 8; /* the drawn part is large */
    o.cols = 20;
    algorithm2(&conform_theory, o);
    algorithm2(&conform_ties, o);
}

static void heavymix_block_hashes(void **state)
{
    (void)state;
    struct option o = {.k = 30, .rows = 3, .cols = 128, .reseed = "step", .block = true};
    algorithm2(&conform_of_blocks, o);
    o.reseed = "run";
    o.own_value = true;
    o.cols = 192;
    algorithm2(&conform_of_blocks, o);
}

static void heavymix_sixteen_bits(void **state)
{
    (void)state;
    for (int values = CONFORM_FP16; values <= CONFORM_BF16; ++values) {
        struct option o = {.k = 4, .rows = 3, .cols = 6, .reseed = "step", .values = values};
        algorithm2(&exact, o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(heavymix_variant), cmocka_unit_test(heavymix_block_hashes),
                                       cmocka_unit_test(heavymix_sixteen_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* conform_sketched_topk.c - Sketched-SGD, Algorithm 3 (Ivkin et al. 2019, arXiv:1903.04488), with its options.
 *
 * Tables and estimates come from the reference's own evaluation of the hash family, so candidates are compared too. With 16
 * bits all numbers are short binary fractions (grain 2^-9, W = 4, eta = 1/4): sums are exact, each rounding has one right
 * result, and the bound is the doubles' 1e-12.
 */
#include "tests/conformance/sketch.h"

struct option {
    int k, rows, cols, candidates, dense_below, truncate, values;
    const char *roles; /* of segments that are sent dense: "bias", "norm" or both with +; NULL: none */
    double momentum;
    const char *reseed;
    bool lr_inside, block;
};

/* The sketched coordinates are numbered without gaps: hashed by their place among them. */
static size_t pack(size_t d, const int *sketched, const int *part, const double *v, double *packed)
{
    size_t n = 0;
    for (size_t i = 0; i < d; ++i) {
        if (sketched[i]) { packed[n++] = part[i] ? v[i] : 0.0; }
    }
    return n;
}

static void unpack(size_t d, const int *sketched, const double *packed, double *v)
{
    for (size_t i = 0, n = 0; i < d; ++i) { v[i] = sketched[i] ? packed[n++] : 0.0; }
}

static void algorithm3(const struct conform_setting *setting, struct option o)
{
    struct conform c;
    struct conform_sketch s;
    char text[512];
    snprintf(text, sizeof text, "algorithm = sketched_sgd\nsketched_sgd { variant = topk k = %d rows = %d cols = %d candidates = %d "
             "momentum = %g lr_inside = %s sketch_reseed = %s dense_below = %d dense_roles = %s truncate = %d values = %s indices = %s hash = %s }\n", o.k, o.rows,
             o.cols, o.candidates, o.momentum, o.lr_inside ? "true" : "false", o.reseed, o.dense_below, o.roles ? o.roles : "none", o.truncate,
             conform_values[o.values], conform_indices(), o.block ? "block" : "auto");
    conform_open(&c, setting, text, o.momentum);
    if (setting->grain > 0.0) { c.bound = 1e-12; }
    conform_vector u[W_MAX] = {0}, v[W_MAX] = {0}, input[W_MAX];
    int sketched[D_MAX], part[D_MAX], candidate[D_MAX], top[D_MAX], changed[D_MAX];
    const double factor = 1.0 / setting->workers;
    for (size_t j = 0; j < c.layout.segments; ++j) {
        const struct dsgd_segment *segment = &c.layout.segment[j];
        const char *role = segment->role == DSGD_ROLE_BIAS ? "bias" : segment->role == DSGD_ROLE_NORM ? "norm" : "no role";
        const bool dense = (int)segment->count < o.dense_below || (o.roles && strstr(o.roles, role));
        for (size_t i = segment->offset; i < segment->offset + segment->count; ++i) { sketched[i] = !dense; }
    }
    while (c.t < setting->steps) {
        const double eta = conform_eta(&c);
        conform_vector mean = {0}, estimate, update = {0}, packed;
        size_t n = 0;
        double table[CELLS_MAX] = {0};
        (o.block ? conform_sketch_draw_blocks : conform_sketch_draw)(&s, c.d, (uint32_t)o.rows, (uint32_t)o.cols,
                                                                     strcmp(o.reseed, "step") == 0 ? c.t : 0);
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector g;
            conform_gradient(&c, w, g);
            for (size_t i = 0; i < c.d; ++i) {
                u[w][i] = o.momentum * u[w][i] + g[i];                      /* line 4: u_i = m u_i + g_i */
                v[w][i] += (o.lr_inside ? eta : 1.0) * u[w][i];             /* line 5: v_i = v_i + u_i */
                mean[i] += factor * conform_as(o.values, v[w][i]);          /* exact values as they travel */
            }
            conform_top(c.d, v[w], sketched, o.truncate ? (size_t)(o.truncate * o.k) : c.d, part);
            n = pack(c.d, sketched, part, v[w], packed);
            conform_sketch_send(&s, n, o.values, packed, factor, table);    /* lines 6-7: S(v_i), merged */
        }
        memcpy(input, v, sizeof v);
        conform_sketch_estimate(&s, n, table, packed);
        unpack(c.d, sketched, packed, estimate);
        conform_top(c.d, estimate, sketched, (size_t)(o.candidates * o.k), candidate); /* line 8: the P k largest estimates */
        if (o.candidates > 0) {
            conform_top(c.d, mean, candidate, (size_t)o.k, top);            /* the k largest exact sums */
        } else {
            conform_top(c.d, estimate, sketched, (size_t)o.k, top);         /* P = 0: the estimates themselves */
        }
        for (size_t i = 0; i < c.d; ++i) {
            changed[i] = top[i] || !sketched[i];                            /* small segments travel dense */
            update[i] = conform_as(o.values, top[i] && o.candidates == 0 ? estimate[i] : mean[i]);
            for (uint32_t w = 0; w < setting->workers && changed[i]; ++w) {
                v[w][i] = 0.0;                                              /* lines 11-12: u_i = v_i = 0 where updated */
                if (sketched[i]) { u[w][i] = 0.0; }                         /* dense segments keep their momentum */
            }
        }
        conform_step(&c);
        if (setting->grain > 0.0) { conform_field(&c, "worker/v", v); } else { conform_memory(&c, "worker/v", v); }
        if (o.momentum > 0.0) { conform_field(&c, "worker/u", u); }
        conform_input(&c, input);
        conform_kept(&c, v);
        conform_update(&c, o.lr_inside ? 1.0 : eta, update, changed);       /* w = w - eta g~ */
    }
    conform_close(&c);
}

static void topk(void **state)
{
    (void)state;
    const struct option plain = {.k = 4, .rows = 3, .cols = 6, .candidates = 2, .reseed = "run"};
    struct option o = plain;
    algorithm3(&conform_random, o);
    o.momentum = 0.9;
    algorithm3(&conform_random, o);
    o.lr_inside = true;
    algorithm3(&conform_theory, o);
    o = plain;
    o.reseed = "step";
    algorithm3(&conform_random, o);
    o.candidates = 5; /* every coordinate: the sketch does not matter */
    algorithm3(&conform_theory, o);
    o = plain;
    o.candidates = 1;
    algorithm3(&conform_ties, o);
    o.cols = 1; /* one bucket: estimates tie, but for their sign */
    algorithm3(&conform_ties, o);
}

static void topk_dense_segments(void **state)
{
    (void)state;
    struct option o = {.k = 3, .rows = 5, .cols = 6, .candidates = 3, .reseed = "run", .momentum = 0.9, .dense_below = 4};
    algorithm3(&conform_random, o);
    o.k = 2;
    o.dense_below = 6;
    algorithm3(&conform_theory, o);
    o.lr_inside = true;
    o.candidates = 0;
    algorithm3(&conform_random, o);
}

static void topk_dense_roles(void **state)
{
    (void)state;
    struct option o = {.k = 3, .rows = 5, .cols = 6, .candidates = 3, .reseed = "run", .momentum = 0.9, .roles = "bias"};
    algorithm3(&conform_random, o);
    o.roles = "norm+bias";
    algorithm3(&conform_theory, o);
    o.roles = "norm";
    o.dense_below = 4; /* the bias too: one segment of three is left, the first one */
    algorithm3(&conform_random, o);
    o.dense_below = 0;
    o.momentum = 0.0; /* memories of many coordinates grow beyond what the bound is for */
    o.k = 20;
    algorithm3(&conform_of_blocks, o);
}

static void topk_no_second_round(void **state)
{
    (void)state;
    struct option o = {.k = 4, .rows = 5, .cols = 8, .reseed = "run"};
    algorithm3(&conform_random, o);
    o.momentum = 0.5;
    o.reseed = "step";
    algorithm3(&conform_theory, o);
    algorithm3(&conform_ties, o);
}

static void topk_truncated(void **state)
{
    (void)state;
    struct option o = {.k = 3, .rows = 3, .cols = 8, .candidates = 2, .reseed = "run", .truncate = 2, .momentum = 0.5};
    algorithm3(&conform_random, o);
    o.candidates = 0;
    algorithm3(&conform_random, o);
    o.truncate = 1;
    algorithm3(&conform_ties, o);
}

static void topk_block_hashes(void **state)
{
    (void)state;
    struct option o = {.k = 9, .rows = 3, .cols = 128, .candidates = 2, .reseed = "run", .block = true};
    algorithm3(&conform_of_blocks, o);
    o.reseed = "step";
    o.momentum = 0.5;
    o.candidates = 0;
    algorithm3(&conform_of_blocks, o);
    o.dense_below = 10; /* what is sketched is hashed by its place, so that blocks of 64 cross the segment that is left out */
    algorithm3(&conform_of_blocks, o);
    o.cols = 64;
    o.truncate = 2;
    o.candidates = 3;
    algorithm3(&conform_of_blocks, o);
    o.rows = 5;
    algorithm3(&conform_random, o); /* fewer coordinates than a block: every estimate is exact */
}

static const struct conform_setting exact = {.workers = 4, .steps = 10, .grain = 0x1p-9};

static void topk_sixteen_bits(void **state)
{
    (void)state;
    for (int values = CONFORM_FP16; values <= CONFORM_BF16; ++values) {
        struct option o = {.k = 4, .rows = 3, .cols = 6, .candidates = 2, .reseed = "run", .values = values};
        algorithm3(&exact, o);
        o.candidates = 0;
        algorithm3(&exact, o);
        o = (struct option){.k = 3, .rows = 3, .cols = 6, .candidates = 2, .reseed = "run", .values = values, .dense_below = 4, .momentum = 0.5,
                            .lr_inside = true};
        algorithm3(&exact, o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(topk), cmocka_unit_test(topk_dense_segments), cmocka_unit_test(topk_dense_roles), cmocka_unit_test(topk_no_second_round),
                                       cmocka_unit_test(topk_block_hashes),
                                       cmocka_unit_test(topk_truncated), cmocka_unit_test(topk_sixteen_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

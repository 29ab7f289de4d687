/* conform_local_topk.c - local top-k and Deep Gradient Compression (Lin et al. 2018, arXiv:1712.01887, Alg. 1 and 4). */
#include "tests/conformance/conformance.h"

struct option {
    size_t k;
    double momentum, clip;
    bool nesterov, unmasked, lr_inside;
    uint32_t warmup;
    const char *ratios;
};

/* Sparsity warm-up (section 3.3): stage t / warmup has its own ratio, and k afterwards. */
static size_t kept(const struct option *o, size_t d, uint32_t t)
{
    if (o->warmup == 0) { return o->k; }
    const char *at = o->ratios;
    for (uint32_t stage = 0;; ++stage) {
        char *end;
        const double ratio = strtod(at, &end);
        if (end == at) { return o->k; }
        if (stage == t / o->warmup) {
            const size_t k = (size_t)lround(ratio * (double)d);
            return k > d ? d : k > o->k ? k : o->k;
        }
        at = end;
    }
}

static void local_topk(const struct conform_setting *setting, struct option o)
{
    struct conform c;
    char text[512];
    int n = snprintf(text, sizeof text, "algorithm = local_topk\nlocal_topk { k = %zu momentum = %g clip = %g nesterov = %s masking = %s "
                     "lr_inside = %s warmup = %u indices = %s\n", o.k, o.momentum, o.clip, o.nesterov ? "true" : "false", o.unmasked ? "false" : "true",
                     o.lr_inside ? "true" : "false", o.warmup, conform_indices());
    if (o.ratios) {
        snprintf(text + n, sizeof text - (size_t)n, "warmup_ratios = \"%s\" }\n", o.ratios);
    } else {
        o.ratios = "0.25 0.063 0.015 0.004 0.001";
        snprintf(text + n, sizeof text - (size_t)n, "}\n");
    }
    conform_open(&c, setting, text, o.momentum);
    const double m = o.momentum;
    conform_vector u[W_MAX] = {0}, v[W_MAX] = {0}, input[W_MAX];
    while (c.t < setting->steps) {
        const double eta = conform_eta(&c), in = o.lr_inside ? eta : 1.0;
        conform_vector mean = {0};
        int chosen[D_MAX], any[D_MAX] = {0};
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector g;
            double norm = 0.0;
            conform_gradient(&c, w, g);
            for (size_t i = 0; i < c.d; ++i) { norm += g[i] * g[i]; }
            const double limit = o.clip / sqrt(setting->workers);           /* section 3.2: thr_G / sqrt(N) */
            const double scale = o.clip > 0.0 && sqrt(norm) > limit ? limit / sqrt(norm) : 1.0;
            for (size_t i = 0; i < c.d; ++i) {
                g[i] *= scale;
                u[w][i] = o.nesterov ? m * (u[w][i] + g[i]) : m * u[w][i] + g[i]; /* Alg. 4, line 5; Nesterov as in the authors' code */
                v[w][i] += in * (o.nesterov ? u[w][i] + g[i] : u[w][i]);    /* line 6 */
            }
            memcpy(input[w], v[w], sizeof v[w]);
            conform_top(c.d, v[w], NULL, kept(&o, c.d, c.t), chosen);       /* lines 7-9 */
            for (size_t i = 0; i < c.d; ++i) {
                if (!chosen[i]) { continue; }
                any[i] = 1;
                mean[i] += v[w][i] / setting->workers;                      /* line 14: all-reduce, divided by N */
                v[w][i] = 0.0;                                              /* line 11 */
                if (!o.unmasked) { u[w][i] = 0.0; }                         /* line 12: momentum factor masking */
            }
        }
        conform_step(&c);
        if (setting->grain > 0.0) { conform_field(&c, "worker/v", v); } else { conform_memory(&c, "worker/v", v); }
        if (m > 0.0) { conform_field(&c, "worker/u", u); }
        conform_input(&c, input);
        conform_kept(&c, v);
        conform_update(&c, o.lr_inside ? 1.0 : eta, mean, any);             /* down: the union of what was sent */
    }
    conform_close(&c);
}

static void plain(void **state)
{
    (void)state;
    struct option o = {.k = 4};
    local_topk(&conform_random, o);
    local_topk(&conform_ties, o);
    o.k = 1;
    local_topk(&conform_theory, o);
    o.k = 20;
    local_topk(&conform_random, o);
}

static void momentum(void **state)
{
    (void)state;
    struct option o = {.k = 4, .momentum = 0.9};
    local_topk(&conform_random, o);
    o.lr_inside = true;
    local_topk(&conform_theory, o);
    o.unmasked = true;
    o.momentum = 0.5;
    local_topk(&conform_theory, o);
    o.lr_inside = false;
    o.nesterov = true;
    local_topk(&conform_random, o);
    o.unmasked = false;
    local_topk(&conform_theory, o);
    local_topk(&conform_ties, o);
}

static void clip_and_warm_up(void **state)
{
    (void)state;
    struct option o = {.k = 2, .momentum = 0.5, .clip = 1.0}; /* norms are near 1.5: 1 / sqrt 3 clips all; 2.5 / sqrt 3 clips some */
    local_topk(&conform_random, o);
    o.clip = 2.5;
    local_topk(&conform_random, o);
    o = (struct option){.k = 2, .warmup = 3};
    local_topk(&conform_random, o);
    o.ratios = "0.48 1 0.01 0.33";
    o.momentum = 0.5;
    local_topk(&conform_theory, o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plain), cmocka_unit_test(momentum), cmocka_unit_test(clip_and_warm_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

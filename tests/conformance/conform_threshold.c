/* conform_threshold.c - hard threshold (Sahu et al. 2021, arXiv:2108.00951) with the error memory of Stich, Cordonnier, Jaggi 2018
 * (arXiv:1809.07599, Algorithm 1) and the momentum of Lin et al. 2018 (arXiv:1712.01887, Algorithm 4).
 *
 * Reference and engine round differently, so a magnitude that lies within the bound of the threshold could be chosen by one and not
 * by the other: no run here has one (checked), but where arithmetic is exact, and there both must choose what equals the threshold.
 */
#include "tests/conformance/conformance.h"

struct option {
    double threshold, momentum;
    bool unmasked, lr_inside;
};

/* How often a worker sent nothing, something, and everything, and a magnitude equalled the threshold: the cases that a run must have had. */
struct seen { int none, some, all, equal; };

static struct seen threshold(const struct conform_setting *setting, struct option o)
{
    struct conform c;
    struct seen seen = {0};
    char text[512];
    snprintf(text, sizeof text, "algorithm = threshold\nthreshold { threshold = %.9g momentum = %g masking = %s lr_inside = %s indices = %s }\n",
             o.threshold, o.momentum, o.unmasked ? "false" : "true", o.lr_inside ? "true" : "false", conform_indices());
    conform_open(&c, setting, text, o.momentum);
    const double limit = (double)(float)o.threshold;
    conform_vector u[W_MAX] = {0}, v[W_MAX] = {0}, input[W_MAX];
    while (c.t < setting->steps) {
        const double eta = conform_eta(&c), in = o.lr_inside ? eta : 1.0;
        conform_vector mean = {0};
        int any[D_MAX] = {0};
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector g;
            size_t sent = 0;
            conform_gradient(&c, w, g);
            for (size_t i = 0; i < c.d; ++i) {
                u[w][i] = o.momentum * u[w][i] + g[i];                      /* Lin et al., Alg. 4 line 5 */
                v[w][i] += in * u[w][i];                                    /* line 6; Stich et al., Alg. 1 line 3 */
            }
            memcpy(input[w], v[w], sizeof v[w]);
            for (size_t i = 0; i < c.d; ++i) {
                if (setting->grain > 0.0) {
                    seen.equal += fabs(v[w][i]) == limit;
                } else {
                    assert_true(limit == 0.0 || fabs(fabs(v[w][i]) - limit) > c.bound);
                }
                if (!(fabs(v[w][i]) >= limit)) { continue; }                /* Sahu et al., hard threshold */
                ++sent;
                any[i] = 1;
                mean[i] += v[w][i] / setting->workers;                      /* Lin et al., line 14: all-reduce, divided by N */
                v[w][i] = 0.0;                                              /* line 11 */
                if (!o.unmasked) { u[w][i] = 0.0; }                         /* line 12: momentum factor masking */
            }
            ++*(sent == 0 ? &seen.none : sent < c.d ? &seen.some : &seen.all);
        }
        conform_step(&c);
        if (setting->grain > 0.0) { conform_field(&c, "worker/v", v); } else { conform_memory(&c, "worker/v", v); }
        if (o.momentum > 0.0) { conform_field(&c, "worker/u", u); }
        conform_input(&c, input);
        conform_kept(&c, v);
        conform_update(&c, o.lr_inside ? 1.0 : eta, mean, any);             /* down: the union of what was sent */
    }
    conform_close(&c);
    return seen;
}

/* Most steps send some coordinates; nothing at all, and everything, are messages too. */
static void plain(void **state)
{
    (void)state;
    struct seen seen = threshold(&conform_random, (struct option){.threshold = 0.75});
    assert_true(seen.some > 0);
    seen = threshold(&conform_random, (struct option){.threshold = 0.0});
    assert_true(seen.all > 0 && seen.none == 0);
    seen = threshold(&conform_theory, (struct option){.threshold = 30.0});
    assert_true(seen.none > 0 && seen.all == 0);
    seen = threshold(&conform_theory, (struct option){.threshold = 1.0});
    assert_true(seen.some > 0 && seen.none > 0);
}

/* Multiples of 1/4, added exactly: >= and not >. */
static void equal(void **state)
{
    (void)state;
    const struct seen seen = threshold(&conform_ties, (struct option){.threshold = 0.5});
    assert_true(seen.equal > 0 && seen.some > 0);
}

static void momentum(void **state)
{
    (void)state;
    struct option o = {.threshold = 0.75, .momentum = 0.5};
    threshold(&conform_random, o);
    o.unmasked = true;
    o.threshold = 1.0;
    threshold(&conform_random, o);
    o = (struct option){.threshold = 0.55, .momentum = 0.5, .lr_inside = true};
    assert_true(threshold(&conform_theory, o).some > 0);
    o.unmasked = true;
    threshold(&conform_theory, o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plain), cmocka_unit_test(equal), cmocka_unit_test(momentum)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

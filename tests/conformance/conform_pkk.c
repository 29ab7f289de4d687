/* conform_pkk.c - Pk-k: each worker sends its P k largest, the server keeps the k largest of the sum (the Sketched-SGD
 * authors' code, branch Pkk), with and without a second round of exact values. */
#include "tests/conformance/conformance.h"

struct option {
    size_t k, candidates;
    double momentum;
    bool one_round, unmasked, lr_inside;
};

static void pkk(const struct conform_setting *setting, struct option o)
{
    struct conform c;
    char text[512];
    snprintf(text, sizeof text, "algorithm = pkk\npkk { k = %zu candidates = %zu exact = %s momentum = %g masking = %s lr_inside = %s indices = %s }\n",
             o.k, o.candidates, o.one_round ? "false" : "true", o.momentum, o.unmasked ? "false" : "true", o.lr_inside ? "true" : "false",
             conform_indices());
    conform_open(&c, setting, text, o.momentum);
    conform_vector u[W_MAX] = {0}, v[W_MAX] = {0}, input[W_MAX];
    const size_t sends = o.k * o.candidates < c.d ? o.k * o.candidates : c.d;
    while (c.t < setting->steps) {
        const double eta = conform_eta(&c);
        conform_vector sum = {0}, update = {0};
        int sent[W_MAX][D_MAX], arrived[D_MAX] = {0}, chosen[D_MAX];
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector g;
            conform_gradient(&c, w, g);
            for (size_t i = 0; i < c.d; ++i) {
                u[w][i] = o.momentum * u[w][i] + g[i];
                v[w][i] += (o.lr_inside ? eta : 1.0) * u[w][i];
            }
            conform_top(c.d, v[w], NULL, sends, sent[w]);                   /* the worker's P k largest */
            for (size_t i = 0; i < c.d; ++i) {
                sum[i] += sent[w][i] ? v[w][i] : 0.0;
                arrived[i] |= sent[w][i];
            }
        }
        memcpy(input, v, sizeof v);
        conform_top(c.d, sum, arrived, o.k, chosen);                        /* the k largest of the sum, among what arrived */
        for (size_t i = 0; i < c.d; ++i) {
            for (uint32_t w = 0; w < setting->workers && chosen[i]; ++w) {
                if (o.one_round && !sent[w][i]) { continue; }               /* what was not sent stays */
                update[i] += v[w][i] / setting->workers;
                v[w][i] = 0.0;
                if (!o.unmasked) { u[w][i] = 0.0; }
            }
        }
        conform_step(&c);
        if (setting->grain > 0.0) { conform_field(&c, "worker/v", v); } else { conform_memory(&c, "worker/v", v); }
        if (o.momentum > 0.0) { conform_field(&c, "worker/u", u); }
        conform_input(&c, input);
        conform_kept(&c, v);
        conform_update(&c, o.lr_inside ? 1.0 : eta, update, chosen);
    }
    conform_close(&c);
}

static void rounds(void **state)
{
    (void)state;
    for (int one = 0; one < 2; ++one) {
        struct option o = {.k = 3, .candidates = 2, .one_round = one};
        pkk(&conform_random, o);
        pkk(&conform_ties, o);
        o.candidates = 1;
        pkk(&conform_theory, o);
        pkk(&conform_ties, o);
        o.momentum = 0.9;
        pkk(&conform_random, o);
        o.lr_inside = true;
        pkk(&conform_theory, o);
        o.momentum = 0.5;
        o.unmasked = true;
        pkk(&conform_theory, o);
        o.candidates = 9; /* more than d */
        pkk(&conform_random, o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

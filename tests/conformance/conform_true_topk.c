/* conform_true_topk.c - the k largest of the true mean of the workers' memories (Stich, Cordonnier, Jaggi 2018, arXiv:1809.07599,
 * Alg. 1, with the Sketched-SGD paper's momentum). */
#include "tests/conformance/conformance.h"

struct option {
    size_t k;
    double momentum;
    bool unmasked, lr_inside;
};

static void true_topk(const struct conform_setting *setting, struct option o)
{
    struct conform c;
    char text[512];
    snprintf(text, sizeof text, "algorithm = true_topk\ntrue_topk { k = %zu momentum = %g masking = %s lr_inside = %s indices = %s }\n", o.k, o.momentum,
             o.unmasked ? "false" : "true", o.lr_inside ? "true" : "false", conform_indices());
    conform_open(&c, setting, text, o.momentum);
    conform_vector u[W_MAX] = {0}, v[W_MAX] = {0}, input[W_MAX];
    while (c.t < setting->steps) {
        const double eta = conform_eta(&c);
        conform_vector mean = {0};
        int chosen[D_MAX];
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector g;
            conform_gradient(&c, w, g);
            for (size_t i = 0; i < c.d; ++i) {
                u[w][i] = o.momentum * u[w][i] + g[i];
                v[w][i] += (o.lr_inside ? eta : 1.0) * u[w][i];             /* Alg. 1, line 4: m_t + eta_t grad f */
                mean[i] += v[w][i] / setting->workers;
            }
        }
        memcpy(input, v, sizeof v);
        conform_top(c.d, mean, NULL, o.k, chosen);                          /* comp_k of the mean */
        for (size_t i = 0; i < c.d; ++i) {
            for (uint32_t w = 0; w < setting->workers && chosen[i]; ++w) {
                v[w][i] = 0.0;                                              /* line 6: m - g */
                if (!o.unmasked) { u[w][i] = 0.0; }                         /* momentum factor masking */
            }
        }
        conform_step(&c);
        if (setting->grain > 0.0) { conform_field(&c, "worker/v", v); } else { conform_memory(&c, "worker/v", v); }
        if (o.momentum > 0.0) { conform_field(&c, "worker/u", u); } else { conform_absent(&c, "worker/u"); }
        conform_input(&c, input);
        conform_kept(&c, v);
        conform_update(&c, o.lr_inside ? 1.0 : eta, mean, chosen);          /* line 5: x - g */
    }
    conform_close(&c);
}

static void plain(void **state)
{
    (void)state;
    struct option o = {.k = 4};
    true_topk(&conform_random, o);
    true_topk(&conform_ties, o);
    o.lr_inside = true;
    true_topk(&conform_theory, o);
    o.k = 20;
    true_topk(&conform_random, o);
}

static void momentum(void **state)
{
    (void)state;
    struct option o = {.k = 3, .momentum = 0.9};
    true_topk(&conform_random, o);
    true_topk(&conform_theory, o);
    o.lr_inside = true;
    true_topk(&conform_theory, o);
    o.unmasked = true;
    o.momentum = 0.5;
    true_topk(&conform_theory, o);
    true_topk(&conform_ties, o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plain), cmocka_unit_test(momentum)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

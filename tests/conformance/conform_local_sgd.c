/* conform_local_sgd.c - local SGD (Stich 2019, arXiv:1805.09767, Alg. 1; FedAvg of all clients with equal weights, McMahan et al.
 * 2017): gradients at each worker's own iterate, averaged every H steps. */
#include "tests/conformance/conformance.h"

static void local_sgd(const struct conform_setting *setting, uint32_t h, double m)
{
    struct conform c;
    char text[256];
    snprintf(text, sizeof text, "algorithm = local_sgd\nlocal_sgd { local_steps = %u momentum = %g }\n", h, m);
    conform_open(&c, setting, text, m);
    conform_vector u[W_MAX] = {0}, delta[W_MAX] = {0}, input[W_MAX];
    while (c.t < setting->steps) {
        const double eta = conform_eta(&c);
        const bool average = (c.t + 1) % h == 0 || c.t + 1 == setting->steps; /* t + 1 in I_T, which contains T */
        conform_vector mean = {0};
        const int none[D_MAX] = {0};
        for (uint32_t w = 0; w < setting->workers; ++w) {
            for (uint32_t i = 0; i < c.d; ++i) {
                const double at = (double)((float)c.x[i] - (float)delta[w][i]); /* x_t^w */
                const double g = conform_decayed_at(&c, c.t, w, i, at);
                u[w][i] = m * u[w][i] + g;
                delta[w][i] += eta * u[w][i];                               /* line 6: x^w = x^w - eta g */
                mean[i] += delta[w][i] / setting->workers;
            }
        }
        memcpy(input, delta, sizeof delta);
        for (uint32_t w = 0; w < setting->workers && average; ++w) {
            for (size_t i = 0; i < c.d; ++i) { delta[w][i] = 0.0; }         /* line 8: all continue from the mean; u stays */
        }
        conform_step(&c);
        conform_memory(&c, "worker/delta", delta);
        if (m > 0.0) { conform_field(&c, "worker/u", u); } else { conform_absent(&c, "worker/u"); }
        conform_input(&c, input);
        conform_kept(&c, delta);
        conform_update(&c, 1.0, mean, average ? NULL : none);
    }
    conform_close(&c);
}

static void all_ways(void **state)
{
    (void)state;
    struct conform_setting steep = conform_random, momentum = conform_random;
    steep.pull = 0.25;
    steep.decay = 0.1; /* in the gradient, at each worker's own iterate */
    steep.coupled = true;
    momentum.server_momentum = 0.5; /* between two averagings its buffer rests */
    const uint32_t h[] = {1, 2, 5, 8};
    for (int j = 0; j < 4; ++j) {
        local_sgd(&steep, h[j], 0.0);
        local_sgd(&conform_theory, h[j], 0.5);
        local_sgd(&momentum, h[j], 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

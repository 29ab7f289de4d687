/* conform_random_k.c - random-k with a shared seed (Stich, Cordonnier, Jaggi 2018, arXiv:1809.07599, definition 2.1), with and
 * without memory; unbiased: times d/k (Wangni et al. 2018). */
#include "tests/conformance/conformance.h"

struct option {
    size_t k;
    double momentum;
    bool no_memory, unbiased, unmasked, lr_inside;
};

/* k of d without replacement: Floyd 1987, drawn by the server's number so that all agree. */
static void draw(size_t d, size_t k, uint32_t step, int *chosen)
{
    const struct dsgd_rng_key key = {SEED_ALGORITHM, dsgd_rng_purpose("random_k")};
    for (size_t i = 0; i < d; ++i) { chosen[i] = 0; }
    for (size_t j = 0; j < k; ++j) {
        const size_t top = d - k + j;
        const uint32_t r = dsgd_rng_below(key, (uint32_t)j, step, DSGD_RNG_SERVER, (uint32_t)top + 1);
        chosen[chosen[r] ? top : r] = 1;
    }
}

static void random_k(const struct conform_setting *setting, struct option o)
{
    struct conform c;
    char text[512];
    snprintf(text, sizeof text, "algorithm = random_k\nrandom_k { k = %zu momentum = %g memory = %s scale = %s masking = %s lr_inside = %s }\n",
             o.k, o.momentum, o.no_memory ? "false" : "true", o.unbiased ? "unbiased" : "none", o.unmasked ? "false" : "true",
             o.lr_inside ? "true" : "false");
    conform_open(&c, setting, text, o.momentum);
    conform_vector u[W_MAX] = {0}, v[W_MAX] = {0}, input[W_MAX], last_mean = {0}, last_out = {0};
    while (c.t < setting->steps) {
        const double eta = conform_eta(&c);
        conform_vector mean = {0};
        int chosen[D_MAX];
        draw(c.d, o.k, c.t, chosen);
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector g;
            conform_gradient(&c, w, g);
            for (size_t i = 0; i < c.d; ++i) {
                u[w][i] = o.momentum * u[w][i] + g[i];
                v[w][i] += (o.lr_inside ? eta : 1.0) * u[w][i];             /* memory, as in Alg. 1, line 4 */
                input[w][i] = o.no_memory ? u[w][i] : v[w][i];
                mean[i] += input[w][i] / setting->workers;
                if (!chosen[i] || o.no_memory) { continue; }
                v[w][i] = 0.0;                                              /* line 6 */
                if (!o.unmasked) { u[w][i] = 0.0; }
            }
        }
        conform_step(&c);
        if (o.no_memory) {
            conform_absent(&c, "worker/v");
        } else {
            conform_memory(&c, "worker/v", v);
            conform_kept(&c, v);
        }
        if (o.momentum > 0.0) { conform_field(&c, "worker/u", u); }
        conform_input(&c, input);
        const double gain = o.unbiased ? (double)c.d / (double)o.k : 1.0;
        if (c.t > 0) { conform_oracle(&c, c.t, last_mean, last_out, gain); }
        for (size_t i = 0; i < c.d; ++i) {
            last_mean[i] = mean[i];
            last_out[i] = chosen[i] ? gain * mean[i] : 0.0; /* the unbiased compressor's output, d/k included */
        }
        /* rand_k, times d/k where it is to be unbiased */
        conform_update(&c, (o.lr_inside ? 1.0 : eta) * gain, mean, chosen);
    }
    conform_close(&c);
}

static void memory(void **state)
{
    (void)state;
    struct option o = {.k = 4};
    random_k(&conform_random, o);
    o.lr_inside = true;
    random_k(&conform_theory, o);
    o.momentum = 0.9;
    random_k(&conform_theory, o);
    o.lr_inside = false;
    random_k(&conform_random, o);
    o.unmasked = true;
    o.momentum = 0.5;
    random_k(&conform_theory, o);
    o = (struct option){.k = 20};
    random_k(&conform_random, o);
}

static void no_memory(void **state)
{
    (void)state;
    struct option o = {.k = 4, .no_memory = true};
    random_k(&conform_random, o);
    o.unbiased = true;
    random_k(&conform_theory, o);
    o.momentum = 0.5;
    random_k(&conform_theory, o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(memory), cmocka_unit_test(no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

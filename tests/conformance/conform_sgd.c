/* conform_sgd.c - SGD with momentum (Polyak 1964; Robbins, Monro 1951), 16-bit transfer, and what belongs to the engine:
 * server momentum, Nesterov's form, decoupled decay (Loshchilov, Hutter 2019), the averages of the iterates.
 *
 * With 16 bits every number is a short binary fraction, so that sums are exact and each rounding has one right result; the
 * bound is then 0 up to the doubles' 1e-12.
 */
#include "tests/conformance/conformance.h"

static void sgd(const struct conform_setting *setting, double m, int values)
{
    struct conform c;
    char text[256];
    snprintf(text, sizeof text, "algorithm = sgd\nsgd { momentum = %g values = %s }\n", m, conform_values[values]);
    conform_open(&c, setting, text, m);
    if (values != CONFORM_FP32) { c.bound = 1e-12; }
    conform_vector buffer = {0};
    while (c.t < setting->steps) {
        conform_vector update = {0};
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector g;
            conform_gradient(&c, w, g);
            for (size_t i = 0; i < c.d; ++i) { update[i] += conform_as(values, g[i]) / setting->workers; } /* mean of what arrives */
        }
        for (size_t i = 0; i < c.d; ++i) {
            buffer[i] = m * buffer[i] + update[i];           /* Polyak: p = m p + g */
            update[i] = conform_as(values, buffer[i]);       /* and what is sent back */
        }
        conform_step(&c);
        if (m > 0.0) { conform_row(&c, "server/buffer", 0, c.d, buffer); }
        conform_update(&c, conform_eta(&c), update, NULL);   /* w = (1 - eta lambda) w - eta p */
    }
    conform_close(&c);
}

static void plain(void **state)
{
    (void)state;
    sgd(&conform_random, 0.0, CONFORM_FP32);
    sgd(&conform_random, 0.9, CONFORM_FP32);
    sgd(&conform_theory, 0.5, CONFORM_FP32);
    struct conform_setting coupled = conform_theory;
    coupled.coupled = true;
    sgd(&coupled, 0.5, CONFORM_FP32);
}

static void sixteen_bits(void **state)
{
    (void)state;
    const struct conform_setting exact = {.workers = 4, .steps = 10, .grain = 0x1p-9};
    sgd(&exact, 0.0, CONFORM_FP16);
    sgd(&exact, 0.5, CONFORM_FP16);
    sgd(&exact, 0.0, CONFORM_BF16);
    sgd(&exact, 0.5, CONFORM_BF16);
    const struct conform_setting finer = {.workers = 4, .steps = 8, .grain = 0x1p-12};
    sgd(&finer, 0.0, CONFORM_FP16);
    sgd(&finer, 0.5, CONFORM_BF16);
}

/* The engine's own momentum, after the algorithm, and both forms of it. */
static void server_momentum(void **state)
{
    (void)state;
    struct conform_setting setting = conform_theory;
    setting.server_momentum = 0.9;
    sgd(&setting, 0.0, CONFORM_FP32);
    setting.server_nesterov = true;
    sgd(&setting, 0.0, CONFORM_FP32);
    sgd(&setting, 0.5, CONFORM_FP32);
}

/* The averages: of w_0 .. w_{T-1}, the start included, w_T not; the theory's weights are (xi + t)^2. */
static void averages(void **state)
{
    (void)state;
    const char *text[2] = {"average = uniform\nstep { constant = 0.1 }\n",
                           "average = theory\nstep_size = theory\nstep { constant = 8 xi = 400 }\n"};
    for (int theory = 0; theory < 2; ++theory) {
        struct harness h;
        char config[512];
        snprintf(config, sizeof config, "problem = quadratic\nquadratic { d = 10 sigma = 0.5 }\nworkers = 2\nsteps = 25\n%s", text[theory]);
        HARNESS_OK(harness_open(&h, config, NULL, 1));
        double mean[10] = {0}, total = 0.0;
        for (int t = 0; t < 25; ++t) {
            const double q = theory ? (400.0 + t) * (400.0 + t) : 1.0; /* q_t of Algorithm 2 */
            total += q;
            for (int i = 0; i < 10; ++i) { mean[i] += q * dsgd_engine_model(h.engine)[i]; }
            HARNESS_OK(dsgd_engine_step(h.engine));
            /* doubles, at most 25 terms below 1 */
            for (int i = 0; i < 10; ++i) { CHECK_CLOSE(dsgd_engine_output(h.engine)[i], mean[i] / total, 1e-14); }
        }
        harness_close(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plain), cmocka_unit_test(sixteen_bits), cmocka_unit_test(server_momentum),
                                       cmocka_unit_test(averages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

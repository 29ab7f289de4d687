/* conform_qsgd.c - QSGD (Alistarh, Grubic, Li, Tomioka, Vojnovic 2017, arXiv:1610.02132, section 3.1, Q_s, with buckets and the
 * maximum norm of section 4). Levels agree exactly: a level more or less moves the update by far more than the bound. */
#include "tests/conformance/conformance.h"

struct option {
    uint32_t levels;
    size_t bucket;
    bool l2, elias, down_levels;
};

/* Q_s of each bucket, with the norm as the float that is sent. */
static void quantise(const struct option *o, size_t d, const double *v, uint32_t step, uint32_t worker, double *out)
{
    const size_t bucket = o->bucket == 0 || o->bucket > d ? d : o->bucket;
    for (size_t first = 0; first < d; first += bucket) {
        const size_t end = first + bucket < d ? first + bucket : d;
        double norm = 0.0;
        for (size_t i = first; i < end; ++i) { norm = o->l2 ? norm + v[i] * v[i] : fmax(norm, fabs(v[i])); }
        norm = (double)(float)(o->l2 ? sqrt(norm) : norm);
        for (size_t i = first; i < end; ++i) {
            double level = 0.0;
            if (norm > 0.0) {
                const double a = fabs(v[i]) / norm * o->levels;             /* |v_i| s / ||v|| lies in [l, l + 1] */
                const double u = (double)conform_word("qsgd", (uint32_t)i, step, worker) * 0x1p-32;
                level = fmin(floor(a + u), o->levels);                      /* xi: one more with probability a - l */
            }
            out[i] = copysign(norm * level / o->levels, v[i]);              /* ||v|| sgn(v_i) xi_i */
        }
    }
}

static void qsgd(const struct conform_setting *setting, struct option o)
{
    struct conform c;
    char text[512];
    snprintf(text, sizeof text, "algorithm = qsgd\nqsgd { levels = %u bucket = %zu norm = %s coding = %s down = %s }\n", o.levels, o.bucket,
             o.l2 ? "l2" : "max", o.elias ? "elias" : "packed", o.down_levels ? "levels" : "dense");
    conform_open(&c, setting, text, 0.0);
    while (c.t < setting->steps) {
        conform_vector mean = {0}, quantised, input[W_MAX];
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector g = {0};
            conform_gradient(&c, w, g);
            memcpy(input[w], g, sizeof g);
            quantise(&o, c.d, g, c.t, w, quantised);                        /* Alg. 1: M = Encode(g) */
            for (size_t i = 0; i < c.d; ++i) { mean[i] += quantised[i] / setting->workers; }
        }
        if (o.down_levels) {
            memcpy(quantised, mean, sizeof mean);
            quantise(&o, c.d, quantised, c.t, DSGD_RNG_SERVER, mean);
        }
        conform_step(&c);
        conform_input(&c, input);
        conform_update(&c, conform_eta(&c), mean, NULL);                    /* x = x - eta / K sum Decode(M) */
    }
    conform_close(&c);
}

static void all_ways(void **state)
{
    (void)state;
    const size_t bucket[] = {512, 0, 7, 2, 1};
    const uint32_t levels[] = {7, 1, 4, 127, 2};
    for (int b = 0; b < 5; ++b) {
        for (int choice = 0; choice < 8; ++choice) {
            const struct option o = {.levels = levels[b], .bucket = bucket[b], .l2 = choice & 1, .elias = choice & 2, .down_levels = choice & 4};
            qsgd(&conform_random, o);
            qsgd(choice & 1 ? &conform_theory : &conform_ties, o);
        }
    }
    struct conform_setting coarse = conform_ties; /* whole buckets of zeros: norm 0 */
    coarse.grain = 1.0;
    for (int choice = 0; choice < 8; ++choice) {
        qsgd(&coarse, (struct option){.levels = 3, .bucket = 3, .l2 = choice & 1, .elias = choice & 2, .down_levels = choice & 4});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

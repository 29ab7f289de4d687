/* conform_terngrad.c - TernGrad (Wen, Xu, Yan, Wu, Wang, Chen, Li 2017, arXiv:1705.07878, Alg. 1; "scaler sharing";
 * "gradient clipping"). Ternary values agree exactly: one more or less moves the update by s / W. */
#include "tests/conformance/conformance.h"

struct option {
    double clip;
    bool std_scaler, own, segments, entropy;
};

/* Clips v (scaler = max) and returns the scaler of one part, as the float that is sent. The public code's scaler c sigma clips
 * by itself, where |v| >= s. Neither where sigma = 0: the worker would be silenced (departure). */
static double scaler(const struct option *o, size_t n, double *v)
{
    double mean = 0.0, square = 0.0, largest = 0.0;
    for (size_t i = 0; i < n; ++i) { mean += v[i]; }
    mean /= (double)n; /* exact where all are equal */
    for (size_t i = 0; i < n; ++i) { square += (v[i] - mean) * (v[i] - mean) / (double)n; }
    const double bound = (double)(float)(o->clip * sqrt(square));           /* c sigma of equation (clipping) */
    if (o->std_scaler && square > 0.0) { return bound; }
    for (size_t i = 0; i < n; ++i) {
        if (o->clip > 0.0 && square > 0.0) { v[i] = fmin(fmax(v[i], -bound), bound); }
        largest = fmax(largest, fabs(v[i]));                                /* s = max |g| */
    }
    return largest;
}

/* sign(v) with probability |v| / s: word < floor(|v| / s 2^32), always where |v| >= s. */
static double ternary(double v, double s, uint32_t i, uint32_t step, uint32_t worker)
{
    const double threshold = fabs(v) >= s ? 0x1p32 : floor(fabs(v) / s * 0x1p32);
    return v == 0.0 || s == 0.0 || (double)conform_word("terngrad", i, step, worker) >= threshold ? 0.0 : v < 0.0 ? -1.0 : 1.0;
}

static void terngrad(const struct conform_setting *setting, struct option o)
{
    struct conform c;
    char text[512];
    snprintf(text, sizeof text, "algorithm = terngrad\nterngrad { clip = %g scaler = %s share = %s per = %s coding = %s }\n", o.clip,
             o.std_scaler ? "std" : "max", o.own ? "false" : "true", o.segments ? "segment" : "vector", o.entropy ? "entropy" : "planes");
    conform_open(&c, setting, text, 0.0);
    const struct dsgd_segment whole = {.count = c.d};
    while (c.t < setting->steps) {
        conform_vector g[W_MAX], mean = {0};
        for (uint32_t w = 0; w < setting->workers; ++w) { conform_gradient(&c, w, g[w]); }
        for (size_t j = 0; j < (o.segments ? c.layout.segments : 1); ++j) {
            const struct dsgd_segment *part = o.segments ? &c.layout.segment[j] : &whole;
            double s[W_MAX], shared = 0.0;
            for (uint32_t w = 0; w < setting->workers; ++w) {
                s[w] = scaler(&o, part->count, g[w] + part->offset);
                shared = fmax(shared, s[w]);                                /* scaler sharing: the largest of all workers */
            }
            for (uint32_t w = 0; w < setting->workers; ++w) {
                const double scale = o.own ? s[w] : shared;
                for (size_t i = part->offset; i < part->offset + part->count; ++i) {
                    mean[i] += scale * ternary(g[w][i], scale, (uint32_t)i, c.t, w) / setting->workers; /* line 5: s sign(g) o b */
                }
            }
        }
        conform_step(&c);
        conform_input(&c, g);
        conform_update(&c, conform_eta(&c), mean, NULL);                    /* line 9: w = w - eta mean */
    }
    conform_close(&c);
}

static void all_ways(void **state)
{
    (void)state;
    struct conform_setting coarse = conform_ties; /* mostly zeros: scalers of 0 */
    coarse.grain = 1.0;
    for (int choice = 0; choice < 16; ++choice) {
        struct option o = {.clip = 2.5, .std_scaler = choice & 1, .own = choice & 2, .segments = choice & 4, .entropy = choice & 8};
        terngrad(&conform_random, o);
        terngrad(&conform_ties, o);
        terngrad(&coarse, o);
        o.clip = 1.0; /* cuts many */
        terngrad(&conform_theory, o);
        if (o.std_scaler) { continue; }
        o.clip = 0.0; /* cuts none */
        terngrad(&conform_random, o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* conform_ef_signsgd.c - EF-signSGD (Karimireddy, Rebjock, Stich, Jaggi 2019, arXiv:1901.09847, Alg. 1), and compression in
 * both directions (Zheng, Huang, Kwok 2019, arXiv:1905.10936, Alg. 2: dist-EF-SGD).
 *
 * Signs agree exactly. The scale is sent as a float, one more rounding of it in each direction, within the common bound. */
#include "tests/conformance/conformance.h"

struct option {
    double momentum;
    bool segments, down_sign, minus, lr_outside;
};

/* out = ||p||_1 / n sign(p), for the whole vector or each segment. */
static void compress(const struct conform *c, const struct option *o, const double *p, double *out)
{
    const struct dsgd_segment whole = {.count = c->d};
    for (size_t j = 0; j < (o->segments ? c->layout.segments : 1); ++j) {
        const struct dsgd_segment *part = o->segments ? &c->layout.segment[j] : &whole;
        double sum = 0.0;
        for (size_t i = part->offset; i < part->offset + part->count; ++i) { sum += fabs(p[i]); }
        const double scale = (double)(float)(sum / (double)part->count);    /* as it is sent */
        for (size_t i = part->offset; i < part->offset + part->count; ++i) {
            out[i] = p[i] < 0.0 || (p[i] == 0.0 && o->minus) ? -scale : scale;
        }
    }
}

static void ef_signsgd(const struct conform_setting *setting, struct option o)
{
    struct conform c;
    char text[512];
    snprintf(text, sizeof text, "algorithm = ef_signsgd\nef_signsgd { momentum = %g scale = %s down = %s zero = %s lr_inside = %s }\n",
             o.momentum, o.segments ? "segment" : "whole", o.down_sign ? "sign" : "mean", o.minus ? "minus" : "plus",
             o.lr_outside ? "false" : "true");
    conform_open(&c, setting, text, o.momentum);
    conform_vector u[W_MAX] = {0}, e[W_MAX] = {0}, p[W_MAX], server = {0};
    while (c.t < setting->steps) {
        const double eta = conform_eta(&c);
        conform_vector mean = {0}, sent;
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector g;
            conform_gradient(&c, w, g);
            for (size_t i = 0; i < c.d; ++i) {
                u[w][i] = o.momentum * u[w][i] + g[i];
                p[w][i] = (o.lr_outside ? 1.0 : eta) * u[w][i] + e[w][i];   /* Alg. 1, line 5: p = gamma g + e */
            }
            compress(&c, &o, p[w], sent);                                   /* line 6: Delta = (||p||_1 / d) sign(p) */
            for (size_t i = 0; i < c.d; ++i) {
                e[w][i] = p[w][i] - sent[i];                                /* line 8: e = p - Delta */
                mean[i] += sent[i] / setting->workers;
            }
        }
        if (o.down_sign) {
            for (size_t i = 0; i < c.d; ++i) { mean[i] += server[i]; }      /* dist-EF-SGD: p~ = mean + e~ */
            compress(&c, &o, mean, sent);
            for (size_t i = 0; i < c.d; ++i) {
                server[i] = mean[i] - sent[i];                              /* e~ = p~ - C(p~) */
                mean[i] = sent[i];
            }
        }
        conform_step(&c);
        conform_field(&c, "worker/e", e);
        if (o.momentum > 0.0) { conform_field(&c, "worker/u", u); } else { conform_absent(&c, "worker/u"); }
        if (o.down_sign) { conform_row(&c, "server/e", 0, c.d, server); } else { conform_absent(&c, "server/e"); }
        conform_input(&c, p);
        conform_kept(&c, e);
        conform_update(&c, o.lr_outside ? eta : 1.0, mean, NULL);           /* line 7: x = x - Delta */
    }
    conform_close(&c);
}

static void all_ways(void **state)
{
    (void)state;
    for (int choice = 0; choice < 8; ++choice) {
        struct option o = {.segments = choice & 1, .down_sign = choice & 2, .lr_outside = choice & 4};
        ef_signsgd(&conform_random, o);
        o.momentum = 0.9;
        ef_signsgd(&conform_theory, o);
    }
}

static void zeros(void **state)
{
    (void)state;
    struct conform_setting coarse = conform_ties; /* zeros stay zeros only while the error is zero */
    coarse.steps = 3;
    coarse.grain = 1.0;
    for (int choice = 0; choice < 8; ++choice) {
        const struct option o = {.segments = choice & 1, .down_sign = choice & 2, .minus = choice & 4};
        ef_signsgd(&coarse, o);
        coarse.grain = 0.25;
        ef_signsgd(&coarse, o);
        coarse.grain = 1.0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_ways), cmocka_unit_test(zeros)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

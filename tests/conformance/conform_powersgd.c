/* conform_powersgd.c - PowerSGD (Vogels, Karimireddy, Jaggi 2019, arXiv:1905.13727, Alg. 1 and 2).
 *
 * Bound. Gram-Schmidt multiplies a column's relative error by the ratio of its norm before and after (GAIN = 64, checked), and
 * the next start inherits it; the common bound times GAIN holds all of it. The start is drawn as a vector over all matrices,
 * columns one after another: element j is the half j % 2 (cosine, sine) of draw j / 2, Box and Muller 1958.
 */
#include "tests/conformance/conformance.h"

enum { GAIN = 64, RANK_MAX = 3, SIDE_MAX = 8 };

struct option {
    size_t rank;
    bool cold, own, no_memory, square;
};

struct matrix {
    size_t offset, count, rows, cols; /* count < rows cols: padded with zeros */
    size_t first;                     /* of its start in q */
};

static int matrices(const struct conform *c, const struct option *o, struct matrix *out)
{
    int n = 0;
    size_t first = 0;
    for (size_t j = 0; j < c->layout.segments; ++j) {
        const struct dsgd_segment *s = &c->layout.segment[j];
        struct matrix m = {.offset = s->offset, .count = s->count, .rows = s->rows, .cols = s->cols};
        if (o->square && s->rows == 1) {
            m.rows = (size_t)floor(sqrt((double)s->count));
            m.cols = (s->count + m.rows - 1) / m.rows;
        }
        if (m.rows <= 1 || m.cols <= 1 || o->rank > m.rows || o->rank > m.cols || o->rank * (m.rows + m.cols) >= s->count) { continue; }
        m.first = first;
        first += o->rank * m.cols;
        out[n++] = m;
    }
    return n;
}

static void draw_start(uint32_t step, size_t n, double *q)
{
    const struct dsgd_rng_key key = {SEED_ALGORITHM, dsgd_rng_purpose("powersgd start")};
    for (size_t j = 0; j < n; ++j) {
        const struct dsgd_rng4 r = dsgd_rng_draw(key, (uint32_t)(j / 2), step, DSGD_RNG_SERVER, 0);
        const double radius = sqrt(-2.0 * log(dsgd_rng_unit(dsgd_rng_u64(&r, 0)))), angle = 2.0 * acos(-1.0) * dsgd_rng_unit(dsgd_rng_u64(&r, 1));
        q[j] = radius * (j % 2 ? sin(angle) : cos(angle));
    }
}

static double element(const struct matrix *m, const double *v, size_t row, size_t col)
{
    const size_t at = row * m->cols + col;
    return at < m->count ? v[m->offset + at] : 0.0;
}

/* Alg. 1, line 5: P^ = orthonormal columns, modified Gram-Schmidt. */
static void orthonormalise(size_t rows, size_t rank, double p[][SIDE_MAX])
{
    for (size_t a = 0; a < rank; ++a) {
        double before = 0.0, after = 0.0;
        for (size_t i = 0; i < rows; ++i) { before += p[a][i] * p[a][i]; }
        for (size_t b = 0; b < a; ++b) {
            double dot = 0.0;
            for (size_t i = 0; i < rows; ++i) { dot += p[a][i] * p[b][i]; }
            for (size_t i = 0; i < rows; ++i) { p[a][i] -= dot * p[b][i]; }
        }
        for (size_t i = 0; i < rows; ++i) { after += p[a][i] * p[a][i]; }
        assert_true(before == 0.0 || sqrt(after) * GAIN > sqrt(before));
        for (size_t i = 0; i < rows; ++i) { p[a][i] = after > 0.0 ? p[a][i] / sqrt(after) : 0.0; }
    }
}

/* One matrix: mean = P^ Q^T; own[w] = P^ Q_w^T; q becomes Q. */
static void compress(const struct conform *c, const struct matrix *m, size_t rank, conform_vector *delta, double *q, double *mean,
                     conform_vector *own)
{
    const uint32_t workers = c->setting.workers;
    double p[RANK_MAX][SIDE_MAX] = {{0}}, each[W_MAX][RANK_MAX * SIDE_MAX] = {{0}};
    assert_true(rank <= RANK_MAX && m->rows <= SIDE_MAX && m->cols <= SIDE_MAX);
    for (uint32_t w = 0; w < workers; ++w) {
        for (size_t a = 0; a < rank; ++a) {
            for (size_t i = 0; i < m->rows; ++i) {
                for (size_t j = 0; j < m->cols; ++j) { p[a][i] += element(m, delta[w], i, j) * q[a * m->cols + j] / workers; } /* lines 3-4: mean of M Q */
            }
        }
    }
    orthonormalise(m->rows, rank, p);
    memset(q, 0, rank * m->cols * sizeof *q);
    for (uint32_t w = 0; w < workers; ++w) {
        for (size_t at = 0; at < rank * m->cols; ++at) {
            const size_t a = at / m->cols, j = at % m->cols;
            for (size_t i = 0; i < m->rows; ++i) { each[w][at] += element(m, delta[w], i, j) * p[a][i]; } /* line 6: Q = M^T P^ */
            q[at] += each[w][at] / workers;                                                               /* line 7: the mean */
        }
    }
    for (size_t at = 0; at < m->count; ++at) {
        const size_t i = at / m->cols, j = at % m->cols;
        mean[m->offset + at] = 0.0;
        for (uint32_t w = 0; w < workers; ++w) { own[w][m->offset + at] = 0.0; }
        for (size_t a = 0; a < rank; ++a) {
            mean[m->offset + at] += p[a][i] * q[a * m->cols + j];                                         /* decompress: P^ Q^T */
            for (uint32_t w = 0; w < workers; ++w) { own[w][m->offset + at] += p[a][i] * each[w][a * m->cols + j]; }
        }
    }
}

static void powersgd(const struct conform_setting *setting, struct option o)
{
    struct conform c;
    struct matrix m[3];
    char text[512];
    snprintf(text, sizeof text, "algorithm = powersgd\npowersgd { rank = %zu warm_start = %s feedback = %s memory = %s vectors = %s }\n", o.rank,
             o.cold ? "false" : "true", o.own ? "own" : "mean", o.no_memory ? "false" : "true", o.square ? "square" : "dense");
    conform_open(&c, setting, text, 0.0);
    c.bound *= GAIN;
    conform_vector e[W_MAX] = {0}, delta[W_MAX];
    double q[3 * RANK_MAX * SIDE_MAX];
    const int n = matrices(&c, &o, m);
    assert_true(n > 0);
    const size_t length = m[n - 1].first + o.rank * m[n - 1].cols;
    while (c.t < setting->steps) {
        conform_vector mean = {0}, own[W_MAX];
        if (c.t == 0 || o.cold || setting->grain >= 2.0) { draw_start(c.t, length, q); } /* section 3: warm start */
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector g;
            conform_gradient(&c, w, g);
            for (size_t i = 0; i < c.d; ++i) {
                delta[w][i] = g[i] + e[w][i];                               /* Alg. 2, line 7 */
                mean[i] += delta[w][i] / setting->workers;                  /* dense segments */
            }
        }
        memcpy(own, delta, sizeof own);
        for (int j = 0; j < n; ++j) { compress(&c, &m[j], o.rank, delta, q + m[j].first, mean, own); }
        for (uint32_t w = 0; w < setting->workers; ++w) {
            conform_vector sent;
            memcpy(sent, own[w], sizeof sent);                              /* dense segments are sent as they are: e = 0 */
            for (int j = 0; j < n && !o.own; ++j) { memcpy(sent + m[j].offset, mean + m[j].offset, m[j].count * sizeof *sent); }
            for (size_t i = 0; i < c.d; ++i) { e[w][i] = o.no_memory ? 0.0 : delta[w][i] - sent[i]; } /* line 9 */
        }
        conform_step(&c);
        if (o.no_memory) { conform_absent(&c, "worker/e"); } else { conform_field(&c, "worker/e", e); }
        if (!o.no_memory) { conform_kept(&c, e); }
        conform_input(&c, delta);
        if (o.cold) { conform_absent(&c, "worker/q"); }
        for (uint32_t w = 0; w < setting->workers && !o.cold; ++w) { conform_row(&c, "worker/q", w, length, q); }
        conform_update(&c, conform_eta(&c), mean, NULL);                    /* line 13 */
    }
    conform_close(&c);
}

static void all_ways(void **state)
{
    (void)state;
    struct conform_setting wide = conform_random, theory = conform_theory;
    wide.wide = theory.wide = true;
    theory.server_momentum = 0.5;                                           /* Alg. 2, line 12: momentum after compression */
    theory.server_nesterov = true;
    for (int choice = 0; choice < 16; ++choice) {
        struct option o = {.rank = 2, .cold = choice & 1, .own = choice & 2, .no_memory = choice & 4, .square = choice & 8};
        if (o.own && o.no_memory) { continue; }                             /* refused: nothing is fed back */
        powersgd(&wide, o);
        o.rank = 1;
        powersgd(&conform_random, o);
        powersgd(&theory, o);
    }
}

/* All gradients zero: no column of P survives, and nothing becomes NaN. */
static void nothing(void **state)
{
    (void)state;
    const struct conform_setting zero = {.workers = 2, .steps = 4, .grain = 2.0};
    powersgd(&zero, (struct option){.rank = 1});
    powersgd(&zero, (struct option){.rank = 1, .cold = true, .own = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_ways), cmocka_unit_test(nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

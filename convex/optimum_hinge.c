/* optimum_hinge.c - the minimiser of the l2-regularised hinge loss, with its duality gap.
 *
 * Stochastic dual coordinate ascent (Hsieh, Chang, Lin, Keerthi, Sundararajan, ICML 2008; Shalev-Shwartz, Zhang, JMLR
 * 14, 2013) on
 *     D(alpha) = 1/n sum alpha_i - l2/2 ||w(alpha)||^2,   w(alpha) = 1/(l2 n) sum alpha_i y_i a_i,   0 <= alpha_i <= 1,
 * in random order, with an active set: examples that sit at a bound and are pushed against it are left out, and all
 * come back before convergence is believed. Coordinate ascent finds out quickly which alpha are strictly inside the
 * box, but is slow to settle their values when the Hessian on that face is ill-conditioned; so once the set is small,
 * conjugate gradients maximise D on the face (departure from both papers). Images are sparse (a fifth of MNIST's
 * pixels): rows are packed first. f* lies between D(alpha) and f(w(alpha)); both are computed from alpha alone at the
 * end.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "convex/optimum.h"
#include "sim/kernel/sum.h"
#include "sim/kernel/rng.h"

static const double gap_max = 1e-8, gap_aim = 2e-9;
enum {
    EPOCHS_MAX = 20000,
    FACE_INTERVAL = 100, /* epochs between steps on the face */
    FACE_ITERATIONS = 400,
    FACE_MOVES = 4, /* of one step: each but the last ends at a bound, and its coordinate leaves the face */
};

/* The nonzero features of the training set, row by row, and the dual state. */
struct sdca {
    const struct dsgd_linear *p;
    size_t *start; /* [n + 1] into column, value */
    uint32_t *column;
    float *value;     /* numbers of the rows: `unit` times the features' values */
    double unit;
    double *square;   /* [n] ||a_i||^2 */
    double *alpha;    /* [n] */
    double *w;        /* [d] running w(alpha); its features' entries are divided by the unit */
    uint32_t *active; /* [n] */
    size_t actives;
};

static void sdca_free(struct sdca *s)
{
    free(s->start);
    free(s->column);
    free(s->value);
    free(s->square);
    free(s->alpha);
    free(s->w);
    free(s->active);
}

/* The numbers of row i that are not 0, to column and value unless these are NULL; returns how many. */
static size_t pack_row(const struct dsgd_split *train, size_t features, size_t i, uint32_t *column, float *value)
{
    const size_t from = train->form == DSGD_ROWS_SPARSE ? train->start[i] : i * features;
    const size_t count = train->form == DSGD_ROWS_SPARSE ? train->start[i + 1] - from : features;
    size_t used = 0;
    for (size_t k = 0; k < count; ++k) {
        const float v = train->form == DSGD_ROWS_BYTES    ? (float)train->feature[from + k]
                        : train->form == DSGD_ROWS_FLOATS ? train->real[from + k]
                                                          : train->value[from + k];
        if (v == 0) { continue; }
        if (value) {
            column[used] = train->form == DSGD_ROWS_SPARSE ? train->column[from + k] : (uint32_t)k;
            value[used] = v;
        }
        ++used;
    }
    return used;
}

static enum dsgd_status sdca_pack(struct sdca *s)
{
    const struct dsgd_linear *p = s->p;
    const struct dsgd_split *train = &p->data->train;
    size_t nonzeros = 0;
    for (size_t i = 0; i < p->n; ++i) { nonzeros += pack_row(train, p->features, i, NULL, NULL); }
    s->start = malloc((p->n + 1) * sizeof *s->start);
    s->column = malloc((nonzeros + 1) * sizeof *s->column); /* + 1: never 0 bytes */
    s->value = malloc((nonzeros + 1) * sizeof *s->value);
    s->square = malloc(p->n * sizeof *s->square);
    s->alpha = calloc(p->n, sizeof *s->alpha);
    s->w = calloc(p->d, sizeof *s->w);
    s->active = malloc(p->n * sizeof *s->active);
    if (!s->start || !s->column || !s->value || !s->square || !s->alpha || !s->w || !s->active) {
        return dsgd_fail(DSGD_ENOMEM, "no memory for %zu nonzero features of %zu examples", nonzeros, p->n);
    }
    s->unit = dsgd_form_unit(train->form);
    s->start[0] = 0;
    for (size_t i = 0; i < p->n; ++i) {
        const size_t at = s->start[i];
        s->start[i + 1] = at + pack_row(train, p->features, i, s->column + at, s->value + at);
        s->square[i] = dsgd_linear_square(train, p->features, i);
    }
    return DSGD_OK;
}

/* <a_i, w> for w in the scaling of s->w: features' entries divided by the unit */
static double sdca_score(const struct sdca *s, const double *w, size_t i)
{
    const uint32_t *column = s->column;
    const float *value = s->value;
    double a = 0, b = 0, c = 0, d = 0;
    size_t k = s->start[i];
    const size_t end = s->start[i + 1];
    for (; k + 4 <= end; k += 4) {
        a += (double)value[k] * w[column[k]];
        b += (double)value[k + 1] * w[column[k + 1]];
        c += (double)value[k + 2] * w[column[k + 2]];
        d += (double)value[k + 3] * w[column[k + 3]];
    }
    for (; k < end; ++k) { a += (double)value[k] * w[column[k]]; }
    return (a + b) + (c + d) + w[s->p->features];
}

/* w += amount a_i, in the same scaling */
static void sdca_add(const struct sdca *s, double *w, size_t i, double amount)
{
    const double scale = amount / (s->unit * s->unit);
    for (size_t k = s->start[i]; k < s->start[i + 1]; ++k) { w[s->column[k]] += scale * (double)s->value[k]; }
    w[s->p->features] += amount;
}

/* One pass over the active examples in random order. Drops those at a bound whose gradient pushes them against it by
 * more than the last pass's largest violation (shrinking as in LIBLINEAR). Returns the largest violation of optimality.
 * */
static double sdca_epoch(struct sdca *s, struct dsgd_rng_key key, uint32_t epoch, double bound)
{
    const struct dsgd_linear *p = s->p;
    const double scale = p->l2 * (double)p->n;
    double worst = 0;
    for (size_t m = s->actives; m > 1; --m) { /* Fisher and Yates */
        const uint32_t other = dsgd_rng_below(key, (uint32_t)m, epoch, 0, (uint32_t)m);
        const uint32_t swap = s->active[m - 1];
        s->active[m - 1] = s->active[other];
        s->active[other] = swap;
    }
    size_t kept = 0;
    for (size_t m = 0; m < s->actives; ++m) {
        const size_t i = s->active[m];
        const double y = dsgd_linear_sign(p, p->data->train.label[i]);
        const double ascent = 1 - y * sdca_score(s, s->w, i); /* n dD/dalpha_i */
        const double old = s->alpha[i];
        if ((old <= 0 && ascent < -bound) || (old >= 1 && ascent > bound)) { continue; }
        s->active[kept++] = (uint32_t)i;
        const double violation = old <= 0 ? fmax(ascent, 0) : old >= 1 ? fmax(-ascent, 0) : fabs(ascent);
        worst = fmax(worst, violation);
        const double now = fmin(fmax(old + scale * ascent / s->square[i], 0), 1);
        if (now != old) {
            s->alpha[i] = now;
            sdca_add(s, s->w, i, (now - old) * y / scale);
        }
    }
    s->actives = kept;
    return worst;
}

static double signed_one(const struct sdca *s, size_t i)
{
    return dsgd_linear_sign(s->p, s->p->data->train.label[i]);
}

/* The coordinates strictly inside the box, and conjugate gradients for K step = r on them: K_ij = y_i y_j <a_i,
 * a_j>/(l2 n) is minus n times the Hessian of D, r n times its gradient. */
struct face {
    size_t size;
    uint32_t *example;         /* [size] */
    double *step, *r, *q, *kq; /* [size] */
    double *v;                 /* [d] */
};

static void face_multiply(const struct sdca *s, struct face *face)
{
    memset(face->v, 0, s->p->d * sizeof *face->v);
    for (size_t m = 0; m < face->size; ++m) {
        const size_t i = face->example[m];
        sdca_add(s, face->v, i, face->q[m] * signed_one(s, i) / (s->p->l2 * (double)s->p->n));
    }
    for (size_t m = 0; m < face->size; ++m) {
        const size_t i = face->example[m];
        face->kq[m] = signed_one(s, i) * sdca_score(s, face->v, i);
    }
}

static void face_solve(const struct sdca *s, struct face *face)
{
    double rr = 0;
    for (size_t m = 0; m < face->size; ++m) {
        const size_t i = face->example[m];
        face->step[m] = 0;
        face->q[m] = face->r[m] = 1 - signed_one(s, i) * sdca_score(s, s->w, i);
        rr += face->r[m] * face->r[m];
    }
    const double stop = 1e-10 * rr;
    for (int it = 0; it < FACE_ITERATIONS && rr > stop; ++it) {
        double curvature = 0, length2 = 0, next = 0;
        face_multiply(s, face);
        for (size_t m = 0; m < face->size; ++m) {
            curvature += face->q[m] * face->kq[m];
            length2 += face->q[m] * face->q[m];
        }
        if (!(curvature > 1e-14 * length2)) { break; } /* K is singular if examples repeat or size > d */
        for (size_t m = 0; m < face->size; ++m) {
            face->step[m] += rr / curvature * face->q[m];
            face->r[m] -= rr / curvature * face->kq[m];
            next += face->r[m] * face->r[m];
        }
        for (size_t m = 0; m < face->size; ++m) { face->q[m] = face->r[m] + next / rr * face->q[m]; }
        rr = next;
    }
}

/* Goes from alpha towards the maximum of D on its face, as far as the box allows: D grows all the way. True if the
 * maximum was reached. */
static bool face_move(struct sdca *s, const struct face *face)
{
    double t = 1;
    size_t blocking = face->size;
    for (size_t m = 0; m < face->size; ++m) {
        const double alpha = s->alpha[face->example[m]], step = face->step[m];
        if (alpha + t * step > 1) {
            t = (1 - alpha) / step;
            blocking = m;
        } else if (alpha + t * step < 0) {
            t = -alpha / step;
            blocking = m;
        }
    }
    for (size_t m = 0; m < face->size; ++m) {
        const size_t i = face->example[m];
        const double old = s->alpha[i];
        s->alpha[i] = fmin(fmax(old + t * face->step[m], 0), 1);
        if (m == blocking) { s->alpha[i] = face->step[m] > 0 ? 1 : 0; } /* exactly, whatever rounding makes of it */
        sdca_add(s, s->w, i, (s->alpha[i] - old) * signed_one(s, i) / (s->p->l2 * (double)s->p->n));
    }
    return blocking == face->size;
}

static enum dsgd_status sdca_face(struct sdca *s)
{
    struct face face = {.example = malloc((s->actives + 1) * sizeof *face.example)};
    double *work = malloc((4 * s->actives + s->p->d) * sizeof *work);
    if (!face.example || !work) {
        free(face.example);
        free(work);
        return dsgd_fail(DSGD_ENOMEM, "no memory for a step on %zu examples", s->actives);
    }
    face.v = work;
    face.step = face.v + s->p->d;
    face.r = face.step + s->actives;
    face.q = face.r + s->actives;
    face.kq = face.q + s->actives;
    bool reached = false;
    for (int move = 0; move < FACE_MOVES && !reached; ++move) {
        face.size = 0;
        for (size_t m = 0; m < s->actives; ++m) {
            const uint32_t i = s->active[m];
            if (s->alpha[i] > 0 && s->alpha[i] < 1) { face.example[face.size++] = i; }
        }
        face_solve(s, &face);
        reached = face_move(s, &face);
    }
    free(face.example);
    free(work);
    return DSGD_OK;
}

/* w(alpha) [d] from alpha alone, in the plain scaling, by the rows themselves and in the order of the examples. */
static void dual_point(const struct sdca *s, double *w)
{
    const struct dsgd_linear *p = s->p;
    memset(w, 0, p->d * sizeof *w);
    for (size_t i = 0; i < p->n; ++i) {
        if (s->alpha[i] == 0) { continue; }
        const double c = s->alpha[i] * dsgd_linear_sign(p, p->data->train.label[i]);
        dsgd_linear_add(&p->data->train, p->features, i, c, w);
        w[p->features] += c;
    }
    const double scale = p->l2 * (double)p->n;
    for (size_t j = 0; j < p->features; ++j) { w[j] /= s->unit * scale; }
    w[p->features] /= scale;
}

/* f(w(alpha)) and f(w(alpha)) - D(alpha), nothing taken from the running state but alpha. w [d] receives w(alpha). */
static enum dsgd_status dual_gap(const struct sdca *s, double *w, double *f, double *gap)
{
    const struct dsgd_linear *p = s->p;
    double value[DSGD_LINEAR_METRICS];
    dual_point(s, w);
    DSGD_TRY(dsgd_linear_evaluate(p, w, value));
    const double mean = dsgd_sum_of(p->n, s->alpha) / (double)p->n;
    *f = value[DSGD_LINEAR_OBJECTIVE];
    *gap = *f - (mean - 0.5 * p->l2 * dsgd_sum_products_f64(p->d, w, w));
    return DSGD_OK;
}

static enum dsgd_status sdca_solve(struct sdca *s, double *w, double *f, double *gap)
{
    const struct dsgd_linear *p = s->p;
    const struct dsgd_rng_key key = {1, dsgd_rng_purpose("sdca order")};
    double bound = HUGE_VAL, tolerance = 0.1;
    uint32_t face_epoch = 0;
    bool all = true;
    s->actives = p->n;
    for (size_t i = 0; i < p->n; ++i) { s->active[i] = (uint32_t)i; }
    for (uint32_t epoch = 0; epoch < EPOCHS_MAX; ++epoch) {
        const double worst = sdca_epoch(s, key, epoch, bound);
        bound = worst > 0 ? worst : HUGE_VAL;
        if (worst > tolerance) {
            all = false;
            if (s->actives <= 4 * p->d && epoch - face_epoch >= FACE_INTERVAL) {
                DSGD_TRY(sdca_face(s));
                face_epoch = epoch;
            }
            continue;
        }
        DSGD_TRY(dual_gap(s, w, f, gap));
        if (*gap <= gap_aim) { return DSGD_OK; }
        if (all) { tolerance /= 4; }
        s->actives = p->n;
        for (size_t i = 0; i < p->n; ++i) { s->active[i] = (uint32_t)i; }
        bound = HUGE_VAL;
        all = true;
    }
    return dual_gap(s, w, f, gap);
}

enum dsgd_status dsgd_optimum_hinge(const struct dsgd_linear *p, struct dsgd_optimum *out)
{
    *out = (struct dsgd_optimum){.certificate = "duality gap"};
    if (!(p->l2 > 0)) { return dsgd_fail(DSGD_EUNAVAILABLE, "svm.l2 = %g: no certified optimum, expected l2 > 0", p->l2); }
    struct sdca s = {.p = p};
    double *w = malloc(p->d * sizeof *w);
    enum dsgd_status status = w ? sdca_pack(&s) : dsgd_fail(DSGD_ENOMEM, "no memory for %zu parameters", p->d);
    if (status == DSGD_OK) { status = sdca_solve(&s, w, &out->f_star, &out->gap); }
    if (status == DSGD_OK && !(out->gap <= gap_max)) {
        status =
            dsgd_fail(DSGD_EINTERNAL, "svm.l2 = %g: duality gap %.3g, expected at most %.0e", p->l2, out->gap, gap_max);
    }
    sdca_free(&s);
    if (status != DSGD_OK) {
        free(w);
        return status;
    }
    snprintf(out->solver, sizeof out->solver, "SDCA with active set");
    out->w = w;
    return DSGD_OK;
}

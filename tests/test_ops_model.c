/* test_ops_model.c - the model's updates and what the observer measures, on every device against plain loops and sorted magnitudes. */
#include "tests/ops.h"

enum { N_MAX = OPS_LONGEST, ROWS = 3, STEP = 41 };

static float value[ROWS * N_MAX], replica[N_MAX];
static double model[N_MAX], mean[N_MAX], got[N_MAX];

/* A vector of doubles with the kinds of ops_value and more bits than a float holds. */
static void fill_double(double *v, size_t n, uint32_t seed, int nasty)
{
    for (size_t i = 0; i < n; ++i) { v[i] = (double)ops_value((uint32_t)i + seed * 7919u, nasty) * (1.0 + 0x1p-40 * (double)(i % 97)); }
}

static void same64(double actual, double expected, size_t i)
{
    if (!((isnan(actual) && isnan(expected)) || memcmp(&actual, &expected, sizeof actual) == 0)) {
        fail_msg("%a, expected %a, at %zu", actual, expected, i);
    }
}

/* A word in device memory. */
static void *word_at(struct ops *o, uint32_t word)
{
    void *memory = o->queue.device->alloc(0, 64);
    assert_non_null(memory);
    o->queue.device->write(&o->queue, memory, &word, sizeof word);
    return memory;
}

static uint32_t word_of(struct ops *o, const void *memory)
{
    uint32_t word;
    o->queue.device->read(&o->queue, &word, memory, sizeof word);
    return word;
}

/* form: dense, sparse, or nothing but a shrink. diverged: the word before. */
static void one_update(int device, size_t n, int form, double shrink, bool nasty, uint32_t diverged)
{
    struct ops o;
    static uint32_t at[N_MAX];
    const double scale = 0.3;
    const size_t count = (n + 2) / 3;
    ops_open(&o, device, 1);
    ops_fill(value, n, 5, nasty);
    fill_double(model, n, 6, 0);
    for (size_t i = 0; i < n; ++i) { replica[i] = (float)model[i]; }
    for (size_t j = 0; j < count; ++j) { at[j] = (uint32_t)(3 * j); }
    struct dsgd_handle *x = ops_vector(&o, DSGD_F64, n, 1, model), *copy = ops_vector(&o, DSGD_F32, n, 1, replica);
    struct dsgd_handle *v = ops_vector(&o, DSGD_F32, n, 0, value), *set = ops_vector(&o, DSGD_SET, count, 0, at);
    void *word = word_at(&o, diverged);
    const struct dsgd_apply update = {.sparse = form > 0, .at = form == 1 ? &set->as.set : NULL, .value = &v->as.f32, .shrink = shrink, .scale = scale, .step = STEP};
    o.queue.device->apply(&o.queue, &update, &x->as.f64, &copy->as.f32, word);
    assert_int_equal(o.queue.failed, DSGD_OK);
    bool finite = true;
    for (size_t i = 0; i < n && diverged == 0; ++i) { /* x = (1 - shrink) x - scale update; the replica is x in float */
        const bool moved = form == 0 || (form == 1 && i % 3 == 0);
        if (form == 0) {
            model[i] = (1.0 - shrink) * model[i] - scale * (double)value[i];
        } else {
            if (shrink != 0.0) { model[i] = (1.0 - shrink) * model[i]; }
            if (moved) { model[i] = model[i] - scale * (double)value[i / 3]; }
        }
        if (moved || shrink != 0.0) { replica[i] = (float)model[i]; }
        if (moved && !isfinite(replica[i])) { finite = false; }
    }
    assert_int_equal(word_of(&o, word), diverged ? diverged : finite ? 0 : STEP + 1);
    float seen[N_MAX];
    ops_read(&o, x, 0, got);
    ops_read(&o, copy, 0, seen);
    for (size_t i = 0; i < n; ++i) {
        same64(got[i], model[i], i);
        OPS_SAME(seen[i], replica[i], i);
    }
    o.queue.device->release(word);
    ops_close(&o);
}

static void updates(void **state)
{
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (int l = 0; l < OPS_LENGTHS; ++l) {
            for (int form = 0; form < 3; ++form) {
                one_update(device, ops_length_list[l], form, 0.0, false, 0);
                one_update(device, ops_length_list[l], form, 0.25, false, 0);
                one_update(device, ops_length_list[l], form, 0.25, true, 0);  /* may diverge: the word says when */
                one_update(device, ops_length_list[l], form, 0.25, true, 17); /* has diverged before: nothing is written */
            }
        }
    }
}

/* Every place where a replica ceases to be finite is seen, also by overflow of the float alone. */
static void one_bad_coordinate(void **state)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY, 3.4e38f};
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (size_t place = 0; place < 40; ++place) {
            struct ops o;
            ops_open(&o, device, 1);
            memset(model, 0, sizeof model);
            memset(value, 0, 40 * sizeof *value);
            value[place] = bad[place % 4];
            struct dsgd_handle *x = ops_vector(&o, DSGD_F64, 40, 1, model), *copy = ops_vector(&o, DSGD_F32, 40, 1, NULL), *v = ops_vector(&o, DSGD_F32, 40, 0, value);
            void *word = word_at(&o, 0);
            const struct dsgd_apply update = {.value = &v->as.f32, .scale = 2.0, .step = STEP}; /* 2 x 3.4e38 is a double, and no float */
            o.queue.device->apply(&o.queue, &update, &x->as.f64, &copy->as.f32, word);
            assert_int_equal(word_of(&o, word), STEP + 1);
            o.queue.device->release(word);
            ops_close(&o);
        }
    }
}

static void averages_and_replicas(void **state)
{
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (int l = 0; l < OPS_LENGTHS; ++l) {
            const size_t n = ops_length_list[l];
            struct ops o;
            float seen[N_MAX];
            ops_open(&o, device, 1);
            fill_double(model, n, 8, 1);
            fill_double(mean, n, 9, 0);
            struct dsgd_handle *x = ops_vector(&o, DSGD_F64, n, 1, model), *m = ops_vector(&o, DSGD_F64, n, 1, mean), *copy = ops_vector(&o, DSGD_F32, n, 1, NULL);
            void *fine = word_at(&o, 0), *over = word_at(&o, 3);
            o.queue.device->average(&o.queue, 0.125, &x->as.f64, &m->as.f64, fine);
            o.queue.device->average(&o.queue, 0.5, &x->as.f64, &m->as.f64, over); /* diverged: nothing is written */
            o.queue.device->replicate(&o.queue, &x->as.f64, &copy->as.f32);
            ops_read(&o, m, 0, got);
            ops_read(&o, copy, 0, seen);
            for (size_t i = 0; i < n; ++i) {
                same64(got[i], mean[i] + 0.125 * (model[i] - mean[i]), i);
                OPS_SAME(seen[i], (float)model[i], i);
            }
            o.queue.device->release(fine);
            o.queue.device->release(over);
            ops_close(&o);
        }
    }
}

static double squares_of(size_t n, const double *v)
{
    long double sum = 0;
    for (size_t i = 0; i < n; ++i) { sum += (long double)v[i] * (long double)v[i]; }
    return (double)sum;
}

/* Sums over workers are ascending: {1e20, -1e20, 1} gives 1 in this order and 0 in others, in doubles that floats were added to. */
static void means_and_norms(void **state)
{
    static double rows64[ROWS * N_MAX];
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (int l = 0; l < OPS_LENGTHS; ++l) {
            for (int wide = 0; wide < 2; ++wide) {
                const size_t n = ops_length_list[l];
                struct ops o;
                double norm2[ROWS], one[1];
                ops_open(&o, device, ROWS);
                for (size_t i = 0; i < n; ++i) {
                    value[i] = 1e20f, value[n + i] = -1e20f, value[2 * n + i] = (float)(i % 5);
                    for (size_t r = 0; r < ROWS; ++r) { rows64[r * n + i] = (double)value[r * n + i]; }
                }
                struct dsgd_handle *v = wide ? ops_vector(&o, DSGD_F64, n, ROWS, rows64) : ops_vector(&o, DSGD_F32, n, ROWS, value);
                struct dsgd_handle *sum = ops_vector(&o, DSGD_F64, n, 1, NULL), *out = ops_vector(&o, DSGD_F64, 1, 1, NULL);
                o.queue.device->probe_add(&o.queue, v, ROWS, true, 2.0, &sum->as.f64, NULL);
                ops_read(&o, sum, 0, got);
                for (size_t i = 0; i < n; ++i) { same64(got[i], 0.5 * (double)(i % 5), i); }
                o.queue.device->probe_add(&o.queue, v, ROWS, false, 1.0, &sum->as.f64, NULL); /* goes on from 0.5 (i % 5): lost beside 1e20 */
                o.queue.device->probe_divide(&o.queue, 4.0, &sum->as.f64);
                ops_read(&o, sum, 0, got);
                for (size_t i = 0; i < n; ++i) { same64(got[i], (double)(i % 5) / 4.0, i); }
                o.queue.device->probe_norm2(&o.queue, &sum->as.f64, &out->as.f64);
                ops_read(&o, out, 0, one);
                CHECK_CLOSE(one[0], squares_of(n, got), 200 * 0x1p-53 * squares_of(n, got)); /* at most 128 additions in a lane and 7 of lanes and chunks */
                /* norms one behind the other, as the observer keeps them: in a vector of its own */
                struct dsgd_handle *list = ops_vector(&o, DSGD_F64, ROWS, 1, NULL);
                o.queue.device->probe_add(&o.queue, v, ROWS, true, 1.0, &sum->as.f64, &list->as.f64);
                ops_read(&o, list, 0, norm2);
                for (size_t r = 0; r < ROWS; ++r) { CHECK_CLOSE(norm2[r], squares_of(n, rows64 + r * n), 200 * 0x1p-53 * squares_of(n, rows64 + r * n)); }
                ops_close(&o);
            }
        }
    }
}

static void errors_of_updates(void **state)
{
    static uint32_t at[N_MAX];
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (int l = 0; l < OPS_LENGTHS; ++l) {
            const size_t n = ops_length_list[l], count = (n + 1) / 2;
            struct ops o;
            ops_open(&o, device, 1);
            fill_double(model, n, 10, 0);
            ops_fill(value, n, 11, 0);
            for (size_t j = 0; j < count; ++j) { at[j] = (uint32_t)(2 * j); }
            struct dsgd_handle *p = ops_vector(&o, DSGD_F64, n, 1, model), *v = ops_vector(&o, DSGD_F32, n, 0, value), *set = ops_vector(&o, DSGD_SET, count, 0, at);
            struct dsgd_handle *out = ops_vector(&o, DSGD_F64, n, 1, NULL);
            o.queue.device->probe_error(&o.queue, &p->as.f64, 0.7, NULL, &v->as.f32, &out->as.f64);
            ops_read(&o, out, 0, got);
            for (size_t i = 0; i < n; ++i) { same64(got[i], model[i] - 0.7 * (double)value[i], i); }
            o.queue.device->probe_error(&o.queue, &p->as.f64, 0.7, &set->as.set, &v->as.f32, &out->as.f64);
            ops_read(&o, out, 0, got);
            for (size_t i = 0; i < n; ++i) { same64(got[i], i % 2 ? model[i] : model[i] - 0.7 * (double)value[i / 2], i); }
            ops_close(&o);
        }
    }
}

static int descending(const void *a, const void *b)
{
    const double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return (x < y) - (x > y);
}

static void recall_by_sorting(void **state)
{
    static uint32_t at[N_MAX];
    static double sorted[N_MAX];
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (int l = 1; l < OPS_LENGTHS; ++l) {
            const size_t n = ops_length_list[l];
            for (size_t stride = 1; stride <= n; stride = stride * 5 + 1) {
                const size_t count = (n + stride - 1) / stride;
                struct ops o;
                double share[1];
                ops_open(&o, device, 1);
                fill_double(model, n, 12, 0); /* with ties, zeros of both signs, denormals */
                memcpy(sorted, model, n * sizeof *sorted);
                qsort(sorted, n, sizeof *sorted, descending);
                for (size_t j = 0; j < count; ++j) { at[j] = (uint32_t)(j * stride); }
                size_t found = 0;
                for (size_t j = 0; j < count; ++j) { found += fabs(model[at[j]]) >= fabs(sorted[count - 1]); }
                struct dsgd_handle *p = ops_vector(&o, DSGD_F64, n, 1, model), *set = ops_vector(&o, DSGD_SET, count, 0, at), *out = ops_vector(&o, DSGD_F64, 1, 1, NULL);
                void *scratch = o.queue.device->alloc(0, o.queue.device->probe_bytes(n) + 64);
                assert_non_null(scratch);
                o.queue.device->probe_recall(&o.queue, &p->as.f64, &set->as.set, &out->as.f64, scratch);
                ops_read(&o, out, 0, share);
                same64(share[0], (double)found / (double)count, n);
                ops_length(&o, set, 0, 0);
                o.queue.device->probe_recall(&o.queue, &p->as.f64, &set->as.set, &out->as.f64, scratch);
                ops_read(&o, out, 0, share);
                assert_true(isnan(share[0])); /* of nothing */
                o.queue.device->release(scratch);
                ops_close(&o);
            }
        }
    }
}

/* A vector that is long enough for a bound from a sample: a good one, and one that misleads (what the sample sees is large). */
static void recall_of_a_long_vector(void **state)
{
    enum { LONG = 512 * 600, STEP_OF_SAMPLE = 600 };
    static const uint32_t counts[] = {1, 100, 5000, LONG / 2, LONG};
    double *v = malloc(LONG * sizeof *v), *sorted = malloc(LONG * sizeof *sorted);
    uint32_t *at = malloc(LONG * sizeof *at);
    (void)state;
    assert_true(v && sorted && at);
    for (int misleading = 0; misleading < 2; ++misleading) {
        fill_double(v, LONG, 12, 0);
        for (size_t i = 0; misleading && i < LONG; ++i) { v[i] = i % STEP_OF_SAMPLE == 0 ? 1e6 + (double)i : 0x1p-30 * v[i]; }
        memcpy(sorted, v, LONG * sizeof *sorted);
        qsort(sorted, LONG, sizeof *sorted, descending);
        for (size_t c = 0; c < sizeof counts / sizeof *counts; ++c) {
            const size_t stride = LONG / counts[c];
            size_t found = 0;
            struct ops o;
            double share[1];
            ops_open(&o, 0, 1);
            for (size_t j = 0; j < counts[c]; ++j) { at[j] = (uint32_t)(j * stride); }
            for (size_t j = 0; j < counts[c]; ++j) { found += fabs(v[at[j]]) >= fabs(sorted[counts[c] - 1]); }
            struct dsgd_handle *p = ops_vector(&o, DSGD_F64, LONG, 1, v), *set = ops_vector(&o, DSGD_SET, counts[c], 0, at), *out = ops_vector(&o, DSGD_F64, 1, 1, NULL);
            void *scratch = o.queue.device->alloc(0, o.queue.device->probe_bytes(LONG) + 64);
            assert_non_null(scratch);
            o.queue.device->probe_recall(&o.queue, &p->as.f64, &set->as.set, &out->as.f64, scratch);
            ops_read(&o, out, 0, share);
            same64(share[0], (double)found / (double)counts[c], c);
            o.queue.device->release(scratch);
            ops_close(&o);
        }
    }
    free(v), free(sorted), free(at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(updates),         cmocka_unit_test(one_bad_coordinate), cmocka_unit_test(averages_and_replicas),
                                       cmocka_unit_test(means_and_norms), cmocka_unit_test(errors_of_updates),  cmocka_unit_test(recall_by_sorting),
                                       cmocka_unit_test(recall_of_a_long_vector)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* heavymix.c - HEAVYMIX on known vectors. Interface: heavymix.h. */
#include "verify/heavymix.h"

#include <stdlib.h>
#include <string.h>
#include "sim/cpu/select.h"

enum dsgd_status heavymix_open(size_t d, size_t k_max, uint32_t rows, uint32_t cols, const struct sketch_hash_family *family,
                               uint32_t seed, struct heavymix *out)
{
    memset(out, 0, sizeof *out);
    out->d = d;
    out->k_max = k_max;
    out->rows = rows;
    out->cols = cols;
    out->seed = seed;
    out->fill = (struct dsgd_rng_key){seed, dsgd_rng_purpose("verify heavymix fill")};
    DSGD_TRY(sketch_hash_create(family ? family : &sketch_hash_polynomial, d, rows, cols, d * rows, &out->hash));
    out->table = malloc((size_t)rows * cols * sizeof *out->table);
    out->estimate = malloc(d * sizeof *out->estimate);
    out->chosen = malloc(k_max * sizeof *out->chosen);
    out->heavy = malloc(k_max * sizeof *out->heavy);
    out->mark = calloc(d, 1);
    out->scratch = malloc(select_scratch_bytes(d));
    if (!out->table || !out->estimate || !out->chosen || !out->heavy || !out->mark || !out->scratch) {
        heavymix_close(out);
        return dsgd_fail(DSGD_ENOMEM, "no memory for a %lu x %lu sketch of %zu coordinates", (unsigned long)rows, (unsigned long)cols, d);
    }
    return DSGD_OK;
}

void heavymix_close(struct heavymix *h)
{
    sketch_hash_destroy(h->hash);
    free(h->table);
    free(h->estimate);
    free(h->chosen);
    free(h->heavy);
    free(h->mark);
    free(h->scratch);
    memset(h, 0, sizeof *h);
}

void heavymix_reseed(struct heavymix *h, uint32_t step)
{
    sketch_hash_reseed(h->hash, h->seed, step, 1);
}

void heavymix_sketch(struct heavymix *h, const float *g)
{
    memset(h->table, 0, (size_t)h->rows * h->cols * sizeof *h->table);
    count_sketch_accumulate(h->hash, g, h->table);
    h->norm2 = count_sketch_norm2(h->hash, h->table);
    count_sketch_estimate(h->hash, h->table, h->estimate, 1);
}

/* H from its definition, by a plain loop; returns |H|, writes at most k_max of them. */
static size_t find_heavy(struct heavymix *h, size_t k)
{
    const double threshold = h->norm2 / (double)k;
    size_t n = 0;
    for (size_t i = 0; i < h->d; ++i) {
        const double value = (double)h->estimate[i];
        if (value == 0.0 || value * value < threshold) { continue; }
        if (n < h->k_max) { h->heavy[n] = (uint32_t)i; }
        ++n;
    }
    return n;
}

enum dsgd_status heavymix_choose(struct heavymix *h, const float *g, size_t k, uint32_t step, struct heavymix_call *out)
{
    select_heavymix(h->d, h->estimate, h->norm2, k, h->fill, step, h->chosen, &out->heavy, h->scratch, 1);
    const size_t expected = find_heavy(h, k), kept = out->heavy < k ? out->heavy : k;
    size_t found = 0; /* both lists ascend */
    if (out->heavy >= k) { memcpy(h->heavy, h->chosen, k * sizeof *h->heavy); }
    for (size_t j = 0; j < k && found < kept; ++j) { found += h->chosen[j] == h->heavy[found]; }
    if (out->heavy != expected || found != kept) {
        return dsgd_fail(DSGD_EINTERNAL, "HEAVYMIX says |H| = %zu and chose %zu of it, expected |H| = %zu and all up to k = %zu", out->heavy,
                         found, expected, k);
    }
    out->lemma = theory_contraction(h->d, g, k, kept, h->heavy, h->mark);
    out->residual = theory_residual(h->d, g, k, h->chosen, h->mark);
    return DSGD_OK;
}

enum dsgd_status heavymix_persist(struct heavymix *h, const float *g, size_t k, bool fresh, size_t steps, double *norm2, double *relative)
{
    double *a = calloc(h->d, sizeof *a);
    float *v = malloc(h->d * sizeof *v);
    enum dsgd_status status = a && v ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for an error memory of %zu coordinates", h->d);
    heavymix_reseed(h, 0);
    for (size_t t = 0; t < steps && status == DSGD_OK; ++t) {
        struct heavymix_call call;
        if (fresh) { heavymix_reseed(h, (uint32_t)t); }
        for (size_t i = 0; i < h->d; ++i) {
            a[i] += (double)g[i];
            v[i] = (float)a[i];
        }
        heavymix_sketch(h, v);
        status = heavymix_choose(h, v, k, (uint32_t)t, &call);
        if (status != DSGD_OK) { break; }
        for (size_t j = 0; j < k; ++j) { a[h->chosen[j]] -= (double)v[h->chosen[j]]; }
        norm2[t] = 0.0;
        for (size_t i = 0; i < h->d; ++i) { norm2[t] += a[i] * a[i]; }
        relative[t] = call.lemma.relative;
    }
    free(a);
    free(v);
    return status;
}

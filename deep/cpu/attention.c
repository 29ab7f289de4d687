/* attention.c - attention between short sequences, one head of one example at a time. Formulas: op_attention.c.
 *
 * A head's queries, keys and values are copied to rows of whole vectors of 16 numbers with zeros behind. Then all six products of matrices (two
 * forward, four backward) are one function, C = A B, with vectors along the rows of B: sums of four rows and one or two vectors stay in
 * registers. Sequences have some dozen positions and heads 16 to 64 numbers: calls of a library would cost more than these products.
 */
#include "deep/cpu/functions.h"
#include "deep/cpu/sequence.h"

#include <math.h>
#include <string.h>

enum { ROWS = 4 };

static size_t whole(size_t n)
{
    return (n + DEEP_LANES - 1) / DEEP_LANES * DEEP_LANES;
}

/* Number (r, k) of A is a[r * row + k * col]; rows of B and C have whole vectors. */
struct left {
    const float *a;
    size_t row, col;
};

/* `rows` x `vectors` vectors of C; both are constants where this is called. */
static inline __attribute__((always_inline)) void tile(const size_t rows, const size_t vectors, size_t depth, struct left a, const float *b, size_t b_row,
                                                       float *c, size_t c_row)
{
    deep_lanes sum[ROWS][2];
#pragma GCC unroll 4
    for (size_t r = 0; r < rows; ++r) {
#pragma GCC unroll 2
        for (size_t v = 0; v < vectors; ++v) { sum[r][v] = (deep_lanes){0.0f}; }
    }
    for (size_t k = 0; k < depth; ++k) {
        deep_lanes x[2];
#pragma GCC unroll 2
        for (size_t v = 0; v < vectors; ++v) { x[v] = *(const deep_lanes *)(b + k * b_row + v * DEEP_LANES); }
#pragma GCC unroll 4
        for (size_t r = 0; r < rows; ++r) {
#pragma GCC unroll 2
            for (size_t v = 0; v < vectors; ++v) { sum[r][v] += a.a[r * a.row + k * a.col] * x[v]; }
        }
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < rows; ++r) {
#pragma GCC unroll 2
        for (size_t v = 0; v < vectors; ++v) { *(deep_lanes *)(c + r * c_row + v * DEEP_LANES) = sum[r][v]; }
    }
}

static inline __attribute__((always_inline)) void strip(const size_t rows, size_t width, size_t depth, struct left a, const float *b, size_t b_row, float *c,
                                                        size_t c_row)
{
    size_t j = 0;
    for (; j + 2 * DEEP_LANES <= width; j += 2 * DEEP_LANES) { tile(rows, 2, depth, a, b + j, b_row, c + j, c_row); }
    if (j < width) { tile(rows, 1, depth, a, b + j, b_row, c + j, c_row); }
}

/* C [m][width] = A [m][depth] B [depth][width], width a multiple of 16. */
static void product(size_t m, size_t width, size_t depth, struct left a, const float *b, size_t b_row, float *c, size_t c_row)
{
    size_t r = 0;
    for (; r + ROWS <= m; r += ROWS, a.a += ROWS * a.row) { strip(ROWS, width, depth, a, b, b_row, c + r * c_row, c_row); }
    switch (m - r) {
    case 1: strip(1, width, depth, a, b, b_row, c + r * c_row, c_row); break;
    case 2: strip(2, width, depth, a, b, b_row, c + r * c_row, c_row); break;
    case 3: strip(3, width, depth, a, b, b_row, c + r * c_row, c_row); break;
    default: break;
    }
}

/* ---- one head's arrays ---- */

struct sizes {
    size_t wide, keys; /* vectors of a head's numbers, and of the keys, in numbers */
};

static struct sizes sizes_of(const struct deep_heads *a)
{
    return (struct sizes){whole(a->each), whole(a->keys)};
}

size_t deep_cpu_attention_scratch(const struct deep_heads *a)
{
    const struct sizes s = sizes_of(a);
    const size_t queries = a->queries * (3 * s.wide + 2 * s.keys), keys = a->keys * 4 * s.wide + 2 * a->each * s.keys;
    return (queries + keys) * sizeof(float);
}

static void take(size_t rows, size_t each, size_t wide, const float *from, size_t stride, float *to)
{
    for (size_t r = 0; r < rows; ++r) {
        memcpy(to + r * wide, from + r * stride, each * sizeof *to);
        memset(to + r * wide + each, 0, (wide - each) * sizeof *to);
    }
}

/* Turned: to [each][keys]. */
static void turn(size_t rows, size_t each, size_t keys, const float *from, size_t stride, float *to)
{
    memset(to, 0, each * keys * sizeof *to);
    for (size_t r = 0; r < rows; ++r) {
        for (size_t c = 0; c < each; ++c) { to[c * keys + r] = from[r * stride + c]; }
    }
}

/* To all rows of an example, zeros behind the true ones. */
static void put(size_t rows, size_t true_rows, size_t each, size_t wide, const float *from, float *to, size_t stride)
{
    for (size_t r = 0; r < true_rows; ++r) { memcpy(to + r * stride, from + r * wide, each * sizeof *to); }
    for (size_t r = true_rows; r < rows; ++r) { memset(to + r * stride, 0, each * sizeof *to); }
}

static void fill(size_t from, size_t until, float value, float *row)
{
    for (size_t s = from; s < until; ++s) { row[s] = value; }
}

static size_t seen(const struct deep_heads *a, size_t i, size_t t)
{
    return a->causal ? t + 1 : a->key_length[i];
}

/* row [width]: scores to scale (score - largest) of the first `limit`; 0 behind, as exponentials of minus infinity would take a hundred cycles. */
static void lower(size_t width, size_t limit, float scale, float *row)
{
    float most[DEEP_LANES];
    fill(limit, width, -INFINITY, row);
    memcpy(most, row, sizeof most);
    for (size_t j = DEEP_LANES; j < width; j += DEEP_LANES) {
        for (size_t l = 0; l < DEEP_LANES; ++l) { most[l] = row[j + l] > most[l] ? row[j + l] : most[l]; }
    }
    for (size_t half = DEEP_LANES / 2; half > 0; half /= 2) {
        for (size_t l = 0; l < half; ++l) { most[l] = most[l + half] > most[l] ? most[l + half] : most[l]; }
    }
    fill(limit, width, most[0], row);
    for (size_t s = 0; s < width; ++s) { row[s] = scale * (row[s] - most[0]); }
}

/* Shares of example i's queries: scores [rows][width] on entry. All exponentials are one loop. */
static void softmax(const struct deep_heads *a, size_t i, size_t width, float *score)
{
    const size_t rows = a->query_length[i];
    for (size_t t = 0; t < rows; ++t) { lower(width, seen(a, i, t), a->scale, score + t * width); }
    for (size_t j = 0; j < rows * width; ++j) { score[j] = dsgd_expf(score[j]); }
    for (size_t t = 0; t < rows; ++t) {
        float *row = score + t * width;
        fill(seen(a, i, t), width, 0.0f, row);
        const float rate = 1.0f / deep_sum(width, row);
        for (size_t s = 0; s < width; ++s) { row[s] *= rate; }
    }
}

void deep_cpu_attention(const struct deep_heads *a, const float *query, const float *key, const float *value, float *share, float *out, void *scratch)
{
    const struct sizes s = sizes_of(a);
    float *keys_turned = scratch, *values = keys_turned + a->each * s.keys, *sums = values + a->keys * s.wide;
    for (size_t head = 0; head < a->n * a->heads; ++head) {
        const size_t i = head / a->heads, at = head % a->heads * a->each, queries = a->query_length[i], keys = a->key_length[i];
        const float *q = query + i * a->queries * a->query_stride + at, *k = key + i * a->keys * a->key_stride + at,
                     *v = value + i * a->keys * a->key_stride + at;
        float *p = share + head * a->queries * s.keys;
        turn(keys, a->each, s.keys, k, a->key_stride, keys_turned);
        take(keys, a->each, s.wide, v, a->key_stride, values);
        product(queries, s.keys, a->each, (struct left){q, a->query_stride, 1}, keys_turned, s.keys, p, s.keys);
        softmax(a, i, s.keys, p);
        product(queries, s.wide, keys, (struct left){p, s.keys, 1}, values, s.wide, sums, s.wide);
        put(a->queries, queries, a->each, s.wide, sums, out + i * a->queries * a->query_stride + at, a->query_stride);
    }
}

/* row of dshare to that of the scores: scale share (dshare - <share, dshare>). */
static void softmax_back(size_t width, float scale, const float *restrict share, float *restrict row)
{
    float lane[DEEP_LANES] = {0.0f};
    for (size_t j = 0; j < width; j += DEEP_LANES) {
        for (size_t l = 0; l < DEEP_LANES; ++l) { lane[l] += share[j + l] * row[j + l]; }
    }
    const float mean = deep_lane_sum(lane);
    for (size_t s = 0; s < width; ++s) { row[s] = scale * share[s] * (row[s] - mean); }
}

void deep_cpu_attention_back(const struct deep_heads *a, const float *query, const float *key, const float *value, const float *share, const float *dout,
                             float *dquery, float *dkey, float *dvalue, void *scratch)
{
    const struct sizes s = sizes_of(a);
    float *values_turned = scratch, *keys_wide = values_turned + a->each * s.keys, *queries_wide = keys_wide + a->keys * s.wide;
    float *slope = queries_wide + a->queries * s.wide, *dscore = slope + a->queries * s.wide, *sums = dscore + a->queries * s.keys;
    for (size_t head = 0; head < a->n * a->heads; ++head) {
        const size_t i = head / a->heads, at = head % a->heads * a->each, queries = a->query_length[i], keys = a->key_length[i];
        const size_t to_query = i * a->queries * a->query_stride + at, to_key = i * a->keys * a->key_stride + at;
        const float *p = share + head * a->queries * s.keys;
        turn(keys, a->each, s.keys, value + to_key, a->key_stride, values_turned);
        take(keys, a->each, s.wide, key + to_key, a->key_stride, keys_wide);
        take(queries, a->each, s.wide, query + to_query, a->query_stride, queries_wide);
        take(queries, a->each, s.wide, dout + to_query, a->query_stride, slope);
        product(queries, s.keys, a->each, (struct left){slope, s.wide, 1}, values_turned, s.keys, dscore, s.keys);
        for (size_t t = 0; t < queries; ++t) { softmax_back(s.keys, a->scale, p + t * s.keys, dscore + t * s.keys); }
        product(queries, s.wide, keys, (struct left){dscore, s.keys, 1}, keys_wide, s.wide, sums, s.wide);
        put(a->queries, queries, a->each, s.wide, sums, dquery + to_query, a->query_stride);
        product(keys, s.wide, queries, (struct left){p, 1, s.keys}, slope, s.wide, sums, s.wide);
        put(a->keys, keys, a->each, s.wide, sums, dvalue + to_key, a->key_stride);
        product(keys, s.wide, queries, (struct left){dscore, 1, s.keys}, queries_wide, s.wide, sums, s.wide);
        put(a->keys, keys, a->each, s.wide, sums, dkey + to_key, a->key_stride);
    }
}

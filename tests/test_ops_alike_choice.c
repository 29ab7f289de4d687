/* test_ops_alike_choice.c - selection and sketches on every device against the CPU: lengths on both sides of every block size, many and few chosen,
 * ties, NaN, both families of hashes, tables much smaller and much larger than their vectors.
 */
#include "tests/alike.h"

static const struct dsgd_rng_key key = {31, 32};

/* ---- selection ---- */

enum values { MIXED, NASTY, EQUAL, TAILED };
struct select_shape { size_t n, k; uint32_t rows; enum values values; };

static struct dsgd_handle *values_of(struct ops *o, size_t n, uint32_t rows, enum values values)
{
    if (values == MIXED || values == NASTY) { return alike_floats(o, n, rows, 3, values == NASTY); }
    float *x = malloc((n * rows + 1) * sizeof *x);
    assert_non_null(x);
    for (size_t i = 0; i < n * rows; ++i) {
        const uint32_t word = (uint32_t)i * 2654435769u;
        const float unit = (float)((word >> 8) + 1) * 0x1p-24f, tail = 1.0f / (unit * unit);
        x[i] = values == EQUAL ? (i % 2 ? 2.0f : -2.0f) : (word & 1 ? tail : -tail);
    }
    struct dsgd_handle *v = ops_vector(o, DSGD_F32, n, rows, x);
    free(x);
    return v;
}

static void selection(struct ops *o, struct kept *k, const void *context)
{
    const struct select_shape *s = context;
    const double norms[] = {0.0, 9.0 * (double)s->k, 1e-3 * (double)s->k, (double)NAN};
    struct dsgd_handle *v = values_of(o, s->n, s->rows, s->values), *out = ops_vector(o, DSGD_SET, s->n, s->rows, NULL);
    struct dsgd_handle *at = alike_set(o, 3 * s->n, s->n, s->rows, 1), *heavy = ops_vector(o, DSGD_SET, s->n, s->rows, NULL);
    OPS(o, dsgd_select_topk(&o->turn, &v->as.f32, s->k, &out->as.set));
    keep(k, o, out);
    const size_t few = s->k < s->n / 3 ? s->k : s->n / 3; /* two thirds are there at least */
    OPS(o, dsgd_select_topk_sparse(&o->turn, &at->as.set, &v->as.f32, few, &out->as.set));
    keep(k, o, out);
    for (int t = 0; t < 3; ++t) {
        OPS(o, dsgd_select_at_least(&o->turn, &v->as.f32, t == 0 ? 0.0f : t == 1 ? 1.5f : (float)INFINITY, &out->as.set));
        keep(k, o, out);
    }
    OPS(o, dsgd_select_uniform(&o->turn, s->n, s->k, key, &out->as.set));
    keep(k, o, out);
    for (size_t j = 0; j < sizeof norms / sizeof *norms; ++j) {
        struct dsgd_handle *norm2 = ops_vector(o, DSGD_F64, 1, 0, &norms[j]);
        OPS(o, dsgd_select_heavymix(&o->turn, &v->as.f32, &norm2->as.f64, s->k, key, &out->as.set, &heavy->as.set));
        keep(k, o, out);
        keep(k, o, heavy);
    }
}

static void selections(void **state)
{
    static const struct select_shape shape[] = {
        {1, 1, 1, MIXED}, {2, 0, 3, MIXED}, {33, 33, 2, NASTY}, {785, 20, 40, MIXED}, {785, 700, 3, NASTY}, {4096, 40, 2, EQUAL},
        {8191, 8191, 1, MIXED}, {8192, 300, 2, NASTY}, {8193, 300, 2, NASTY}, {8193, 8000, 1, EQUAL}, {20000, 3, 3, EQUAL},
        {20000, 20000, 1, TAILED}, {70001, 900, 2, TAILED}, {70001, 30000, 1, MIXED}, {150000, 40, 1, TAILED}, {40000, 0, 2, MIXED}};
    (void)state;
    for (size_t j = 0; j < sizeof shape / sizeof *shape; ++j) { alike("selection", shape[j].rows, selection, &shape[j]); }
}

static void draws_leave_few(void **state) /* nearly all places are drawn: most draws hit what is taken */
{
    static const struct select_shape shape[] = {{64, 63, 70, MIXED}, {5000, 4990, 2, MIXED}, {5000, 2500, 3, NASTY}};
    (void)state;
    for (size_t j = 0; j < sizeof shape / sizeof *shape; ++j) { alike("draws", shape[j].rows, selection, &shape[j]); }
}

/* More than 1024 tiles of bits. */
static void long_selection(struct ops *o, struct kept *k, const void *context)
{
    const struct select_shape *s = context;
    struct dsgd_handle *v = values_of(o, s->n, 1, s->values), *out = ops_vector(o, DSGD_SET, s->n, 1, NULL);
    OPS(o, dsgd_select_at_least(&o->turn, &v->as.f32, 1e9f, &out->as.set));
    keep(k, o, out);
}

static void selections_of_millions(void **state)
{
    static const struct select_shape s = {1024 * 256 * 32 + 100003, 1, 1, TAILED};
    (void)state;
    alike("a long selection", 1, long_selection, &s);
}

/* ---- sketches ---- */

struct sketch_shape { enum dsgd_hash hash; size_t n; uint32_t rows, cols, workers; size_t k; enum values values; };

static struct dsgd_handle *hashes_of(struct ops *o, const struct sketch_shape *s)
{
    struct dsgd_handle *h = ops_vector(o, DSGD_HASHES, o->queue.device->sketch_bytes(s->hash, s->n, s->rows, s->cols), 1, NULL);
    h->as.sketch = (struct dsgd_sketch){.array = h->as.array, .n = s->n, .rows = s->rows, .cols = s->cols, .hash = s->hash};
    return h;
}

/* Hashes are not rows of elements: they are gone before sentinels are looked for. */
static void forget(struct ops *o, const struct dsgd_handle *h)
{
    const size_t bytes = o->bytes[h - o->vector];
    char *sentinel = malloc(bytes);
    assert_non_null(sentinel);
    memset(sentinel, ops_sentinel((int)(h - o->vector)), bytes);
    o->queue.device->write(&o->queue, o->memory[h - o->vector], sentinel, bytes);
    free(sentinel);
}

static void sketching(struct ops *o, struct kept *k, const void *context)
{
    const struct sketch_shape *s = context;
    const size_t cells = (size_t)s->rows * s->cols;
    struct dsgd_handle *h = hashes_of(o, s), *v = values_of(o, s->n, s->workers, s->values);
    struct dsgd_handle *table = ops_vector(o, DSGD_F32, cells, s->workers, NULL), *norm2 = ops_vector(o, DSGD_F64, 1, s->workers, NULL);
    struct dsgd_handle *estimate = ops_vector(o, DSGD_F32, s->n, s->workers, NULL), *at = alike_set(o, s->n, s->k, s->workers, 2);
    struct dsgd_handle *value = values_of(o, s->k, s->workers, s->values), *out = ops_vector(o, DSGD_SET, s->k, s->workers, NULL);
    struct dsgd_handle *heavy = ops_vector(o, DSGD_SET, s->k, s->workers, NULL), *chosen = ops_vector(o, DSGD_F32, s->k, s->workers, NULL);
    for (uint32_t seed = 1; seed < 3; ++seed) { /* the second time in memory that holds other functions */
        o->turn.rows = 1;
        OPS(o, dsgd_sketch_reseed(&o->turn, &h->as.sketch, seed, DSGD_EACH_STEP));
        o->turn.rows = s->workers;
        OPS(o, dsgd_sketch_vector(&o->turn, &h->as.sketch, &v->as.f32, &table->as.f32));
        keep(k, o, table);
        OPS(o, dsgd_sketch_norm2(&o->turn, &h->as.sketch, &table->as.f32, &norm2->as.f64));
        keep(k, o, norm2);
        OPS(o, dsgd_sketch_estimate(&o->turn, &h->as.sketch, &table->as.f32, &estimate->as.f32));
        keep(k, o, estimate);
        OPS(o, dsgd_sketch_topk(&o->turn, &h->as.sketch, &table->as.f32, s->k, &out->as.set, &chosen->as.f32));
        keep(k, o, out);
        keep(k, o, chosen);
        OPS(o, dsgd_sketch_topk(&o->turn, &h->as.sketch, &table->as.f32, s->k / 2, &out->as.set, NULL));
        keep(k, o, out);
        OPS(o, dsgd_sketch_heavymix(&o->turn, &h->as.sketch, &table->as.f32, &norm2->as.f64, s->k, key, &out->as.set, &heavy->as.set));
        keep(k, o, out);
        keep(k, o, heavy);
        OPS(o, dsgd_sketch_add_some(&o->turn, &h->as.sketch, -0.75f, &at->as.set, &value->as.f32, &table->as.f32));
        keep(k, o, table);
        OPS(o, dsgd_sketch_clear_some(&o->turn, &h->as.sketch, &at->as.set, &table->as.f32));
        keep(k, o, table);
    }
    forget(o, h);
}

static void sketches(void **state)
{
    static const struct sketch_shape shape[] = {
        {DSGD_BLOCKS, 1, 1, 64, 1, 1, MIXED}, {DSGD_BLOCKS, 63, 3, 64, 2, 20, NASTY}, {DSGD_BLOCKS, 64, 5, 128, 1, 64, MIXED},
        {DSGD_BLOCKS, 785, 5, 128, 40, 30, MIXED}, {DSGD_BLOCKS, 4097, 7, 64, 3, 1500, NASTY}, {DSGD_BLOCKS, 30001, 5, 4096, 2, 400, TAILED},
        {DSGD_BLOCKS, 30001, 9, 640, 1, 30001, MIXED}, {DSGD_BLOCKS, 20000, 63, 1024, 1, 100, NASTY}, {DSGD_BLOCKS, 100000, 3, 64, 1, 50, MIXED},
        {DSGD_BLOCKS, 5000, 1, 100032, 2, 800, MIXED}, {DSGD_BLOCKS, 3000, 3, 640, 2, 3000, EQUAL},
        {DSGD_TEXTBOOK, 1, 1, 1, 1, 1, MIXED}, {DSGD_TEXTBOOK, 785, 5, 97, 40, 30, MIXED}, {DSGD_TEXTBOOK, 785, 5, 5000, 3, 785, NASTY},
        {DSGD_TEXTBOOK, 4097, 7, 1, 2, 300, MIXED}, {DSGD_TEXTBOOK, 30001, 5, 4001, 2, 400, TAILED}, {DSGD_TEXTBOOK, 20000, 63, 300, 1, 100, NASTY},
        {DSGD_TEXTBOOK, 30001, 3, 50, 1, 9000, EQUAL}, {DSGD_TEXTBOOK, 6400, 1, 50, 1, 300, MIXED} /* entries end where the memory does */, {DSGD_TEXTBOOK, 40, 3, 900001, 1, 5, MIXED} /* lists in 1319 tiles, of which one block sums 1024 */,
        /* what begins lists, 64 and 2112 numbers, ends where the entries begin */
        {DSGD_TEXTBOOK, 100, 1, 63, 2, 20, MIXED}, {DSGD_TEXTBOOK, 100, 1, 2111, 1, 20, MIXED}};
    (void)state;
    for (size_t j = 0; j < sizeof shape / sizeof *shape; ++j) { alike("sketches", shape[j].workers, sketching, &shape[j]); }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(selections), cmocka_unit_test(draws_leave_few), cmocka_unit_test(selections_of_millions),
                                       cmocka_unit_test(sketches)};
    if (argc > 1) { cmocka_set_test_filter(argv[1]); }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

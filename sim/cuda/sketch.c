/* sketch.c - entries of Count Sketches. */
#include "sim/cuda/sketch.h"

#include "sim/cuda/cuda.h"

static struct sketch_view view_of(const dsgd_sketch *s)
{
    return sketch_view_of(s->hash == DSGD_BLOCKS, s->n, s->rows, s->cols, s->array.at);
}

static size_t sketch_bytes(enum dsgd_hash hash, size_t n, uint32_t rows, uint32_t cols)
{
    return sketch_view_of(hash == DSGD_BLOCKS, n, rows, cols, NULL).bytes;
}

/* Lists are numbered in 32 bits, and a coordinate of the textbook's has its sign in the top one. */
static void sketch_reseed(struct dsgd_rows *r, dsgd_sketch *s)
{
    const struct cuda_turn t = cuda_turn_of(r);
    const struct sketch_view v = view_of(s);
    const struct dsgd_rng_key key = {s->seed, dsgd_rng_purpose(v.of_blocks ? DSGD_BLOCK_PURPOSE : DSGD_TEXTBOOK_PURPOSE)};
    if (v.rows * v.units > UINT32_MAX || (!v.of_blocks && v.units > INT32_MAX)) {
        dsgd_queue_fail(r->queue, DSGD_EINPUT, "backend = cuda: a sketch of %u rows of %zu coordinates with textbook hashes; expected fewer than 2^31 coordinates and 2^32 in all rows, or block hashes",
                        (unsigned)s->rows, s->n);
        return;
    }
    cuda_library->sketch->reseed(&t, v, key, s->step);
}

static size_t vector_bytes(const dsgd_sketch *s, uint32_t rows, int threads)
{
    (void)s;
    (void)rows;
    (void)threads;
    return 0;
}

static size_t choice_bytes(const dsgd_sketch *s, size_t k, int threads)
{
    (void)s;
    (void)k;
    (void)threads;
    return 0;
}

static void sketch_vector(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *v, dsgd_f32 *table, void *scratch)
{
    const struct cuda_turn t = cuda_turn_of(r);
    (void)scratch;
    cuda_library->sketch->vector(&t, view_of(s), v->array, table->array);
}

static void sketch_add_some(struct dsgd_rows *r, const dsgd_sketch *s, float factor, const dsgd_set *at, const dsgd_f32 *value, dsgd_f32 *table)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sketch->add_some(&t, view_of(s), factor, at->array, value->array, table->array);
}

static void sketch_clear_some(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_set *at, dsgd_f32 *table)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sketch->clear_some(&t, view_of(s), at->array, table->array);
}

static void sketch_estimate(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sketch->estimate(&t, view_of(s), table->array, out->array);
}

static void sketch_norm2(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, dsgd_f64 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sketch->norm2(&t, view_of(s), table->array, out->array);
}

static void sketch_topk(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, size_t k, dsgd_set *out, dsgd_f32 *value, void *scratch)
{
    const struct cuda_turn t = cuda_turn_of(r);
    (void)scratch;
    cuda_library->sketch->topk(&t, view_of(s), table->array, k, out->array, value ? &value->array : NULL);
}

static void sketch_heavymix(struct dsgd_rows *r, const dsgd_sketch *s, const dsgd_f32 *table, const dsgd_f64 *norm2, size_t k, struct dsgd_rng_key key,
                            dsgd_set *out, dsgd_set *heavy, void *scratch)
{
    const struct cuda_turn t = cuda_turn_of(r);
    (void)scratch;
    cuda_library->sketch->heavymix(&t, view_of(s), table->array, norm2->array, k, key, out->array, heavy ? &heavy->array : NULL);
}

void cuda_enter_sketch(struct dsgd_device *d)
{
    d->sketch_bytes = sketch_bytes;
    d->sketch_reseed = sketch_reseed;
    d->sketch_vector_bytes = vector_bytes;
    d->sketch_vector = sketch_vector;
    d->sketch_add_some = sketch_add_some;
    d->sketch_clear_some = sketch_clear_some;
    d->sketch_estimate = sketch_estimate;
    d->sketch_norm2 = sketch_norm2;
    d->sketch_select_bytes = choice_bytes;
    d->sketch_topk = sketch_topk;
    d->sketch_heavymix = sketch_heavymix;
}

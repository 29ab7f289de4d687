/* select.c - entries of selection. */
#include "sim/cuda/select.h"

#include "sim/cuda/cuda.h"

/* Working memory is the device's own. */
static size_t select_bytes(size_t n, uint32_t rows)
{
    (void)n;
    (void)rows;
    return 0;
}

static void select_topk(struct dsgd_rows *r, const dsgd_f32 *v, size_t k, dsgd_set *out, void *scratch)
{
    const struct cuda_turn t = cuda_turn_of(r);
    (void)scratch;
    cuda_library->select->topk(&t, v->array, k, out->array);
}

static void select_topk_sparse(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *value, size_t k, dsgd_set *places, void *scratch)
{
    const struct cuda_turn t = cuda_turn_of(r);
    (void)scratch;
    cuda_library->select->topk_sparse(&t, at->array, value->array, k, places->array);
}

static void select_at_least(struct dsgd_rows *r, const dsgd_f32 *v, float threshold, dsgd_set *out, void *scratch)
{
    const struct cuda_turn t = cuda_turn_of(r);
    (void)scratch;
    cuda_library->select->at_least(&t, v->array, threshold, out->array);
}

static void select_heavymix(struct dsgd_rows *r, const dsgd_f32 *estimate, const dsgd_f64 *norm2, size_t k, struct dsgd_rng_key key, dsgd_set *out,
                            dsgd_set *heavy, void *scratch)
{
    const struct cuda_turn t = cuda_turn_of(r);
    (void)scratch;
    cuda_library->select->heavymix(&t, estimate->array, norm2->array, k, key, out->array, heavy ? &heavy->array : NULL);
}

static void select_uniform(struct dsgd_rows *r, size_t n, size_t k, struct dsgd_rng_key key, dsgd_set *out, void *scratch)
{
    const struct cuda_turn t = cuda_turn_of(r);
    (void)scratch;
    cuda_library->select->uniform(&t, n, k, key, out->array);
}

void cuda_enter_select(struct dsgd_device *d)
{
    d->select_bytes = select_bytes;
    d->select_topk = select_topk;
    d->select_topk_sparse = select_topk_sparse;
    d->select_at_least = select_at_least;
    d->select_heavymix = select_heavymix;
    d->select_uniform = select_uniform;
}

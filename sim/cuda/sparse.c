/* sparse.c - entries of the operations on chosen coordinates and runs. */
#include "sim/cuda/sparse.h"

#include "sim/cuda/cuda.h"

static void gather(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *v, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->gather(&t, at->array, v->array, out->array);
}

static void gather_f64(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f64 *a, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->gather_f64(&t, at->array, a->array, out->array);
}

static void scatter(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *x, dsgd_f32 *v)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->scatter(&t, at->array, x->array, v->array);
}

static void scatter_subtract(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *x, dsgd_f64 *a)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->scatter_subtract(&t, at->array, x->array, a->array);
}

static void scatter_clear(struct dsgd_rows *r, const dsgd_set *at, dsgd_f32 *v)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->scatter_clear(&t, at->array, v->array);
}

static void copy_set(struct dsgd_rows *r, const dsgd_set *from, dsgd_set *to)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->copy_set(&t, from->array, to->array);
}

static void subset(struct dsgd_rows *r, const dsgd_set *of, const dsgd_set *places, dsgd_set *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->subset(&t, of->array, places->array, out->array);
}

static void intersect(struct dsgd_rows *r, const dsgd_set *a, const dsgd_set *b, dsgd_set *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->intersect(&t, a->array, b->array, out->array);
}

static void sparse_take(struct dsgd_rows *r, double factor, dsgd_f64 *sum, dsgd_i32 *seen, dsgd_set *at, dsgd_f32 *value)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->take(&t, factor, sum->array, seen->array, at->array, value->array);
}

static void pack(struct dsgd_rows *r, const struct dsgd_runs *runs, const dsgd_f32 *v, dsgd_f32 *packed)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->pack(&t, runs, v->array, packed->array);
}

static void unpack(struct dsgd_rows *r, const struct dsgd_runs *runs, const dsgd_f32 *packed, dsgd_f32 *v)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->unpack(&t, runs, packed->array, v->array);
}

static void clear_runs(struct dsgd_rows *r, const struct dsgd_runs *runs, dsgd_f32 *v)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->clear_runs(&t, runs, v->array);
}

static void unpack_places(struct dsgd_rows *r, const struct dsgd_runs *runs, dsgd_set *places)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->unpack_places(&t, runs, places->array);
}

static void merge_runs(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *value, const struct dsgd_runs *runs, const dsgd_f32 *packed,
                       dsgd_set *at_all, dsgd_f32 *value_all)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->sparse->merge_runs(&t, at->array, value->array, runs, packed->array, at_all->array, value_all->array);
}

void cuda_enter_sparse(struct dsgd_device *d)
{
    d->gather = gather;
    d->gather_f64 = gather_f64;
    d->scatter = scatter;
    d->scatter_subtract = scatter_subtract;
    d->scatter_clear = scatter_clear;
    d->copy_set = copy_set;
    d->subset = subset;
    d->intersect = intersect;
    d->sparse_take = sparse_take;
    d->pack = pack;
    d->unpack = unpack;
    d->clear_runs = clear_runs;
    d->unpack_places = unpack_places;
    d->merge_runs = merge_runs;
}

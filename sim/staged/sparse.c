/* sparse.c - staged sparse vectors and selection. Interface: staged.h. */
#include "sim/staged/staged.h"

static void gather(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *v, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_set *at_host = staged_set(&s, at, rows, DSGD_READ);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->gather(&s.turn, at_host, v_host, out_host); }
    staged_end(&s);
}

static void gather_f64(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f64 *a, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_set *at_host = staged_set(&s, at, rows, DSGD_READ);
    dsgd_f64 *a_host = staged_f64(&s, a, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->gather_f64(&s.turn, at_host, a_host, out_host); }
    staged_end(&s);
}

static void scatter(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *x, dsgd_f32 *v)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_set *at_host = staged_set(&s, at, rows, DSGD_READ);
    dsgd_f32 *x_host = staged_f32(&s, x, rows, DSGD_READ);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->scatter(&s.turn, at_host, x_host, v_host); }
    staged_end(&s);
}

static void scatter_subtract(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *x, dsgd_f64 *a)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_set *at_host = staged_set(&s, at, rows, DSGD_READ);
    dsgd_f32 *x_host = staged_f32(&s, x, rows, DSGD_READ);
    dsgd_f64 *a_host = staged_f64(&s, a, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->scatter_subtract(&s.turn, at_host, x_host, a_host); }
    staged_end(&s);
}

static void scatter_clear(struct dsgd_rows *r, const dsgd_set *at, dsgd_f32 *v)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_set *at_host = staged_set(&s, at, rows, DSGD_READ);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->scatter_clear(&s.turn, at_host, v_host); }
    staged_end(&s);
}

static void copy_set(struct dsgd_rows *r, const dsgd_set *from, dsgd_set *to)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_set *from_host = staged_set(&s, from, rows, DSGD_READ);
    dsgd_set *to_host = staged_set(&s, to, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->copy_set(&s.turn, from_host, to_host); }
    staged_end(&s);
}

static void subset(struct dsgd_rows *r, const dsgd_set *of, const dsgd_set *places, dsgd_set *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_set *of_host = staged_set(&s, of, rows, DSGD_READ);
    dsgd_set *places_host = staged_set(&s, places, rows, DSGD_READ);
    dsgd_set *out_host = staged_set(&s, out, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->subset(&s.turn, of_host, places_host, out_host); }
    staged_end(&s);
}

static void intersect(struct dsgd_rows *r, const dsgd_set *a, const dsgd_set *b, dsgd_set *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_set *a_host = staged_set(&s, a, rows, DSGD_READ);
    dsgd_set *b_host = staged_set(&s, b, rows, DSGD_READ);
    dsgd_set *out_host = staged_set(&s, out, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->intersect(&s.turn, a_host, b_host, out_host); }
    staged_end(&s);
}

static void sparse_take(struct dsgd_rows *r, double factor, dsgd_f64 *sum, dsgd_i32 *seen, dsgd_set *at, dsgd_f32 *value)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f64 *sum_host = staged_f64(&s, sum, rows, DSGD_READ_WRITE);
    dsgd_i32 *seen_host = staged_i32(&s, seen, rows, DSGD_READ_WRITE);
    dsgd_set *at_host = staged_set(&s, at, rows, DSGD_READ_WRITE);
    dsgd_f32 *value_host = staged_f32(&s, value, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->sparse_take(&s.turn, factor, sum_host, seen_host, at_host, value_host); }
    staged_end(&s);
}

static void pack(struct dsgd_rows *r, const struct dsgd_runs *runs, const dsgd_f32 *v, dsgd_f32 *packed)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_f32 *packed_host = staged_f32(&s, packed, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->pack(&s.turn, runs, v_host, packed_host); }
    staged_end(&s);
}

static void unpack(struct dsgd_rows *r, const struct dsgd_runs *runs, const dsgd_f32 *packed, dsgd_f32 *v)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *packed_host = staged_f32(&s, packed, rows, DSGD_READ);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->unpack(&s.turn, runs, packed_host, v_host); }
    staged_end(&s);
}

static void clear_runs(struct dsgd_rows *r, const struct dsgd_runs *runs, dsgd_f32 *v)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->clear_runs(&s.turn, runs, v_host); }
    staged_end(&s);
}

static void unpack_places(struct dsgd_rows *r, const struct dsgd_runs *runs, dsgd_set *places)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_set *places_host = staged_set(&s, places, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->unpack_places(&s.turn, runs, places_host); }
    staged_end(&s);
}

static void merge_runs(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *value, const struct dsgd_runs *runs, const dsgd_f32 *packed,
                       dsgd_set *at_all, dsgd_f32 *value_all)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_set *at_host = staged_set(&s, at, rows, DSGD_READ);
    dsgd_f32 *value_host = staged_f32(&s, value, rows, DSGD_READ);
    dsgd_f32 *packed_host = staged_f32(&s, packed, rows, DSGD_READ);
    dsgd_set *at_all_host = staged_set(&s, at_all, rows, DSGD_READ_WRITE);
    dsgd_f32 *value_all_host = staged_f32(&s, value_all, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->merge_runs(&s.turn, at_host, value_host, runs, packed_host, at_all_host, value_all_host); }
    staged_end(&s);
}

static void select_topk(struct dsgd_rows *r, const dsgd_f32 *v, size_t k, dsgd_set *out, void *scratch)
{
    struct staged s;
    const uint32_t rows = r->rows;
    (void)scratch; /* of the device: none was asked for */
    staged_turn(&s, r);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_set *out_host = staged_set(&s, out, rows, DSGD_READ_WRITE);
    void *room = staged_room(&s, s.cpu->select_bytes(v->array.count, rows));
    if (staged_ready(&s)) { s.cpu->select_topk(&s.turn, v_host, k, out_host, room); }
    staged_end(&s);
}

static void select_topk_sparse(struct dsgd_rows *r, const dsgd_set *at, const dsgd_f32 *value, size_t k, dsgd_set *places, void *scratch)
{
    struct staged s;
    const uint32_t rows = r->rows;
    (void)scratch; /* of the device: none was asked for */
    staged_turn(&s, r);
    dsgd_set *at_host = staged_set(&s, at, rows, DSGD_READ);
    dsgd_f32 *value_host = staged_f32(&s, value, rows, DSGD_READ);
    dsgd_set *places_host = staged_set(&s, places, rows, DSGD_READ_WRITE);
    void *room = staged_room(&s, s.cpu->select_bytes(at->array.count, rows));
    if (staged_ready(&s)) { s.cpu->select_topk_sparse(&s.turn, at_host, value_host, k, places_host, room); }
    staged_end(&s);
}

static void select_at_least(struct dsgd_rows *r, const dsgd_f32 *v, float threshold, dsgd_set *out, void *scratch)
{
    struct staged s;
    const uint32_t rows = r->rows;
    (void)scratch; /* of the device: none was asked for */
    staged_turn(&s, r);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_set *out_host = staged_set(&s, out, rows, DSGD_READ_WRITE);
    void *room = staged_room(&s, s.cpu->select_bytes(v->array.count, rows));
    if (staged_ready(&s)) { s.cpu->select_at_least(&s.turn, v_host, threshold, out_host, room); }
    staged_end(&s);
}

static void select_heavymix(struct dsgd_rows *r, const dsgd_f32 *estimate, const dsgd_f64 *norm2, size_t k, struct dsgd_rng_key key,
                            dsgd_set *out, dsgd_set *heavy, void *scratch)
{
    struct staged s;
    const uint32_t rows = r->rows;
    (void)scratch; /* of the device: none was asked for */
    staged_turn(&s, r);
    dsgd_f32 *estimate_host = staged_f32(&s, estimate, rows, DSGD_READ);
    dsgd_f64 *norm2_host = staged_f64(&s, norm2, rows, DSGD_READ);
    dsgd_set *out_host = staged_set(&s, out, rows, DSGD_READ_WRITE);
    dsgd_set *heavy_host = heavy ? staged_set(&s, heavy, rows, DSGD_READ_WRITE) : NULL;
    void *room = staged_room(&s, s.cpu->select_bytes(estimate->array.count, rows));
    if (staged_ready(&s)) { s.cpu->select_heavymix(&s.turn, estimate_host, norm2_host, k, key, out_host, heavy_host, room); }
    staged_end(&s);
}

static void select_uniform(struct dsgd_rows *r, size_t n, size_t k, struct dsgd_rng_key key, dsgd_set *out, void *scratch)
{
    struct staged s;
    const uint32_t rows = r->rows;
    (void)scratch; /* of the device: none was asked for */
    staged_turn(&s, r);
    dsgd_set *out_host = staged_set(&s, out, rows, DSGD_READ_WRITE);
    void *room = staged_room(&s, s.cpu->select_bytes(n, rows));
    if (staged_ready(&s)) { s.cpu->select_uniform(&s.turn, n, k, key, out_host, room); }
    staged_end(&s);
}

static size_t select_bytes(size_t n, uint32_t rows)
{
    (void)n;
    (void)rows;
    return 0;
}

void staged_enter_sparse(struct dsgd_device *d)
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
    d->select_topk = select_topk;
    d->select_topk_sparse = select_topk_sparse;
    d->select_at_least = select_at_least;
    d->select_heavymix = select_heavymix;
    d->select_uniform = select_uniform;
    d->select_bytes = select_bytes;
}

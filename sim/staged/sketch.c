/* sketch.c - staged Count Sketches and low rank. Interface: staged.h. */
#include "sim/staged/staged.h"

/* Seed and step stand in the handle, and nothing is kept on the device. */
static void sketch_reseed(struct dsgd_rows *r, dsgd_sketch *hashes)
{
    (void)r;
    (void)hashes;
}

static void sketch_vector(struct dsgd_rows *r, const dsgd_sketch *hashes, const dsgd_f32 *v, dsgd_f32 *table, void *scratch)
{
    struct staged s;
    const uint32_t rows = r->rows;
    (void)scratch; /* of the device: none was asked for */
    staged_turn(&s, r);
    dsgd_sketch *hashes_host = staged_sketch(&s, hashes);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_f32 *table_host = staged_f32(&s, table, rows, DSGD_WRITE);
    void *room = staged_room(&s, s.cpu->sketch_vector_bytes(hashes, rows, s.queue.threads));
    if (staged_ready(&s)) { s.cpu->sketch_vector(&s.turn, hashes_host, v_host, table_host, room); }
    staged_end(&s);
}

static void sketch_add_some(struct dsgd_rows *r, const dsgd_sketch *hashes, float factor, const dsgd_set *at, const dsgd_f32 *value,
                            dsgd_f32 *table)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_sketch *hashes_host = staged_sketch(&s, hashes);
    dsgd_set *at_host = staged_set(&s, at, rows, DSGD_READ);
    dsgd_f32 *value_host = staged_f32(&s, value, rows, DSGD_READ);
    dsgd_f32 *table_host = staged_f32(&s, table, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->sketch_add_some(&s.turn, hashes_host, factor, at_host, value_host, table_host); }
    staged_end(&s);
}

static void sketch_clear_some(struct dsgd_rows *r, const dsgd_sketch *hashes, const dsgd_set *at, dsgd_f32 *table)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_sketch *hashes_host = staged_sketch(&s, hashes);
    dsgd_set *at_host = staged_set(&s, at, rows, DSGD_READ);
    dsgd_f32 *table_host = staged_f32(&s, table, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->sketch_clear_some(&s.turn, hashes_host, at_host, table_host); }
    staged_end(&s);
}

static void sketch_estimate(struct dsgd_rows *r, const dsgd_sketch *hashes, const dsgd_f32 *table, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_sketch *hashes_host = staged_sketch(&s, hashes);
    dsgd_f32 *table_host = staged_f32(&s, table, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->sketch_estimate(&s.turn, hashes_host, table_host, out_host); }
    staged_end(&s);
}

static void sketch_norm2(struct dsgd_rows *r, const dsgd_sketch *hashes, const dsgd_f32 *table, dsgd_f64 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_sketch *hashes_host = staged_sketch(&s, hashes);
    dsgd_f32 *table_host = staged_f32(&s, table, rows, DSGD_READ);
    dsgd_f64 *out_host = staged_f64(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->sketch_norm2(&s.turn, hashes_host, table_host, out_host); }
    staged_end(&s);
}

static void sketch_topk(struct dsgd_rows *r, const dsgd_sketch *hashes, const dsgd_f32 *table, size_t k, dsgd_set *out, dsgd_f32 *value,
                        void *scratch)
{
    struct staged s;
    const uint32_t rows = r->rows;
    (void)scratch; /* of the device: none was asked for */
    staged_turn(&s, r);
    dsgd_sketch *hashes_host = staged_sketch(&s, hashes);
    dsgd_f32 *table_host = staged_f32(&s, table, rows, DSGD_READ);
    dsgd_set *out_host = staged_set(&s, out, rows, DSGD_READ_WRITE);
    dsgd_f32 *value_host = value ? staged_f32(&s, value, rows, DSGD_READ_WRITE) : NULL;
    void *room = staged_room(&s, s.cpu->sketch_select_bytes(hashes, k, s.queue.threads));
    if (staged_ready(&s)) { s.cpu->sketch_topk(&s.turn, hashes_host, table_host, k, out_host, value_host, room); }
    staged_end(&s);
}

static void sketch_heavymix(struct dsgd_rows *r, const dsgd_sketch *hashes, const dsgd_f32 *table, const dsgd_f64 *norm2, size_t k,
                            struct dsgd_rng_key key, dsgd_set *out, dsgd_set *heavy, void *scratch)
{
    struct staged s;
    const uint32_t rows = r->rows;
    (void)scratch; /* of the device: none was asked for */
    staged_turn(&s, r);
    dsgd_sketch *hashes_host = staged_sketch(&s, hashes);
    dsgd_f32 *table_host = staged_f32(&s, table, rows, DSGD_READ);
    dsgd_f64 *norm2_host = staged_f64(&s, norm2, rows, DSGD_READ);
    dsgd_set *out_host = staged_set(&s, out, rows, DSGD_READ_WRITE);
    dsgd_set *heavy_host = heavy ? staged_set(&s, heavy, rows, DSGD_READ_WRITE) : NULL;
    void *room = staged_room(&s, s.cpu->sketch_select_bytes(hashes, k, s.queue.threads));
    if (staged_ready(&s)) { s.cpu->sketch_heavymix(&s.turn, hashes_host, table_host, norm2_host, k, key, out_host, heavy_host, room); }
    staged_end(&s);
}

static void lowrank_times(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *v, const dsgd_f32 *q, dsgd_f32 *p, void *scratch)
{
    struct staged s;
    const uint32_t rows = r->rows;
    (void)scratch; /* of the device: none was asked for */
    staged_turn(&s, r);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_f32 *q_host = staged_f32(&s, q, rows, DSGD_READ);
    dsgd_f32 *p_host = staged_f32(&s, p, rows, DSGD_READ_WRITE);
    void *room = staged_room(&s, s.cpu->lowrank_bytes(m, rows));
    if (staged_ready(&s)) { s.cpu->lowrank_times(&s.turn, m, v_host, q_host, p_host, room); }
    staged_end(&s);
}

static void lowrank_transposed_times(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *v, const dsgd_f32 *p, dsgd_f32 *q,
                                     void *scratch)
{
    struct staged s;
    const uint32_t rows = r->rows;
    (void)scratch; /* of the device: none was asked for */
    staged_turn(&s, r);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_f32 *p_host = staged_f32(&s, p, rows, DSGD_READ);
    dsgd_f32 *q_host = staged_f32(&s, q, rows, DSGD_READ_WRITE);
    void *room = staged_room(&s, s.cpu->lowrank_bytes(m, rows));
    if (staged_ready(&s)) { s.cpu->lowrank_transposed_times(&s.turn, m, v_host, p_host, q_host, room); }
    staged_end(&s);
}

static void lowrank_orthonormalise(struct dsgd_rows *r, const struct dsgd_matrices *m, dsgd_f32 *p, void *scratch)
{
    struct staged s;
    const uint32_t rows = r->rows;
    (void)scratch; /* of the device: none was asked for */
    staged_turn(&s, r);
    dsgd_f32 *p_host = staged_f32(&s, p, rows, DSGD_READ_WRITE);
    void *room = staged_room(&s, s.cpu->lowrank_bytes(m, rows));
    if (staged_ready(&s)) { s.cpu->lowrank_orthonormalise(&s.turn, m, p_host, room); }
    staged_end(&s);
}

static void lowrank_product(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *p, const dsgd_f32 *q, dsgd_f32 *v)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *p_host = staged_f32(&s, p, rows, DSGD_READ);
    dsgd_f32 *q_host = staged_f32(&s, q, rows, DSGD_READ);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->lowrank_product(&s.turn, m, p_host, q_host, v_host); }
    staged_end(&s);
}

static void lowrank_subtract(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *p, const dsgd_f32 *q, dsgd_f32 *v)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *p_host = staged_f32(&s, p, rows, DSGD_READ);
    dsgd_f32 *q_host = staged_f32(&s, q, rows, DSGD_READ);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->lowrank_subtract(&s.turn, m, p_host, q_host, v_host); }
    staged_end(&s);
}

static void lowrank_fresh(struct dsgd_rows *r, const struct dsgd_matrices *m, bool all, struct dsgd_rng_key key, dsgd_f32 *q)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *q_host = staged_f32(&s, q, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->lowrank_fresh(&s.turn, m, all, key, q_host); }
    staged_end(&s);
}

static size_t sketch_bytes(enum dsgd_hash hash, size_t n, uint32_t rows, uint32_t cols)
{
    (void)hash;
    (void)n;
    (void)rows;
    (void)cols;
    return 0;
}

/* Working memory is the host's, taken when it is needed. */
static size_t vector_bytes(const dsgd_sketch *hashes, uint32_t rows, int threads)
{
    (void)hashes;
    (void)rows;
    (void)threads;
    return 0;
}

static size_t choice_bytes(const dsgd_sketch *hashes, size_t k, int threads)
{
    (void)hashes;
    (void)k;
    (void)threads;
    return 0;
}

static size_t lowrank_bytes(const struct dsgd_matrices *m, uint32_t rows)
{
    (void)m;
    (void)rows;
    return 0;
}

void staged_enter_sketch(struct dsgd_device *d)
{
    d->sketch_reseed = sketch_reseed;
    d->sketch_vector = sketch_vector;
    d->sketch_add_some = sketch_add_some;
    d->sketch_clear_some = sketch_clear_some;
    d->sketch_estimate = sketch_estimate;
    d->sketch_norm2 = sketch_norm2;
    d->sketch_topk = sketch_topk;
    d->sketch_heavymix = sketch_heavymix;
    d->lowrank_times = lowrank_times;
    d->lowrank_transposed_times = lowrank_transposed_times;
    d->lowrank_orthonormalise = lowrank_orthonormalise;
    d->lowrank_product = lowrank_product;
    d->lowrank_subtract = lowrank_subtract;
    d->lowrank_fresh = lowrank_fresh;
    d->sketch_bytes = sketch_bytes;
    d->sketch_vector_bytes = vector_bytes;
    d->sketch_select_bytes = choice_bytes;
    d->lowrank_bytes = lowrank_bytes;
}

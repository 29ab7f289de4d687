/* fold.c - staged sums over workers. Interface: staged.h. */
#include "sim/staged/staged.h"

static void fold_sum(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_f32 *a, dsgd_f64 *sum)
{
    struct staged s;
    staged_queue(&s, q);
    dsgd_f32 *a_host = staged_f32(&s, a, rows, DSGD_READ);
    dsgd_f64 *sum_host = staged_f64(&s, sum, 1, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->fold_sum(&s.queue, rows, first, a_host, sum_host); }
    staged_end(&s);
}

static void fold_max(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_f32 *a, dsgd_f32 *most)
{
    struct staged s;
    staged_queue(&s, q);
    dsgd_f32 *a_host = staged_f32(&s, a, rows, DSGD_READ);
    dsgd_f32 *most_host = staged_f32(&s, most, 1, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->fold_max(&s.queue, rows, first, a_host, most_host); }
    staged_end(&s);
}

static void fold_signs(struct dsgd_queue *q, uint32_t rows, const dsgd_signs *a, uint32_t before, dsgd_votes *votes)
{
    struct staged s;
    staged_queue(&s, q);
    dsgd_signs *a_host = staged_signs(&s, a, rows, DSGD_READ);
    dsgd_votes *votes_host = staged_votes(&s, votes, 1, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->fold_signs(&s.queue, rows, a_host, before, votes_host); }
    staged_end(&s);
}

static void fold_signs_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_signs *a, const struct dsgd_groups *g,
                              const dsgd_f32 *scale, dsgd_f64 *sum)
{
    struct staged s;
    staged_queue(&s, q);
    dsgd_signs *a_host = staged_signs(&s, a, rows, DSGD_READ);
    dsgd_f32 *scale_host = staged_f32(&s, scale, rows, DSGD_READ);
    dsgd_f64 *sum_host = staged_f64(&s, sum, 1, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->fold_signs_scaled(&s.queue, rows, first, a_host, g, scale_host, sum_host); }
    staged_end(&s);
}

static void fold_ternary(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_ternary *a, dsgd_i32 *sum)
{
    struct staged s;
    staged_queue(&s, q);
    dsgd_ternary *a_host = staged_ternary(&s, a, rows, DSGD_READ);
    dsgd_i32 *sum_host = staged_i32(&s, sum, 1, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->fold_ternary(&s.queue, rows, first, a_host, sum_host); }
    staged_end(&s);
}

static void fold_ternary_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_ternary *a, const struct dsgd_groups *g,
                                const dsgd_f32 *scale, dsgd_f64 *sum)
{
    struct staged s;
    staged_queue(&s, q);
    dsgd_ternary *a_host = staged_ternary(&s, a, rows, DSGD_READ);
    dsgd_f32 *scale_host = staged_f32(&s, scale, rows, DSGD_READ);
    dsgd_f64 *sum_host = staged_f64(&s, sum, 1, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->fold_ternary_scaled(&s.queue, rows, first, a_host, g, scale_host, sum_host); }
    staged_end(&s);
}

static void fold_levels_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_i32 *a, const struct dsgd_groups *g,
                               const dsgd_f32 *norm, uint32_t m, dsgd_f64 *sum)
{
    struct staged s;
    staged_queue(&s, q);
    dsgd_i32 *a_host = staged_i32(&s, a, rows, DSGD_READ);
    dsgd_f32 *norm_host = staged_f32(&s, norm, rows, DSGD_READ);
    dsgd_f64 *sum_host = staged_f64(&s, sum, 1, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->fold_levels_scaled(&s.queue, rows, first, a_host, g, norm_host, m, sum_host); }
    staged_end(&s);
}

static void fold_sparse(struct dsgd_queue *q, uint32_t rows, const dsgd_set *at, const dsgd_f32 *value, dsgd_f64 *sum, dsgd_i32 *seen)
{
    struct staged s;
    staged_queue(&s, q);
    dsgd_set *at_host = staged_set(&s, at, rows, DSGD_READ);
    dsgd_f32 *value_host = staged_f32(&s, value, rows, DSGD_READ);
    dsgd_f64 *sum_host = staged_f64(&s, sum, 1, DSGD_READ_WRITE);
    dsgd_i32 *seen_host = staged_i32(&s, seen, 1, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->fold_sparse(&s.queue, rows, at_host, value_host, sum_host, seen_host); }
    staged_end(&s);
}

static size_t votes_bytes(size_t n, uint32_t most) { return dsgd_device_at(0)->votes_bytes(n, most); }

void staged_enter_fold(struct dsgd_device *d)
{
    d->fold_sum = fold_sum;
    d->fold_max = fold_max;
    d->fold_signs = fold_signs;
    d->fold_signs_scaled = fold_signs_scaled;
    d->fold_ternary = fold_ternary;
    d->fold_ternary_scaled = fold_ternary_scaled;
    d->fold_levels_scaled = fold_levels_scaled;
    d->fold_sparse = fold_sparse;
    d->votes_bytes = votes_bytes;
}

/* lowrank_ops.c - one step of a power iteration for all matrices of a model, on the CPU: low_rank.c row by row; a large matrix
 * in parts by several threads.
 *
 * Vogels, Karimireddy, Jaggi 2019, arXiv:1905.13727, Algorithm 1. Fresh columns are standard normal numbers.
 */
#include "sim/cpu/cpu.h"
#include "sim/cpu/low_rank.h"
#include "sim/cpu/split.h"
#include "sim/kernel/normal.h"

static struct low_rank_shape shape_of(const struct dsgd_matrix *m)
{
    return (struct low_rank_shape){m->count, m->rows, m->cols};
}

size_t cpu_lowrank_bytes(const struct dsgd_matrices *m, uint32_t rows)
{
    (void)rows;
    return m->rows_max * m->rank * sizeof(double); /* of dsgd_lowrank_orthonormalise */
}

/* One matrix of one row; each product names what it uses. */
struct factors {
    struct low_rank_shape shape;
    size_t rank;
    float *m, *p, *q;
};

static void times(const void *args, size_t first, size_t end)
{
    const struct factors *f = args;
    low_rank_times(&f->shape, f->rank, f->m, f->q, first, end, f->p);
}

static void transposed_times(const void *args, size_t first, size_t end)
{
    const struct factors *f = args;
    low_rank_transposed_times(&f->shape, f->rank, f->m, f->p, first, end, f->q);
}

static void product(const void *args, size_t first, size_t end)
{
    const struct factors *f = args;
    low_rank_product(&f->shape, f->rank, f->p, f->q, first, end, f->m);
}

static void subtract(const void *args, size_t first, size_t end)
{
    const struct factors *f = args;
    low_rank_subtract(&f->shape, f->rank, f->p, f->q, first, end, f->m);
}

/* Calls `work` for rows 0 .. n - 1 of a product, in parts by several threads where the matrix is large. */
static void over_rows(const struct dsgd_queue *q, size_t n, cpu_work *work, const struct factors *f)
{
    const int wanted = cpu_parts(q, f->shape.count * f->rank), parts = n < (size_t)wanted ? (int)n : wanted;
    if (parts <= 1) {
        work(f, 0, n);
        return;
    }
#pragma omp parallel for schedule(static) num_threads(parts)
    for (int part = 0; part < parts; ++part) { work(f, n * (size_t)part / (size_t)parts, n * ((size_t)part + 1) / (size_t)parts); }
}

/* All matrices of all rows; `across`: the product's rows are the matrix's columns. */
static void each(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *v, const dsgd_f32 *p, const dsgd_f32 *q, bool across, cpu_work *work)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t a = 0; a < m->n; ++a) {
            const struct dsgd_matrix *one = &m->matrix[a];
            const struct factors f = {shape_of(one), m->rank, cpu_f32(v, row) + one->offset, cpu_f32(p, row) + one->p, cpu_f32(q, row) + one->q};
            over_rows(r->queue, across ? one->cols : one->rows, work, &f);
        }
    }
}

void cpu_lowrank_times(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *v, const dsgd_f32 *q, dsgd_f32 *p, void *scratch)
{
    (void)scratch;
    each(r, m, v, p, q, false, times);
}

void cpu_lowrank_transposed_times(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *v, const dsgd_f32 *p, dsgd_f32 *q, void *scratch)
{
    (void)scratch;
    each(r, m, v, p, q, true, transposed_times);
}

void cpu_lowrank_orthonormalise(struct dsgd_rows *r, const struct dsgd_matrices *m, dsgd_f32 *p, void *scratch)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t a = 0; a < m->n; ++a) { low_rank_orthonormalise(m->matrix[a].rows, m->rank, cpu_f32(p, row) + m->matrix[a].p, cpu_near(scratch)); }
    }
}

void cpu_lowrank_product(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *p, const dsgd_f32 *q, dsgd_f32 *v)
{
    each(r, m, v, p, q, false, product);
}

void cpu_lowrank_subtract(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *p, const dsgd_f32 *q, dsgd_f32 *v)
{
    each(r, m, v, p, q, false, subtract);
}

/* Element j of all Q is half of draw j / 2. */
static void draw_column(struct dsgd_rng_key key, uint32_t step, size_t first, size_t n, float *q)
{
    for (size_t j = first; j < first + n; ++j) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)(j / 2), step, DSGD_RNG_SERVER, 0);
        double z[2];
        dsgd_normal_pair(&words, z);
        q[j] = (float)z[j % 2];
    }
}

void cpu_lowrank_fresh(struct dsgd_rows *r, const struct dsgd_matrices *m, bool all, struct dsgd_rng_key key, dsgd_f32 *q)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        float *columns = cpu_f32(q, row);
        for (size_t a = 0; a < m->n; ++a) {
            const size_t cols = m->matrix[a].cols;
            for (size_t j = 0; j < m->rank; ++j) {
                const size_t first = m->matrix[a].q + j * cols;
                size_t zeros = 0;
                while (!all && zeros < cols && columns[first + zeros] == 0.0f) { ++zeros; }
                if (all || zeros == cols) { draw_column(key, r->step, first, cols, columns); }
            }
        }
    }
}

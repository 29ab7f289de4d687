/* lowrank_ops.c - one step of a power iteration for all matrices of a model, on the CPU: low_rank.c row by row.
 *
 * Vogels, Karimireddy, Jaggi 2019, arXiv:1905.13727, Algorithm 1. Fresh columns are standard normal numbers.
 */
#include "sim/cpu/cpu.h"
#include "sim/cpu/low_rank.h"
#include "sim/kernel/normal.h"

static struct low_rank_shape shape_of(const struct dsgd_matrix *m)
{
    return (struct low_rank_shape){m->count, m->rows, m->cols};
}

size_t cpu_lowrank_bytes(const struct dsgd_matrices *m, uint32_t rows)
{
    const size_t sums = m->cols_max, columns = m->rows_max * m->rank;
    (void)rows;
    return (sums > columns ? sums : columns) * sizeof(double);
}

void cpu_lowrank_times(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *v, const dsgd_f32 *q, dsgd_f32 *p, void *scratch)
{
    (void)scratch;
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t a = 0; a < m->n; ++a) {
            const struct dsgd_matrix *one = &m->matrix[a];
            const struct low_rank_shape shape = shape_of(one);
            low_rank_times(&shape, m->rank, cpu_f32(v, row) + one->offset, cpu_f32(q, row) + one->q, cpu_f32(p, row) + one->p);
        }
    }
}

void cpu_lowrank_transposed_times(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *v, const dsgd_f32 *p, dsgd_f32 *q, void *scratch)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t a = 0; a < m->n; ++a) {
            const struct dsgd_matrix *one = &m->matrix[a];
            const struct low_rank_shape shape = shape_of(one);
            low_rank_transposed_times(&shape, m->rank, cpu_f32(v, row) + one->offset, cpu_f32(p, row) + one->p, cpu_near(scratch),
                                      cpu_f32(q, row) + one->q);
        }
    }
}

void cpu_lowrank_orthonormalise(struct dsgd_rows *r, const struct dsgd_matrices *m, dsgd_f32 *p, void *scratch)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t a = 0; a < m->n; ++a) { low_rank_orthonormalise(m->matrix[a].rows, m->rank, cpu_f32(p, row) + m->matrix[a].p, cpu_near(scratch)); }
    }
}

void cpu_lowrank_product(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *p, const dsgd_f32 *q, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t a = 0; a < m->n; ++a) {
            const struct dsgd_matrix *one = &m->matrix[a];
            const struct low_rank_shape shape = shape_of(one);
            low_rank_product(&shape, m->rank, cpu_f32(p, row) + one->p, cpu_f32(q, row) + one->q, cpu_f32(v, row) + one->offset);
        }
    }
}

void cpu_lowrank_subtract(struct dsgd_rows *r, const struct dsgd_matrices *m, const dsgd_f32 *p, const dsgd_f32 *q, dsgd_f32 *v)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t a = 0; a < m->n; ++a) {
            const struct dsgd_matrix *one = &m->matrix[a];
            const struct low_rank_shape shape = shape_of(one);
            low_rank_subtract(&shape, m->rank, cpu_f32(p, row) + one->p, cpu_f32(q, row) + one->q, cpu_f32(v, row) + one->offset);
        }
    }
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

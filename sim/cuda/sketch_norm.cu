/* sketch_norm.cu - the AMS estimate of a squared norm: the median over the rows of a table of their squared norms, NaN above all; and the table of
 * the family's launchers.
 */
#include <math.h>

#include "sim/cuda/sketch_parts.h"
#include "sim/cuda/sum.h"

/* All rows of the sketch of all rows. */
struct row_squares : sum_of_doubles {
    typedef float value;
    struct none {};
    struct dsgd_array table;
    size_t cols, rows;
    double *norm;
    row_squares(const struct dsgd_array &table_, size_t cols_, size_t rows_, double *norm_) : table(table_), cols(cols_), rows(rows_), norm(norm_) {}
    __device__ const float *row(size_t j) const
    {
        const size_t of = group_list::quotient(j, rows);
        return cuda_row<const float>(table, of) + (j - of * rows) * cols;
    }
    __device__ none begin(size_t, size_t) const { return {}; }
    __device__ double add(double sum, float x, none) const { return sum + (double)x * (double)x; }
    __device__ void finish(size_t row, size_t, size_t, double sum) const { norm[row] = sum; }
};

/* The order of sums: NaN above everything, equal ones by their rows. */
static __device__ __forceinline__ bool before(double a, uint32_t at, double b, uint32_t other)
{
    if (isnan(a) || isnan(b)) { return isnan(a) ? isnan(b) && at < other : true; }
    return a < b || (a == b && at < other);
}

/* A thread takes a row of a sketch: whose rank is in the middle, that is the median. */
static __global__ void middle_kernel(uint32_t rows, uint32_t sketch_rows, const double *norm, struct dsgd_array out)
{
    for (uint32_t row = blockIdx.x; row < rows; row += gridDim.x) {
        const double *const own = norm + (size_t)row * sketch_rows;
        for (uint32_t j = threadIdx.x; j < sketch_rows; j += GPU_WARP) {
            uint32_t rank = 0;
            for (uint32_t other = 0; other < sketch_rows; ++other) { rank += before(own[other], other, own[j], j); }
            if (rank == sketch_rows / 2) { *cuda_row<double>(out, row) = own[j]; }
        }
    }
}

void sketch_norm2(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array table, struct dsgd_array out)
{
    const struct group_list columns = group_list_whole(s.cols);
    const uint32_t all = t->rows * s.rows;
    const size_t partial = sum_partial(all, columns);
    double *const norm = static_cast<double *>(cuda_scratch(t->device, (all + partial) * sizeof *norm));
    if (!norm) { return; }
    sum_groups_in(t->device, all, columns, row_squares(table, s.cols, s.rows, norm), norm + all);
    GPU_LAUNCH(middle_kernel, cuda_rows(t->rows), GPU_WARP, 0, cuda_stream(t), t->rows, s.rows, norm, out);
    cuda_launched(t);
}

extern const struct cuda_sketch cuda_sketch_table;
const struct cuda_sketch cuda_sketch_table = {sketch_reseed, sketch_vector, sketch_add_some, sketch_clear_some, sketch_estimate, sketch_norm2, sketch_topk,
                                              sketch_heavymix};

/* sketch_norm.cu - the AMS estimate of a squared norm: the median over the rows of a table of their squared norms, NaN above all; and the table of
 * the family's launchers.
 */
#include <math.h>

#include "sim/cuda/sketch_parts.h"
#include "sim/cuda/sum.h"

struct row_squares : sum_of_doubles {
    typedef float value;
    struct none {};
    const float *table;
    size_t cols;
    double *norm;
    row_squares(const float *table_, size_t cols_, double *norm_) : table(table_), cols(cols_), norm(norm_) {}
    __device__ const float *row(size_t j) const { return table + j * cols; }
    __device__ none begin(size_t, size_t) const { return {}; }
    __device__ double add(double sum, float x, none) const { return sum + (double)x * (double)x; }
    __device__ void finish(size_t row, size_t, size_t, double sum) const { norm[row] = sum; }
};

static __global__ void middle_kernel(uint32_t rows, const double *norm, double *out)
{
    double sorted[SKETCH_ROWS_MOST];
    for (uint32_t j = 0; j < rows; ++j) {
        const double sum = norm[j];
        uint32_t at = j;
        while (at > 0 && (isnan(sorted[at - 1]) ? !isnan(sum) : sorted[at - 1] > sum)) {
            sorted[at] = sorted[at - 1];
            --at;
        }
        sorted[at] = sum;
    }
    *out = sorted[rows / 2];
}

void sketch_norm2(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array table, struct dsgd_array out)
{
    for (uint32_t row = 0; row < t->rows; ++row) { /* the server's one */
        sum_groups(t->device, s.rows, group_list_whole(s.cols), row_squares(cuda_row<const float>(table, row), s.cols, s.norm));
        GPU_LAUNCH(middle_kernel, 1, 1, 0, cuda_stream(t), s.rows, s.norm, cuda_row<double>(out, row));
    }
    cuda_launched(t);
}

extern const struct cuda_sketch cuda_sketch_table;
const struct cuda_sketch cuda_sketch_table = {sketch_reseed, sketch_vector, sketch_add_some, sketch_clear_some, sketch_estimate, sketch_norm2, sketch_topk,
                                              sketch_heavymix};

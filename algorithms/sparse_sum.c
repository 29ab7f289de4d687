/* sparse_sum.c - the server's sum of sparse vectors. Interface: sparse_sum.h. */
#include "algorithms/sparse_sum.h"

#include "sim/backend.h"

enum { WORD = 32 };

void sparse_sum_add(const struct dsgd_backend *be, size_t n, const uint32_t *index, const float *value, double *sum, uint32_t *seen)
{
    be->scatter_add(n, index, value, sum);
    for (size_t j = 0; j < n; ++j) { seen[index[j] / WORD] |= 1u << (index[j] % WORD); }
}

size_t sparse_sum_count(size_t d, const uint32_t *seen)
{
    size_t n = 0;
    for (size_t w = 0; w < sparse_sum_words(d); ++w) { n += (size_t)__builtin_popcount(seen[w]); }
    return n;
}

void sparse_sum_take(size_t d, double factor, double *sum, uint32_t *seen, uint32_t *index, float *value)
{
    size_t j = 0;
    for (size_t w = 0; w < sparse_sum_words(d); ++w) {
        for (uint32_t bits = seen[w]; bits; bits &= bits - 1) {
            const uint32_t at = (uint32_t)(WORD * w) + (uint32_t)__builtin_ctz(bits);
            index[j] = at;
            value[j++] = (float)(factor * sum[at]);
            sum[at] = 0.0;
        }
        seen[w] = 0;
    }
}

/* fold_votes.cu - counts of minus signs, 32 coordinates at once: counters whose bits lie in planes of their own.
 *
 * Three planes of one weight become one of this weight and one of twice the weight, two instructions; eight messages cost seven such adders
 * and a carry (the tree of Harley and Seal for counting bits). A thread counts up to 248 messages of its 32 coordinates in registers and then
 * adds eight planes to those in memory. Integers: no order of messages changes anything.
 */
#include "sim/cuda/fold_parts.h"
#include "sim/cuda/planes.h"

enum { AT_ONCE = 8, PLANES = 8, LOW = 3, MOST = 248 /* a multiple of AT_ONCE that eight planes hold */ };

/* Three bits of one weight: *sum keeps their sum, the carry is returned. */
static __device__ __forceinline__ uint32_t add3(uint32_t *sum, uint32_t a, uint32_t b)
{
    const uint32_t carry = (*sum & a) | ((*sum | a) & b);
    *sum ^= a ^ b;
    return carry;
}

static __device__ __forceinline__ void count8(uint32_t c[PLANES], uint32_t m[AT_ONCE])
{
GPU_UNROLL
    for (int j = 0; j < AT_ONCE; j += 2) { m[j] = add3(&c[0], m[j], m[j + 1]); }
GPU_UNROLL
    for (int j = 0; j < AT_ONCE; j += 4) { m[j] = add3(&c[1], m[j], m[j + 2]); }
    uint32_t carry = add3(&c[2], m[0], m[4]);
GPU_UNROLL
    for (int k = LOW; k < PLANES; ++k) {
        const uint32_t both = c[k] & carry;
        c[k] ^= carry;
        carry = both;
    }
}

/* On top of the `had` planes of a word, which become `has`; planes that had not been are 0. */
static __global__ void count_kernel(uint32_t rows, size_t n, struct dsgd_array a, unsigned had, unsigned has, uint32_t *plane)
{
    const size_t words = plane_words(n), w = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (w >= words) { return; }
    plane += w;
    for (uint32_t first = 0; first < rows; first += MOST, had = has) {
        const uint32_t end = rows - first < MOST ? rows : first + MOST;
        uint32_t c[PLANES] = {}, carry = 0;
        for (uint32_t row = first; row < end; row += AT_ONCE) {
            uint32_t m[AT_ONCE];
GPU_UNROLL
            for (uint32_t j = 0; j < AT_ONCE; ++j) { m[j] = row + j < end ? plane_load(cuda_row<const uint8_t>(a, row + j), w, n) : 0; }
            count8(c, m);
        }
GPU_UNROLL
        for (unsigned k = 0; k < PLANES; ++k) {
            if (k >= has) { break; }
            uint32_t sum = k < had ? plane[k * words] : 0;
            carry = add3(&sum, c[k], carry);
            plane[k * words] = sum;
        }
        for (unsigned k = PLANES; k < has; ++k) {
            const uint32_t old = k < had ? plane[k * words] : 0;
            plane[k * words] = old ^ carry;
            carry &= old;
        }
    }
}

size_t fold_votes_bytes(size_t n, uint32_t most) { return plane_words(n) * planes_for(most) * sizeof(uint32_t); }

void fold_signs(const struct cuda_turn *t, struct dsgd_array a, uint32_t before, struct cuda_votes votes)
{
    if (votes.n == 0 || t->rows == 0) { return; }
    GPU_LAUNCH(count_kernel, cuda_grid(plane_words(votes.n), 1), CUDA_THREADS, 0, cuda_stream(t), t->rows, votes.n, a, planes_for(before),
               planes_for(votes.counted), static_cast<uint32_t *>(votes.array.at));
    cuda_launched(t);
}

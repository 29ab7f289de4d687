/* select_keys.h - the k largest keys of each row, in ascending order of their places; ties go to the lower place. C++.
 *
 * Keys are below 2^31 and come from a source: a vector, a sparse vector, the estimates of a sketch. The k-th largest is found by digits of 11,
 * 10 and 10 bits from the top: a histogram of the next digit of the keys that agree so far, then the digit in which the k-th lies. It
 * is enough to know it so well that at most `room` keys are candidates, which two reads of the source do for most vectors: later
 * launches find that nothing is left to do. Then candidates are written as bits, bits become places (compact.h), and where there are more
 * than k the same is done once more with the short list. Sums are of integers, and places come from sums: no order of threads matters.
 *
 * A source S:
 *   size_t most                    places at most, the same in each row
 *   uint32_t n(row)                places of the row
 *   int32_t key(row, i)
 *   int32_t least(row)             keys below are not wanted
 *   emit(row, i, place)            place i is the place-th that is chosen
 *   total(row, n)                  n are chosen
 */
#ifndef DSGD_SIM_CUDA_SELECT_KEYS_H
#define DSGD_SIM_CUDA_SELECT_KEYS_H

#include "sim/cuda/compact.h"

enum { SELECT_CLASSES = 2048, SELECT_DIGITS = 3, SELECT_BLOCKS = 1024 /* of a row's histogram */ };

/** What is known of the k-th largest key of a row. */
struct select_state {
    uint32_t prefix, mask;   /* its upper bits, and which these are */
    uint32_t left;           /* its place among those that agree, from the top */
    uint32_t above;          /* keys that are larger in these bits */
    uint32_t settled, found; /* no more is needed; candidates */
};

static inline size_t select_words(size_t n) { return (n + COMPACT_WORD - 1) / COMPACT_WORD; }

/** Bytes of working memory of select_rows. */
static inline size_t select_room(size_t n, uint32_t rows)
{
    return rows * (sizeof(struct select_state) + SELECT_CLASSES * sizeof(uint32_t) + 2 * select_words(n) * sizeof(uint32_t)) +
           compact_room(select_words(n), rows) * sizeof(uint32_t) + 64;
}

template <class S> static __global__ void select_begin_kernel(uint32_t rows, S s, uint32_t k, struct select_state *state, uint32_t *count)
{
    for (uint32_t row = blockIdx.x; row < rows; row += gridDim.x) {
        for (unsigned c = threadIdx.x; c < SELECT_CLASSES; c += CUDA_THREADS) { count[(size_t)row * SELECT_CLASSES + c] = 0; }
        if (threadIdx.x == 0) {
            const uint32_t n = s.n(row), left = k < n ? k : n;
            state[row] = {0, 0, left, 0, left == 0, 0};
        }
    }
}

template <class S> static __global__ void select_count_kernel(uint32_t rows, S s, int shift, const struct select_state *state, uint32_t *count)
{
    GPU_SHARED(uint32_t, mine, [SELECT_CLASSES]);
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const struct select_state now = state[row];
        const uint32_t n = s.n(row);
        if (now.settled) { continue; } /* the same for the whole block */
        for (unsigned c = threadIdx.x; c < SELECT_CLASSES; c += CUDA_THREADS) { mine[c] = 0; }
        __syncthreads();
        for (size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x; i < n; i += (size_t)gridDim.x * CUDA_THREADS) {
            const uint32_t key = (uint32_t)s.key(row, i);
            if ((key & now.mask) == now.prefix) { atomicAdd(&mine[key >> shift & (SELECT_CLASSES - 1)], 1u); }
        }
        __syncthreads();
        for (unsigned c = threadIdx.x; c < SELECT_CLASSES; c += CUDA_THREADS) { /* which this thread clears for the next row */
            if (mine[c] > 0) { atomicAdd(&count[(size_t)row * SELECT_CLASSES + c], mine[c]); }
        }
    }
}

/** The class in which the left-th of all counts from the top lies: each thread passes over eight classes, then one of them over its own.
 *  count [SELECT_CLASSES], shared; group [CUDA_THREADS], shared. *below: of `left`, its place within that class. Thread 0 has the result,
 *  and counts change after a barrier at the earliest. */
static __device__ __forceinline__ unsigned select_class(const uint32_t *count, uint32_t *group, uint32_t left, uint32_t *within)
{
    enum { EACH = SELECT_CLASSES / CUDA_THREADS };
    uint32_t sum = 0;
    for (unsigned j = 0; j < EACH; ++j) { sum += count[threadIdx.x * EACH + j]; }
    group[threadIdx.x] = sum;
    __syncthreads();
    unsigned c = 0;
    if (threadIdx.x == 0) {
        unsigned g = CUDA_THREADS - 1;
        for (; g > 0 && group[g] < left; --g) { left -= group[g]; }
        for (c = g * EACH + EACH - 1; c > g * EACH && count[c] < left; --c) { left -= count[c]; }
        *within = left;
    }
    return c;
}

static __global__ void select_digit_kernel(uint32_t rows, int shift, int bits, uint32_t room, struct select_state *state, uint32_t *count)
{
    GPU_SHARED(uint32_t, mine, [SELECT_CLASSES]);
    GPU_SHARED(uint32_t, group, [CUDA_THREADS]);
    for (uint32_t row = blockIdx.x; row < rows; row += gridDim.x) {
        struct select_state now = state[row];
        if (now.settled) { continue; }
        for (unsigned c = threadIdx.x; c < SELECT_CLASSES; c += CUDA_THREADS) {
            mine[c] = count[(size_t)row * SELECT_CLASSES + c];
            count[(size_t)row * SELECT_CLASSES + c] = 0; /* for the next digit */
        }
        __syncthreads();
        uint32_t within = 0;
        const unsigned c = select_class(mine, group, now.left, &within);
        if (threadIdx.x == 0) {
            now.above += now.left - within;
            now.left = within;
            now.prefix |= c << shift;
            now.mask |= ((1u << bits) - 1) << shift;
            now.found = now.above + mine[c];
            now.settled = now.found <= room;
            state[row] = now;
        }
        __syncthreads();
    }
}

/* Bits of the candidates: all keys from the prefix on if these are few enough, else what is above it, and apart what equals it. */
template <class S>
static __global__ void select_flags_kernel(uint32_t rows, S s, size_t words, const struct select_state *state, uint32_t *above, uint32_t *equal)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const struct select_state now = state[row];
        const uint32_t n = s.n(row);
        const int32_t least = s.least(row), key = i < n ? s.key(row, i) : -1;
        const bool wanted = i < n && key >= least && (now.left > 0 || now.above > 0);
        const unsigned more = __ballot_sync(GPU_ALL_LANES, wanted && (uint32_t)key > now.prefix);
        const unsigned same = __ballot_sync(GPU_ALL_LANES, wanted && (uint32_t)key == now.prefix);
        if (threadIdx.x % GPU_WARP == 0 && i < words * COMPACT_WORD) {
            above[row * words + i / COMPACT_WORD] = now.settled ? more | same : more;
            equal[row * words + i / COMPACT_WORD] = now.settled ? 0 : same;
        }
    }
}

/* Of the keys that equal the k-th largest the first ones join. */
struct select_ties {
    const struct select_state *state;
    size_t words;
    const uint32_t *equal;
    uint32_t *above;
    __device__ uint32_t word(uint32_t row, size_t w) const { return state[row].settled ? 0 : equal[row * words + w]; }
    __device__ void emit(uint32_t row, size_t i, uint32_t place) const
    {
        if (place < state[row].left) { atomicOr(&above[row * words + i / COMPACT_WORD], 1u << i % COMPACT_WORD); }
    }
    __device__ void done(uint32_t, size_t) const {}
    __device__ void total(uint32_t, uint32_t) const {}
};

template <class S> struct select_out {
    S s;
    size_t words;
    const uint32_t *above;
    __device__ uint32_t word(uint32_t row, size_t w) const { return above[row * words + w]; }
    __device__ void emit(uint32_t row, size_t i, uint32_t place) const { s.emit(row, i, place); }
    __device__ void done(uint32_t, size_t) const {}
    __device__ void total(uint32_t row, uint32_t n) const { s.total(row, n); }
};

/** The k largest of each row, or up to `room` >= k candidates that contain them. work: select_room(s.most, rows) bytes. */
template <class S> static void select_rows(const struct cuda_turn *t, const S &s, uint32_t k, uint32_t room, void *work)
{
    static const int shift[SELECT_DIGITS] = {20, 10, 0}, bits[SELECT_DIGITS] = {11, 10, 10};
    const size_t words = select_words(s.most);
    uint32_t *const count = static_cast<uint32_t *>(work), *const above = count + (size_t)t->rows * SELECT_CLASSES;
    uint32_t *const equal = above + t->rows * words, *const tile = equal + t->rows * words;
    struct select_state *const state = reinterpret_cast<struct select_state *>(tile + compact_room(words, t->rows));
    cudaStream_t stream = cuda_stream(t);
    dim3 grid = cuda_grid(s.most, t->rows), few = grid;
    const unsigned rows = cuda_rows(t->rows);
    if (few.x > SELECT_BLOCKS) { few.x = SELECT_BLOCKS; }
    GPU_LAUNCH((select_begin_kernel<S>), rows, CUDA_THREADS, 0, stream, t->rows, s, k, state, count);
    for (int digit = 0; digit < SELECT_DIGITS; ++digit) {
        GPU_LAUNCH((select_count_kernel<S>), few, CUDA_THREADS, 0, stream, t->rows, s, shift[digit], state, count);
        GPU_LAUNCH(select_digit_kernel, rows, CUDA_THREADS, 0, stream, t->rows, shift[digit], bits[digit], room > k ? room : k, state, count);
    }
    GPU_LAUNCH((select_flags_kernel<S>), grid, CUDA_THREADS, 0, stream, t->rows, s, words, state, above, equal);
    compact(t, words, select_ties{state, words, equal, above}, tile);
    compact(t, words, select_out<S>{s, words, above}, tile);
}

/* ---- short rows: one block does it all ---- */

enum { SELECT_SHORT = 8192 }; /* keys that fit shared memory of a block */

template <class S> static __global__ void select_short_kernel(uint32_t rows, S s, uint32_t k)
{
    GPU_DYNAMIC_SHARED(int32_t, key);
    GPU_SHARED(uint32_t, count, [SELECT_CLASSES]);
    GPU_SHARED(uint32_t, group, [CUDA_THREADS]);
    GPU_SHARED(uint32_t, known, [4]); /* prefix, left, settled */
    GPU_SHARED(uint32_t, partial, [COMPACT_WARPS]);
    for (uint32_t row = blockIdx.x; row < rows; row += gridDim.x) {
        const uint32_t n = s.n(row), wanted = k < n ? k : n;
        const int32_t least = s.least(row);
        for (uint32_t i = threadIdx.x; i < n; i += CUDA_THREADS) { key[i] = s.key(row, i); }
        uint32_t prefix = 0, mask = 0, left = wanted;
        bool settled = wanted == 0;
        for (int shift = 20, bits = 11; shift >= 0 && !settled; shift -= 10, bits = 10) { /* alike in all threads */
            for (unsigned c = threadIdx.x; c < SELECT_CLASSES; c += CUDA_THREADS) { count[c] = 0; }
            __syncthreads();
            for (uint32_t i = threadIdx.x; i < n; i += CUDA_THREADS) {
                if (((uint32_t)key[i] & mask) == prefix) { atomicAdd(&count[(uint32_t)key[i] >> shift & (SELECT_CLASSES - 1)], 1u); }
            }
            __syncthreads();
            uint32_t within = 0;
            const unsigned c = select_class(count, group, left, &within);
            if (threadIdx.x == 0) {
                known[0] = prefix | c << shift;
                known[1] = within;
                known[2] = count[c] == within; /* all of the class are wanted */
            }
            __syncthreads();
            prefix = known[0];
            left = known[1];
            settled = known[2] != 0;
            mask |= ((1u << bits) - 1) << shift;
        }
        uint32_t chosen = 0, ties = 0;
        for (uint32_t first = 0; first < n && wanted > 0; first += CUDA_THREADS) {
            const uint32_t i = first + threadIdx.x;
            const bool is = i < n && key[i] >= least, same = is && !settled && (uint32_t)key[i] == prefix;
            const bool more = is && (settled ? (uint32_t)key[i] >= prefix : (uint32_t)key[i] > prefix);
            uint32_t sum;
            const uint32_t tie = ties + compact_before(same, partial, &sum);
            ties += sum;
            const bool take = more || (same && tie < left);
            const uint32_t place = chosen + compact_before(take, partial, &sum);
            chosen += sum;
            if (take) { s.emit(row, i, place); }
        }
        if (threadIdx.x == 0) { s.total(row, chosen); } /* the next row begins with what is a thread's own, or behind compact_before's barrier */
    }
}

template <class S> static void select_short(const struct cuda_turn *t, const S &s, uint32_t k)
{
    GPU_LAUNCH((select_short_kernel<S>), cuda_rows(t->rows), CUDA_THREADS, s.most * sizeof(int32_t), cuda_stream(t), t->rows, s, k);
    cuda_launched(t);
}

/* ---- in two stages ---- */

/** Candidates in working memory: places of a source with their keys. */
struct select_list {
    uint32_t *index, *length;
    int32_t *value;
    size_t stride;
};

template <class S> struct select_first : S { /* emits candidates */
    struct select_list list;
    select_first(const S &s, const struct select_list &l) : S(s), list(l) {}
    __device__ void emit(uint32_t row, size_t i, uint32_t place) const
    {
        list.index[row * list.stride + place] = (uint32_t)i;
        list.value[row * list.stride + place] = S::key(row, i);
    }
    __device__ void total(uint32_t row, uint32_t n) const { list.length[row] = n; }
};

template <class S> struct select_second { /* the candidates as a source */
    S s;
    struct select_list list;
    size_t most;
    __device__ uint32_t n(uint32_t row) const { return list.length[row]; }
    __device__ int32_t key(uint32_t row, size_t i) const { return list.value[row * list.stride + i]; }
    __device__ int32_t least(uint32_t row) const { return s.least(row); }
    __device__ void emit(uint32_t row, size_t i, uint32_t place) const { s.emit_known(row, list.index[row * list.stride + i], list.value[row * list.stride + i], place); }
    __device__ void total(uint32_t row, uint32_t n) const { s.total(row, n); }
};

/** Candidates at most: as many as one digit leaves of a heavy-tailed vector. */
static inline size_t select_candidates(size_t n, size_t k) { return 2 * k + 4096 < n ? 2 * k + 4096 : n; }

static inline size_t select_bytes(size_t n, size_t k, uint32_t rows)
{
    const size_t list = select_candidates(n, k), second = list > SELECT_SHORT ? select_room(list, rows) : 0;
    return n <= SELECT_SHORT ? 0 : rows * (2 * list + 1) * sizeof(uint32_t) + 512 + select_room(n, rows) + second;
}

/** The k largest of each row; work: select_bytes. emit_known(row, i, key, place) of S is emit where the key is at hand. */
template <class S> static void select_largest(const struct cuda_turn *t, const S &s, uint32_t k, void *work)
{
    if (s.most <= SELECT_SHORT) {
        select_short(t, s, k);
        return;
    }
    const size_t list = select_candidates(s.most, k);
    uint32_t *const index = static_cast<uint32_t *>(work), *const value = index + t->rows * list, *const length = value + t->rows * list;
    char *const rest = reinterpret_cast<char *>(work) + (t->rows * (2 * list + 1) * sizeof *index + 255) / 256 * 256;
    const struct select_list l = {index, length, reinterpret_cast<int32_t *>(value), list};
    select_rows(t, select_first<S>(s, l), k, (uint32_t)list, rest);
    const select_second<S> second = {s, l, list};
    if (list <= SELECT_SHORT) {
        select_short(t, second, k);
    } else {
        select_rows(t, second, k, k, rest + (select_room(s.most, t->rows) + 255) / 256 * 256);
    }
}

#endif

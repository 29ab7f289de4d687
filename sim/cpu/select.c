/* select.c - exact top-k by magnitude, ties by lower index, without sorting.
 *
 * The magnitude bits of a float, read as an integer, have the order of the magnitudes (-0 and 0 both 0), and NaN lies
 * above infinity; all NaN count as one key. The k-th largest key T is found by counting: sections of [0, NaN] by three
 * thresholds a pass, at most 16 passes of a loop that vectorises and does not branch on the data. Then everything above
 * T is taken and the first of those equal to T. No order is left open, so the result is the same everywhere.
 *
 * Long vectors with k << d: T' from a strided sample, five standard deviations on the safe side, one pass collects
 * the keys >= T', the steps above run on these. The sample only saves time: if it misleads (fewer than k collected or
 * too many), the whole vector is bisected.
 */
#include "sim/cpu/select.h"

#include <math.h>
#include <string.h>
#include "sim/cpu/select_keys.h"

enum {
    SAMPLED_MIN = 16384,      /* below this, bisecting all is as fast as sampling */
    SAMPLE_EXPECTED = 400,    /* keys of the top k expected in the sample: 1.25 k survivors at five sigma */
    SAMPLE_MAX = 65536,
    BLOCK = 32,               /* collecting: one test decides whether 32 keys are all too small */
    COUNT_BLOCK = 16384       /* 32-bit counters inside, 64-bit outside */
};

/* Survivors that fit the scratch: a quarter of the vector; with more, collecting saves nothing. */
static size_t survivors_max(size_t d)
{
    return d < SAMPLED_MIN ? 0 : d / 4 + SAMPLE_MAX;
}

size_t select_scratch_bytes(size_t d)
{
    const size_t topk = survivors_max(d) * (sizeof(int32_t) + sizeof(uint32_t));
    const size_t fill = (d / 64 + 1) * sizeof(uint64_t); /* select_heavymix: one bit a rank */
    return topk > fill ? topk : fill;
}

/* counts[j] = number of keys >= threshold[j]. */
static void count_at_least(size_t n, const float *v, const int32_t threshold[3], size_t counts[3])
{
    counts[0] = counts[1] = counts[2] = 0;
    for (size_t first = 0; first < n; first += COUNT_BLOCK) {
        const size_t end = n - first < COUNT_BLOCK ? n : first + COUNT_BLOCK;
        const int32_t t0 = threshold[0], t1 = threshold[1], t2 = threshold[2];
        int32_t c0 = 0, c1 = 0, c2 = 0;
        for (size_t i = first; i < end; ++i) {
            const int32_t key = dsgd_magnitude_key(v[i]);
            c0 += key >= t0;
            c1 += key >= t1;
            c2 += key >= t2;
        }
        counts[0] += (size_t)c0;
        counts[1] += (size_t)c1;
        counts[2] += (size_t)c2;
    }
}

/* The k-th largest key of n, 1 <= k <= n, or any key with exactly k at or above it; `at_least`: how many there are. */
static int32_t kth_key(size_t n, const float *v, size_t k, size_t *at_least)
{
    int32_t low = 0, high = DSGD_KEY_NAN + 1; /* count(>= low) >= k > count(>= high) */
    size_t count_low = n;
    while (high - low > 1 && count_low != k) {
        const int32_t quarter = (high - low + 3) / 4;
        int32_t threshold[3];
        size_t counts[3];
        for (int j = 0; j < 3; ++j) {
            const int32_t t = low + (j + 1) * quarter;
            threshold[j] = t < high ? t : high - 1; /* high - 1 > low: progress for short intervals as well */
        }
        count_at_least(n, v, threshold, counts);
        for (int j = 0; j < 3; ++j) { /* thresholds ascend, counts descend */
            if (counts[j] < k) {
                high = threshold[j];
                break;
            }
            low = threshold[j];
            count_low = counts[j];
        }
    }
    *at_least = count_low;
    return low;
}

/* Writes the k first of: keys above t, and the first k - above of those equal to t; `at_least` keys are >= t. */
static void take(size_t n, const float *v, size_t k, int32_t t, size_t at_least, uint32_t *index)
{
    size_t equal = 0; /* how many of those equal to t are wanted */
    if (at_least > k) {
        size_t ties = 0;
        for (size_t i = 0; i < n; ++i) { ties += dsgd_magnitude_key(v[i]) == t; }
        equal = k - (at_least - ties);
    } else {
        equal = at_least; /* all */
    }
    size_t taken = 0;
    for (size_t i = 0; i < n && taken < k; ++i) { /* writes each i, keeps the wanted: no branch to mispredict */
        const int32_t key = dsgd_magnitude_key(v[i]);
        const size_t tie = (size_t)(key == t) & (size_t)(equal > 0);
        index[taken] = (uint32_t)i;
        taken += (size_t)(key > t) | tie;
        equal -= tie;
    }
}

static void select_all(size_t n, const float *v, size_t k, uint32_t *index)
{
    size_t at_least;
    const int32_t t = kth_key(n, v, k, &at_least);
    take(n, v, k, t, at_least, index);
}

size_t select_at_least(size_t d, const float *v, int32_t t, size_t capacity, uint32_t *index)
{
    size_t found = 0;
    for (size_t first = 0; first < d; first += BLOCK) {
        const size_t n = d - first < BLOCK ? d - first : BLOCK;
        if (n == BLOCK) {
            int32_t largest = 0;
            for (size_t l = 0; l < BLOCK; ++l) {
                const int32_t key = dsgd_magnitude_key(v[first + l]);
                largest = key > largest ? key : largest;
            }
            if (largest < t) { continue; }
        }
        if (found + n <= capacity) { /* room for all of them: writes each, keeps the wanted */
            for (size_t l = 0; l < n; ++l) {
                index[found] = (uint32_t)(first + l);
                found += dsgd_magnitude_key(v[first + l]) >= t;
            }
        } else {
            for (size_t l = 0; l < n; ++l) {
                if (dsgd_magnitude_key(v[first + l]) < t) { continue; }
                if (found < capacity) { index[found] = (uint32_t)(first + l); }
                ++found;
            }
        }
    }
    return found;
}

/* Collects keys >= a sampled threshold and selects among them. False: nothing selected, bisect all. */
static int select_sampled(size_t d, const float *v, size_t k, uint32_t *index, void *scratch)
{
    const size_t capacity = survivors_max(d);
    float *sample = scratch; /* first the sample, then the survivors' values */
    uint32_t *survivor = (uint32_t *)(void *)(sample + capacity);

    size_t size = d / 8 < SAMPLE_MAX ? d / 8 : SAMPLE_MAX;
    const size_t wanted = d / k < SIZE_MAX / SAMPLE_EXPECTED ? SAMPLE_EXPECTED * (d / k) + 1024 : size;
    size = wanted < size ? wanted : size;
    const size_t stride = d / size;
    for (size_t s = 0; s < size; ++s) { sample[s] = v[s * stride]; }
    const double expected = (double)k * (double)size / (double)d;
    const size_t rank = (size_t)(expected + 5.0 * sqrt(expected)) + 8;
    if (rank > size) { return 0; }
    size_t at_least;
    const int32_t t = kth_key(size, sample, rank, &at_least);

    const size_t found = select_at_least(d, v, t, capacity, survivor);
    if (found < k || found > capacity) { return 0; }
    for (size_t s = 0; s < found; ++s) { sample[s] = v[survivor[s]]; }
    select_all(found, sample, k, index);
    for (size_t j = 0; j < k; ++j) { index[j] = survivor[index[j]]; }
    return 1;
}

void select_topk(size_t d, const float *v, size_t k, uint32_t *index, void *scratch)
{
    if (k == 0) { return; }
    if (k >= d) {
        for (size_t i = 0; i < d; ++i) { index[i] = (uint32_t)i; }
        return;
    }
    if (d >= SAMPLED_MIN && k <= d / 8 && select_sampled(d, v, k, index, scratch)) { return; }
    select_all(d, v, k, index);
}

void select_topk_positions(size_t n, const float *value, size_t k2, uint32_t *position, void *scratch)
{
    /* ascending distinct indices: order by position is order by index */
    select_topk(n, value, k2, position, scratch);
}

/* sketch_list.c - collecting the largest estimates. Interface: sketch_list.h. */
#include "sim/cpu/sketch_list.h"

#include <string.h>

#include "sim/cpu/sketch_lanes.h"

enum { GROUP = 64, BINS = 2048, NEAR = 1 << 22 /* keys, a third to a half of a magnitude */, SHORT = 4096 };

static inline unsigned lowest_bit(uint64_t word)
{
    return (unsigned)__builtin_ctzll(word);
}

/* kth for a short list, where bins cost more than they count: quarters of low .. high by three counts a pass, which are vectors. */
static int32_t kth_of_few(const struct sketch_list *list, size_t *above)
{
    int32_t low = INT32_MAX, high = 0;
    for (size_t i = 0; i < list->n; ++i) {
        const int32_t m = sketch_magnitude(list->key[i]);
        low = m < low ? m : low;
        high = m > high ? m : high;
    }
    int32_t over = 0, reach = (int32_t)list->n; /* magnitudes above `high`, from `low` on: over < k <= reach */
    while (low < high && (size_t)reach != list->k) {
        const int32_t quarter = (high - low) / 4, t0 = low + quarter + 1, t1 = t0 + quarter, t2 = t1 + quarter; /* at most high */
        int32_t c0 = 0, c1 = 0, c2 = 0;
        for (size_t i = 0; i < list->n; ++i) {
            const int32_t m = sketch_magnitude(list->key[i]);
            c0 += m >= t0;
            c1 += m >= t1;
            c2 += m >= t2;
        }
        const int32_t first[] = {low, t0, t1, t2}, last[] = {t0 - 1, t1 - 1, t2 - 1, high}, count[] = {reach, c0, c1, c2, over};
        int j = 3;
        while ((size_t)count[j] < list->k) { --j; }
        low = first[j], reach = count[j];
        high = last[j], over = count[j + 1];
    }
    *above = (size_t)reach == list->k ? list->k : (size_t)over;
    return low;
}

/* How many magnitudes lie in each of the bins of 1 << shift keys from `low` on, up to `high`; what is above `high` counts in the last. */
static void count(const struct sketch_list *list, int32_t low, int32_t high, unsigned shift, bool all_above, uint32_t bin[BINS])
{
    const uint32_t last = (uint32_t)(high - low) >> shift;
    memset(bin, 0, BINS * sizeof *bin);
    for (size_t i = 0; i < list->n; ++i) {
        const int32_t m = sketch_magnitude(list->key[i]);
        if (all_above) {
            const uint32_t b = (uint32_t)(m - low) >> shift;
            ++bin[b < last ? b : last];
        } else if (m >= low && m <= high) {
            ++bin[(uint32_t)(m - low) >> shift];
        }
    }
}

/* The k-th largest magnitude, or one with exactly k at or above it; `above`: how many are larger than it, or k. It is most often just above
 * the floor, where the first bins are narrow; the last one takes all the rest. */
static int32_t kth(const struct sketch_list *list, size_t *above)
{
    uint32_t bin[BINS];
    if (list->n <= SHORT) { return kth_of_few(list, above); }
    int32_t low = list->floor, high = low > INT32_MAX - NEAR ? INT32_MAX : low + NEAR - 1;
    size_t over = 0; /* magnitudes above `high`; the k-th is in low .. high */
    for (bool first = true; low < high; first = false) {
        unsigned shift = 0;
        while ((uint32_t)(high - low) >> shift >= BINS) { ++shift; }
        count(list, low, high, shift, first, bin);
        const uint32_t last = (uint32_t)(high - low) >> shift;
        uint32_t b = last;
        while (over + bin[b] < list->k) { over += bin[b--]; }
        low += (int32_t)(b << shift);
        if (over + bin[b] == list->k) {
            *above = list->k;
            return low;
        }
        const int32_t end = low > INT32_MAX - (int32_t)((1u << shift) - 1) ? INT32_MAX : low + (int32_t)((1u << shift) - 1);
        high = first && b == last ? INT32_MAX : end < high ? end : high;
    }
    *above = over;
    return low;
}

void sketch_list_cut(struct sketch_list *list)
{
    size_t above, taken = 0;
    const int32_t t = kth(list, &above);
    size_t equal = above == list->k ? list->n : list->k - above; /* where exactly k reach t, all of these */
    for (size_t i = 0; i < list->n; ++i) { /* writes each, keeps the wanted: no branch to mispredict */
        const int32_t key = list->key[i], m = sketch_magnitude(key);
        const size_t tie = (size_t)(m == t) & (size_t)(equal > 0);
        list->index[taken] = list->index[i];
        list->key[taken] = key;
        taken += (size_t)(m > t) | tie;
        equal -= tie;
    }
    list->n = taken;
    list->floor = t;
    list->closed = t == INT32_MAX;
    if (!list->closed && list->least <= t) { list->least = t + 1; } /* an equal one that comes later loses */
}

/* Which of a group, of which n are left, are wanted. */
static inline uint64_t wanted(const int32_t *key, size_t n, int32_t least)
{
    uint64_t reach = 0;
    if (n >= GROUP) {
        for (unsigned l = 0; l < GROUP; l += LANES) { reach |= lanes_reach(lanes_load(key + l), least) << l; }
    } else {
        for (size_t l = 0; l < n; ++l) { reach |= (uint64_t)(sketch_magnitude(key[l]) >= least) << l; }
    }
    return reach;
}

void sketch_list_take(void *own, size_t first, size_t n, const int32_t *key)
{
    struct sketch_list *list = own;
    for (size_t i = 0; i < n && !list->closed; i += GROUP) {
        uint64_t reach = wanted(key + i, n - i, list->least);
        if (reach == 0) { continue; }
        if (list->n + GROUP > list->capacity) { /* what the cut makes too small must not come in: kth counts from the floor on */
            sketch_list_cut(list);
            if (list->closed) { return; }
            reach = wanted(key + i, n - i, list->least);
        }
        for (; reach != 0; reach &= reach - 1) {
            const size_t at = i + lowest_bit(reach);
            list->index[list->n] = (uint32_t)(first + at);
            list->key[list->n++] = key[at];
        }
    }
}

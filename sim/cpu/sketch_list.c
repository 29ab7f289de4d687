/* sketch_list.c - collecting the largest estimates. Interface: sketch_list.h. */
#include "sim/cpu/sketch_list.h"

#include <string.h>

#include "sim/cpu/sketch_lanes.h"

enum { GROUP = 64, BINS = 2048, BIN_BITS = 11, SHORT = 4096 };

static inline unsigned lowest_bit(uint64_t word)
{
    return (unsigned)__builtin_ctzll(word);
}

/* kth for a short list, where bins cost more than they count: quarters of low .. high by three counts a pass, which are vectors. */
static int32_t kth_of_few(const struct sketch_list *list, int32_t low, int32_t high, size_t *above)
{
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

/* The k-th largest magnitude, or one with exactly k at or above it; `above`: how many are larger than it, or k. */
static int32_t kth(const struct sketch_list *list, size_t *above)
{
    uint32_t bin[BINS];
    int32_t low = INT32_MAX, high = 0;
    for (size_t i = 0; i < list->n; ++i) {
        const int32_t m = sketch_magnitude(list->key[i]);
        low = m < low ? m : low;
        high = m > high ? m : high;
    }
    if (list->n <= SHORT) { return kth_of_few(list, low, high, above); }
    size_t over = 0; /* magnitudes above `high`; the k-th is in low .. high */
    while (low < high) {
        unsigned shift = 0;
        while ((uint32_t)(high - low) >> shift >= BINS) { ++shift; }
        memset(bin, 0, sizeof bin);
        for (size_t i = 0; i < list->n; ++i) {
            const int32_t m = sketch_magnitude(list->key[i]);
            if (m >= low && m <= high) { ++bin[(uint32_t)(m - low) >> shift]; }
        }
        uint32_t b = (uint32_t)(high - low) >> shift;
        while (over + bin[b] < list->k) { over += bin[b--]; }
        const int32_t from = low + (int32_t)(b << shift);
        if (over + bin[b] == list->k) {
            *above = list->k;
            return from;
        }
        low = from;
        high = high - from < (int32_t)((1u << shift) - 1) ? high : from + (int32_t)((1u << shift) - 1);
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
    list->closed = t == INT32_MAX;
    if (!list->closed && list->least <= t) { list->least = t + 1; } /* an equal one that comes later loses */
}

void sketch_list_take(void *own, size_t first, size_t n, const int32_t *key)
{
    struct sketch_list *list = own;
    for (size_t i = 0; i < n && !list->closed; i += GROUP) {
        uint64_t reach = 0;
        if (n - i >= GROUP) {
            for (unsigned l = 0; l < GROUP; l += LANES) { reach |= lanes_reach(lanes_load(key + i + l), list->least) << l; }
        } else {
            for (size_t l = 0; l < n - i; ++l) { reach |= (uint64_t)(sketch_magnitude(key[i + l]) >= list->least) << l; }
        }
        if (reach == 0) { continue; }
        if (list->n + GROUP > list->capacity) { sketch_list_cut(list); } /* what it takes away from `reach` is cut off the next time */
        for (; reach != 0; reach &= reach - 1) {
            const size_t at = i + lowest_bit(reach);
            list->index[list->n] = (uint32_t)(first + at);
            list->key[list->n++] = key[at];
        }
    }
}

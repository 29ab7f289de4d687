/* select.c - exact top-k by magnitude, ties by lower index, without sorting.
 *
 * The magnitude bits of a float, read as an integer, have the order of the magnitudes (-0 and 0 both 0), and NaN lies
 * above infinity; all NaN count as one key. The k-th largest key T is found by counting: sections of [0, NaN] by three
 * thresholds a pass, at most 16 passes of a loop that vectorises and does not branch on the data. Then everything above
 * T is taken and the first of those equal to T. No order is left open, so the result is the same everywhere.
 *
 * Where k << d that is done on few: T' <= T is found first, one pass collects the keys >= T' (select_collect.c), the steps above run on
 * these.
 * - Long vectors: T' from a strided sample, four standard deviations on the safe side. Parts of the vector are collected by a thread
 *   each and stand one behind the other. The sample only saves time: if it misleads (fewer than k collected or too many), all is bisected.
 * - Short ones: the maxima of interleaved groups, several times more than k. k groups have a maximum that is at least the k-th largest
 *   maximum, so at least k keys are: this T' cannot mislead, and few others reach it.
 */
#include "sim/cpu/select.h"

#include <math.h>
#include <string.h>
#include "sim/cpu/select_keys.h"
#include "sim/cpu/split.h"

enum {
    SAMPLED_MIN = 16384,      /* below this, maxima of groups */
    SAMPLE_EXPECTED = 200,    /* keys of the top k expected in the sample: 1.3 k survivors at four sigma */
    SAMPLE_MAX = 65536,
    GROUP_UNIT = 64,          /* groups are a multiple: whole registers */
    GROUPS_MAX = 2048,        /* 8 KiB of the stack */
    GROUPS_PER_K = 4,         /* as many more than k at best; half of that still pays */
    RANKED_MAX = 32,          /* so many are ranked by comparing all with all */
    COUNT_BLOCK = 16384,      /* 32-bit counters inside, 64-bit outside */
    COUNT_SHARED = 1 << 20,   /* numbers that are worth waking threads for at every count, tens of microseconds */
    PARTS_MAX = 64
};

/* Survivors that fit the scratch: a quarter of a long vector; with more, collecting saves nothing. */
static size_t survivors_max(size_t d)
{
    return d < SAMPLED_MIN ? d : d / 4 + SAMPLE_MAX;
}

size_t select_scratch_bytes(size_t d)
{
    const size_t topk = survivors_max(d) * (sizeof(float) + sizeof(uint32_t));
    const size_t fill = select_words(d) * sizeof(uint64_t); /* select_heavymix: one bit a rank */
    return topk > fill ? topk : fill;
}

/* ---- the k-th largest ---- */

struct counts { size_t of[3]; };

/* How many keys reach each of three thresholds, in at most COUNT_BLOCK numbers. */
static struct counts count_block(size_t n, const float *v, const int32_t threshold[3])
{
    const int32_t t0 = threshold[0], t1 = threshold[1], t2 = threshold[2];
    int32_t c0 = 0, c1 = 0, c2 = 0;
    for (size_t i = 0; i < n; ++i) {
        const int32_t key = dsgd_magnitude_key(v[i]);
        c0 += key >= t0;
        c1 += key >= t1;
        c2 += key >= t2;
    }
    return (struct counts){{(size_t)c0, (size_t)c1, (size_t)c2}};
}

static struct counts count_at_least(size_t n, const float *v, const int32_t threshold[3], int parts)
{
    if (n <= COUNT_BLOCK) { return count_block(n, v, threshold); }
    size_t c0 = 0, c1 = 0, c2 = 0;
    const int team = n < COUNT_SHARED ? 1 : parts;
#pragma omp parallel for schedule(static) num_threads(team) reduction(+ : c0, c1, c2) if (team > 1)
    for (size_t first = 0; first < n; first += COUNT_BLOCK) {
        const struct counts block = count_block(n - first < COUNT_BLOCK ? n - first : COUNT_BLOCK, v + first, threshold);
        c0 += block.of[0];
        c1 += block.of[1];
        c2 += block.of[2];
    }
    return (struct counts){{c0, c1, c2}};
}

/* The k-th largest key of n, 1 <= k <= n, all of them at least `low`; or any key with k .. k + slack at or above it.
 * `at_least`: how many there are. */
static int32_t kth_key(size_t n, const float *v, size_t k, size_t slack, int32_t low, int parts, size_t *at_least)
{
    int32_t high = DSGD_KEY_NAN + 1; /* count(>= low) >= k > count(>= high) */
    size_t count_low = n;
    while (high - low > 1 && count_low - k > slack) {
        const int32_t quarter = (high - low + 3) / 4;
        int32_t threshold[3];
        for (int j = 0; j < 3; ++j) {
            const int32_t t = low + (j + 1) * quarter;
            threshold[j] = t < high ? t : high - 1; /* high - 1 > low: progress for short intervals as well */
        }
        const struct counts counts = count_at_least(n, v, threshold, parts);
        for (int j = 0; j < 3; ++j) { /* thresholds ascend, counts descend */
            if (counts.of[j] < k) {
                high = threshold[j];
                break;
            }
            low = threshold[j];
            count_low = counts.of[j];
        }
    }
    *at_least = count_low;
    return low;
}

/* ---- taking ---- */

/* Where the first `wanted` keys equal to t end, wanted >= 1. */
static size_t end_of_ties(const float *v, int32_t t, size_t wanted)
{
    size_t i = 0;
    for (;; ++i) {
        wanted -= dsgd_magnitude_key(v[i]) == t;
        if (wanted == 0) { return i + 1; }
    }
}

/* The k first of: keys above t, and the first of those equal to t; `at_least` >= k keys are >= t. name NULL: coordinates. */
static void take(size_t n, const float *v, const uint32_t *name, size_t k, int32_t t, size_t at_least, uint32_t *index)
{
    size_t tied = n, taken; /* up to there those equal to t are wanted */
    if (at_least > k) {
        size_t ties = 0;
        for (size_t i = 0; i < n; ++i) { ties += dsgd_magnitude_key(v[i]) == t; }
        tied = end_of_ties(v, t, k - (at_least - ties));
    }
    if (name) {
        taken = select_named(tied, v, name, t, k, index);
    } else {
        taken = select_at_least(tied, v, t, k, index);
    }
    if (t == DSGD_KEY_NAN) { return; } /* nothing is above */
    for (size_t i = tied; i < n && taken < k; ++i) { /* writes each, keeps the wanted */
        index[taken] = name ? name[i] : (uint32_t)i;
        taken += dsgd_magnitude_key(v[i]) > t;
    }
}

/* All keys are at least `low`. */
static void select_all(size_t n, const float *v, const uint32_t *name, size_t k, int32_t low, uint32_t *index, int parts)
{
    size_t at_least;
    const int32_t t = kth_key(n, v, k, 0, low, parts, &at_least);
    take(n, v, name, k, t, at_least, index);
}

/* A handful, n <= RANKED_MAX: those with fewer than k before them in the order. */
static void select_ranked(size_t n, const float *v, const uint32_t *name, size_t k, uint32_t *index)
{
    int32_t key[RANKED_MAX], place[RANKED_MAX];
    for (int j = 0; j < RANKED_MAX; ++j) { place[j] = j; }
    for (size_t j = 0; j < RANKED_MAX; ++j) { key[j] = j < n ? dsgd_magnitude_key(v[j]) : -1; }
    size_t taken = 0;
    for (size_t i = 0; i < n && taken < k; ++i) {
        const int32_t own = key[i], here = (int32_t)i;
        int32_t before = 0;
        for (int j = 0; j < RANKED_MAX; ++j) { before += (key[j] > own) | ((key[j] == own) & (place[j] < here)); }
        index[taken] = name[i];
        taken += (size_t)before < k;
    }
}

/* ---- few of many ---- */

/* Selects among the n survivors, all keys of at least `low`. */
static void select_survivors(size_t n, const float *value, const uint32_t *name, size_t k, int32_t low, uint32_t *index, int parts)
{
    if (n <= RANKED_MAX) {
        select_ranked(n, value, name, k, index);
    } else {
        select_all(n, value, name, k, low, index, parts);
    }
}

/* A key that the k-th largest of v probably reaches, and few others do; -1 where the sample has too few. `sample`: [SAMPLE_MAX] */
static int32_t sampled_key(size_t d, const float *v, size_t k, float *sample)
{
    size_t size = d / 8 < SAMPLE_MAX ? d / 8 : SAMPLE_MAX, at_least;
    const size_t wanted = d / k < SIZE_MAX / SAMPLE_EXPECTED ? SAMPLE_EXPECTED * (d / k) + 1024 : size;
    size = wanted < size ? wanted : size;
    const size_t stride = d / size;
    for (size_t s = 0; s < size; ++s) { sample[s] = v[s * stride]; }
    const double expected = (double)k * (double)size / (double)d;
    const size_t rank = (size_t)(expected + 4.0 * sqrt(expected)) + 8;
    return rank > size ? -1 : kth_key(size, sample, rank, rank / 16, 0, 1, &at_least);
}

/* Collects keys >= a sampled threshold and selects among them. False: nothing selected, bisect all. */
static bool select_sampled(size_t d, const float *v, size_t k, uint32_t *index, void *scratch, int parts)
{
    float *value = scratch; /* first the sample, then the survivors' values */
    uint32_t *survivor = (uint32_t *)(void *)(value + survivors_max(d));
    const size_t room = survivors_max(d) / (size_t)parts;
    const int32_t t = sampled_key(d, v, k, value);
    size_t found[PARTS_MAX], n = 0;
    if (t < 0) { return false; }
#pragma omp parallel for schedule(static) num_threads(parts) if (parts > 1)
    for (int p = 0; p < parts; ++p) {
        const size_t at = room * (size_t)p;
        found[p] = select_at_least_values(cpu_part(d, p, parts), cpu_part(d, p + 1, parts), v, t, room, survivor + at, value + at);
    }
    for (int p = 0; p < parts; ++p) {
        if (found[p] > room) { return false; }
        memmove(value + n, value + room * (size_t)p, found[p] * sizeof *value);
        memmove(survivor + n, survivor + room * (size_t)p, found[p] * sizeof *survivor);
        n += found[p];
    }
    if (n < k) { return false; }
    select_survivors(n, value, survivor, k, t, index, parts);
    return true;
}

/* most[g] = the largest key of v[g], v[g + groups], v[g + 2 groups], ... as a float's bits. */
static void group_maxima(size_t d, const float *restrict v, size_t groups, int32_t *restrict most)
{
    memset(most, 0, groups * sizeof *most);
    size_t i = 0;
    for (; i + groups <= d; i += groups) {
        for (size_t g = 0; g < groups; ++g) {
            const int32_t key = dsgd_magnitude_key(v[i + g]);
            most[g] = key > most[g] ? key : most[g];
        }
    }
    for (size_t g = 0; i + g < d; ++g) {
        const int32_t key = dsgd_magnitude_key(v[i + g]);
        most[g] = key > most[g] ? key : most[g];
    }
}

/* Collects the keys that reach the k-th largest maximum of `groups` groups and selects among them. groups >= k. */
static void select_grouped(size_t d, const float *v, size_t k, size_t groups, uint32_t *index, void *scratch)
{
    union { int32_t key[GROUPS_MAX]; float value[GROUPS_MAX]; } most; /* a key is the bits of its magnitude, or of a NaN */
    float *value = scratch;
    uint32_t *survivor = (uint32_t *)(void *)(value + survivors_max(d));
    size_t at_least;
    group_maxima(d, v, groups, most.key);
    const int32_t t = kth_key(groups, most.value, k, k / 8, 0, 1, &at_least);
    select_survivors(select_at_least_values(0, d, v, t, survivors_max(d), survivor, value), value, survivor, k, t, index, 1);
}

/* How many groups: several times k, of three numbers at least; 0 where maxima say little. */
static size_t groups_for(size_t d, size_t k)
{
    const size_t wanted = (GROUPS_PER_K * k + GROUP_UNIT - 1) / GROUP_UNIT * GROUP_UNIT, most = d / 3 / GROUP_UNIT * GROUP_UNIT;
    size_t groups = wanted < most ? wanted : most;
    groups = groups < GROUPS_MAX ? groups : GROUPS_MAX;
    return 2 * groups >= GROUPS_PER_K * k ? groups : 0;
}

void select_topk(size_t d, const float *v, size_t k, uint32_t *index, void *scratch, int parts)
{
    const size_t groups = d < SAMPLED_MIN ? groups_for(d, k) : 0;
    parts = parts < PARTS_MAX ? parts : PARTS_MAX;
    if (k == 0) { return; }
    if (k >= d) {
        for (size_t i = 0; i < d; ++i) { index[i] = (uint32_t)i; }
        return;
    }
    if (groups > 0) {
        select_grouped(d, v, k, groups, index, scratch);
        return;
    }
    if (d >= SAMPLED_MIN && k <= d / 8 && select_sampled(d, v, k, index, scratch, parts)) { return; }
    select_all(d, v, NULL, k, 0, index, parts);
}

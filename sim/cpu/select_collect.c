/* select_collect.c - the coordinates whose magnitude reaches a threshold, in one pass.
 *
 * 64 keys are compared at a time and become a word of bits. Where few are wanted, most words have none, one or two, and a branch on that
 * is a coin toss that processors lose: so two are written always, wanted or not, and the next word writes over what was not.
 */
#include "sim/cpu/select_keys.h"

#if defined(__GNUC__)
#define INLINED static inline __attribute__((always_inline))
#else
#define INLINED static inline
#endif

/* Where what is found goes: name NULL: coordinates themselves, value NULL: no values. */
struct found {
    const uint32_t *name;
    uint32_t *index;
    float *value;
};

INLINED void put(const struct found *to, size_t at, size_t i, const float *v)
{
    to->index[at] = to->name ? to->name[i] : (uint32_t)i;
    if (to->value) { to->value[at] = v[i]; }
}

/* All of a word; `room`: 64 more fit. Returns how many are found by now. */
INLINED size_t put_word(const struct found *to, size_t found, size_t room, uint64_t word, size_t first, const float *v)
{
#if defined(__POPCNT__)
    if (found + SELECT_WORD <= room) {
        const uint64_t last = UINT64_C(1) << (SELECT_WORD - 1), rest = word & (word - 1);
        const size_t count = (size_t)__builtin_popcountll(word);
        put(to, found, first + select_lowest_bit(word | last), v);
        put(to, found + 1, first + select_lowest_bit(rest | last), v);
        size_t at = found + 2;
        for (uint64_t more = count > 2 ? rest & (rest - 1) : 0; more != 0; more &= more - 1) { put(to, at++, first + select_lowest_bit(more), v); }
        return found + count;
    }
#endif
    for (; word != 0; word &= word - 1, ++found) {
        if (found < room) { put(to, found, first + select_lowest_bit(word), v); }
    }
    return found;
}

INLINED size_t collect(size_t first, size_t end, const float *v, int32_t t, size_t room, struct found to)
{
    size_t found = 0, i = first;
    for (; i + SELECT_WORD <= end; i += SELECT_WORD) { found = put_word(&to, found, room, select_flags(v + i, t), i, v); }
    for (uint64_t word = i < end ? select_flags_tail(end - i, v + i, t) : 0; word != 0; word &= word - 1, ++found) {
        if (found < room) { put(&to, found, i + select_lowest_bit(word), v); }
    }
    return found;
}

size_t select_at_least(size_t d, const float *v, int32_t t, size_t capacity, uint32_t *index)
{
    return collect(0, d, v, t, capacity, (struct found){.index = index});
}

size_t select_at_least_values(size_t first, size_t end, const float *v, int32_t t, size_t capacity, uint32_t *index, float *value)
{
    return collect(first, end, v, t, capacity, (struct found){.index = index, .value = value});
}

size_t select_named(size_t n, const float *v, const uint32_t *name, int32_t t, size_t capacity, uint32_t *out)
{
    return collect(0, n, v, t, capacity, (struct found){.name = name, .index = out});
}

/* codec_levels.c - integers in [-m, m]: a fixed number of bits each, or QSGD's variable code. Interface: codec.h.
 *
 * elias is Code_s of Alistarh et al. 2017 (arXiv:1610.02132, section 3.1): for each non-zero level its distance from the last
 * one, its sign, its magnitude; numbers in Elias' recursive code (Elias 1975, "Universal codeword sets"; there called omega).
 * Departures: the norm is a section of its own. The paper leaves open how a decoder finds the end; here a last distance leads
 * to coordinate d, one past the end, unless coordinate d - 1 is non-zero. A group of the omega code has its leading one first,
 * so that decoders know that it is no end, and then its other bits with the lowest first: same lengths, no reversal of bits.
 * Every vector has one code word.
 */
#include "sim/codec/codec.h"

#include <string.h>

#include "sim/codec/codec_bits.h"
#include "sim/codec/ternary.h"

/* ---- Elias omega ---- */

enum {
    LOW_MAX = 32,         /* numbers below 2^33: a distance may be 2^32 */
    MASK = 64,            /* coordinates in a word of flags */
    SMALL = 16,           /* numbers below it have at most 7 bits and are looked up */
    PAIR_BITS = 10,       /* of a distance, a sign and a magnitude that are looked up at once */
    PAIRS_WORTH = 1 << 10 /* bytes of a section for which the table is made */
};

/* What comes before the last group of a number with `low` bits behind its leading one, and the length of the whole code. */
struct omega {
    uint16_t prefix[LOW_MAX + 1];
    uint8_t prefix_bits[LOW_MAX + 1], bits[LOW_MAX + 1];
};

/* The groups before the last are the code of `low` without its end, one level down. */
static struct omega omega_table(void)
{
    struct omega o = {.bits = {1, 3}}; /* 1: only the end; 2 and 3: one group */
    for (unsigned low = 2; low <= LOW_MAX; ++low) {
        const unsigned below = codec_log2(low), group = (low ^ 1u << below) << 1 | 1;
        o.prefix[low] = (uint16_t)(o.prefix[below] | group << o.prefix_bits[below]);
        o.prefix_bits[low] = (uint8_t)(o.prefix_bits[below] + below + 1);
        o.bits[low] = (uint8_t)(o.prefix_bits[low] + low + 2);
    }
    return o;
}

/* At most 45 bits; the end is the zero above the last group. */
static inline uint64_t omega_code(const struct omega *o, uint64_t n, unsigned *bits)
{
    const unsigned low = codec_log2(n);
    *bits = o->bits[low];
    return o->prefix[low] | ((n ^ UINT64_C(1) << low) << 1 | (low > 0)) << o->prefix_bits[low];
}

/* What a small distance and a small magnitude are together: the bits of both and of the sign between them. */
struct omega_small { uint8_t code[SMALL], bits[SMALL]; };

static struct omega_small small_table(const struct omega *o)
{
    struct omega_small s = {.bits = {0}};
    for (unsigned n = 1; n < SMALL; ++n) {
        unsigned bits = 0;
        s.code[n] = (uint8_t)omega_code(o, n, &bits);
        s.bits[n] = (uint8_t)bits;
    }
    return s;
}

static inline uint32_t pair_code(const struct omega_small *s, uint64_t distance, uint32_t minus, uint32_t magnitude, unsigned *bits)
{
    *bits = s->bits[distance] + 1u + s->bits[magnitude];
    return s->code[distance] | ((uint32_t)s->code[magnitude] << 1 | minus) << s->bits[distance];
}

/* For the next PAIR_BITS bits: distance, magnitude, sign and bits of the pair that they begin with, 0: it is longer. */
struct pair { uint8_t distance, magnitude, minus, bits; };

static void pair_table(struct pair table[1 << PAIR_BITS])
{
    const struct omega o = omega_table();
    const struct omega_small s = small_table(&o);
    memset(table, 0, sizeof *table << PAIR_BITS);
    for (unsigned distance = 1; distance < SMALL; ++distance) {
        for (unsigned magnitude = 1; magnitude < SMALL; ++magnitude) {
            for (uint32_t minus = 0; minus < 2; ++minus) {
                unsigned bits = 0;
                const uint32_t code = pair_code(&s, distance, minus, magnitude, &bits);
                if (bits > PAIR_BITS) { continue; }
                for (uint32_t k = code; k < 1u << PAIR_BITS; k += 1u << bits) {
                    table[k] = (struct pair){(uint8_t)distance, (uint8_t)magnitude, (uint8_t)minus, (uint8_t)bits};
                }
            }
        }
    }
}

static inline void put_long(struct codec_writer *w, uint64_t code, unsigned bits)
{
    if (bits > CODEC_PUT_MAX) {
        codec_put(w, code & UINT32_MAX, CODEC_PUT_MAX);
        code >>= CODEC_PUT_MAX;
        bits -= CODEC_PUT_MAX;
    }
    codec_put(w, code, bits);
}

/* False if the section ends or the number has more than 33 bits. */
static inline bool get_omega(struct codec_reader *r, uint64_t *n)
{
    codec_refill(r); /* a number below 2^33 fits into what is held, or into what is left */
    uint64_t value = 1;
    while ((r->pending & 1) != 0) {
        const unsigned bits = (unsigned)value + 1;
        if (value > LOW_MAX || bits >= r->held) { return false; }
        value = UINT64_C(1) << (bits - 1) | (r->pending & ((UINT64_C(1) << bits) - 1)) >> 1;
        codec_skip(r, bits);
    }
    if (r->held == 0) { return false; }
    codec_skip(r, 1);
    *n = value;
    return true;
}

/* ---- vectors ---- */

static inline uint32_t magnitude_of(int32_t level)
{
    return level < 0 ? 0u - (uint32_t)level : (uint32_t)level;
}

/* Bit j is set where level first + j is not zero, for the next 64 or what is left: loops over set bits go wrong once in 64
 * coordinates, a test of each coordinate goes wrong at many of them. */
static inline uint64_t nonzero_mask(size_t d, const int32_t *level, size_t first)
{
    const size_t n = d - first < MASK ? d - first : MASK;
    uint8_t flag[MASK] = {0};
    uint64_t mask = 0;
    for (size_t j = 0; j < n; ++j) { flag[j] = (uint8_t)(level[first + j] != 0); }
    for (unsigned b = 0; b < MASK; b += CODEC_BYTE) { /* the product moves flag j of eight to bit 56 + j */
        mask |= (codec_load64(flag + b) * UINT64_C(0x0102040810204080) >> 56) << b;
    }
    return mask;
}

/* Exact length. */
static uint64_t elias_bits(size_t d, const int32_t *level)
{
    const struct omega o = omega_table();
    uint64_t bits = 0;
    size_t next = 0; /* first coordinate not yet accounted for */
    for (size_t first = 0; first < d; first += MASK) {
        for (uint64_t mask = nonzero_mask(d, level, first); mask != 0; mask &= mask - 1) {
            const size_t i = first + codec_lowest_bit(mask);
            bits += 1u + o.bits[codec_log2(i + 1 - next)] + o.bits[codec_log2(magnitude_of(level[i]))];
            next = i + 1;
        }
    }
    return next < d ? bits + o.bits[codec_log2(d + 1 - next)] : bits;
}

static void put_elias(size_t d, const int32_t *level, uint8_t *bytes)
{
    const struct omega o = omega_table();
    const struct omega_small small = small_table(&o);
    struct codec_writer w = {.next = bytes};
    unsigned bits = 0;
    size_t next = 0;
    for (size_t first = 0; first < d; first += MASK) {
        for (uint64_t mask = nonzero_mask(d, level, first); mask != 0; mask &= mask - 1) {
            const size_t i = first + codec_lowest_bit(mask);
            if (i + 1 - next < SMALL && magnitude_of(level[i]) < SMALL) {
                const uint32_t pair = pair_code(&small, i + 1 - next, level[i] < 0, magnitude_of(level[i]), &bits);
                codec_put(&w, pair, bits);
                next = i + 1;
                continue;
            }
            const uint64_t distance = omega_code(&o, i + 1 - next, &bits);
            put_long(&w, distance, bits);
            const uint64_t magnitude = omega_code(&o, magnitude_of(level[i]), &bits);
            put_long(&w, magnitude << 1 | (level[i] < 0), bits + 1);
            next = i + 1;
        }
    }
    if (next < d) {
        const uint64_t distance = omega_code(&o, d + 1 - next, &bits);
        put_long(&w, distance, bits);
    }
    codec_put_end(&w);
}

/* NULL, or what is wrong. */
static const char *get_elias(size_t d, uint32_t m, const uint8_t *bytes, size_t length, int32_t *level)
{
    static const char wrong_end[] = "a code that does not end where the section ends";
    struct codec_reader r = {.next = bytes, .end = bytes + length};
    struct pair table[1 << PAIR_BITS];
    const bool pairs = length >= PAIRS_WORTH && length >= d / CODEC_BYTE; /* where most are short: else nobody could tell which */
    size_t next = 0;
    if (pairs) { pair_table(table); }
    memset(level, 0, d * sizeof *level);
    while (next < d) {
        if (pairs) { /* what they do not know goes the long way, errors too */
            codec_refill(&r);
            const struct pair p = table[r.pending & ((1u << PAIR_BITS) - 1)];
            if (p.bits > 0 && p.bits <= r.held && p.distance <= d - next && p.magnitude <= m) {
                codec_skip(&r, p.bits);
                next += p.distance;
                level[next - 1] = p.minus ? -(int32_t)p.magnitude : (int32_t)p.magnitude;
                continue;
            }
        }
        uint64_t distance = 0, sign = 0, magnitude = 0;
        if (!get_omega(&r, &distance)) { return wrong_end; }
        if (distance > d - next) {
            /* the end of the vector, which distance 1 cannot mean: next < d */
            if (distance != d - next + 1) { return "a distance that leads past the end of the vector"; }
            break;
        }
        if (!codec_get(&r, 1, &sign) || !get_omega(&r, &magnitude)) { return wrong_end; }
        if (magnitude > m) { return "a magnitude above the largest level"; }
        next += distance;
        level[next - 1] = sign != 0 ? -(int32_t)magnitude : (int32_t)magnitude;
    }
    return codec_get_end(&r) ? NULL : wrong_end;
}

/* ---- sections ---- */

static bool within(size_t d, uint32_t m, const int32_t *level)
{
    uint32_t wrong = 0;
    for (size_t i = 0; i < d; ++i) { wrong |= (uint32_t)(magnitude_of(level[i]) > m); }
    return wrong == 0;
}

size_t codec_levels_bytes_max(enum codec_levels as, size_t d, uint32_t m)
{
    if (as == CODEC_PACKED) { return levels_bytes(d, m); }
    /* a distance g and the end of the vector cost less than g distances of 1, so all non-zero is the longest */
    const struct omega o = omega_table();
    return (size_t)codec_bytes_of_bits((uint64_t)d * (2u + o.bits[codec_log2(m > 0 ? m : 1)]));
}

enum dsgd_status codec_add_levels(struct codec_message *message, enum dsgd_kind kind, enum codec_levels as, size_t d, uint32_t m,
                                  const int32_t *level)
{
    if (d > UINT32_MAX || m > INT32_MAX || !within(d, m, level)) {
        return dsgd_fail(DSGD_EINTERNAL, "%zu levels to be sent are not all within -%lu and %lu", d, (unsigned long)m,
                         (unsigned long)m);
    }
    void *memory = NULL;
    if (as == CODEC_PACKED) {
        DSGD_TRY(codec_message_add(message, kind, DSGD_LEVELS, d, levels_bytes(d, m), &memory));
        levels_pack(d, level, m, memory);
    } else {
        const uint64_t bits = elias_bits(d, level);
        DSGD_TRY(codec_message_add(message, kind, DSGD_LEVELS_ELIAS, d, (size_t)codec_bytes_of_bits(bits), &memory));
        put_elias(d, level, memory);
    }
    return DSGD_OK;
}

enum dsgd_status codec_get_levels(const struct codec_message *message, int at, enum dsgd_kind kind, enum codec_levels as, size_t d,
                                  uint32_t m, struct codec_arena *scratch, const int32_t **level)
{
    if (d > UINT32_MAX || m > INT32_MAX) {
        return dsgd_fail(DSGD_EMESSAGE, "section %d (%s): %zu levels up to %lu; expected fewer than 2^32 below 2^31", at,
                         dsgd_kind_name(kind), d, (unsigned long)m);
    }
    const uint8_t *bytes = NULL;
    size_t length = 0;
    const bool packed = as == CODEC_PACKED;
    DSGD_TRY(codec_section(message, at, kind, packed ? DSGD_LEVELS : DSGD_LEVELS_ELIAS, d, &bytes, &length));
    const size_t most = codec_levels_bytes_max(as, d, m), least = packed ? most : d > 0;
    if (length < least || length > most) {
        return dsgd_fail(DSGD_EMESSAGE, "section %d (%s): %zu levels up to %lu in %zu bytes; expected %zu to %zu", at,
                         dsgd_kind_name(kind), d, (unsigned long)m, length, least, most);
    }
    void *memory = NULL;
    DSGD_TRY(codec_take(scratch, d * sizeof(int32_t), "levels", &memory));
    const char *wrong = packed ? levels_get(d, bytes, length, m, memory) : get_elias(d, m, bytes, length, memory);
    if (wrong) {
        return dsgd_fail(DSGD_EMESSAGE, "section %d (%s): %zu levels up to %lu are %s", at, dsgd_kind_name(kind), d,
                         (unsigned long)m, wrong);
    }
    *level = memory;
    return DSGD_OK;
}

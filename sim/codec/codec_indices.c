/* codec_indices.c - a set of n out of d coordinates in the fewest bytes that four simple codes allow. Interface: codec.h.
 *
 * delta is the Rice code (Golomb 1966, "Run-length encodings"; Rice 1979, JPL 79-22, its case of a power of two) of the gaps
 * minus 1: gap >> r zeros, a one, then the lowest r bits of the gap. Uniformly drawn sets have nearly geometric gaps, for
 * which the code is within a few per cent of the entropy. Both sides compute r from n and d by Kiely's rule (2004, "Selecting
 * the Golomb parameter in Rice coding", IPN Progress Report 42-159): with mean gap g the largest r with
 * 2^r <= 0.9624 (g + 1/2), else 0; so no byte says which r it is. Since every set has one code word in each of the four
 * codes, a decoder need only check order, range, padding, and for `cheapest` that the tag is the one of the shortest.
 */
#include "sim/codec/codec.h"

#include <string.h>

#include "sim/codec/codec_bits.h"
#include "sim/kernel/rice.h"

enum { RAW_BYTES = 4 };

static enum dsgd_encoding encoding_of(enum codec_indices as)
{
    static const enum dsgd_encoding encodings[] = {[CODEC_CHEAPEST] = DSGD_INDEX_TAGGED,
                                                   [CODEC_RAW] = DSGD_RAW_U32,
                                                   [CODEC_FIXED] = DSGD_INDEX_FIXED,
                                                   [CODEC_DELTA] = DSGD_INDEX_DELTA,
                                                   [CODEC_BITMAP] = DSGD_INDEX_BITMAP};
    return encodings[as];
}

/* All or nothing is chosen: both sides know the set. */
static bool is_known(size_t n, size_t d)
{
    return n == 0 || n == d;
}

/* ceil(log2 d). */
static unsigned fixed_bits(size_t d)
{
    return d > 1 ? codec_log2(d - 1) + 1 : 0;
}

/* What the gaps of a set add to its Rice code; index NULL: the most that any set of n may have. */
static uint64_t gaps_of(size_t n, size_t d, const uint32_t *index)
{
    const unsigned r = dsgd_rice_parameter(n, d);
    if (!index) { return (uint64_t)(d - n) >> r; }
    uint64_t sum = index[0] >> r;
    for (size_t j = 1; j < n; ++j) { sum += (index[j] - index[j - 1] - 1) >> r; }
    return sum;
}

/* Exact length of the four codes in bytes. */
static uint64_t length_with(enum codec_indices as, size_t n, size_t d, uint64_t gaps)
{
    switch (as) {
    case CODEC_FIXED: return codec_bytes_of_bits((uint64_t)n * fixed_bits(d));
    case CODEC_BITMAP: return codec_bytes_of_bits(d);
    case CODEC_DELTA: break;
    default: return (uint64_t)n * RAW_BYTES;
    }
    return codec_bytes_of_bits((uint64_t)n * (dsgd_rice_parameter(n, d) + 1) + gaps);
}

/* The same of a set; index NULL: the longest that any set of n may take. */
static uint64_t length_of(enum codec_indices as, size_t n, size_t d, const uint32_t *index)
{
    return length_with(as, n, d, as == CODEC_DELTA ? gaps_of(n, d, index) : 0);
}

/* The shortest of the four, the first among equals. */
static enum codec_indices cheapest_with(size_t n, size_t d, uint64_t gaps)
{
    enum codec_indices best = CODEC_RAW;
    uint64_t least = UINT64_MAX;
    for (enum codec_indices as = CODEC_RAW; as <= CODEC_BITMAP; ++as) {
        const uint64_t bytes = length_with(as, n, d, gaps);
        if (bytes < least) {
            least = bytes;
            best = as;
        }
    }
    return best;
}

static enum codec_indices cheapest_of(size_t n, size_t d, const uint32_t *index)
{
    return cheapest_with(n, d, gaps_of(n, d, index));
}

size_t codec_indices_bytes(enum codec_indices as, size_t n, size_t d, uint64_t gaps)
{
    if (is_known(n, d)) { return 0; }
    return (size_t)(as == CODEC_CHEAPEST ? 1 + length_with(cheapest_with(n, d, gaps), n, d, gaps) : length_with(as, n, d, gaps));
}

size_t codec_indices_bytes_max(enum codec_indices as, size_t n, size_t d)
{
    if (is_known(n, d)) { return 0; }
    return (size_t)(as == CODEC_CHEAPEST ? 1 + length_of(cheapest_of(n, d, NULL), n, d, NULL) : length_of(as, n, d, NULL));
}

/* ---- encoders ---- */

static bool is_ascending(size_t n, size_t d, const uint32_t *index)
{
    uint32_t wrong = 0;
    for (size_t j = 1; j < n; ++j) { wrong |= (uint32_t)(index[j] <= index[j - 1]); }
    return wrong == 0 && (n == 0 || index[n - 1] < d);
}

static void put_fixed(size_t n, size_t d, const uint32_t *index, uint8_t *bytes)
{
    struct codec_writer w = {.next = bytes};
    const unsigned bits = fixed_bits(d);
    for (size_t j = 0; j < n; ++j) { codec_put(&w, index[j], bits); }
    codec_put_end(&w);
}

static void put_delta(size_t n, size_t d, const uint32_t *index, uint8_t *bytes)
{
    struct codec_writer w = {.next = bytes};
    const unsigned r = dsgd_rice_parameter(n, d);
    uint32_t next = 0; /* the lowest index possible */
    for (size_t j = 0; j < n; ++j) {
        const uint32_t gap = index[j] - next;
        uint32_t zeros = gap >> r;
        const uint64_t tail = (uint64_t)(gap & ((UINT32_C(1) << r) - 1)) << 1 | 1; /* the one, then r bits */
        next = index[j] + 1;
        if (zeros + r + 1 <= CODEC_PUT_MAX) { /* r < 32 and zeros < 2^32 / 2^r: the sum does not wrap */
            codec_put(&w, tail << zeros, zeros + r + 1);
            continue;
        }
        for (; zeros >= CODEC_PUT_MAX; zeros -= CODEC_PUT_MAX) { codec_put(&w, 0, CODEC_PUT_MAX); }
        codec_put(&w, UINT64_C(1) << zeros, zeros + 1);
        codec_put(&w, tail >> 1, r);
    }
    codec_put_end(&w);
}

static void put_bitmap(size_t n, size_t d, const uint32_t *index, uint8_t *bytes)
{
    memset(bytes, 0, (size_t)codec_bytes_of_bits(d));
    for (size_t j = 0; j < n; ++j) { bytes[index[j] / CODEC_BYTE] |= (uint8_t)(1u << index[j] % CODEC_BYTE); }
}

enum dsgd_status codec_add_indices(struct codec_message *message, enum dsgd_kind kind, enum codec_indices as, size_t n, size_t d,
                                   const uint32_t *index)
{
    if (n > d || d > UINT32_MAX || !is_ascending(n, d, index)) {
        return dsgd_fail(DSGD_EINTERNAL, "%zu indices to be sent are not strictly ascending below %zu", n, d);
    }
    void *memory = NULL;
    if (is_known(n, d)) { return codec_message_add(message, kind, encoding_of(as), n, 0, &memory); }
    const bool tagged = as == CODEC_CHEAPEST;
    const enum codec_indices code = tagged ? cheapest_of(n, d, index) : as;
    const size_t length = (size_t)length_of(code, n, d, index);
    DSGD_TRY(codec_message_add(message, kind, encoding_of(as), n, length + tagged, &memory));
    uint8_t *bytes = memory;
    if (tagged) { *bytes++ = (uint8_t)code; }
    switch (code) {
    case CODEC_FIXED: put_fixed(n, d, index, bytes); break;
    case CODEC_DELTA: put_delta(n, d, index, bytes); break;
    case CODEC_BITMAP: put_bitmap(n, d, index, bytes); break;
    default:
        for (size_t j = 0; j < n; ++j) { codec_store32(bytes + RAW_BYTES * j, index[j]); }
    }
    return DSGD_OK;
}

/* ---- decoders: NULL, or what is wrong; index has room for n ---- */

static const char wrong_order[] = "indices that are not strictly ascending below the limit";
static const char wrong_end[] = "a code that does not end where the section ends";

static const char *get_fixed(size_t n, size_t d, const uint8_t *bytes, size_t length, unsigned bits, uint32_t *index)
{
    struct codec_reader r = {.next = bytes, .end = bytes + length};
    for (size_t j = 0; j < n; ++j) {
        uint64_t value = 0;
        if (!codec_get(&r, bits, &value)) { return wrong_end; }
        index[j] = (uint32_t)value;
    }
    if (!codec_get_end(&r)) { return wrong_end; }
    return is_ascending(n, d, index) ? NULL : wrong_order;
}

static inline unsigned zeros_of(uint64_t word)
{
    return word != 0 ? codec_lowest_bit(word) : 64;
}

static const char *get_delta(size_t n, size_t d, const uint8_t *bytes, size_t length, uint32_t *index)
{
    struct codec_reader in = {.next = bytes, .end = bytes + length};
    const unsigned r = dsgd_rice_parameter(n, d);
    uint64_t next = 0;
    for (size_t j = 0; j < n; ++j) {
        uint64_t zeros = 0, low = 0;
        codec_refill(&in);
        unsigned run = zeros_of(in.pending);
        while (run >= in.held) { /* a run of zeros longer than what is held */
            if (in.held == 0) { return wrong_end; }
            zeros += in.held;
            codec_skip(&in, in.held);
            codec_refill(&in);
            run = zeros_of(in.pending);
        }
        codec_skip(&in, run + 1);
        if (!codec_get(&in, r, &low)) { return wrong_end; }
        next += (zeros + run) << r | low;
        if (next >= d) { return wrong_order; }
        index[j] = (uint32_t)next++;
    }
    return codec_get_end(&in) ? NULL : wrong_end;
}

static const char *get_bitmap(size_t n, size_t d, const uint8_t *bytes, size_t length, uint32_t *index)
{
    static const char wrong_count[] = "a bitmap with another number of bits set";
    size_t j = 0;
    for (size_t at = 0; at < length; at += 8) {
        for (uint64_t word = codec_load_tail(bytes + at, length - at); word != 0; word &= word - 1) {
            if (j == n) { return wrong_count; }
            index[j++] = (uint32_t)(CODEC_BYTE * at + codec_lowest_bit(word));
        }
    }
    if (j < n) { return wrong_count; }
    return index[n - 1] < d ? NULL : wrong_end; /* a bit past d */
}

enum dsgd_status codec_get_indices(const struct codec_message *message, int at, enum dsgd_kind kind, enum codec_indices as,
                                   size_t n, size_t d, struct codec_arena *scratch, const uint32_t **index)
{
    if (n > d || d > UINT32_MAX) {
        return dsgd_fail(DSGD_EMESSAGE, "section %d (%s): %zu indices; expected at most the %zu coordinates", at,
                         dsgd_kind_name(kind), n, d);
    }
    if (as == CODEC_RAW && !is_known(n, d)) { return codec_message_get_indices(message, at, kind, n, d, index); }
    const uint8_t *bytes = NULL;
    size_t length = 0;
    DSGD_TRY(codec_section(message, at, kind, encoding_of(as), n, &bytes, &length));
    enum codec_indices code = as;
    if (is_known(n, d)) {
        code = CODEC_RAW; /* no byte */
    } else if (as == CODEC_CHEAPEST) {
        code = length > 0 ? (enum codec_indices)bytes[0] : CODEC_CHEAPEST;
        if (code < CODEC_RAW || code > CODEC_BITMAP) {
            return dsgd_fail(DSGD_EMESSAGE, "section %d (%s) of %zu bytes has tag %d; expected %d to %d", at, dsgd_kind_name(kind),
                             length, (int)code, CODEC_RAW, CODEC_BITMAP);
        }
        ++bytes;
        --length;
    }
    /* before memory is taken for n: a code of variable length has at least r + 1 bits for each index */
    const uint64_t most = is_known(n, d) ? 0 : length_of(code, n, d, NULL);
    const uint64_t least = code == CODEC_DELTA && most > 0 ? codec_bytes_of_bits((uint64_t)n * (dsgd_rice_parameter(n, d) + 1)) : most;
    if (length < least || length > most) {
        return dsgd_fail(DSGD_EMESSAGE, "section %d (%s): code of %zu out of %zu indices in %zu bytes; expected %llu to %llu", at,
                         dsgd_kind_name(kind), n, d, length, (unsigned long long)least, (unsigned long long)most);
    }
    void *memory = NULL;
    DSGD_TRY(codec_take(scratch, n * sizeof(uint32_t), "indices", &memory));
    uint32_t *out = memory;
    const char *wrong = NULL;
    if (is_known(n, d)) {
        for (size_t j = 0; j < n; ++j) { out[j] = (uint32_t)j; }
    } else if (code == CODEC_DELTA) {
        wrong = get_delta(n, d, bytes, length, out);
    } else if (code == CODEC_BITMAP) {
        wrong = get_bitmap(n, d, bytes, length, out);
    } else {
        wrong = get_fixed(n, d, bytes, length, code == CODEC_RAW ? 32 : fixed_bits(d), out);
    }
    if (!wrong && as == CODEC_CHEAPEST && !is_known(n, d) && cheapest_of(n, d, out) != code) {
        wrong = "a code that is not the shortest";
    }
    if (wrong) {
        return dsgd_fail(DSGD_EMESSAGE, "section %d (%s): %zu out of %zu indices are %s", at, dsgd_kind_name(kind), n, d, wrong);
    }
    *index = out;
    return DSGD_OK;
}

/* codec_ternary.c - vectors of -1, 0, 1: two bit planes, or an arithmetic code close to the entropy. Interface: codec.h.
 *
 * entropy: n, the number of non-zeros (4 bytes); a binary arithmetic code of the d flags "non-zero" with the fixed probability
 * n / d; n sign bits. TernGrad (Wen et al. 2017, arXiv:1705.07878) sends few non-zeros where gradients have outliers.
 * The coder is a range coder with bytes out (Rissanen 1976; Martin 1979, "Range encoding"); a carry goes into the bytes already
 * written. A code word is a number V in [0, 1), base 256, trailing zero bytes not sent.
 * Window of 56 bits: the encoder holds the interval [low, low + range), the decoder offset = V - low. A symbol splits the
 * interval: zero takes the lower part, non-zero the upper bound = (range >> 32) * p of it, with p = n / d in 32 bits, rounded.
 * When the range falls below 2^48 the window moves by a byte.
 * At the end the encoder picks the number of the interval with the fewest bytes of the window, so the decoder, who knows the
 * interval too, can tell the one word that the encoder writes from all others without encoding again.
 * Length of the code of the places: range >> 32 has at least 16 bits, so a non-zero costs at most 2^-15 bits more than
 * -log2 p; rounding p costs less than one bit a vector, the end at most 9 bits. In all at most
 * ceil((d H(n / d) + n / 2^15 + 10) / 8) bytes. Integers only: the same bytes everywhere.
 */
#include "sim/codec/codec.h"

#include <string.h>

#include "sim/codec/codec_bits.h"
#include "sim/codec/ternary.h"

enum { COUNT_BYTES = 4, WINDOW = 56, WINDOW_BYTES = 7 };
#define WHOLE (UINT64_C(1) << WINDOW)
#define RANGE_MIN (WHOLE >> CODEC_BYTE)

/* n / d in units of 2^-32, 0 < n < d < 2^32: never 0 and never 2^32. */
static uint64_t probability_of(uint64_t n, uint64_t d)
{
    return ((n << 32) + d / 2) / d;
}

/* Bytes that the code of the places cannot exceed: d H(n / d) <= min(d, n (log2(d / n) + log2 e)), and the excess above. */
static size_t places_bytes_max(uint64_t n, uint64_t d)
{
    if (n == 0 || n == d) { return 0; }
    const uint64_t sparse = n * (codec_log2(d / n) + 3); /* log2(d / n) < floor + 1; log2 e < 2 */
    return (size_t)codec_bytes_of_bits((sparse < d ? sparse : d) + n / 32768 + 16);
}

/* The word's distance from the interval's lower end: the word is the lowest number of the interval that ends with as few
 * bytes of the window as there are; one suffices, because the range is at least its unit. */
static uint64_t distance_to_word(uint64_t low, uint64_t range)
{
    const uint64_t none = (0 - low) & (WHOLE - 1);
    return none < range ? none : (0 - low) & (RANGE_MIN - 1);
}

static uint64_t count_bits(size_t bytes, const uint8_t *plane)
{
    uint64_t n = 0;
    for (size_t b = 0; b < bytes; b += 8) { n += (uint64_t)__builtin_popcountll(codec_load_tail(plane + b, bytes - b)); }
    return n;
}

/* ---- arithmetic code of the places ---- */

/* Adds 1 to the number in front of `next`. It stays below 1, so the carry ends. */
static void carry(uint8_t *next)
{
    while (++*--next == 0) {}
}

/* Returns the code's length; bytes has room for places_bytes_max. */
static size_t put_places(uint64_t n, uint64_t d, const uint8_t *nonzero, uint8_t *bytes)
{
    const uint64_t p = probability_of(n, d);
    uint64_t low = 0, range = WHOLE;
    uint8_t *next = bytes;
    for (uint64_t i = 0; i < d; ++i) {
        const uint64_t bound = (range >> 32) * p;
        const uint64_t hit = 0 - (uint64_t)(nonzero[i / CODEC_BYTE] >> i % CODEC_BYTE & 1); /* a mask: no branch to mispredict */
        range -= bound;
        low += range & hit;
        range ^= (range ^ bound) & hit;
        while (range < RANGE_MIN) {
            if (low >= WHOLE) { carry(next); }
            *next++ = (uint8_t)(low >> (WINDOW - CODEC_BYTE));
            low = (low & (RANGE_MIN - 1)) << CODEC_BYTE;
            range <<= CODEC_BYTE;
        }
    }
    low += distance_to_word(low, range);
    if (low >= WHOLE) { carry(next); }
    *next++ = (uint8_t)(low >> (WINDOW - CODEC_BYTE));
    while (next > bytes && next[-1] == 0) { --next; }
    return (size_t)(next - bytes);
}

/* NULL, or what is wrong. Writes all of `nonzero`. */
static const char *get_places(uint64_t n, uint64_t d, const uint8_t *bytes, size_t length, uint8_t *nonzero)
{
    const uint64_t p = probability_of(n, d);
    uint64_t range = WHOLE, window = 0;
    size_t at = 0; /* bytes in and before the window */
    for (; at < WINDOW_BYTES; ++at) { window = window << CODEC_BYTE | (at < length ? bytes[at] : 0); }
    uint64_t offset = window;
    for (uint64_t i = 0; i < d; i += CODEC_BYTE) {
        const unsigned eight = d - i < CODEC_BYTE ? (unsigned)(d - i) : CODEC_BYTE;
        uint64_t places = 0;
        for (unsigned j = 0; j < eight; ++j) {
            const uint64_t bound = (range >> 32) * p;
            range -= bound;
            const uint64_t hit = 0 - ((range - 1 - offset) >> 63); /* offset >= range as a mask: both are far below 2^63 */
            offset -= range & hit;
            range ^= (range ^ bound) & hit;
            places |= (hit & 1) << j;
            for (; range < RANGE_MIN; ++at) {
                const uint64_t byte = at < length ? bytes[at] : 0;
                range <<= CODEC_BYTE;
                offset = offset << CODEC_BYTE | byte;
                window = window << CODEC_BYTE | byte;
            }
        }
        nonzero[i / CODEC_BYTE] = (uint8_t)places;
    }
    if (count_bits(ternary_plane_bytes(d), nonzero) != n) { return "another number of non-zeros"; }
    const uint64_t low = (window - offset) & (WHOLE - 1);
    if (length > at || (length > 0 && bytes[length - 1] == 0) || offset != distance_to_word(low, range)) {
        return "a code that does not end as it must";
    }
    return NULL;
}

/* ---- planes ---- */

/* True if no negative bit stands alone and no bit past d is set. */
static bool planes_valid(size_t d, const uint8_t *nonzero, const uint8_t *negative)
{
    const size_t bytes = ternary_plane_bytes(d);
    unsigned stray = 0;
    for (size_t b = 0; b < bytes; ++b) { stray |= negative[b] & ~(unsigned)nonzero[b]; }
    if (d % CODEC_BYTE > 0) { stray |= (unsigned)nonzero[bytes - 1] >> d % CODEC_BYTE; }
    return stray == 0;
}

/* One bit for each non-zero: is it negative? Words of 64 coordinates: one mispredicted end of a loop for each word. */
static void put_signs(size_t d, const uint8_t *nonzero, const uint8_t *negative, uint8_t *bytes)
{
    struct codec_writer w = {.next = bytes};
    const size_t plane = ternary_plane_bytes(d);
    for (size_t b = 0; b < plane; b += 8) {
        const uint64_t minus = codec_load_tail(negative + b, plane - b);
        uint64_t signs = 0;
        unsigned n = 0;
        for (uint64_t rest = codec_load_tail(nonzero + b, plane - b); rest != 0; rest &= rest - 1) {
            signs |= (minus >> codec_lowest_bit(rest) & 1) << n++;
        }
        const unsigned first = n < CODEC_PUT_MAX ? n : CODEC_PUT_MAX;
        codec_put(&w, signs & UINT32_MAX, first);
        codec_put(&w, signs >> CODEC_PUT_MAX, n - first);
    }
    codec_put_end(&w);
}

/* False if a bit is set behind the signs; that there are enough is known from the length. */
static bool get_signs(size_t d, const uint8_t *bytes, size_t length, const uint8_t *nonzero, uint8_t *negative)
{
    struct codec_reader r = {.next = bytes, .end = bytes + length};
    const size_t plane = ternary_plane_bytes(d);
    for (size_t b = 0; b < plane; b += 8) {
        const uint64_t places = codec_load_tail(nonzero + b, plane - b);
        const unsigned n = (unsigned)__builtin_popcountll(places), first = n < CODEC_PUT_MAX ? n : CODEC_PUT_MAX;
        uint64_t signs = 0, upper = 0, minus = 0;
        if (!codec_get(&r, first, &signs) || !codec_get(&r, n - first, &upper)) { return false; }
        signs |= upper << CODEC_PUT_MAX;
        for (uint64_t rest = places; rest != 0; rest &= rest - 1, signs >>= 1) {
            minus |= (rest & (0 - rest)) & (0 - (signs & 1));
        }
        for (size_t k = b; k < plane && k < b + 8; ++k, minus >>= CODEC_BYTE) { negative[k] = (uint8_t)minus; }
    }
    return codec_get_end(&r);
}

/* ---- sections ---- */

size_t codec_ternary_bytes_max(enum codec_ternary as, size_t d)
{
    if (as == CODEC_PLANES) { return 2 * ternary_plane_bytes(d); }
    return COUNT_BYTES + (size_t)codec_bytes_of_bits((uint64_t)d + d / 32768 + 16) + ternary_plane_bytes(d);
}

static enum dsgd_status add_planes(struct codec_message *message, enum dsgd_kind kind, size_t d, const uint8_t *nonzero,
                                   const uint8_t *negative)
{
    const int before = message->sections;
    const size_t bytes = ternary_plane_bytes(d);
    void *first = NULL, *second = NULL;
    DSGD_TRY(codec_message_add(message, kind, DSGD_BIT_PLANE, d, bytes, &first));
    const enum dsgd_status status = codec_message_add(message, kind, DSGD_BIT_PLANE, d, bytes, &second);
    if (status != DSGD_OK) {
        message->sections = before;
        return status;
    }
    if (bytes > 0) {
        memcpy(first, nonzero, bytes);
        memcpy(second, negative, bytes);
    }
    return DSGD_OK;
}

enum dsgd_status codec_add_ternary(struct codec_message *message, enum dsgd_kind kind, enum codec_ternary as, size_t d,
                                   const uint8_t *nonzero, const uint8_t *negative)
{
    if (d > UINT32_MAX || !planes_valid(d, nonzero, negative)) {
        return dsgd_fail(DSGD_EINTERNAL, "ternary planes of %zu coordinates to be sent have a bit past the end or a sign alone", d);
    }
    if (as == CODEC_PLANES) { return add_planes(message, kind, d, nonzero, negative); }
    const uint64_t n = count_bits(ternary_plane_bytes(d), nonzero);
    const size_t signs = (size_t)codec_bytes_of_bits(n);
    void *memory = NULL;
    DSGD_TRY(codec_message_add(message, kind, DSGD_TERNARY_ENTROPY, d, COUNT_BYTES + places_bytes_max(n, d) + signs, &memory));
    uint8_t *bytes = memory;
    codec_store32(bytes, (uint32_t)n);
    const size_t places = n > 0 && n < d ? put_places(n, d, nonzero, bytes + COUNT_BYTES) : 0;
    put_signs(d, nonzero, negative, bytes + COUNT_BYTES + places);
    message->section[message->sections - 1].bytes = COUNT_BYTES + places + signs; /* the rest of the memory is not sent */
    return DSGD_OK;
}

static enum dsgd_status get_entropy(const struct codec_message *message, int at, enum dsgd_kind kind, size_t d,
                                    struct codec_arena *scratch, const uint8_t **nonzero, const uint8_t **negative)
{
    const uint8_t *bytes = NULL;
    size_t length = 0;
    DSGD_TRY(codec_section(message, at, kind, DSGD_TERNARY_ENTROPY, d, &bytes, &length));
    if (length < COUNT_BYTES) {
        return dsgd_fail(DSGD_EMESSAGE, "section %d (%s): ternary code of %zu bytes; expected at least %d", at,
                         dsgd_kind_name(kind), length, COUNT_BYTES);
    }
    const uint64_t n = bytes[0] | (uint64_t)bytes[1] << 8 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 24;
    const uint64_t signs = codec_bytes_of_bits(n), rest = length - COUNT_BYTES;
    if (n > d || rest < signs || rest - signs > places_bytes_max(n, d)) {
        return dsgd_fail(DSGD_EMESSAGE, "section %d (%s): %zu bytes for %llu non-zeros of %zu; no such vector has this length", at,
                         dsgd_kind_name(kind), length, (unsigned long long)n, d);
    }
    const size_t plane = ternary_plane_bytes(d), places = (size_t)(rest - signs);
    void *memory = NULL;
    DSGD_TRY(codec_take(scratch, 2 * plane, "ternary planes", &memory));
    uint8_t *first = memory, *second = first + plane;
    const char *wrong = NULL;
    if (n == 0 || n == d) {
        memset(first, n == 0 ? 0 : 0xff, plane);
        if (n > 0 && d % CODEC_BYTE > 0) { first[plane - 1] = (uint8_t)((1u << d % CODEC_BYTE) - 1); }
    } else {
        wrong = get_places(n, d, bytes + COUNT_BYTES, places, first);
    }
    if (!wrong && !get_signs(d, bytes + COUNT_BYTES + places, (size_t)signs, first, second)) {
        wrong = "sign bits past the last non-zero";
    }
    if (wrong) {
        return dsgd_fail(DSGD_EMESSAGE, "section %d (%s): ternary code of %llu non-zeros of %zu has %s", at, dsgd_kind_name(kind),
                         (unsigned long long)n, d, wrong);
    }
    *nonzero = first;
    *negative = second;
    return DSGD_OK;
}

enum dsgd_status codec_get_ternary(const struct codec_message *message, int at, enum dsgd_kind kind, enum codec_ternary as, size_t d,
                                   struct codec_arena *scratch, const uint8_t **nonzero, const uint8_t **negative)
{
    if (d > UINT32_MAX) { return dsgd_fail(DSGD_EMESSAGE, "section %d: %zu coordinates; expected fewer than 2^32", at, d); }
    if (as == CODEC_ENTROPY) { return get_entropy(message, at, kind, d, scratch, nonzero, negative); }
    const void *first = NULL, *second = NULL;
    const size_t bytes = ternary_plane_bytes(d);
    DSGD_TRY(codec_message_get(message, at, kind, DSGD_BIT_PLANE, d, bytes, &first));
    DSGD_TRY(codec_message_get(message, at + 1, kind, DSGD_BIT_PLANE, d, bytes, &second));
    if (!planes_valid(d, first, second)) {
        return dsgd_fail(DSGD_EMESSAGE, "sections %d and %d (%s): ternary planes of %zu coordinates; expected no bit past the end "
                         "and no sign alone", at, at + 1, dsgd_kind_name(kind), d);
    }
    *nonzero = first;
    *negative = second;
    return DSGD_OK;
}

/* codec_bits.h - for the codecs only: bits in and out of a section through a 64-bit buffer, and the look-up of a section.
 *
 * The first bit lies lowest in the first byte; numbers have their lowest bit first. A section ends with the byte that holds
 * its last bit, and the bits that are left of it are zero. The writer never touches a byte past the last bit, so a section
 * can have its exact length; the reader never reads past the section and notices when it is asked for more.
 */
#ifndef DSGD_SIM_CODEC_CODEC_BITS_H
#define DSGD_SIM_CODEC_CODEC_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sim/codec/message.h"

enum { CODEC_BYTE = 8, CODEC_PUT_MAX = 32, CODEC_GET_MAX = 56 };

/** ceil(bits / 8). */
static inline uint64_t codec_bytes_of_bits(uint64_t bits)
{
    return bits / CODEC_BYTE + (bits % CODEC_BYTE > 0);
}

/** Position of the lowest set bit of a word that is not zero. */
static inline unsigned codec_lowest_bit(uint64_t word)
{
    return (unsigned)__builtin_ctzll(word);
}

/** floor(log2 x), x > 0. */
static inline unsigned codec_log2(uint64_t x)
{
    return 63u - (unsigned)__builtin_clzll(x);
}

/** Eight bytes little-endian; compilers make one load of it where that is the machine's order. */
static inline uint64_t codec_load64(const uint8_t bytes[8])
{
    uint64_t word = 0;
    for (unsigned b = 0; b < 8; ++b) { word |= (uint64_t)bytes[b] << CODEC_BYTE * b; }
    return word;
}

/** The same for the last `left` bytes, zeros behind them. */
static inline uint64_t codec_load_tail(const uint8_t *bytes, size_t left)
{
    if (left >= 8) { return codec_load64(bytes); }
    uint64_t word = 0;
    for (size_t b = 0; b < left; ++b) { word |= (uint64_t)bytes[b] << CODEC_BYTE * b; }
    return word;
}

/** Four bytes little-endian. */
static inline void codec_store32(uint8_t bytes[4], uint32_t word)
{
    for (unsigned b = 0; b < 4; ++b) { bytes[b] = (uint8_t)(word >> CODEC_BYTE * b); }
}

/* ---- writer ---- */

struct codec_writer {
    uint8_t *next;
    uint64_t pending; /* the lowest `held` < 32 bits are not yet written, the others are zero */
    unsigned held;
};

/** Appends the lowest `bits` <= 32 bits of a value that has no others. */
static inline void codec_put(struct codec_writer *w, uint64_t value, unsigned bits)
{
    w->pending |= value << w->held;
    w->held += bits;
    if (w->held >= CODEC_PUT_MAX) {
        codec_store32(w->next, (uint32_t)w->pending);
        w->next += 4;
        w->pending >>= CODEC_PUT_MAX;
        w->held -= CODEC_PUT_MAX;
    }
}

/** The last bytes, padded with zero bits. */
static inline void codec_put_end(struct codec_writer *w)
{
    for (unsigned done = 0; done < w->held; done += CODEC_BYTE) { *w->next++ = (uint8_t)(w->pending >> done); }
    w->pending = 0;
    w->held = 0;
}

/* ---- reader ---- */

struct codec_reader {
    const uint8_t *next, *end;
    uint64_t pending; /* the lowest `held` bits are the next ones; higher ones are a part of what follows, or zero */
    unsigned held;
};

/** Afterwards at least 56 bits are held, or all that are left. */
static inline void codec_refill(struct codec_reader *r)
{
    if (r->end - r->next >= 8) {
        r->pending |= codec_load64(r->next) << r->held; /* bits beyond `held` meet the same bits again */
        r->next += (63u - r->held) / CODEC_BYTE;
        r->held |= CODEC_GET_MAX;
    } else {
        for (; r->held < CODEC_GET_MAX && r->next < r->end; r->held += CODEC_BYTE) {
            r->pending |= (uint64_t)*r->next++ << r->held;
        }
    }
}

/** Drops `bits` <= held < 64 bits. */
static inline void codec_skip(struct codec_reader *r, unsigned bits)
{
    r->pending >>= bits;
    r->held -= bits;
}

/** The next `bits` <= 56 bits; false if fewer are left. */
static inline bool codec_get(struct codec_reader *r, unsigned bits, uint64_t *value)
{
    if (r->held < bits) { codec_refill(r); }
    if (r->held < bits) { return false; }
    *value = r->pending & ((UINT64_C(1) << bits) - 1);
    codec_skip(r, bits);
    return true;
}

/** True if nothing is left but zero bits of the last byte. */
static inline bool codec_get_end(struct codec_reader *r)
{
    codec_refill(r);
    return r->next == r->end && r->held < CODEC_BYTE && r->pending == 0;
}

/* ---- sections ---- */

/** Section number `at` of a code whose length depends on the content: all is checked but the length, which is the result. */
static inline enum dsgd_status codec_section(const struct codec_message *message, int at, enum dsgd_kind kind,
                                             enum dsgd_encoding encoding, uint64_t count, const uint8_t **data, size_t *bytes)
{
    const void *memory = NULL;
    *bytes = message && at < message->sections ? message->section[at].bytes : 0;
    DSGD_TRY(codec_message_get(message, at, kind, encoding, count, *bytes, &memory));
    *data = memory;
    return DSGD_OK;
}

/** Memory for decoded content. */
static inline enum dsgd_status codec_take(struct codec_arena *scratch, size_t bytes, const char *what, void **memory)
{
    *memory = codec_arena_take(scratch, bytes);
    if (!*memory) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu bytes of decoded %s", bytes, what); }
    return DSGD_OK;
}

#endif

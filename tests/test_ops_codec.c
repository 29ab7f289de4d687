/* test_ops_codec.c - sections as operations: content of a row to bytes in device memory and back, every type and code, on every device.
 *
 * The codes themselves are tested against their definitions in test_codec_*.c. Here: what was written is what is read, in the row that was
 * asked for and nowhere else; the simple codes byte by byte; lengths within what was promised; content that no decoder accepts fails the
 * queue, bytes that no encoder writes are refused with words.
 */
#include "sim/codec/codec.h"
#include "sim/codec/ternary.h"
#include "sim/kernel/rice.h"
#include "sim/wire.h"
#include "tests/ops.h"

enum { ROWS = 3, BYTES_MAX = 1 << 17, LEVELS = 5, WORKERS = 4 };

struct scene {
    struct ops o;
    struct dsgd_wire wire;
    struct dsgd_handle *from, *to;
    void *bytes;
    size_t n, room;
};

static _Alignas(16) unsigned char host[BYTES_MAX], content[ROWS * BYTES_MAX], back[BYTES_MAX];

/* Row r of what is sent: elements of the wire's type. */
static void fill(const struct dsgd_wire *wire, size_t n, size_t r, unsigned char *out)
{
    const size_t plane = (n + 7) / 8;
    memset(out, 0, 2 * plane > 4 * n ? 2 * plane : 4 * n);
    for (size_t i = 0; i < n; ++i) {
        const uint32_t word = (uint32_t)(i * 2654435761u + r * 40503u + 17u) >> 5;
        if (wire->type == DSGD_F32) {
            const float value = ops_value((uint32_t)(i + 31 * r), 1);
            memcpy(out + 4 * i, &value, 4);
        } else if (wire->type == DSGD_SET) {
            const uint32_t index = (uint32_t)(3 * i + (i * 7 + r) % 3); /* ascending, below 3 n */
            memcpy(out + 4 * i, &index, 4);
        } else if (wire->type == DSGD_I32) {
            const int32_t level = (int32_t)(word % (2 * LEVELS + 1)) - LEVELS;
            memcpy(out + 4 * i, &level, 4);
        } else if (wire->type == DSGD_SIGNS) {
            out[i / 8] = (unsigned char)(out[i / 8] | (word & 1) << i % 8);
        } else if (word % 3 != 0) { /* ternary: a sign stands where a number does */
            out[i / 8] = (unsigned char)(out[i / 8] | 1u << i % 8);
            out[plane + i / 8] = (unsigned char)(out[plane + i / 8] | (word & 1) << i % 8);
        }
    }
}

static void open_scene(struct scene *s, int device, enum dsgd_type type, int code, size_t n)
{
    memset(s, 0, sizeof *s);
    ops_open(&s->o, device, ROWS);
    s->n = n;
    s->wire = (struct dsgd_wire){.kind = DSGD_VALUE, .type = type, .code = code, .most = n, .limit = 3 * n + 1, .m = LEVELS};
    const size_t row = ops_row_bytes(type, n);
    for (size_t r = 0; r < ROWS; ++r) { fill(&s->wire, n, r, content + r * row); }
    s->from = ops_vector(&s->o, type, n, ROWS, content);
    s->to = ops_vector(&s->o, type, n, ROWS, NULL);
    s->room = dsgd_wire_bytes_max(&s->wire, n, WORKERS);
    assert_true(s->room + 64 <= BYTES_MAX);
    s->bytes = s->o.queue.device->alloc(0, (s->room + 64 + 63) / 64 * 64);
    assert_non_null(s->bytes);
}

static void close_scene(struct scene *s)
{
    s->o.queue.device->release(s->bytes);
    ops_close(&s->o);
}

/* Bytes of the simple codes: the content as it lies in memory. */
static bool as_it_lies(const struct dsgd_wire *wire)
{
    return (wire->type == DSGD_F32 && wire->code == DSGD_FP32) || (wire->type == DSGD_SET && wire->code == DSGD_RAW) || wire->type == DSGD_SIGNS ||
           (wire->type == DSGD_TERNARY && wire->code == DSGD_PLANES);
}

static void round_trip(int device, enum dsgd_type type, int code, size_t n)
{
    struct scene s;
    open_scene(&s, device, type, code, n);
    struct dsgd_queue *q = &s.o.queue;
    const size_t row_bytes = ops_row_bytes(type, n);
    const bool rounds = type == DSGD_F32 && code != DSGD_FP32;
    for (size_t r = ROWS; r-- > 0;) {
        memset(host, OPS_SENTINEL, s.room + 64);
        q->device->write(q, s.bytes, host, s.room);
        const size_t length = q->device->encode(q, &s.wire, &s.from->as.array, r, n, WORKERS, s.bytes);
        if (q->failed != DSGD_OK) { fail_msg("type %d, code %d, n = %zu: %s", type, code, n, q->text); }
        assert_true(length <= s.room);
        if (length > 0) { q->device->read(q, host, s.bytes, length); }
        if (as_it_lies(&s.wire)) {
            assert_int_equal(length, row_bytes);
            assert_memory_equal(host, content + r * row_bytes, row_bytes);
        }
        const char *wrong = q->device->decode(q, &s.wire, s.bytes, length, n, WORKERS, &s.to->as.array, r);
        if (wrong) { fail_msg("type %d, code %d, n = %zu: %s", type, code, n, wrong); }
        if (type == DSGD_SET) { assert_int_equal(ops_length_of(&s.o, s.to, r), n); }
        ops_read(&s.o, s.to, r, back);
        if (!rounds) {
            assert_memory_equal(back, content + r * row_bytes, row_bytes);
        } else { /* what was rounded travels unchanged: encoded again it gives the same bytes */
            unsigned char *first = malloc(length + 1);
            assert_non_null(first);
            memcpy(first, host, length);
            assert_int_equal(q->device->encode(q, &s.wire, &s.to->as.array, r, n, WORKERS, s.bytes), length);
            if (length > 0) { q->device->read(q, host, s.bytes, length); }
            assert_memory_equal(host, first, length);
            free(first);
        }
        if (length > 0 && !(type == DSGD_TERNARY && code == DSGD_ENTROPY)) { /* of an arithmetic code a shorter one may be another vector's */
            if (!q->device->decode(q, &s.wire, s.bytes, length - 1, n, WORKERS, &s.to->as.array, r)) { fail_msg("type %d, code %d, n = %zu: a byte less is read", type, code, n); }
            assert_true(q->failed == DSGD_OK);
        }
    }
    close_scene(&s);
}

static void every_code_comes_back(void **state)
{
    static const struct { enum dsgd_type type; int codes; } types[] = {{DSGD_F32, 3}, {DSGD_SET, 5}, {DSGD_SIGNS, 1}, {DSGD_TERNARY, 2}, {DSGD_I32, 2}};
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        for (size_t t = 0; t < sizeof types / sizeof *types; ++t) {
            for (int code = 0; code < types[t].codes; ++code) {
                for (int l = 0; l < OPS_LENGTHS; ++l) { round_trip(device, types[t].type, code, ops_length_list[l]); }
            }
        }
    }
}

/* m that is the number of participants, as for means of ternary vectors. */
static void levels_up_to_the_workers(void **state)
{
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct scene s;
        int32_t seen[17];
        open_scene(&s, device, DSGD_I32, DSGD_PACKED, 17);
        s.wire.m = DSGD_PARTICIPANTS;
        struct dsgd_queue *q = &s.o.queue;
        const size_t length = q->device->encode(q, &s.wire, &s.from->as.array, 0, 17, LEVELS, s.bytes);
        assert_int_equal(length, (17 * 4 + 7) / 8); /* 11 values: 4 bits each */
        assert_null(q->device->decode(q, &s.wire, s.bytes, length, 17, LEVELS, &s.to->as.array, 0));
        ops_read(&s.o, s.to, 0, seen);
        assert_memory_equal(seen, content, sizeof seen);
        assert_int_equal(q->device->encode(q, &s.wire, &s.from->as.array, 0, 17, LEVELS - 1, s.bytes), 0); /* a level above the workers */
        assert_int_equal(q->failed, DSGD_EINTERNAL);
        q->failed = DSGD_OK;
        close_scene(&s);
    }
}

static void content_that_cannot_be_sent(void **state)
{
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct scene s;
        struct dsgd_queue *q = &s.o.queue;
        for (int which = 0; which < 4; ++which) {
            static const enum dsgd_type type[] = {DSGD_SET, DSGD_SET, DSGD_TERNARY, DSGD_I32};
            uint32_t bad[17];
            open_scene(&s, device, type[which], which < 2 ? DSGD_FIXED : which == 2 ? DSGD_PLANES : DSGD_PACKED, 17);
            memcpy(bad, content, ops_row_bytes(type[which], 17));
            if (which == 0) { bad[5] = bad[4]; }                                 /* not ascending */
            if (which == 1) { bad[16] = 3 * 17 + 1; }                            /* not below the limit */
            if (which == 2) { ((unsigned char *)bad)[2] = 0xff; }                /* bits past the end */
            if (which == 3) { bad[3] = (uint32_t)LEVELS + 1; }
            q->device->write(q, s.from->as.array.at, bad, ops_row_bytes(type[which], 17));
            assert_int_equal(q->device->encode(q, &s.wire, &s.from->as.array, 0, 17, WORKERS, s.bytes), 0);
            assert_int_equal(q->failed, DSGD_EINTERNAL);
            assert_true(strlen(q->text) > 20);
            q->failed = DSGD_OK;
            close_scene(&s);
        }
    }
}

static void bytes_that_nobody_sends(void **state)
{
    (void)state;
    for (int device = 0; device < OPS_DEVICES; ++device) {
        struct scene s;
        struct dsgd_queue *q = &s.o.queue;
        open_scene(&s, device, DSGD_SIGNS, 0, 17); /* a bit past the end */
        memset(host, 0xff, 3);
        q->device->write(q, s.bytes, host, 3);
        assert_non_null(q->device->decode(q, &s.wire, s.bytes, 3, 17, WORKERS, &s.to->as.array, 0));
        close_scene(&s);
        open_scene(&s, device, DSGD_TERNARY, DSGD_PLANES, 16); /* a sign where there is no number */
        memset(host, 0, 4);
        host[2] = 1;
        q->device->write(q, s.bytes, host, 4);
        assert_non_null(q->device->decode(q, &s.wire, s.bytes, 4, 16, WORKERS, &s.to->as.array, 0));
        close_scene(&s);
        open_scene(&s, device, DSGD_SET, DSGD_RAW, 4); /* indices that do not ascend, and one beyond the limit */
        const uint32_t down[] = {3, 2, 5, 6}, beyond[] = {1, 2, 5, 13};
        q->device->write(q, s.bytes, down, sizeof down);
        assert_non_null(q->device->decode(q, &s.wire, s.bytes, sizeof down, 4, WORKERS, &s.to->as.array, 0));
        q->device->write(q, s.bytes, beyond, sizeof beyond);
        const char *wrong = q->device->decode(q, &s.wire, s.bytes, sizeof beyond, 4, WORKERS, &s.to->as.array, 0);
        assert_true(wrong && strlen(wrong) > 10 && q->failed == DSGD_OK);
        close_scene(&s);
        open_scene(&s, device, DSGD_I32, DSGD_PACKED, 2); /* 11 values in 4 bits: 11 .. 15 mean nothing */
        host[0] = 0xff;
        q->device->write(q, s.bytes, host, 1);
        assert_non_null(q->device->decode(q, &s.wire, s.bytes, 1, 2, WORKERS, &s.to->as.array, 0));
        close_scene(&s);
    }
}

/* Many values at once have the bits of values one by one: patterns from all over the 32 bits, with those next to every exponent's ends. */
static void halves_of_many_are_halves_of_one(void **state)
{
    enum { N = 30001, PASSES = 24 };
    (void)state;
    static float value[N];
    static uint16_t half[N];
    for (int k = 0; k < OPS_DEVICES * 2 * PASSES; ++k) {
        const int device = k % OPS_DEVICES, pass = k / OPS_DEVICES / 2;
        const enum codec_values as = k / OPS_DEVICES % 2 ? CODEC_BF16 : CODEC_FP16;
        struct scene s;
        open_scene(&s, device, DSGD_F32, as == CODEC_FP16 ? DSGD_FP16 : DSGD_BF16, N);
        struct dsgd_queue *q = &s.o.queue;
        for (uint32_t i = 0; i < N; ++i) {
            const uint32_t near = (i << 23 | (i & 256 ? 0x1000u : 0x800000u)) + (i >> 9) - 30; /* halves of the last place, ends of exponents */
            const uint32_t bits = i % 2 ? near : (i + (uint32_t)pass * N) * 2654435769u;
            memcpy(&value[i], &bits, sizeof bits);
        }
        q->device->write(q, s.from->as.array.at, value, sizeof value);
        assert_int_equal(q->device->encode(q, &s.wire, &s.from->as.array, 0, N, WORKERS, s.bytes), sizeof half);
        q->device->read(q, half, s.bytes, sizeof half);
        assert_null(q->device->decode(q, &s.wire, s.bytes, sizeof half, N, WORKERS, &s.to->as.array, 1));
        ops_read(&s.o, s.to, 1, back);
        for (size_t i = 0; i < N; ++i) {
            uint16_t one;
            struct codec_message message = {.sections = 0};
            codec_arena_in(&message.arena, &one, sizeof one);
            assert_int_equal(codec_add_values(&message, DSGD_VALUE, as, 1, &value[i]), DSGD_OK);
            codec_round_values(as, 1, &value[i]);
            if (half[i] != one || memcmp(&value[i], back + 4 * i, 4) != 0) { fail_msg("code %d, place %zu: 0x%04x, alone 0x%04x", as, i, half[i], one); }
        }
        close_scene(&s);
    }
}

/* Packed levels bit by bit, at every width and round the ends of words of eight. */
static void packed_levels_bit_by_bit(void **state)
{
    (void)state;
    static const uint32_t most[] = {1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 100, 127, 128, 255, 1000, 32767, 1 << 20, INT32_MAX};
    static const size_t lengths[] = {1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 1003};
    for (size_t k = 0; k < (size_t)OPS_DEVICES * sizeof most / sizeof *most * (sizeof lengths / sizeof *lengths); ++k) {
        const size_t n = lengths[k / (size_t)OPS_DEVICES % (sizeof lengths / sizeof *lengths)];
        const uint32_t m = most[k / (size_t)OPS_DEVICES / (sizeof lengths / sizeof *lengths)];
        const unsigned bits = levels_bits(m);
        static int32_t level[1003];
        static unsigned char expected[4 * 1003 + 1];
        struct scene s;
        open_scene(&s, (int)(k % (size_t)OPS_DEVICES), DSGD_I32, DSGD_PACKED, n);
        struct dsgd_queue *q = &s.o.queue;
        q->device->release(s.bytes);
        s.wire.m = m;
        s.bytes = q->device->alloc(0, 4 * 1024 + 64);
        assert_non_null(s.bytes);
        memset(expected, 0, sizeof expected);
        for (size_t i = 0; i < n; ++i) {
            level[i] = i == n / 2 ? (int32_t)m : i == n / 3 ? -(int32_t)m : (int32_t)((int64_t)(i * 2654435769u % (2 * (uint64_t)m + 1)) - (int64_t)m);
            const uint64_t code = (uint64_t)((int64_t)level[i] + (int64_t)m);
            for (size_t b = 0; b < bits; ++b) { expected[(i * bits + b) / 8] |= (unsigned char)((code >> b & 1) << (i * bits + b) % 8); }
        }
        q->device->write(q, s.from->as.array.at, level, n * sizeof *level);
        const size_t length = q->device->encode(q, &s.wire, &s.from->as.array, 0, n, WORKERS, s.bytes);
        assert_int_equal(length, (n * bits + 7) / 8);
        q->device->read(q, host, s.bytes, length);
        assert_memory_equal(host, expected, length);
        assert_null(q->device->decode(q, &s.wire, s.bytes, length, n, WORKERS, &s.to->as.array, 2));
        ops_read(&s.o, s.to, 2, back);
        assert_memory_equal(back, level, n * sizeof *level);
        const uint64_t all = (UINT64_C(1) << bits) - 1;
        for (size_t i = 0; i < n && all > 2 * (uint64_t)m; i += 1 + n / 20) { /* a code above 2 m at any place */
            for (size_t b = i * bits; b < (i + 1) * bits; ++b) { host[b / 8] |= (unsigned char)(1u << b % 8); }
            q->device->write(q, s.bytes, host, length);
            assert_non_null(q->device->decode(q, &s.wire, s.bytes, length, n, WORKERS, &s.to->as.array, 2));
            memcpy(host, expected, length);
        }
        close_scene(&s);
    }
}

/* Numbers of a set's rows for the length of its code: rows of other lengths, one of them empty, one full; more than a grid takes at once. */
static void sets_are_weighed(void **state)
{
    static const size_t lengths[] = {1, 31, 33, 257, 1000, 40000};
    (void)state;
    for (size_t k = 0; k < (size_t)OPS_DEVICES * (sizeof lengths / sizeof *lengths); ++k) {
        struct ops o;
        const size_t n = lengths[k / (size_t)OPS_DEVICES], limit = 3 * n + 1;
        enum { WEIGHED = 5 };
        const uint32_t length[WEIGHED] = {(uint32_t)n, 0, (uint32_t)(n / 2), (uint32_t)n, 1};
        uint32_t *index = calloc(WEIGHED * n, sizeof *index);
        uint64_t number[2 * WEIGHED];
        assert_non_null(index);
        ops_open(&o, (int)(k % (size_t)OPS_DEVICES), WEIGHED);
        if (o.queue.device->weigh) {
            for (size_t i = 0; i < WEIGHED * n; ++i) { index[i] = (uint32_t)(3 * (i % n) + (i * 7 + i / n) % 3); }
            struct dsgd_handle *set = ops_vector(&o, DSGD_SET, n, WEIGHED, index), *out = ops_vector(&o, DSGD_F64, 2 * WEIGHED, 1, NULL);
            for (size_t r = 0; r < WEIGHED; ++r) { ops_length(&o, set, r, length[r]); }
            o.queue.device->weigh(&o.queue, WEIGHED, &set->as.set, limit, out->as.array.at);
            ops_read(&o, out, 0, number);
            for (size_t r = 0; r < WEIGHED; ++r) {
                const unsigned shift = length[r] > 0 ? dsgd_rice_parameter(length[r], limit) : 0;
                uint64_t sum = 0;
                for (size_t j = 0; j < length[r]; ++j) { sum += (j == 0 ? index[r * n] : index[r * n + j] - index[r * n + j - 1] - 1) >> shift; }
                assert_int_equal(number[2 * r], length[r]);
                assert_int_equal(number[2 * r + 1], sum);
            }
            o.queue.device->weigh(&o.queue, WEIGHED, &set->as.set, length[2], out->as.array.at); /* nothing to say of a row that is full */
            ops_read(&o, out, 0, number);
            assert_true(n < 2 || (number[5] == 0 && number[4] == length[2]));
        }
        free(index);
        ops_close(&o);
    }
}

static void values_are_rounded_in_rows(void **state)
{
    (void)state;
    for (size_t k = 0; k < (size_t)OPS_DEVICES * OPS_LENGTHS * 2; ++k) {
        struct scene s;
        const size_t n = ops_length_list[k / (size_t)OPS_DEVICES / 2];
        const bool bfloat = k / (size_t)OPS_DEVICES % 2 != 0;
        open_scene(&s, (int)(k % (size_t)OPS_DEVICES), DSGD_F32, bfloat ? DSGD_BF16 : DSGD_FP16, n);
        if (s.o.queue.device->round_values) {
            s.o.queue.device->round_values(&s.o.queue, ROWS, &s.from->as.f32, s.wire.code, &s.to->as.f32);
            for (size_t r = 0; r < ROWS; ++r) {
                memcpy(host, content + r * 4 * n, 4 * n);
                codec_round_values(bfloat ? CODEC_BF16 : CODEC_FP16, n, (float *)(void *)host);
                ops_read(&s.o, s.to, r, back);
                for (size_t i = 0; i < n; ++i) { OPS_SAME(((float *)(void *)back)[i], ((float *)(void *)host)[i], i); }
            }
        }
        close_scene(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_code_comes_back), cmocka_unit_test(levels_up_to_the_workers),
                                       cmocka_unit_test(content_that_cannot_be_sent), cmocka_unit_test(bytes_that_nobody_sends),
                                       cmocka_unit_test(halves_of_many_are_halves_of_one), cmocka_unit_test(packed_levels_bit_by_bit),
                                       cmocka_unit_test(sets_are_weighed), cmocka_unit_test(values_are_rounded_in_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

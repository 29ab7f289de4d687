/* ops.h - operations of a device in a test: a queue, a turn of some rows, vectors with sentinels round every row.
 *
 * Vectors come from the device's own alloc, larger than asked for; what lies between and behind the rows is filled with SENTINEL and must
 * still be there when the scene is closed. Where rows have a multiple of 128 elements nothing lies behind them: a device that knows its
 * allocations (the emulator, a sanitizer) then meets the first access past the end, also one that only reads. Working memory is measured as
 * the engine does it: the operation is called twice, first on a queue that only measures (OPS). It holds what others have left.
 */
#ifndef DSGD_TESTS_OPS_H
#define DSGD_TESTS_OPS_H

#include <stdlib.h>
#include <string.h>

#include "sim/device_ops.h"
#include "sim/ops.h"
#include "tests/check.h"

enum { OPS_VECTORS = 24, OPS_SENTINEL = 0x3a /* small as a float or double, so that whatever is added to it shows; large as an index */ };

/** Of vector v: each has its own, so that what is copied from one to another shows. */
static inline unsigned char ops_sentinel(int v)
{
    return (unsigned char)(OPS_SENTINEL - v);
}

/** The devices that operations are tested on: the CPU, its guard, and a device that has nothing but memory, on which all operations are staged.
 *  Where DSGD_CUDA_LIBRARY names a CUDA library (the emulated one, or a GPU's), that device alone. */
static inline bool ops_cuda(void)
{
    const char *library = getenv("DSGD_CUDA_LIBRARY");
    return library && *library;
}

static inline int ops_devices(void)
{
    return ops_cuda() ? 1 : 3;
}
#define OPS_DEVICES (ops_devices())

static inline const struct dsgd_device *ops_device(int which)
{
    static struct dsgd_device staged;
    if (ops_cuda()) {
        const int first = 0;
        const struct dsgd_device *cuda = dsgd_device_cuda();
        if (cuda->open(&first, 1) != DSGD_OK) { fail_msg("%s", dsgd_error()); }
        return cuda;
    }
    if (which < 2) { return dsgd_device_at(which); }
    if (!staged.name) {
        const struct dsgd_device *guard = dsgd_device_at(1);
        dsgd_staged_enter(&staged);
        staged.title = "guard's memory, staged operations";
        staged.look_every = 1;
        staged.alloc = guard->alloc;
        staged.release = guard->release;
        staged.read = guard->read;
        staged.write = guard->write;
        staged.move = guard->move;
        staged.name = "staged";
    }
    return &staged;
}


struct ops {
    struct dsgd_queue queue;
    struct dsgd_rows turn;
    struct dsgd_handle vector[OPS_VECTORS];
    void *memory[OPS_VECTORS];
    size_t rows[OPS_VECTORS], bytes[OPS_VECTORS];
    int used;
};

/** A turn of workers 7, 8, ... in step 5, on device number `device`. */
static inline void ops_open(struct ops *o, int device, uint32_t rows)
{
    memset(o, 0, sizeof *o);
    o->queue = (struct dsgd_queue){.device = ops_device(device), .threads = 2};
    o->turn = (struct dsgd_rows){.queue = &o->queue, .rows = rows, .first = 7, .step = 5, .may_seed = true};
}

static inline size_t ops_element(enum dsgd_type type)
{
    return type == DSGD_F64 ? 8 : type == DSGD_SIGNS || type == DSGD_TERNARY || type == DSGD_VOTES ? 1 : 4;
}

static inline size_t ops_row_bytes(enum dsgd_type type, size_t n)
{
    const size_t plane = (n + 7) / 8;
    return type == DSGD_SIGNS ? plane : type == DSGD_TERNARY ? 2 * plane : n * ops_element(type);
}

/** A vector of n elements; rows 0: one row that all share. `from` holds the rows one behind the other, or is NULL: rubbish. */
static inline struct dsgd_handle *ops_vector(struct ops *o, enum dsgd_type type, size_t n, uint32_t rows, const void *from)
{
    const size_t real = rows > 0 ? rows : 1, behind = n > 0 && n % 128 == 0 ? 0 : 64;
    const size_t wanted = dsgd_array_bytes(type, n, real) + behind, row = ops_row_bytes(type, n);
    const int v = o->used++;
    assert_true(v < OPS_VECTORS);
    char *fill = malloc(wanted);
    assert_non_null(fill);
    memset(fill, ops_sentinel(v), wanted);
    o->memory[v] = o->queue.device->alloc(o->queue.ordinal, wanted);
    assert_non_null(o->memory[v]);
    struct dsgd_array array = dsgd_array_at(type, n, real, o->memory[v]);
    for (size_t r = 0; from && r < real; ++r) { memcpy(fill + r * array.stride * ops_element(type), (const char *)from + r * row, row); }
    for (size_t r = 0; type == DSGD_SET && r < real; ++r) {
        const uint32_t length = (uint32_t)n;
        memcpy(fill + ((char *)array.length - (char *)o->memory[v]) + r * sizeof length, &length, sizeof length);
    }
    o->queue.device->write(&o->queue, o->memory[v], fill, wanted);
    free(fill);
    if (rows == 0) { array.stride = 0; }
    o->vector[v] = (struct dsgd_handle){.type = type, .used = true, .as.array = array};
    o->rows[v] = real;
    o->bytes[v] = wanted;
    return &o->vector[v];
}

/** Sets the length of a row's set. */
static inline void ops_length(struct ops *o, struct dsgd_handle *set, size_t row, uint32_t length)
{
    o->queue.device->write(&o->queue, (char *)set->as.array.length + row * sizeof length, &length, sizeof length);
}

static inline uint32_t ops_length_of(struct ops *o, const struct dsgd_handle *set, size_t row)
{
    uint32_t length;
    o->queue.device->read(&o->queue, &length, (char *)set->as.array.length + row * sizeof length, sizeof length);
    return length;
}

/** Row `row` to host memory. */
static inline void ops_read(struct ops *o, const struct dsgd_handle *v, size_t row, void *out)
{
    const struct dsgd_array *array = &v->as.array;
    const size_t bytes = ops_row_bytes(v->type, array->count);
    if (bytes > 0) { o->queue.device->read(&o->queue, out, (char *)array->at + row * array->stride * ops_element(v->type), bytes); }
}

/** Runs `call` on a queue that measures, reserves what it wants, and runs it. */
#define OPS(o, call)                                                                                                  \
    do {                                                                                                              \
        (o)->queue.measuring = true;                                                                                  \
        (call);                                                                                                       \
        (o)->queue.measuring = false;                                                                                 \
        ops_reserve(o);                                                                                               \
        (call);                                                                                                       \
        if ((o)->queue.failed != DSGD_OK) { fail_msg("%s: %s", #call, (o)->queue.text); }                             \
    } while (0)

/** Expects `call` to be refused with a sentence. */
#define OPS_REFUSED(o, call)                                                                                          \
    do {                                                                                                              \
        (call);                                                                                                       \
        assert_int_equal((o)->queue.failed, DSGD_EINTERNAL);                                                          \
        assert_true(strlen((o)->queue.text) > 10);                                                                    \
        (o)->queue.failed = DSGD_OK;                                                                                  \
    } while (0)

/** Memory of a device that holds rubbish. */
static inline void ops_rubbish(struct ops *o, void *to, size_t bytes)
{
    char *rubbish = malloc(bytes + 1);
    assert_non_null(rubbish);
    memset(rubbish, OPS_SENTINEL, bytes);
    o->queue.device->write(&o->queue, to, rubbish, bytes);
    free(rubbish);
}

static inline void ops_reserve(struct ops *o)
{
    if (o->queue.most > o->queue.reserved) {
        if (o->queue.scratch) { o->queue.device->release(o->queue.scratch); }
        o->queue.scratch = o->queue.device->alloc(o->queue.ordinal, o->queue.most);
        assert_non_null(o->queue.scratch);
        o->queue.reserved = o->queue.most;
    }
    if (o->queue.scratch) { ops_rubbish(o, o->queue.scratch, o->queue.reserved); }
}

/** Releases everything; whatever lay outside the rows must be untouched. */
static inline void ops_close(struct ops *o)
{
    for (int v = 0; v < o->used; ++v) {
        const struct dsgd_handle *h = &o->vector[v];
        char *seen = malloc(o->bytes[v]);
        assert_non_null(seen);
        o->queue.device->read(&o->queue, seen, o->memory[v], o->bytes[v]);
        const struct dsgd_array full = dsgd_array_at(h->type, h->as.array.count, o->rows[v], o->memory[v]);
        const size_t stride = full.stride * ops_element(h->type), row = ops_row_bytes(h->type, full.count);
        const size_t lengths = h->type == DSGD_SET ? (size_t)((char *)full.length - (char *)o->memory[v]) : 0;
        for (size_t b = 0; b < o->bytes[v]; ++b) {
            const int inside = b < o->rows[v] * stride && b % (stride ? stride : 1) < row;
            const int length = h->type == DSGD_SET && b >= lengths && b < lengths + o->rows[v] * sizeof(uint32_t);
            if (!inside && !length && seen[b] != ops_sentinel(v)) { fail_msg("vector %d: byte %zu outside its rows was written", v, b); }
        }
        free(seen);
        o->queue.device->release(o->memory[v]);
    }
    if (o->queue.scratch) { o->queue.device->release(o->queue.scratch); }
}

/** Lengths round every block size, and rows. */
static const size_t ops_length_list[] = {0, 1, 15, 16, 17, 4095, 4096, 4097};
enum { OPS_LENGTHS = sizeof ops_length_list / sizeof *ops_length_list, OPS_LONGEST = 4097, OPS_ROWS_MAX = 3 };

/** Floats of all kinds: most moderate, some zeros of both signs, denormals, infinities and NaN (nasty), ties. */
static inline float ops_value(uint32_t i, int nasty)
{
    const uint32_t word = i * 2654435769u ^ 0x9e3779b9u;
    if (nasty && i % 97 == 13) { return (float)NAN; }
    if (nasty && i % 89 == 7) { return i % 2 ? (float)INFINITY : -(float)INFINITY; }
    if (i % 31 == 3) { return i % 2 ? 0.0f : -0.0f; }
    if (i % 37 == 5) { return i % 2 ? 1e-42f : -1e-42f; }
    if (i % 5 == 4) { return i % 2 ? 1.5f : -1.5f; } /* ties */
    return (word & 1 ? -1.0f : 1.0f) * (float)(word >> 8) * 0x1p-22f;
}

static inline void ops_fill(float *v, size_t n, uint32_t seed, int nasty)
{
    for (size_t i = 0; i < n; ++i) { v[i] = ops_value((uint32_t)i + seed * 7919u, nasty); }
}

/** Equal bits, or both NaN. */
static inline int ops_same(float a, float b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

#define OPS_SAME(actual, expected, i)                                                                                 \
    do {                                                                                                              \
        const float ops_a_ = (actual), ops_e_ = (expected);                                                           \
        if (!ops_same(ops_a_, ops_e_)) { fail_msg("%s: %a, expected %a, at %zu", #actual, (double)ops_a_, (double)ops_e_, (size_t)(i)); } \
    } while (0)

#endif

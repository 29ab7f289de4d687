/* ceilings_device.c - what a device with streams moves at best: its own copies, of long vectors and of some that its cache holds.
 *
 * A copy of n bytes moves 2 n. Reads are taken to be as fast a byte as copies. Cells and single floats that stay in the cache are judged by
 * copies of 8 MB there: what one line of the cache gives is more than one float, so a gather of single floats cannot come near.
 */
#include "bench/ceilings_device.h"

#include "sim/clock.h"
#include "sim/device_ops.h"

static const size_t CACHED = (size_t)8 << 20, CELL = 64 * sizeof(float);
enum { REPEATS = 20 };

enum dsgd_status ceilings_device_open(struct ceilings *c)
{
    const size_t bytes = c->d * sizeof(float) > 2 * CACHED ? c->d * sizeof(float) : 2 * CACHED;
    c->d = bytes / 64 * 64;
    c->from = c->queue->device->alloc(c->queue->ordinal, c->d);
    c->to = c->queue->device->alloc(c->queue->ordinal, c->d);
    return c->from && c->to ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "bench: no memory for vectors of %zu bytes on the device", c->d);
}

void ceilings_device_close(struct ceilings *c)
{
    if (c->from) { c->queue->device->release(c->from); }
    if (c->to) { c->queue->device->release(c->to); }
    *c = (struct ceilings){.d = 0};
}

/* Seconds a byte that is read or written, of copies of so many bytes. */
static double rate(struct ceilings *c, size_t bytes, int repeats)
{
    struct dsgd_queue *q = c->queue;
    uint32_t word;
    q->device->read(q, &word, c->to, sizeof word);
    const double start = dsgd_clock();
    for (int j = 0; j < repeats; ++j) { q->device->move(q, c->to, q, c->from, bytes); }
    q->device->read(q, &word, c->to, sizeof word);
    return (dsgd_clock() - start) / (2.0 * (double)bytes * repeats);
}

double ceilings_device_seconds(struct ceilings *c, enum ceiling which, size_t amount)
{
    switch (which) {
    case CEILING_CELLS: return (double)(amount * CELL) * rate(c, CACHED, REPEATS);
    case CEILING_GATHER: return (double)(amount * sizeof(float)) * rate(c, CACHED, REPEATS);
    default: return (double)amount * rate(c, c->d, REPEATS / 4);
    }
}

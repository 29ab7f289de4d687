/* ceilings.c - reading, copying, adding to random segments, reading random cells. Interface: ceilings.h.
 *
 * The loops do what an operation cannot do without, and nothing else: random places come from a counter and one multiplication. Every
 * thread adds within its own part of a table, as the operations must.
 */
#include "bench/ceilings.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/ceilings_device.h"
#include "sim/clock.h"
#include "sim/device_ops.h"

enum { SEGMENT = 64, AT_ONCE = 1 << 16 };

enum dsgd_status ceilings_open(struct ceilings *c, struct dsgd_queue *queue, size_t d, size_t table_room, int threads)
{
    const size_t bytes = (d * sizeof(float) + 63) / 64 * 64;
    *c = (struct ceilings){.d = d, .table_room = table_room, .threads = threads};
    if (queue->device->streams) {
        c->queue = queue;
        return ceilings_device_open(c);
    }
    c->from = aligned_alloc(64, bytes);
    c->to = aligned_alloc(64, bytes);
    c->table = aligned_alloc(64, table_room * sizeof(float));
    if (!c->from || !c->to || !c->table) { return dsgd_fail(DSGD_ENOMEM, "bench: no memory for vectors of %zu bytes", bytes); }
    memset(c->from, 0, bytes);
    memset(c->to, 0, bytes);
    memset(c->table, 0, table_room * sizeof(float));
    return DSGD_OK;
}

void ceilings_close(struct ceilings *c)
{
    if (c->queue) {
        ceilings_device_close(c);
        return;
    }
    free(c->from);
    free(c->to);
    free(c->table);
    *c = (struct ceilings){.d = 0};
}

const char *ceiling_name(enum ceiling which)
{
    static const char *const name[CEILINGS] = {"read", "copy", "cells", "gather"};
    return name[which];
}

static inline uint32_t mix(uint32_t i)
{
    i *= 2654435769u;
    return i ^ i >> 15;
}

static inline size_t below(uint32_t i, size_t n)
{
    return (size_t)((uint64_t)mix(i) * n >> 32);
}

static uint32_t read_all(const float *from, size_t n)
{
    uint32_t seen = 0;
    for (size_t i = 0; i < n; ++i) {
        uint32_t bits;
        memcpy(&bits, from + i, sizeof bits);
        seen |= bits;
    }
    return seen;
}

static void add_cells(float *table, size_t segments, const float *from, uint32_t first, size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        float *restrict to = table + SEGMENT * below(first + (uint32_t)i, segments);
        const float *restrict v = from + SEGMENT * (i % 16);
        for (int l = 0; l < SEGMENT; ++l) { to[l] += v[l]; }
    }
}

static float gather(const float *table, size_t cells, uint32_t first, size_t n)
{
    float sum[8] = {0};
    for (size_t i = 0; i + 8 <= n; i += 8) {
        for (int l = 0; l < 8; ++l) { sum[l] += table[below(first + (uint32_t)i + (uint32_t)l, cells)]; }
    }
    return sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7];
}

/* Piece `part` of `parts`: at least one unit of the ceiling. */
static uint32_t work(struct ceilings *c, enum ceiling which, size_t amount, size_t table_bytes, int part, int parts)
{
    const size_t room = c->d * sizeof(float), from = amount / (size_t)parts * (size_t)part, most = amount / (size_t)parts;
    const size_t cells = table_bytes / sizeof(float) < c->table_room ? table_bytes / sizeof(float) : c->table_room;
    const size_t mine = cells / SEGMENT / (size_t)parts;
    uint32_t seen = 0;
    size_t done = 0;
    while (done < most) { /* in pieces of the vector at most */
        size_t n = most - done;
        switch (which) {
        case CEILING_READ:
        case CEILING_COPY: {
            const size_t share = room / (size_t)parts / 64 * 64, bytes = which == CEILING_COPY ? n / 2 : n, piece = bytes < share ? bytes : share;
            const size_t start = share / sizeof(float) * (size_t)part;
            if (piece < sizeof(float)) { return seen; }
            if (which == CEILING_READ) {
                seen |= read_all(c->from + start, piece / sizeof(float));
            } else {
                memcpy(c->to + start, c->from + start, piece);
            }
            n = which == CEILING_COPY ? 2 * piece : piece;
            break;
        }
        case CEILING_CELLS: add_cells(c->table + SEGMENT * mine * (size_t)part, mine > 0 ? mine : 1, c->from, (uint32_t)(from + done), n = n < AT_ONCE ? n : AT_ONCE); break;
        default: seen |= (uint32_t)gather(c->table, cells, (uint32_t)(from + done), n = n < AT_ONCE ? n : AT_ONCE); break;
        }
        done += n;
    }
    return seen;
}

double ceiling_seconds(struct ceilings *c, enum ceiling which, size_t amount, size_t table_bytes)
{
    if (c->queue) { return ceilings_device_seconds(c, which, amount); }
    const double start = dsgd_clock();
    uint32_t seen = 0;
#pragma omp parallel for num_threads(c->threads) schedule(static, 1) reduction(| : seen) if (c->threads > 1)
    for (int part = 0; part < c->threads; ++part) { seen |= work(c, which, amount, table_bytes, part, c->threads); }
    c->seen = seen; /* so that reading is not left out */
    return dsgd_clock() - start;
}

/* ceilings.h - what the machine can move at best: plain loops over memory, timed beside every operation. */
#ifndef DSGD_BENCH_CEILINGS_H
#define DSGD_BENCH_CEILINGS_H

#include <stddef.h>

#include "sim/status.h"

struct dsgd_queue; /* sim/inside.h */

/** read: bytes of one long vector; copy: bytes read and written, half each; cells: 64 floats added to a random segment of a table; gather:
 *  single floats read at random places of a table. On a
 *  device with streams: its copies of a long vector, and of a table that stays in its cache (cells, gather). */
enum ceiling { CEILING_READ, CEILING_COPY, CEILING_CELLS, CEILING_GATHER, CEILINGS };

struct ceilings {
    float *from, *to, *table;
    size_t d, table_room; /* floats */
    int threads;
    unsigned seen;
    struct dsgd_queue *queue; /* of a device whose memory the host does not reach; NULL: this machine's memory */
};

/** Vectors of d floats, and room for tables of table_room floats, a multiple of 64. queue: of the device that is measured. Caller: ceilings_close,
 *  also after a failure. */
enum dsgd_status ceilings_open(struct ceilings *c, struct dsgd_queue *queue, size_t d, size_t table_room, int threads);
void ceilings_close(struct ceilings *c);

const char *ceiling_name(enum ceiling which);
/** Seconds for `amount` units (bench/place.h), measured now. */
double ceiling_seconds(struct ceilings *c, enum ceiling which, size_t amount, size_t table_bytes);

#endif

/* place.h - a device's vectors, made when they are first asked for, and a turn of some rows, for timing single operations. */
#ifndef DSGD_BENCH_PLACE_H
#define DSGD_BENCH_PLACE_H

#include "bench/ceilings.h"
#include "sim/device_ops.h"

enum { PLACE_VECTORS = 12 };

/** What must be moved at least: `amount` units of one ceiling. */
struct place_limit {
    enum ceiling ceiling;
    size_t amount; /* bytes; cells: additions of 64 floats; gather: cells read */
    size_t table;  /* bytes of the table behind cells and gather */
};

struct place {
    size_t d, k;
    const float *input; /* [d] host memory */
    struct dsgd_queue queue;
    struct dsgd_rows turn;
    struct dsgd_handle vector[PLACE_VECTORS];
    void *memory[PLACE_VECTORS];
    size_t whole_start[2];
    struct dsgd_groups whole; /* all coordinates as one group */
    struct place_limit limit; /* set by the operation that is measured */
};

/** backend: of the configuration's words. DSGD_EINPUT with a sentence where it cannot be used. */
enum dsgd_status place_open(struct place *p, const char *backend, size_t d, size_t k, const float *input, int threads);
/** Waits until the device has done its work. */
void place_wait(struct place *p);
/** Forgets the vectors, and the working memory. */
void place_clear(struct place *p);

/** Vector `slot` of this type, zeroed when it is made: always the same one until place_clear. rows = turn.rows unless 1 is said. */
struct dsgd_handle *place_vector(struct place *p, int slot, enum dsgd_type type, size_t n, uint32_t rows);
/** A vector [rows][d] whose row r holds the input, moved by 97 r places. */
struct dsgd_handle *place_input(struct place *p, int slot, uint32_t rows);
/** Hashes for vectors of d elements, seeded. */
dsgd_sketch *place_sketch(struct place *p, int slot, enum dsgd_hash hash, uint32_t rows, uint32_t cols);

/** Calls the operation once on a queue that measures, reserves what it wants, calls it once more to have its memory touched. */
enum dsgd_status place_warm(struct place *p, void (*work)(struct place *));
/** The failure of the queue. */
enum dsgd_status place_status(const struct place *p);

#endif

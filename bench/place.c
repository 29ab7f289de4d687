/* place.c - memory, a queue and a turn around one operation. Interface: place.h. */
#include "bench/place.h"

#include <string.h>

static const uint32_t STRIDE = 97; /* rows are the input, moved by this many places each: different, and all of one kind */

enum dsgd_status place_open(struct place *p, const char *backend, size_t d, size_t k, const float *input, int threads)
{
    struct dsgd_places places;
    memset(p, 0, sizeof *p);
    DSGD_TRY(dsgd_places_named(backend, &places));
    DSGD_TRY(dsgd_places_open(&places));
    p->d = d;
    p->k = k;
    p->input = input;
    p->queue = (struct dsgd_queue){.device = places.device, .ordinal = places.ordinal[0], .threads = threads};
    p->turn = (struct dsgd_rows){.queue = &p->queue, .rows = 1, .first = DSGD_RNG_SERVER, .step = 1, .may_seed = true};
    p->whole_start[1] = d;
    p->whole = (struct dsgd_groups){.count = 1, .start = p->whole_start};
    return DSGD_OK;
}

void place_wait(struct place *p)
{
    uint32_t word;
    if (p->queue.device->streams && p->memory[0]) { p->queue.device->read(&p->queue, &word, p->memory[0], sizeof word); }
}

void place_clear(struct place *p)
{
    const struct dsgd_device *device = p->queue.device;
    for (int v = 0; v < PLACE_VECTORS; ++v) {
        if (p->memory[v]) { device->release(p->memory[v]); }
        p->memory[v] = NULL;
    }
    if (p->queue.scratch) { device->release(p->queue.scratch); }
    p->queue = (struct dsgd_queue){.device = device, .ordinal = p->queue.ordinal, .threads = p->queue.threads};
    p->turn.rows = 1;
}

struct dsgd_handle *place_vector(struct place *p, int slot, enum dsgd_type type, size_t n, uint32_t rows)
{
    if (!p->memory[slot]) {
        const size_t bytes = (dsgd_array_bytes(type, n, rows) + 63) / 64 * 64;
        p->memory[slot] = p->queue.device->alloc(p->queue.ordinal, bytes);
        if (!p->memory[slot]) {
            dsgd_queue_fail(&p->queue, DSGD_ENOMEM, "bench: no memory for a vector of %zu bytes", bytes);
        } else {
            p->vector[slot] = (struct dsgd_handle){.type = type, .used = true, .as.array = dsgd_array_at(type, n, rows, p->memory[slot])};
        }
    }
    return &p->vector[slot];
}

struct dsgd_handle *place_input(struct place *p, int slot, uint32_t rows)
{
    const int made = !p->memory[slot];
    struct dsgd_handle *v = place_vector(p, slot, DSGD_F32, p->d, rows);
    for (size_t r = 0; made && p->memory[slot] && r < rows; ++r) {
        const size_t by = r * STRIDE % p->d, size = sizeof *p->input;
        char *row = (char *)v->as.array.at + r * v->as.array.stride * size;
        p->queue.device->write(&p->queue, row, p->input + by, (p->d - by) * size);
        if (by > 0) { p->queue.device->write(&p->queue, row + (p->d - by) * size, p->input, by * size); }
    }
    return v;
}

dsgd_sketch *place_sketch(struct place *p, int slot, enum dsgd_hash hash, uint32_t rows, uint32_t cols)
{
    if (!p->memory[slot]) {
        struct dsgd_handle *v = place_vector(p, slot, DSGD_HASHES, p->queue.device->sketch_bytes(hash, p->d, rows, cols), 1);
        dsgd_sketch *s = &v->as.sketch;
        if (p->memory[slot]) {
            s->n = p->d;
            s->rows = rows;
            s->cols = cols;
            s->hash = hash;
            const bool measuring = p->queue.measuring;
            const uint32_t turn_rows = p->turn.rows;
            p->queue.measuring = false;
            p->turn.rows = 1;
            dsgd_sketch_reseed(&p->turn, s, 1, DSGD_ONCE);
            p->turn.rows = turn_rows;
            p->queue.measuring = measuring;
        }
    }
    return &p->vector[slot].as.sketch;
}

enum dsgd_status place_status(const struct place *p)
{
    return p->queue.failed == DSGD_OK ? DSGD_OK : dsgd_fail(p->queue.failed, "%s", p->queue.text);
}

enum dsgd_status place_warm(struct place *p, void (*work)(struct place *))
{
    p->queue.measuring = true;
    dsgd_turn_begin(&p->turn);
    work(p);
    p->queue.measuring = false;
    if (p->queue.most > 0) {
        p->queue.scratch = p->queue.device->alloc(p->queue.ordinal, (p->queue.most + 63) / 64 * 64);
        if (!p->queue.scratch) { return dsgd_fail(DSGD_ENOMEM, "bench: no memory for %zu bytes of working memory", p->queue.most); }
        p->queue.reserved = p->queue.most;
    }
    dsgd_turn_begin(&p->turn);
    work(p);
    place_wait(p);
    return place_status(p);
}

/* sparsifier.h - workers choose coordinates of their error memories, send indices and values, and keep the rest. A building block.
 *
 * An algorithm on top of it says which coordinates: its common struct begins with a struct dsgd_sparsifier, its encode calls
 * dsgd_error_memory_add, chooses into dsgd_sparsifier_chosen(w) and calls dsgd_sparsifier_send; the other slots can be the ones below. The server
 * sums the sparse vectors and answers with the union of what all sent and the means there (Lin et al. 2018, arXiv:1712.01887, Alg. 4,
 * lines 10-14, with one answer instead of W messages).
 */
#ifndef DSGD_ALGORITHMS_SPARSIFIER_H
#define DSGD_ALGORITHMS_SPARSIFIER_H

#include "algorithms/error_memory.h"

struct dsgd_sparsifier {
    struct dsgd_error_memory memory;
    struct dsgd_length length; /* coordinates that a worker sends */
    enum dsgd_indices indices;
    uint32_t workers;
};

void dsgd_sparsifier_declare(const void *common, struct dsgd_declaration *d);
/** Where encode puts its choice. */
dsgd_set *dsgd_sparsifier_chosen(struct dsgd_rows *w);
void dsgd_sparsifier_send(struct dsgd_rows *w);
void dsgd_sparsifier_absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round);
void dsgd_sparsifier_finish(const void *common, struct dsgd_rows *s, const struct dsgd_round *round);
void dsgd_sparsifier_settle(const void *common, struct dsgd_rows *w, const struct dsgd_round *round);
struct dsgd_update dsgd_sparsifier_decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round);

#endif

/* groups.cu - groups as kernels take them, from those of the host. */
#include "sim/cuda/groups.h"

#include <stdlib.h>

#include "sim/cuda/constant.h"

static size_t chunks_for(size_t n)
{
    const size_t chunks = (n + DSGD_SUM_CHUNK - 1) / DSGD_SUM_CHUNK;
    return chunks > 0 ? chunks : 1;
}

struct group_list group_list_whole(size_t n)
{
    struct group_list g = {};
    g.count = 1;
    g.n = n;
    g.width = n > 0 ? n : 1;
    g.per = g.chunks = chunks_for(n);
    g.short_ones = g.per == 1;
    return g;
}

/* The width of all groups but the last, 0 if there is none. */
static size_t width_of(const struct dsgd_groups *g)
{
    const size_t width = g->start[1];
    for (size_t j = 1; j < g->count; ++j) {
        if (g->start[j] != j * width) { return 0; }
    }
    return g->start[g->count] - g->start[g->count - 1] <= width ? width : 0;
}

bool group_list_of(int device, const struct dsgd_groups *groups, struct group_list *out)
{
    const size_t count = groups->count, width = width_of(groups);
    *out = group_list_whole(groups->start[count]);
    if (count == 1) { return true; }
    out->count = count;
    out->width = width;
    if (width > 0) {
        out->per = chunks_for(width);
        out->chunks = count * out->per;
        out->short_ones = out->per == 1;
        return true;
    }
    size_t *const both = static_cast<size_t *>(malloc(2 * (count + 1) * sizeof *both)), *const chunk = both ? both + count + 1 : NULL;
    if (!both) {
        cuda_keep(device, cudaErrorMemoryAllocation);
        return false;
    }
    for (size_t j = 0; j <= count; ++j) {
        both[j] = groups->start[j];
        chunk[j] = j == 0 ? 0 : chunk[j - 1] + chunks_for(groups->start[j] - groups->start[j - 1]);
    }
    out->chunks = chunk[count];
    out->short_ones = out->chunks == count;
    out->start = static_cast<const size_t *>(cuda_constant(device, both, 2 * (count + 1) * sizeof *both));
    out->chunk = out->start ? out->start + count + 1 : NULL;
    free(both);
    return out->start != NULL;
}

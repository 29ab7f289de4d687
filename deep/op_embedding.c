/* op_embedding.c - the row of a table that an id names, times a factor, and what says where it stands (Vaswani et al. 2017, 3.4 and 3.5):
 *     out[p][c] = factor E[id_p][c] + [positions] s(p, c),    s(p, 2i) = sin(p/10000^(2i/d)), s(p, 2i + 1) the cosine,
 * with the factor sqrt(d) there. At padding, out is 0 whatever the id is. Ids come with the block, so there is no derivative by an input.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "deep/loops.h"
#include "deep/op.h"
#include "sim/kernel/maths.h"

static enum dsgd_status embedding_shape(struct deep_site *site)
{
    const struct deep_node *node = site->node;
    if (node->sequence == DEEP_EXAMPLES || node->ids < 1) {
        return dsgd_fail(DSGD_EINTERNAL, "layer %s: %zu ids of sequence %d, expected ids of the source or the target", node->name, node->ids,
                         (int)node->sequence);
    }
    site->sequence = node->sequence;
    site->out = (struct deep_shape){site->channels, 1, 1};
    const struct deep_start start = {DEEP_NORMAL, node->deviation, 0, 0};
    site->parameter[site->parameters++] = (struct deep_parameter){"weight", node->ids, site->out.c, site->out.c, start, DSGD_ROLE_EMBEDDING};
    return DSGD_OK;
}

/* s(p, c) above. */
static double place(size_t p, size_t c, size_t d)
{
    const double turns = (double)p * dsgd_exp(-dsgd_log(10000.0) * (double)(c / 2 * 2) / (double)d) / (2.0 * 3.14159265358979323846);
    double sine, cosine;
    dsgd_sincos_turns(turns, &sine, &cosine);
    return c % 2 == 0 ? sine : cosine;
}

/* The table of all positions of a block. */
static enum dsgd_status embedding_prepare(const struct deep_site *site, const struct deep_extent *extent, void **prepared)
{
    const size_t rows = extent->rows[site->sequence], d = site->out.c;
    float *table = site->node->positions ? malloc(rows * d * sizeof *table) : NULL;
    *prepared = table;
    if (!site->node->positions) { return DSGD_OK; }
    if (!table) { return dsgd_fail(DSGD_ENOMEM, "layer %s: no memory for %zu positions", site->node->name, rows); }
    for (size_t j = 0; j < rows * d; ++j) { table[j] = (float)place(j / d, j % d, d); }
    return DSGD_OK;
}

static void embedding_release(void *prepared)
{
    free(prepared);
}

/* The id of position p of example i; -1: padding. Ids were checked forward. */
static int64_t id_at(const struct deep_call *call, size_t i, size_t p)
{
    const enum deep_sequence s = call->site->sequence;
    return p < call->tokens->length[s][i] ? (int64_t)call->tokens->in[s][i * call->extent->rows[s] + p] : -1;
}

static enum dsgd_status check(const struct deep_call *call)
{
    const size_t rows = call->extent->rows[call->site->sequence], ids = call->site->parameter[0].rows;
    for (size_t i = 0; i < call->extent->n; ++i) {
        const size_t length = call->tokens->length[call->site->sequence][i];
        if (length < 1 || length > rows) {
            return dsgd_fail(DSGD_EINTERNAL, "layer %s: a sequence of %zu tokens, expected 1 to %zu", call->site->node->name, length, rows);
        }
        for (size_t p = 0; p < length; ++p) {
            if ((size_t)id_at(call, i, p) >= ids) {
                return dsgd_fail(DSGD_EINTERNAL, "layer %s: id %zu, expected one below %zu", call->site->node->name, (size_t)id_at(call, i, p), ids);
            }
        }
    }
    return DSGD_OK;
}

static enum dsgd_status embedding_forward(const struct deep_call *call)
{
    const size_t rows = call->extent->rows[call->site->sequence], d = call->site->out.c;
    const float factor = (float)call->site->value, *table = call->parameter, *places = call->prepared;
    DSGD_TRY(check(call));
    for (size_t r = 0; r < call->n; ++r) {
        float *to = (float *)call->out + r * d;
        const int64_t id = id_at(call, r / rows, r % rows);
        if (id < 0) {
            memset(to, 0, d * sizeof *to);
            continue;
        }
        deep_loops()->scale(d, factor, table + (size_t)id * d, to);
        if (places) { deep_loops()->add(d, to, places + r % rows * d, to); }
    }
    return DSGD_OK;
}

static enum dsgd_status embedding_backward(const struct deep_call *call)
{
    const size_t rows = call->extent->rows[call->site->sequence], d = call->site->out.c;
    float *dtable = call->dparameter;
    memset(dtable, 0, call->site->parameter[0].rows * d * sizeof *dtable);
    for (size_t r = 0; r < call->n; ++r) {
        const int64_t id = id_at(call, r / rows, r % rows);
        if (id >= 0) { deep_loops()->add_scaled(d, (float)call->site->value, (const float *)call->dout + r * d, dtable + (size_t)id * d); }
    }
    return DSGD_OK;
}

static enum dsgd_status naive_forward(const struct deep_call *call)
{
    const size_t rows = call->extent->rows[call->site->sequence], d = call->site->out.c;
    const double *table = call->parameter;
    double *out = call->out;
    DSGD_TRY(check(call));
    for (size_t r = 0; r < call->n; ++r) {
        const int64_t id = id_at(call, r / rows, r % rows);
        for (size_t c = 0; c < d; ++c) {
            const double where = call->site->node->positions ? place(r % rows, c, d) : 0.0;
            out[r * d + c] = id < 0 ? 0.0 : call->site->value * table[(size_t)id * d + c] + where;
        }
    }
    return DSGD_OK;
}

static enum dsgd_status naive_backward(const struct deep_call *call)
{
    const size_t rows = call->extent->rows[call->site->sequence], d = call->site->out.c;
    const double *dout = call->dout;
    double *dtable = call->dparameter;
    for (size_t j = 0; j < call->site->parameter[0].rows * d; ++j) { dtable[j] = 0.0; }
    for (size_t r = 0; r < call->n; ++r) {
        const int64_t id = id_at(call, r / rows, r % rows);
        for (size_t c = 0; id >= 0 && c < d; ++c) { dtable[(size_t)id * d + c] += call->site->value * dout[r * d + c]; }
    }
    return DSGD_OK;
}

const struct deep_op deep_op_embedding = {
    .name = "embedding",
    .shape = embedding_shape,
    .fast = {.forward = embedding_forward, .backward = embedding_backward},
    .naive = {.forward = naive_forward, .backward = naive_backward},
    .prepare = embedding_prepare,
    .release = embedding_release,
};

/* plan.c - the one piece of memory of a block's run: when each array is needed, and where it lies. Interface: graph.h.
 *
 * Node j runs at time j forward and at 2 N - 1 - j backward. An array is needed from the time that writes it to the last one that reads it;
 * two whose times do not meet may share bytes. Arrays are placed in descending order of size, each at the lowest offset where it meets
 * nobody (greedy by size: Pisarchyk, Lee 2020, "Efficient memory management for deep neural net inference").
 */
#include <stdlib.h>

#include "deep/graph.h"

struct span {
    size_t bytes, *to; /* to: where its offset goes */
    int from, until;
};

enum { SPANS_MAX = DEEP_NODES_MAX * (3 + DEEP_INPUTS) };

struct spans {
    struct span span[SPANS_MAX];
    size_t offset[SPANS_MAX];
    int count;
};

static size_t padded(size_t bytes)
{
    return (bytes + DEEP_ALIGN - 1) / DEEP_ALIGN * DEEP_ALIGN;
}

static void want(struct spans *s, size_t bytes, int from, int until, size_t *to)
{
    *to = SIZE_MAX;
    if (bytes > 0) { s->span[s->count++] = (struct span){padded(bytes), to, from, until}; }
}

static int descending(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    if (x->bytes != y->bytes) { return x->bytes < y->bytes ? 1 : -1; }
    return x->from != y->from ? (x->from > y->from) - (x->from < y->from) : (x->until > y->until) - (x->until < y->until);
}

/* The lowest offset at which span j meets none of those before it. */
static size_t lowest(const struct spans *s, int j)
{
    size_t at = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < j; ++i) {
            const struct span *a = &s->span[i], *b = &s->span[j];
            const bool together = a->from <= b->until && b->from <= a->until;
            if (together && at < s->offset[i] + a->bytes && s->offset[i] < at + b->bytes) {
                at = s->offset[i] + a->bytes;
                moved = true;
            }
        }
    }
    return at;
}

static size_t place_all(struct spans *s)
{
    size_t end = 0;
    qsort(s->span, (size_t)s->count, sizeof *s->span, descending);
    for (int j = 0; j < s->count; ++j) {
        s->offset[j] = lowest(s, j);
        *s->span[j].to = s->offset[j];
        end = s->offset[j] + s->span[j].bytes > end ? s->offset[j] + s->span[j].bytes : end;
    }
    return end;
}

static const struct deep_version *version(const struct deep_plan *p, int j)
{
    const struct deep_op *op = p->graph->site[j].node->op;
    return p->element == sizeof(float) ? &op->fast : &op->naive;
}

/* The last time that somebody reads the output of node j: who takes it, forward, and who looks at it again, backward. */
static int last_read(const struct deep_plan *p, int j)
{
    const struct deep_graph *g = p->graph;
    const int turn = 2 * g->nodes - 1;
    int last = j;
    if (p->backward && g->site[j].node->op->uses_out) { last = turn - j; }
    for (int k = j + 1; k < g->nodes; ++k) {
        const struct deep_site *site = &g->site[k];
        for (int i = 0; i < site->inputs; ++i) {
            if (site->node->in[i] != j) { continue; }
            const int time = p->backward && site->node->op->uses_in ? turn - k : k;
            last = time > last ? time : last;
        }
    }
    return last;
}

/* An output of the source that the target reads, where nothing goes back: it lies by itself, so that the nodes of the target can be run again and
 * again behind those of the source (decode.c). */
static bool is_kept(const struct deep_plan *p, int j)
{
    const struct deep_graph *g = p->graph;
    for (int k = j + 1; !p->backward && g->site[j].sequence == DEEP_SOURCE && k < g->nodes; ++k) {
        for (int i = 0; i < g->site[k].inputs; ++i) {
            if (g->site[k].node->in[i] == j && g->site[k].sequence == DEEP_TARGET) { return true; }
        }
    }
    return false;
}

/* The derivative by a node's output: from its last taker, which is the first to be back. Earlier takers write to a spare array that is added. */
static void want_derivatives(struct deep_plan *p, struct spans *s)
{
    const struct deep_graph *g = p->graph;
    const int turn = 2 * g->nodes - 1;
    bool seen[DEEP_NODES_MAX] = {false};
    int first[DEEP_NODES_MAX] = {0};
    for (int k = g->nodes - 1; k > 0; --k) {
        const struct deep_site *site = &g->site[k];
        for (int i = 0; i < site->inputs; ++i) {
            const int j = site->node->in[i];
            if (j == 0) { continue; }
            if (seen[j]) {
                want(s, deep_block_count(&g->site[j], &p->extent) * p->element, turn - k, turn - k, &p->place[k].spare[i]);
            } else {
                seen[j] = true;
                first[j] = turn - k;
            }
        }
        if (seen[k]) { want(s, deep_block_count(site, &p->extent) * p->element, first[k], turn - k, &p->place[k].dout); }
    }
}

static void plan_memory(struct deep_plan *p, struct spans *s)
{
    const struct deep_graph *g = p->graph;
    size_t scratch = 0;
    for (int j = 0; j < g->nodes; ++j) {
        const struct deep_site *site = &g->site[j];
        const struct deep_version *v = version(p, j);
        p->place[j] = (struct deep_places){SIZE_MAX, SIZE_MAX, SIZE_MAX, {SIZE_MAX, SIZE_MAX}};
        const bool kept = is_kept(p, j);
        want(s, deep_block_count(site, &p->extent) * p->element, kept ? 0 : j, kept ? 2 * g->nodes : last_read(p, j), &p->place[j].out);
        if (v->saved) { want(s, v->saved(site, &p->extent), j, p->backward ? 2 * g->nodes - 1 - j : j, &p->place[j].saved); }
        const size_t work = v->scratch ? padded(v->scratch(site, p->prepared[j], &p->extent)) : 0;
        scratch = work > scratch ? work : scratch;
    }
    if (p->backward) { want_derivatives(p, s); }
    p->scratch = place_all(s);
    p->bytes = p->scratch + scratch;
}

enum dsgd_status deep_plan_create_pairs(const struct deep_graph *graph, const struct deep_extent *extent, bool fast, bool backward, struct deep_plan **out)
{
    *out = NULL;
    struct deep_plan *p = calloc(1, sizeof *p);
    struct spans *s = calloc(1, sizeof *s);
    enum dsgd_status status = p && s ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for the plan of model %s", graph->model->name);
    if (p) {
        *p = (struct deep_plan){.graph = graph, .extent = *extent, .n = extent->n, .element = fast ? sizeof(float) : sizeof(double), .backward = backward};
        p->extent.rows[DEEP_EXAMPLES] = 1;
    }
    for (int j = 0; fast && status == DSGD_OK && j < graph->nodes; ++j) {
        const struct deep_op *op = graph->site[j].node->op;
        if (op->prepare) { status = op->prepare(&graph->site[j], &p->extent, &p->prepared[j]); }
    }
    if (status == DSGD_OK) { plan_memory(p, s); }
    free(s);
    if (status != DSGD_OK) {
        deep_plan_destroy(p);
        return status;
    }
    *out = p;
    return DSGD_OK;
}

enum dsgd_status deep_plan_create(const struct deep_graph *graph, size_t n, bool fast, bool backward, struct deep_plan **out)
{
    const struct deep_extent extent = {n, {1, 0, 0}};
    return deep_plan_create_pairs(graph, &extent, fast, backward, out);
}

void deep_plan_destroy(struct deep_plan *p)
{
    if (!p) { return; }
    for (int j = 0; j < p->graph->nodes; ++j) {
        if (p->prepared[j]) { p->graph->site[j].node->op->release(p->prepared[j]); }
    }
    free(p);
}

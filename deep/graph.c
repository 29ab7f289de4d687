/* graph.c - shapes, segments and layouts of a model. Interface: graph.h. */
#include "deep/graph.h"

#include <math.h>
#include <stdio.h>

#include "deep/onednn.h"
#include "sim/kernel/maths.h"
#include "sim/kernel/rng.h"

/* Channels side by side are for convolutions whose channels all fill registers; what reads planes as a row of numbers wants them plain. */
static size_t vector_of(const struct deep_graph *g)
{
    const size_t vector = deep_vector();
    bool convolves = false;
    for (int j = 0; j < g->nodes; ++j) {
        const struct deep_site *site = &g->site[j];
        if (site->node->op == &deep_op_convolution) {
            convolves = true;
            if (site->out.c % vector != 0) { return 1; }
        }
        if (site->node->op == &deep_op_dense && site->in.h * site->in.w > 1) { return 1; }
    }
    return convolves ? vector : 1;
}

static void lay_out(struct deep_graph *g)
{
    const size_t vector = vector_of(g);
    for (int j = 0; j < g->nodes; ++j) {
        struct deep_site *site = &g->site[j];
        const bool vectors = j > 0 && deep_shape_count(site->out) > site->out.c;
        site->vector = vectors || (j > 0 && site->in.h * site->in.w > 1) ? vector : 1; /* c x 1 x 1 is the same either way */
        site->vector_in = j > 0 ? g->site[site->node->in[0]].vector : 1;
    }
}

static void add_segments(struct deep_graph *g, struct deep_site *site)
{
    site->offset = g->d;
    for (int p = 0; p < site->parameters; ++p) {
        const struct deep_parameter *parameter = &site->parameter[p];
        struct dsgd_segment *segment = &g->segment[g->segments++];
        *segment = (struct dsgd_segment){.offset = g->d, .count = parameter->rows * parameter->cols, .rows = parameter->rows, .cols = parameter->cols,
                                         .role = parameter->role};
        snprintf(segment->name, sizeof segment->name, "%.*s.%s", (int)DEEP_NAME, site->node->name, parameter->name);
        g->d += segment->count;
    }
}

enum dsgd_status deep_graph_build(const struct deep_model *model, const struct deep_sizes *sizes, struct deep_graph *out)
{
    *out = (struct deep_graph){.model = model, .nodes = model->nodes, .image = sizes->image, .classes = sizes->classes};
    if (model->nodes > DEEP_NODES_MAX) { return dsgd_fail(DSGD_EINTERNAL, "model %s: %d nodes, expected at most %d", model->name, model->nodes, (int)DEEP_NODES_MAX); }
    for (int j = 0; j < model->nodes; ++j) {
        const struct deep_node *node = &model->node[j];
        struct deep_site *site = &out->site[j];
        *site = (struct deep_site){.node = node, .number = (uint32_t)j, .inputs = node->op->inputs, .in = sizes->image};
        for (int i = 0; i < site->inputs; ++i) {
            const struct deep_site *from = &out->site[node->in[i]];
            *(i == 0 ? &site->in : &site->other) = from->out;
            site->sequence_in[i] = from->sequence;
            site->state_in[i] = from->state;
        }
        site->sequence = site->sequence_in[0];
        site->first = j > 0 && node->in[0] == 0;
        site->value = node->value >= 0.0 ? node->value : node->op == &deep_op_dropout ? sizes->dropout : sizes->smoothing;
        site->channels = node->channels + node->wide * sizes->width;
        if (site->channels == 0) { site->channels = sizes->classes; }
        DSGD_TRY(node->op->shape(site));
        add_segments(out, site);
        if (node->op == &deep_op_batch_norm) {
            out->start_of[j] = out->statistics;
            out->statistics += 2 * site->in.c;
        }
    }
    lay_out(out);
    return DSGD_OK;
}

/* Number i of an array, keyed by the array's number in the model. */
static double start_of(const struct deep_parameter *p, struct dsgd_rng_key key, uint32_t number, size_t i)
{
    const struct deep_start *s = &p->start;
    if (s->law == DEEP_CONSTANT) { return s->until == 0 || (i >= s->from && i < s->until) ? s->value : 0.0; }
    const struct dsgd_rng4 r = dsgd_rng_draw(key, (uint32_t)(i / 2), number, 0, 0);
    if (s->law == DEEP_NORMAL) { /* Box, Muller 1958: two numbers from one draw */
        double sine, cosine;
        dsgd_sincos_turns(dsgd_rng_unit(dsgd_rng_u64(&r, 1)), &sine, &cosine);
        return s->value * sqrt(-2.0 * dsgd_log(1.0 - dsgd_rng_unit(dsgd_rng_u64(&r, 0)))) * (i % 2 == 0 ? cosine : sine);
    }
    const double most = s->law == DEEP_FAN_IN ? 1.0 / sqrt((double)p->fan_in) : s->value;
    return most * (2.0 * dsgd_rng_unit(dsgd_rng_u64(&r, (int)(i % 2))) - 1.0);
}

void deep_graph_start(const struct deep_graph *graph, uint32_t seed, double *x)
{
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose("deep start")};
    uint32_t number = 0;
    for (int j = 0; j < graph->nodes; ++j) {
        const struct deep_site *site = &graph->site[j];
        double *to = x + site->offset;
        for (int p = 0; p < site->parameters; ++p, ++number) {
            const struct deep_parameter *parameter = &site->parameter[p];
            for (size_t i = 0; i < parameter->rows * parameter->cols; ++i) { *to++ = start_of(parameter, key, number, i); }
        }
    }
}

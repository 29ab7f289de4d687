/* description.c - descriptions that grow node by node. Interface: description.h. */
#include "deep/description.h"

#include <stdio.h>

void deep_description_begin(struct deep_description *d, const char *name)
{
    d->full = false;
    d->node[0] = (struct deep_node){.name = "input", .op = &deep_op_input};
    d->model = (struct deep_model){name, d->node, 1, false};
}

int deep_description_add(struct deep_description *d, const char *part, const char *name, struct deep_node node)
{
    const int at = d->model.nodes;
    if (at == DEEP_NODES_MAX) {
        d->full = true;
        return at - 1;
    }
    const int length = snprintf(d->name[at], sizeof d->name[at], "%s%s", part, name);
    d->full = d->full || length > DEEP_NAME;
    d->node[at] = node;
    d->node[at].name = d->name[at];
    d->model.nodes = at + 1;
    return at;
}

enum dsgd_status deep_description_end(const struct deep_description *d, size_t layers)
{
    if (!d->full) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "model %s: %zu layers on each side, expected fewer: at most %d nodes", d->model.name, layers, (int)DEEP_NODES_MAX);
}

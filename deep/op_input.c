/* op_input.c - the image: what the first node of a graph gives. It has no function; whoever runs the graph fills its output. */
#include "deep/op.h"

static enum dsgd_status input_shape(struct deep_site *site)
{
    site->out = site->in;
    return DSGD_OK;
}

const struct deep_op deep_op_input = {.name = "input", .shape = input_shape};

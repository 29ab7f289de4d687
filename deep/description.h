/* description.h - descriptions of models whose number of layers is a key: nodes that a function puts one behind the other. */
#ifndef DSGD_DEEP_DESCRIPTION_H
#define DSGD_DEEP_DESCRIPTION_H

#include "deep/graph.h"

/** Nodes, their names and the model that consists of them. It points into itself, and a graph into it: it is neither moved nor freed before them. */
struct deep_description {
    struct deep_model model;
    struct deep_node node[DEEP_NODES_MAX];
    char name[DEEP_NODES_MAX][DEEP_NAME + 1];
    bool full; /* a node found no room, or its name none */
};

/** Node 0, the input; `name` of static storage. */
void deep_description_begin(struct deep_description *d, const char *name);
/** Appends a node named `part` and `name` ("encoder1.self", ".query"), and returns its number. */
int deep_description_add(struct deep_description *d, const char *part, const char *name, struct deep_node node);
/** DSGD_EINPUT with a sentence if the nodes are too many. */
enum dsgd_status deep_description_end(const struct deep_description *d, size_t layers);

#endif

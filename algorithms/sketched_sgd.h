/* sketched_sgd.h - what the two variants of Sketched-SGD share: configuration, common knowledge. Internal. */
#ifndef DSGD_ALGORITHMS_SKETCHED_SGD_H
#define DSGD_ALGORITHMS_SKETCHED_SGD_H

#include "algorithms/sketch_hash.h"
#include "sim/algorithm.h"

struct sketched_config {
    int variant; /* heavymix | topk */
    int64_t rows, cols, k, candidates, dense_below;
    double momentum;
    int hash, lr_inside, sketch_reseed; /* auto | ... */
    bool own_value;
    int values, indices;
    int64_t truncate;
    char dense_roles[DSGD_TEXT_MAX];
};

/** What both variants know. */
struct sketched_common {
    size_t d, k, table; /* table: rows * cols */
    uint32_t rows, cols;
    enum dsgd_hash hash;
    bool lr_inside;
    enum dsgd_fresh fresh;
    enum dsgd_values values;
    enum dsgd_indices indices;
    uint32_t seed_hash;
};

/** The slots of Algorithm 2 and of Algorithm 3. */
extern const struct dsgd_algorithm dsgd_sketched_heavymix, dsgd_sketched_topk;

enum { SKETCHED_HASHES }; /* known to all */

/** Whether a segment is sent as it is (dense_below, dense_roles). */
bool sketched_is_dense(const void *config, const struct dsgd_segment *segment);

/** From the configuration. */
struct sketched_common sketched_common_of(const struct dsgd_setting *setting);
/** `prepare` of both: common begins with a struct sketched_common. */
void sketched_prepare(const void *common, struct dsgd_rows *all, const struct dsgd_round *round);

#endif

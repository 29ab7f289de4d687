/* pairs.h - checks and hashes datasets whose examples are pairs of sentences. Internal; dsgd_dataset_check and _hash call it. */
#ifndef DSGD_DATASETS_PAIRS_H
#define DSGD_DATASETS_PAIRS_H

#include "datasets/dataset.h"

struct sha256_ctx; /* nettle/sha2.h */

/** As dsgd_dataset_check, for DSGD_PAIRS. */
enum dsgd_status dsgd_pairs_check(const struct dsgd_dataset *data);
/** As dsgd_dataset_hash says. */
void dsgd_pairs_hash(struct sha256_ctx *hash, const struct dsgd_dataset *data);

#endif

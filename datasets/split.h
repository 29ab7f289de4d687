/* split.h - the key `split` that datasets share: the published sets, or training examples alone for choosing settings. */
#ifndef DSGD_DATASETS_SPLIT_H
#define DSGD_DATASETS_SPLIT_H

#include "datasets/dataset.h"

enum { DSGD_SPLIT_FULL, DSGD_SPLIT_TUNING };

/** Config struct of a dataset that has no other keys. */
struct dsgd_split_config {
    int split;
};

/** The table's row; `offset` is that of an int. */
#define DSGD_SPLIT_PARAM(offset)                                                                                        \
    {"split", DSGD_PARAM_CHOICE, (offset), "full", 0, 0, "full|tuning",                                                 \
     "tuning: the last sixth of the training examples is the test set, the others train; the test examples are not read"}

/** Of `dsgd_split_config` alone. */
extern const struct dsgd_param dsgd_split_params[];

/** Makes the last sixth of data->train (10,000 of 60,000) data->test and says so in the title. DSGD_EINPUT with a sentence
 *  if there are fewer than 6 training examples. */
enum dsgd_status dsgd_split_tuning(struct dsgd_dataset *data);

#endif

/* mnist.h - the dataset that some checks and maps need. */
#ifndef DSGD_VERIFY_MNIST_H
#define DSGD_VERIFY_MNIST_H

#include "datasets/dataset.h"

/** MNIST from a folder of datasets (NULL: $DSGD_DATA, then data/). DSGD_EINPUT with a sentence where it is not. Caller:
 *  dsgd_dataset_destroy. */
enum dsgd_status verify_mnist_load(const char *folder, struct dsgd_dataset **out);

#endif

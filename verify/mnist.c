/* mnist.c - loads MNIST for checks. Interface: mnist.h. */
#include "verify/mnist.h"

#include "datasets/split.h"

enum dsgd_status verify_mnist_load(const char *folder, struct dsgd_dataset **out)
{
    struct dsgd_split_config config = {.split = DSGD_SPLIT_FULL};
    const struct dsgd_dataset_args args = {.config = &config, .folder = folder};
    *out = NULL;
    return dsgd_dataset_find("mnist")->load(&args, out);
}

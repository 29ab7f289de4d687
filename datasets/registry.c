/* registry.c - the datasets. Adding one: write its file and add its symbol here. */
#include <stdlib.h>
#include "datasets/dataset.h"
#include "sim/registry.h"

#define DATASETS(X)               \
    X(dsgd_dataset_mnist)         \
    X(dsgd_dataset_fashion_mnist) \
    X(dsgd_dataset_cifar10)       \
    X(dsgd_dataset_images)        \
    X(dsgd_dataset_grammar)       \
    X(dsgd_dataset_parallel)      \
    X(dsgd_dataset_synthetic)

#define DECLARE(symbol) extern const struct dsgd_dataset_ops symbol;
DATASETS(DECLARE)

#define ENTRY(symbol) &symbol,
static const void *const builtin[] = {DATASETS(ENTRY)};
static struct dsgd_registry registry = {.role = "dataset", .builtin = builtin, .builtins = sizeof builtin / sizeof *builtin};

const struct dsgd_dataset_ops *dsgd_dataset_at(size_t i) { return dsgd_registry_at(&registry, i); }
const struct dsgd_dataset_ops *dsgd_dataset_find(const char *name) { return dsgd_registry_find(&registry, name); }
enum dsgd_status dsgd_dataset_register(const struct dsgd_dataset_ops *dataset) { return dsgd_registry_add(&registry, dataset); }
void dsgd_dataset_take_back(const struct dsgd_dataset_ops *dataset) { dsgd_registry_take_back(&registry, dataset); }

void dsgd_dataset_destroy(struct dsgd_dataset *data)
{
    if (!data) { return; }
    for (size_t i = 0; i < sizeof data->owned / sizeof data->owned[0]; ++i) { free(data->owned[i]); }
    free(data);
}

/* registry.c - the datasets. Adding one: write its file and add its symbol here. */
#include <stdlib.h>
#include <string.h>
#include "datasets/dataset.h"

#define DATASETS(X)               \
    X(dsgd_dataset_mnist)         \
    X(dsgd_dataset_fashion_mnist) \
    X(dsgd_dataset_synthetic)

#define DECLARE(symbol) extern const struct dsgd_dataset_ops symbol;
DATASETS(DECLARE)

#define ENTRY(symbol) &symbol,
static const struct dsgd_dataset_ops *const datasets[] = {DATASETS(ENTRY)};

const struct dsgd_dataset_ops *dsgd_dataset_at(size_t i)
{
    return i < sizeof datasets / sizeof datasets[0] ? datasets[i] : NULL;
}

const struct dsgd_dataset_ops *dsgd_dataset_find(const char *name)
{
    for (size_t i = 0; i < sizeof datasets / sizeof datasets[0]; ++i) {
        if (strcmp(datasets[i]->name, name) == 0) { return datasets[i]; }
    }
    return NULL;
}

void dsgd_dataset_destroy(struct dsgd_dataset *data)
{
    if (!data) { return; }
    for (size_t i = 0; i < sizeof data->owned / sizeof data->owned[0]; ++i) { free(data->owned[i]); }
    free(data);
}

/* kernels.c - the kernels of the convex problems by device. Interface: kernels.h. A device that is not in the table is staged. */
#include "convex/kernels.h"

#include <string.h>

extern const struct dsgd_problem_kernels dsgd_linear_cpu, dsgd_sigmoid_cpu, dsgd_multiclass_cpu, dsgd_quadratic_cpu; /* convex/cpu */

static const struct row {
    const char *device;
    const struct dsgd_problem_kernels *linear, *sigmoid, *multiclass, *quadratic;
} table[] = {
    {"cpu", &dsgd_linear_cpu, &dsgd_sigmoid_cpu, &dsgd_multiclass_cpu, &dsgd_quadratic_cpu},
    {"guard", &dsgd_linear_cpu, &dsgd_sigmoid_cpu, &dsgd_multiclass_cpu, &dsgd_quadratic_cpu},
};

static const struct row *find(const char *device)
{
    static const struct row none = {NULL, NULL, NULL, NULL, NULL};
    for (size_t j = 0; j < sizeof table / sizeof *table; ++j) {
        if (strcmp(table[j].device, device) == 0) { return &table[j]; }
    }
    return &none;
}

const struct dsgd_problem_kernels *dsgd_linear_kernels(const char *device) { return find(device)->linear; }
const struct dsgd_problem_kernels *dsgd_sigmoid_kernels(const char *device) { return find(device)->sigmoid; }
const struct dsgd_problem_kernels *dsgd_multiclass_kernels(const char *device) { return find(device)->multiclass; }
const struct dsgd_problem_kernels *dsgd_quadratic_kernels(const char *device) { return find(device)->quadratic; }

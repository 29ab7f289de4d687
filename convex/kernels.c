/* kernels.c - the kernels of the convex problems by device. Interface: kernels.h. A device without a table is staged. */
#include "convex/kernels.h"

#include <string.h>

#include "sim/level.h"

#define TABLES(suffix) dsgd_linear_cpu##suffix, dsgd_sigmoid_cpu##suffix, dsgd_multiclass_cpu##suffix, dsgd_quadratic_cpu##suffix
#define ROWS(suffix) {&dsgd_linear_cpu##suffix, &dsgd_sigmoid_cpu##suffix, &dsgd_multiclass_cpu##suffix, &dsgd_quadratic_cpu##suffix}

extern const struct dsgd_problem_kernels TABLES(); /* convex/cpu */
extern const struct dsgd_problem_kernels dsgd_linear_cuda, dsgd_sigmoid_cuda, dsgd_multiclass_cuda, dsgd_quadratic_cuda; /* convex/cuda */
#if defined(DSGD_ISAS) && DSGD_ISAS > 1
extern const struct dsgd_problem_kernels TABLES(_v3), TABLES(_v4); /* the same for other instruction sets (scripts/levels.cmake) */
#endif

struct tables { const struct dsgd_problem_kernels *linear, *sigmoid, *multiclass, *quadratic; };

/* Of a device by its name; the guard computes as the CPU does. */
static const struct tables *find(const char *device)
{
    static const struct tables none = {NULL, NULL, NULL, NULL};
    static const struct tables cuda = {&dsgd_linear_cuda, &dsgd_sigmoid_cuda, &dsgd_multiclass_cuda, &dsgd_quadratic_cuda};
    static const struct tables cpu[] = {
        ROWS(),
#if defined(DSGD_ISAS) && DSGD_ISAS > 1
        ROWS(_v3),
        ROWS(_v4),
#endif
    };
    if (strcmp(device, "cuda") == 0) { return &cuda; }
    return strcmp(device, "cpu") == 0 || strcmp(device, "guard") == 0 ? &cpu[dsgd_level()] : &none;
}

const struct dsgd_problem_kernels *dsgd_linear_kernels(const char *device) { return find(device)->linear; }
const struct dsgd_problem_kernels *dsgd_sigmoid_kernels(const char *device) { return find(device)->sigmoid; }
const struct dsgd_problem_kernels *dsgd_multiclass_kernels(const char *device) { return find(device)->multiclass; }
const struct dsgd_problem_kernels *dsgd_quadratic_kernels(const char *device) { return find(device)->quadratic; }

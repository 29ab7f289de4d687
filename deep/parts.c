/* parts.c - parts by threads. Interface: parts.h. */
#include "deep/parts.h"

#include "deep/one_thread.h"

static enum dsgd_status alone(uint32_t j, deep_part *part, void *context)
{
    const int threads = deep_one_thread();
    const enum dsgd_status status = part(context, j);
    deep_threads_back(threads);
    return status;
}

static void note(enum dsgd_status status, enum dsgd_status *worst)
{
    if (status != DSGD_OK) {
#pragma omp atomic write
        *worst = status;
    }
}

enum dsgd_status deep_parts(uint32_t count, deep_part *part, void *context)
{
    if (count == 1) { return alone(0, part, context); }
    enum dsgd_status worst = DSGD_OK;
    if (omp_in_parallel()) {
        for (uint32_t j = 0; j < count; ++j) {
#pragma omp task shared(worst)
            note(alone(j, part, context), &worst);
        }
#pragma omp taskwait
    } else {
#pragma omp parallel for schedule(static, 1) num_threads((int)count)
        for (uint32_t j = 0; j < count; ++j) { note(alone(j, part, context), &worst); }
    }
    return worst;
}

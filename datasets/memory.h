/* memory.h - memory for rows that are read in random order: in large pages where the system has them, which saves a walk through page
 * tables for each. Internal. Whoever includes this defines _DEFAULT_SOURCE first (madvise).
 */
#ifndef DSGD_DATASETS_MEMORY_H
#define DSGD_DATASETS_MEMORY_H

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/** size > 0 bytes that free() takes back, or NULL. */
static inline uint8_t *dsgd_rows_memory(size_t size)
{
#ifdef MADV_HUGEPAGE
    enum { PAGE = 1 << 21 };
    if (size >= 2 * PAGE) {
        uint8_t *memory = aligned_alloc(PAGE, (size + PAGE - 1) / PAGE * PAGE);
        if (memory) { madvise(memory, size, MADV_HUGEPAGE); } /* a wish */
        return memory;
    }
#endif
    return malloc(size);
}

#endif

/* one_thread.h - a part of the code in which OpenMP gives this thread no helpers.
 *
 * The library cuts sums by the number of threads that it is offered, and a primitive that was created with two of them and runs inside a
 * parallel region never returns. So creation and execution happen between these two, and lanes are the only parallel thing.
 */
#ifndef DSGD_DEEP_ONE_THREAD_H
#define DSGD_DEEP_ONE_THREAD_H

#include <omp.h>

/** Returns the number before, for deep_threads_back. */
static inline int deep_one_thread(void)
{
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    return before;
}

static inline void deep_threads_back(int before)
{
    omp_set_num_threads(before);
}

#endif

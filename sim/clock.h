/* clock.h - the one clock that everything is timed with. */
#ifndef DSGD_SIM_CLOCK_H
#define DSGD_SIM_CLOCK_H

#include <time.h>

/** Seconds of a clock that never jumps; only differences mean something. About 25 ns. */
static inline double dsgd_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/** Seconds since *mark, which is moved to now: phases one behind the other need one look at the clock each. */
static inline double dsgd_lap(double *mark)
{
    const double now = dsgd_clock(), passed = now - *mark;
    *mark = now;
    return passed;
}

#endif

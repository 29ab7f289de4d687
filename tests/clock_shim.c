/* clock_shim.c - a library for LD_PRELOAD that makes clocks jump: what a suspended laptop, a corrected date or a virtual
 * machine that was moved does to a program.
 *
 *   DSGD_CLOCK_JUMP   seconds that the jump is long, may be negative
 *   DSGD_CLOCK_EVERY  every so many readings of a clock it jumps there, and at the next such reading back (default 7)
 *
 * All clocks jump, CLOCK_MONOTONIC too, which in truth never goes back. LD_PRELOAD splits its text at blanks.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static atomic_long readings;

static time_t offset(void)
{
    const char *jump = getenv("DSGD_CLOCK_JUMP"), *every = getenv("DSGD_CLOCK_EVERY");
    const long period = every && atol(every) > 0 ? atol(every) : 7;
    const long n = atomic_fetch_add(&readings, 1);
    return jump && n / period % 2 == 1 ? (time_t)atol(jump) : 0;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    const long result = syscall(SYS_clock_gettime, id, now);
    if (result == 0) { now->tv_sec += offset(); }
    return (int)result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone;
    struct timespec precise;
    const int result = clock_gettime(CLOCK_REALTIME, &precise);
    *now = (struct timeval){.tv_sec = precise.tv_sec, .tv_usec = precise.tv_nsec / 1000};
    return result;
}

time_t time(time_t *out)
{
    struct timespec now = {.tv_sec = 0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) { *out = now.tv_sec; }
    return now.tv_sec;
}

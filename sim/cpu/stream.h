/* stream.h - long results past the caches: stores that do not fetch the lines they overwrite.
 *
 * For what is written whole and is longer than the caches: a third of the traffic is saved, and what lies in the caches stays. Where the
 * processor has no such stores these are plain ones.
 */
#ifndef DSGD_SIM_CPU_STREAM_H
#define DSGD_SIM_CPU_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

enum {
    CPU_STREAM_LEAST = 1 << 21, /* doubles: 16 MiB, of which a thread's caches hold little */
    CPU_STREAM_LINE = 64        /* bytes */
};

/** Whether n doubles at `to`, all of them to be written, had better be streamed. */
static inline bool cpu_streams(size_t n, const double *to)
{
    return n >= CPU_STREAM_LEAST && (uintptr_t)to % CPU_STREAM_LINE == 0;
}

/** to = from; `to` at the beginning of a line. Call cpu_stream_end before another thread reads them. */
static inline void cpu_stream(size_t n, const double *from, double *to)
{
    size_t i = 0;
#if defined(__AVX512F__)
    for (; i + 8 <= n; i += 8) { _mm512_stream_pd(to + i, _mm512_loadu_pd(from + i)); }
#elif defined(__AVX__)
    for (; i + 4 <= n; i += 4) { _mm256_stream_pd(to + i, _mm256_loadu_pd(from + i)); }
#elif defined(__SSE2__)
    for (; i + 2 <= n; i += 2) { _mm_stream_pd(to + i, _mm_loadu_pd(from + i)); }
#endif
    memcpy(to + i, from + i, (n - i) * sizeof *to);
}

static inline void cpu_stream_end(void)
{
#if defined(__SSE2__)
    _mm_sfence();
#endif
}

#endif

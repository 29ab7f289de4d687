/* peak.c - peak resident memory, from the kernel.
 *
 * /proc/self/status counts from this program's start. getrusage, the fallback, may count what its parent held before.
 */
#include "command/peak.h"

#include <stdio.h>
#include <sys/resource.h>

double peak_bytes(void)
{
    char line[256];
    double kib = 0.0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        if (sscanf(line, "VmHWM: %lf kB", &kib) == 1) { break; }
    }
    if (status) { fclose(status); }
    if (kib > 0.0) { return 1024.0 * kib; }
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? 1024.0 * (double)usage.ru_maxrss : 0.0;
}

/* devices.c - the devices that a configuration can name: the CPU and its guard for the instruction set that runs, and CUDA's. */
#include <stdlib.h>
#include <string.h>

#include "sim/device_ops.h"
#include "sim/level.h"
#include "sim/text.h"

enum { DEVICES = 2 };

extern const struct dsgd_device dsgd_device_cpu;   /* sim/cpu */
extern const struct dsgd_device dsgd_device_guard; /* sim/guard: the CPU's operations, on memory that only sim/cpu can reach */
#if defined(DSGD_ISAS) && DSGD_ISAS > 1
extern const struct dsgd_device dsgd_device_cpu_v3, dsgd_device_guard_v3, dsgd_device_cpu_v4, dsgd_device_guard_v4; /* scripts/levels.cmake */
#endif

const struct dsgd_device *dsgd_device_at(int which)
{
    static const struct dsgd_device *const devices[][DEVICES] = {
        {&dsgd_device_cpu, &dsgd_device_guard},
#if defined(DSGD_ISAS) && DSGD_ISAS > 1
        {&dsgd_device_cpu_v3, &dsgd_device_guard_v3},
        {&dsgd_device_cpu_v4, &dsgd_device_guard_v4},
#endif
    };
    return which >= 0 && which < DEVICES ? devices[dsgd_level()][which] : NULL;
}

/* "0,1,2": different numbers. */
static bool ordinals(const char *text, struct dsgd_places *out)
{
    for (out->count = 0; out->count < DSGD_PLACES_MAX; ++text) {
        if (*text < '0' || *text > '9') { return false; }
        char *end;
        const long number = strtol(text, &end, 10);
        if (end - text > 4) { return false; }
        for (int j = 0; j < out->count; ++j) {
            if (out->ordinal[j] == number) { return false; }
        }
        out->ordinal[out->count++] = (int)number;
        text = end;
        if (*text == '\0') { return true; }
        if (*text != ',') { return false; }
    }
    return false;
}

enum dsgd_status dsgd_places_named(const char *backend, struct dsgd_places *out)
{
    static const char cuda[] = "cuda";
    *out = (struct dsgd_places){.count = 1};
    for (int which = 0; which < DEVICES; ++which) {
        const struct dsgd_device *device = dsgd_device_at(which);
        if (strcmp(backend, device->name) == 0) {
            out->device = device;
            return DSGD_OK;
        }
    }
    if (strncmp(backend, cuda, sizeof cuda - 1) == 0) {
        const char *rest = backend + sizeof cuda - 1;
        out->device = dsgd_device_cuda();
        if (*rest == '\0' || (*rest == ':' && ordinals(rest + 1, out))) { return DSGD_OK; }
    }
    char shown[DSGD_SHOWN_MAX];
    return dsgd_fail(DSGD_EINPUT, "backend = %s: expected cpu, guard, cuda, or cuda: and at most %d different numbers of devices, as in cuda:0,1",
                     dsgd_text_shown(backend, shown), (int)DSGD_PLACES_MAX);
}

enum dsgd_status dsgd_places_open(const struct dsgd_places *places)
{
    return places->device->open ? places->device->open(places->ordinal, places->count) : DSGD_OK;
}

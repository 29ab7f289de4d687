/* cuda.c - CUDA as a device: the library is loaded when a configuration asks for it, and what it does not do is staged.
 *
 * Looked for at DSGD_CUDA_LIBRARY if that is set, else beside libdsgd, else where the system looks. A library of another build is refused:
 * both sides share structs.
 */
#define _GNU_SOURCE /* dladdr */
#include "sim/cuda/cuda.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsgd_cuda_build.h"
#include "sim/cuda/list.h"
#include "sim/cuda/memory.h"

enum { PATH_MAX_HERE = 4096, LOOK_EVERY = 32, LAUNCHES_DOMINATE = 1 << 21 };
#define LIBRARY "libdsgd_cuda.so"

const struct dsgd_cuda_library *cuda_library;

/* Where this code lies, with the library's name in place of its own. */
static bool beside(char *path)
{
    Dl_info info;
    if (!dladdr((const void *)&cuda_library, &info) || !info.dli_fname) { return false; }
    const char *slash = strrchr(info.dli_fname, '/');
    const int folder = slash ? (int)(slash - info.dli_fname) + 1 : 0;
    return snprintf(path, PATH_MAX_HERE, "%.*s%s", folder, info.dli_fname, LIBRARY) < PATH_MAX_HERE;
}

static enum dsgd_status load(void)
{
    static char path[PATH_MAX_HERE];
    const char *asked = getenv("DSGD_CUDA_LIBRARY");
    void *handle = NULL;
    if (cuda_library) { return DSGD_OK; }
    if (asked && *asked) {
        handle = dlopen(asked, RTLD_NOW | RTLD_LOCAL);
    } else {
        if (beside(path)) { handle = dlopen(path, RTLD_NOW | RTLD_LOCAL); }
        if (!handle) { handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL); }
    }
    if (!handle) {
        return dsgd_fail(DSGD_EINPUT, "backend = cuda: no %s (%.200s); expected one beside libdsgd (it is built where nvcc is found), or use backend = cpu",
                         asked && *asked ? "library at DSGD_CUDA_LIBRARY" : LIBRARY, dlerror());
    }
    const struct dsgd_cuda_library *found = dlsym(handle, "dsgd_cuda_library");
    if (!found || strcmp(found->build, DSGD_CUDA_BUILD) != 0) {
        const enum dsgd_status status = dsgd_fail(DSGD_EINPUT, "backend = cuda: the CUDA library is of build %.16s: expected %.16s, the program's own",
                                                  found ? found->build : "unknown", DSGD_CUDA_BUILD);
        dlclose(handle);
        return status;
    }
    cuda_library = found;
    return DSGD_OK;
}

static enum dsgd_status open_devices(const int *ordinal, int count)
{
    enum { OLDEST = 80 }; /* compute capability that kernels are built for */
    DSGD_TRY(load());
    const char *wrong = NULL;
    int driver = 0, runtime = 0;
    const int there = cuda_library->memory->devices(&wrong);
    cuda_library->memory->versions(&driver, &runtime);
    if (there == 0) {
        return dsgd_fail(DSGD_EINPUT, "backend = cuda: no CUDA device (driver %d.%d, runtime %d.%d: %.200s); use backend = cpu", driver / 1000,
                         driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10, wrong ? wrong : "none found");
    }
    for (int j = 0; j < count; ++j) {
        struct cuda_device_info info = {.name = ""};
        if (ordinal[j] >= there) { return dsgd_fail(DSGD_EINPUT, "backend = cuda:%d: expected a device from 0 to %d", ordinal[j], there - 1); }
        wrong = cuda_library->memory->info(ordinal[j], &info);
        if (wrong) { return dsgd_fail(DSGD_EINPUT, "backend = cuda:%d: the device cannot be used (%.200s)", ordinal[j], wrong); }
        if (info.major * 10 + info.minor < OLDEST) {
            return dsgd_fail(DSGD_EINPUT, "backend = cuda:%d: %s has compute capability %d.%d: expected at least %d.%d", ordinal[j], info.name, info.major,
                             info.minor, OLDEST / 10, OLDEST % 10);
        }
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_cuda_list(dsgd_cuda_listener *each, void *context, int *driver, int *runtime, int *count)
{
    DSGD_TRY(load());
    const char *wrong = NULL;
    *count = cuda_library->memory->devices(&wrong);
    cuda_library->memory->versions(driver, runtime);
    for (int j = 0; j < *count; ++j) {
        struct cuda_device_info info = {.name = ""};
        wrong = cuda_library->memory->info(j, &info);
        each(context, j, wrong, info.name, info.memory, info.free, info.major, info.minor, info.processors);
    }
    return DSGD_OK;
}

static size_t free_bytes(int ordinal)
{
    struct cuda_device_info info = {.free = 0};
    return cuda_library && !cuda_library->memory->info(ordinal, &info) ? info.free : 0;
}

static void *allocate(int ordinal, size_t bytes) { return cuda_library->memory->alloc(ordinal, bytes); }
static void release(void *memory) { cuda_library->memory->release(memory); }

static void note(struct dsgd_queue *q, const char *wrong)
{
    if (wrong) { dsgd_queue_fail(q, DSGD_EINTERNAL, "device cuda:%d: %s", q->ordinal, wrong); }
}

static void read(struct dsgd_queue *q, void *host, const void *from, size_t bytes)
{
    if (bytes > 0) { note(q, cuda_library->memory->read(q->ordinal, host, from, bytes)); }
}

static void write(struct dsgd_queue *q, void *to, const void *host, size_t bytes)
{
    if (bytes > 0) { note(q, cuda_library->memory->write(q->ordinal, to, host, bytes)); }
}

static void move(struct dsgd_queue *q, void *to, struct dsgd_queue *from_q, const void *from, size_t bytes)
{
    if (bytes > 0) { note(q, cuda_library->memory->move(q->ordinal, to, from_q->ordinal, from, bytes)); }
}

/* A launch takes as long as the device needs for some million bytes: below that a step costs its launches. DSGD_CUDA_GRAPH=0 or 1: never or
 * always, to measure. */
static void step_begin(struct dsgd_queue *q, size_t elements)
{
    const char *asked = getenv("DSGD_CUDA_GRAPH");
    const bool gather = asked && *asked ? strcmp(asked, "0") != 0 : elements < LAUNCHES_DOMINATE;
    if (gather) { cuda_library->memory->begin(q->ordinal); }
}

static void step_end(struct dsgd_queue *q)
{
    note(q, cuda_library->memory->end(q->ordinal));
}

const struct dsgd_device *dsgd_device_cuda(void)
{
    static struct dsgd_device device;
    if (!device.name) {
        dsgd_staged_enter(&device);
        cuda_enter_vec(&device);
        cuda_enter_wire(&device);
        cuda_enter_select(&device);
        cuda_enter_sketch(&device);
        cuda_enter_sparse(&device);
        cuda_enter_group(&device);
        cuda_enter_level(&device);
        cuda_enter_fold(&device);
        cuda_enter_model(&device);
        device.title = "NVIDIA GPUs: cuda, cuda:1, cuda:0,1";
        device.look_every = LOOK_EVERY;
        device.streams = true;
        device.open = open_devices;
        device.free_bytes = free_bytes;
        device.alloc = allocate;
        device.release = release;
        device.read = read;
        device.write = write;
        device.move = move;
        device.step_begin = step_begin;
        device.step_end = step_end;
        device.name = "cuda";
    }
    return &device;
}

/* memory.cpp - devices and their memory, which neither host code nor another device can touch. Interface: emulator.h.
 *
 * An allocation ends at the end of a page, up to the 256 bytes that cudaMalloc aligns to, and the page behind it faults. Memory is PROT_NONE
 * while host code runs, new memory is filled with 0xff (NaN), freed memory stays known, so that a late use is told apart.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <algorithm>
#include <map>
#include <set>

#include "internal.h"

#if defined(__SANITIZE_ADDRESS__)
#define EMU_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EMU_ASAN 1
#endif
#endif
#ifdef EMU_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace emu {

char *arena[DEVICES_MAX];
int devices = 1, device_now;
static std::map<const char *, Allocation> allocations; /* by start; also what was freed */
static std::set<const Allocation *> alive;
static std::map<const char *, size_t> pinned_memory;
static size_t arena_used[DEVICES_MAX], allocated[DEVICES_MAX], device_memory = ARENA;
static int open_device = -1, capability = 90;
static bool strict = true, peer_enabled[DEVICES_MAX][DEVICES_MAX];
static cudaError_t last_error;

cudaError_t failed(cudaError_t error)
{
    last_error = error;
    return error;
}

bool peers(int device, int peer)
{
    return device == peer || peer_enabled[device][peer];
}

void lend(const void *data, size_t bytes)
{
    const auto found = allocations.find(static_cast<const char *>(data));
    if (found != allocations.end()) { found->second.lent = bytes; }
}

const Allocation *find_allocation(const void *address)
{
    auto next = allocations.upper_bound(static_cast<const char *>(address));
    return next == allocations.begin() ? nullptr : &std::prev(next)->second;
}

bool pinned(const void *address)
{
    auto next = pinned_memory.upper_bound(static_cast<const char *>(address));
    if (next == pinned_memory.begin()) { return false; }
    --next;
    return static_cast<const char *>(address) < next->first + next->second;
}

int device_of(const void *address)
{
    for (int i = 0; i < devices; ++i) {
        if (address >= arena[i] && static_cast<const char *>(address) < arena[i] + ARENA) { return i; }
    }
    return -1;
}

void open_memory(int device)
{
    if (!strict || device == open_device) { return; }
    for (const Allocation *a : alive) {
        const bool before = open_device == -2 || (open_device >= 0 && peers(open_device, a->device));
        const bool after = device == -2 || (device >= 0 && peers(device, a->device));
        if (before != after) { mprotect(a->pages, a->mapped, after ? PROT_READ | PROT_WRITE : PROT_NONE); }
    }
    open_device = device;
}

static void on_fault(int, siginfo_t *info, void *)
{
    const int device = device_of(info->si_addr);
    if (device < 0) {
        if (current) { fail("access to address %p, which is no memory of a device", info->si_addr); }
        signal(SIGSEGV, SIG_DFL);
        return; /* happens again, as it would have without us */
    }
    const Allocation *a = find_allocation(info->si_addr);
    const ptrdiff_t offset = a ? static_cast<const char *>(info->si_addr) - a->start : 0;
    if (!a) { fail("access to address %p of device %d, where nothing is", info->si_addr, device); }
    if (a->freed) { fail("use of freed memory: byte %td of allocation %u (%zu bytes, device %d)", offset, a->number, a->bytes, device); }
    if ((size_t)offset >= a->bytes) {
        fail("access %td bytes past the end of allocation %u (%zu bytes, device %d)", offset - (ptrdiff_t)a->bytes, a->number, a->bytes, device);
    }
    if (!current) { fail("dereferences a device pointer: byte %td of allocation %u (%zu bytes, device %d)", offset, a->number, a->bytes, device); }
    fail("access to memory of device %d from device %d without peer access", device, running_device);
}

void initialise()
{
    static bool done;
    if (done) { return; }
    done = true;
    const char *order = getenv("EMU_ORDER"), *count = getenv("EMU_DEVICES"), *guard = getenv("EMU_STRICT"), *bytes = getenv("EMU_MEMORY"),
               *capable = getenv("EMU_CAPABILITY");
    if (order) { order_seed = strcmp(order, "forward") == 0 ? 0 : strcmp(order, "reverse") == 0 ? 1 : 2 + strtoull(order, nullptr, 10); }
    if (count) { devices = std::min(std::max(atoi(count), 0), (int)DEVICES_MAX); }
    if (guard) { strict = atoi(guard) != 0; }
    if (bytes) { device_memory = std::min((size_t)strtoull(bytes, nullptr, 10), (size_t)ARENA); }
    if (capable) { capability = (int)(strtod(capable, nullptr) * 10.0 + 0.5); }
    for (int i = 0; i < devices; ++i) {
        arena[i] = static_cast<char *>(mmap(nullptr, ARENA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
        if (arena[i] == MAP_FAILED) { fail("no addresses for device %d", i); }
    }
    static char alternative[64 << 10];
    stack_t stack = {};
    stack.ss_sp = alternative;
    stack.ss_size = sizeof alternative;
    sigaltstack(&stack, nullptr);
    struct sigaction action = {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &action, nullptr);
}
void check_range(const void *data, size_t bytes, const char *what)
{
    if (device_of(data) < 0) { return; }
    const Allocation *a = find_allocation(data);
    const char *start = static_cast<const char *>(data);
    if (!a || a->freed || start + bytes > a->start + a->bytes) {
        fail("%s of %zu bytes at %p does not lie in an allocation", what, bytes, data);
    }
}

} /* namespace emu */

using namespace emu;

const char *cudaGetErrorString(cudaError_t error)
{
    switch (error) {
    case cudaSuccess: return "no error";
    case cudaErrorInvalidValue: return "invalid argument";
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInvalidConfiguration: return "invalid configuration argument";
    case cudaErrorInvalidDevice: return "invalid device ordinal";
    case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    case cudaErrorNotReady: return "device not ready";
    case cudaErrorPeerAccessAlreadyEnabled: return "peer access is already enabled";
    case cudaErrorGraphExecUpdateFailure: return "the graph execution update was not performed because it included changes which violated constraints specific to instantiated graph update";
    case cudaErrorCooperativeLaunchTooLarge: return "too many blocks in cooperative launch";
    }
    return "unknown error";
}

cudaError_t cudaGetLastError()
{
    const cudaError_t error = last_error;
    last_error = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError() { return last_error; }

cudaError_t cudaGetDeviceCount(int *count)
{
    initialise();
    *count = devices;
    return devices > 0 ? cudaSuccess : failed(cudaErrorNoDevice);
}

unsigned emu_grid_most()
{
    const char *most = getenv("EMU_GRID_MOST");
    return most ? (unsigned)strtoul(most, nullptr, 10) : 65535u;
}

cudaError_t cudaSetDevice(int device)
{
    initialise();
    if (device < 0 || device >= devices) { return failed(cudaErrorInvalidDevice); }
    device_now = device;
    return cudaSuccess;
}

cudaError_t cudaGetDevice(int *device)
{
    *device = device_now;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *p, int device)
{
    initialise();
    if (device < 0 || device >= devices) { return failed(cudaErrorInvalidDevice); }
    *p = {};
    snprintf(p->name, sizeof p->name, "emulated device %d", device);
    p->multiProcessorCount = 132;
    p->major = capability / 10;
    p->minor = capability % 10;
    p->l2CacheSize = 50 << 20;
    p->totalGlobalMem = device_memory;
    p->sharedMemPerBlockOptin = SHARED_MAX;
    return cudaSuccess;
}

cudaError_t cudaDeviceCanAccessPeer(int *can, int device, int peer)
{
    *can = device != peer;
    return cudaSuccess;
}

cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned)
{
    if (peer < 0 || peer >= devices || peer == device_now) { return failed(cudaErrorInvalidDevice); }
    if (peer_enabled[device_now][peer]) { return failed(cudaErrorPeerAccessAlreadyEnabled); }
    peer_enabled[device_now][peer] = true;
    return cudaSuccess;
}

cudaError_t emu_malloc(void **data, size_t bytes)
{
    initialise();
    static unsigned number;
    const size_t page = 4096, mapped = (bytes + page - 1) / page * page;
    if (devices == 0) { return failed(cudaErrorNoDevice); }
    between_captures("cudaMalloc");
    if (bytes == 0) { *data = nullptr; return cudaSuccess; }
    if (arena_used[device_now] + mapped + page > ARENA || allocated[device_now] + bytes > device_memory) { return failed(cudaErrorMemoryAllocation); }
    /* the end lies at the end of a page, up to the 256 bytes that cudaMalloc aligns to; behind it a page that faults */
    char *pages = arena[device_now] + arena_used[device_now];
    arena_used[device_now] += mapped + page;
    allocated[device_now] += bytes;
    mprotect(pages, mapped, PROT_READ | PROT_WRITE);
    memset(pages, 0xff, mapped); /* floats are NaN */
    char *start = pages + (mapped - bytes) / 256 * 256;
#ifdef EMU_ASAN
    ASAN_POISON_MEMORY_REGION(pages, mapped);
    ASAN_UNPOISON_MEMORY_REGION(start, bytes);
#endif
    if (strict && !(open_device >= 0 && peers(open_device, device_now))) { mprotect(pages, mapped, PROT_NONE); }
    allocations[start] = {start, pages, bytes, mapped, device_now, false, number++, bytes};
    alive.insert(&allocations[start]);
    if (hooks.fresh) { hooks.fresh(start, bytes); }
    *data = start;
    return cudaSuccess;
}

cudaError_t cudaFree(void *data)
{
    if (!data) { return cudaSuccess; }
    between_captures("cudaFree");
    auto found = allocations.find(static_cast<char *>(data));
    if (found == allocations.end() || found->second.freed) { fail("cudaFree of %p, which is not allocated", data); }
    Allocation &a = found->second;
    if (under_way(a.device)) {
        fail("cudaFree of allocation %u while work is under way on device %d: nobody has waited for it, and CUDA only may", a.number, a.device);
    }
    mprotect(a.pages, a.mapped, PROT_NONE);
    madvise(a.pages, a.mapped, MADV_DONTNEED);
    a.freed = true;
    alive.erase(&a);
    allocated[a.device] -= a.bytes;
    return cudaSuccess;
}

cudaError_t emu_malloc_host(void **data, size_t bytes)
{
    initialise();
    between_captures("cudaMallocHost");
    const char *pins = getenv("EMU_PINNED");
    if (pins && strcmp(pins, "0") == 0) { return failed(cudaErrorMemoryAllocation); }
    *data = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!*data) { return failed(cudaErrorMemoryAllocation); }
    memset(*data, 0xff, bytes);
    pinned_memory[static_cast<char *>(*data)] = bytes;
    return cudaSuccess;
}

cudaError_t cudaFreeHost(void *data)
{
    pinned_memory.erase(static_cast<char *>(data));
    free(data);
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version)
{
    initialise();
    *version = devices > 0 ? 13000 : 0;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    *version = 13000;
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *free, size_t *total)
{
    *total = device_memory;
    *free = device_memory - allocated[device_now];
    return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes *attributes, const void *pointer)
{
    const int device = device_of(pointer);
    attributes->type = device >= 0 ? cudaMemoryTypeDevice : pinned(pointer) ? cudaMemoryTypeHost : cudaMemoryTypeUnregistered;
    attributes->device = device;
    return cudaSuccess;
}

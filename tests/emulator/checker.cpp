/* checker.cpp - races, bounds and uninitialised reads of emulated kernels.
 *
 * Kernel files are compiled with -fsanitize=thread and linked without it: the compiler calls __tsan_read4(address) and so
 * on before each access, and this file defines those functions. So every access of a kernel is seen, in unchanged sources,
 * and judged by CUDA's rules instead of those of CPU threads:
 *   - two accesses to the same bytes, one of them a write, not both atomic, from two threads, conflict unless a
 *     __syncthreads (same block), a __syncwarp (same warp), a gpu_grid_sync or the end of the launch lies between them;
 *     a shuffle or a vote does not order memory, and neither does the lock-step of a warp;
 *   - work of two streams is in order where an event or a wait of the host puts it (streams.cpp); copies and memsets count;
 *   - device memory: inside an allocation, of this device or an enabled peer, written before it is read;
 *   - host memory: only pinned memory and constants of the program.
 * Exact for what a test executes, whatever the order of threads: a conflict need not change a result to be reported.
 * One cell of shadow for four bytes; threads that write different bytes of a word hide each other (no false alarms).
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "internal.h"

namespace emu {
namespace {

struct Access {
    uint32_t launch, block, epoch, clock, tick;
    uint16_t thread, grid_epoch;
    uint8_t bytes, atomic, stream; /* which of the four; atomic access */
};

struct Cell {
    Access write, read[2];
    uint8_t initialised; /* which of the four bytes */
};

enum { WORD = 4 };

Cell *device_shadow[DEVICES_MAX];
Cell *shared_shadow;

Cell *map_cells(size_t bytes)
{
    void *cells = mmap(nullptr, bytes / WORD * sizeof(Cell), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (cells == MAP_FAILED) { fail("no addresses for the shadow of %zu bytes", bytes); }
    return static_cast<Cell *>(cells);
}

Cell *device_cell(const void *address, int *device)
{
    for (int i = 0; i < DEVICES_MAX; ++i) {
        const char *a = static_cast<const char *>(address);
        if (!arena[i] || a < arena[i] || a >= arena[i] + ARENA) { continue; }
        if (!device_shadow[i]) { device_shadow[i] = map_cells(ARENA); }
        *device = i;
        return device_shadow[i] + (a - arena[i]) / WORD;
    }
    return nullptr;
}

bool ordered(const Access &before, const Access &now, const Fiber *self)
{
    if (before.launch != now.launch) { return before.stream == now.stream || running_clock->tick[before.stream] >= before.tick; }
    if (before.grid_epoch < now.grid_epoch) { return true; }
    if (before.block != now.block) { return false; }
    if (before.thread == now.thread || before.epoch < now.epoch) { return true; }
    if (before.thread / WARP != self->thread / WARP) { return false; }
    return self->warp->clock[self->lane][before.thread % WARP] > before.clock;
}

void race(const char *first, const Access &before, const char *second, const void *address, const char *space)
{
    if (before.stream != running_stream) {
        fail("%s and %s of %s memory at %p without order: in stream %u after work of stream %u that it does not wait for", second, first, space, address,
             running_stream, (unsigned)before.stream);
    }
    fail("%s and %s of %s memory at %p without order: the other by thread %u of block %u", second, first, space, address,
         (unsigned)before.thread, before.block);
}

void judge(Cell *cell, const Access &now, bool write, const void *address, const char *space)
{
    const Fiber *self = current;
    const bool both_atomic = cell->write.atomic && now.atomic;
    if (cell->write.launch && (cell->write.bytes & now.bytes) && !both_atomic && !ordered(cell->write, now, self)) {
        race("write", cell->write, write ? "write" : "read", address, space);
    }
    if (write) {
        for (const Access &read : cell->read) {
            if (read.launch && (read.bytes & now.bytes) && !(read.atomic && now.atomic) && !ordered(read, now, self)) {
                race("read", read, "write", address, space);
            }
        }
        cell->write = now;
        cell->initialised |= now.bytes;
    } else { /* two readers are kept: a writer that is one of them still meets the other */
        if (!cell->read[0].launch || ordered(cell->read[0], now, self)) {
            cell->read[0] = now;
        } else {
            cell->read[1] = now;
        }
    }
}

/* Whether these bytes of shared memory lie in one of the block's arrays. */
bool declared(const Block &block, const char *a, size_t bytes)
{
    if (a >= block.shared && a + bytes <= block.shared + block.dynamic) { return true; }
    for (const Array &array : block.array) {
        if (a >= array.at && a + bytes <= array.at + array.bytes) { return true; }
    }
    return false;
}

extern "C" __attribute__((visibility("hidden"))) char __ehdr_start, _end; /* of the program or shared object that this is linked into */

__attribute__((noinline)) void access(const void *address, size_t bytes, bool write, bool atomic)
{
    Fiber *self = current;
    if (!self || bytes == 0) { return; }
    const char *a = static_cast<const char *>(address);
    if (a >= self->stack && a < self->stack + STACK) { return; }
    Access now = {running.number, self->block->number, self->block->epoch, self->warp->clock[self->lane][self->lane],
                  running_clock->tick[running_stream], (uint16_t)self->thread, (uint16_t)running.grid_epoch, 0, atomic, (uint8_t)running_stream};
    int device = -1;
    Cell *cell;
    const char *space = "global";
    if (a >= shared_memory && a < shared_memory + shared_memory_bytes) {
        if (!declared(*self->block, a, bytes)) {
            fail("%s of %zu bytes at byte %td of shared memory: outside the arrays, %zu bytes declared", write ? "write" : "read", bytes,
                 a - self->block->shared, self->block->shared_used);
        }
        if (!shared_shadow) { shared_shadow = map_cells((size_t)SHARED_MAX * 4096); }
        cell = shared_shadow + (a - shared_memory) / WORD;
        space = "shared";
    } else if ((cell = device_cell(address, &device)) != nullptr) {
        const Allocation *found = find_allocation(address);
        if (!found || found->freed || a + bytes > found->start + found->lent) {
            fail("%s of %zu bytes at %p, %td bytes past the end of allocation %u (%zu bytes)", write ? "write" : "read", bytes,
                 address, found ? a - (found->start + found->lent) : 0, found ? found->number : 0, found ? found->lent : 0);
        }
        if (!peers(running_device, device)) { fail("access to memory of device %d from device %d without peer access", device, running_device); }
    } else if (!write && a >= static_cast<const char *>(work->arguments.get()) && a < static_cast<const char *>(work->arguments.get()) + work->bytes) {
        return; /* arguments */
    } else if ((a >= &__ehdr_start && a < &_end && !write) || pinned(address)) {
        return;
    } else {
        fail("%s of host memory at %p", write ? "write" : "read", address);
    }
    for (size_t at = 0; at < bytes;) {
        const size_t inside = ((uintptr_t)a + at) % WORD, n = bytes - at < WORD - inside ? bytes - at : WORD - inside;
        now.bytes = (uint8_t)(((1u << n) - 1) << inside);
        if ((!write || atomic) && (now.bytes & ~cell->initialised)) {
            fail("read of %s memory at %p that nobody has written", space, static_cast<const void *>(a + at));
        }
        judge(cell, now, write, a + at, space);
        at += n;
        ++cell;
    }
}

/* New memory: nobody has written it. */
void forget(const void *data, size_t bytes)
{
    int device;
    const char *a = static_cast<const char *>(data);
    Cell *cell = device_cell(data, &device);
    for (size_t at = 0; cell && at < bytes; ++cell) {
        const size_t inside = ((uintptr_t)a + at) % WORD, n = bytes - at < WORD - inside ? bytes - at : WORD - inside;
        cell->initialised &= (uint8_t) ~(((1u << n) - 1) << inside);
        cell->write = cell->read[0] = cell->read[1] = Access();
        at += n;
    }
}

/* A copy or memset is a launch of its own. */
void pass(const void *data, size_t bytes, bool write)
{
    int device;
    const char *a = static_cast<const char *>(data);
    Cell *cell = device_cell(data, &device);
    Access now = {++running.number, UINT32_MAX, 0, 0, running_clock->tick[running_stream], UINT16_MAX, 0, 0, 0, (uint8_t)running_stream};
    for (size_t at = 0; cell && at < bytes; ++cell) {
        const size_t inside = ((uintptr_t)a + at) % WORD, n = bytes - at < WORD - inside ? bytes - at : WORD - inside;
        now.bytes = (uint8_t)(((1u << n) - 1) << inside);
        judge(cell, now, write, a + at, "global");
        at += n;
    }
}

void block_starts(const Block *block, size_t used)
{
    if (!shared_shadow) { shared_shadow = map_cells((size_t)SHARED_MAX * 4096); }
    Cell *first = shared_shadow + (block->shared - shared_memory) / WORD;
    const size_t bytes = used > block->dynamic ? used : block->dynamic;
    memset(static_cast<void *>(first), 0, (bytes + WORD - 1) / WORD * sizeof *first);
}

struct Install {
    Install()
    {
        hooks.written = [](const void *data, size_t bytes) { pass(data, bytes, true); };
        hooks.read = [](const void *data, size_t bytes) { pass(data, bytes, false); };
        hooks.fresh = forget;
        hooks.block_starts = block_starts;
        hooks.atomic = [](const void *data, size_t bytes) { access(data, bytes, true, true); };
    }
} install;

} /* namespace */
} /* namespace emu */

/* What -fsanitize=thread calls. The ABI of gcc and clang. */
extern "C" {
#define EMU_ACCESS(n)                                                                       \
    void __tsan_read##n(void *a) { emu::access(a, n, false, false); }                       \
    void __tsan_write##n(void *a) { emu::access(a, n, true, false); }                       \
    void __tsan_read_write##n(void *a) { emu::access(a, n, false, false), emu::access(a, n, true, false); } \
    void __tsan_unaligned_read##n(void *a) { emu::access(a, n, false, false); }             \
    void __tsan_unaligned_write##n(void *a) { emu::access(a, n, true, false); }             \
    void __tsan_volatile_read##n(void *) {}                                                 \
    void __tsan_volatile_write##n(void *) {}
EMU_ACCESS(1)
EMU_ACCESS(2)
EMU_ACCESS(4)
EMU_ACCESS(8)
EMU_ACCESS(16)
void __tsan_read_range(void *a, unsigned long n) { emu::access(a, n, false, false); }
void __tsan_write_range(void *a, unsigned long n) { emu::access(a, n, true, false); }
void *__tsan_memcpy(void *to, const void *from, unsigned long n)
{
    emu::access(from, n, false, false);
    emu::access(to, n, true, false);
    return memcpy(to, from, n);
}
void *__tsan_memset(void *to, int value, unsigned long n)
{
    emu::access(to, n, true, false);
    return memset(to, value, n);
}
/* atomics of the host part of a kernel file (reference counts) */
int __tsan_atomic32_fetch_add(volatile int *a, int v, int) { return __atomic_fetch_add(a, v, __ATOMIC_SEQ_CST); }
int __tsan_atomic32_fetch_sub(volatile int *a, int v, int) { return __atomic_fetch_sub(a, v, __ATOMIC_SEQ_CST); }
int __tsan_atomic32_load(const volatile int *a, int) { return __atomic_load_n(a, __ATOMIC_SEQ_CST); }
void __tsan_init(void) {}
void __tsan_func_entry(void *) {}
void __tsan_func_exit(void) {}
void __tsan_vptr_update(void **, void *) {}
void __tsan_vptr_read(void **) {}
}

/* threads.cpp - CUDA threads as fibers of one OS thread, blocks, barriers and warp operations. Interface: emulator.h.
 *
 * A fiber runs until it waits at a barrier or in a warp operation; blocks, warps and lanes take their turns in an order that EMU_ORDER
 * chooses. Threads that wait for each other in vain, lanes that a mask names and that are done, and barriers that not all reach are
 * sentences.
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

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

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace emu {

Fiber *current;
const Work *work;
Launch running;
int running_device;
Hooks hooks;
char *shared_memory;
size_t shared_memory_bytes;
std::mutex one_at_a_time;

/* ---- messages ---- */

const char *where()
{
    static char text[256];
    if (!current) {
        snprintf(text, sizeof text, "host code");
    } else {
        snprintf(text, sizeof text, "kernel %s, block (%u,%u,%u), thread (%u,%u,%u)", running.name, blockIdx.x, blockIdx.y,
                 blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z);
    }
    return text;
}

void fail(const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    fprintf(stderr, "emu: %s: %s\n", where(), text);
    fflush(NULL);
    _exit(99);
}

/* ---- order of execution ---- */

uint64_t order_seed; /* 0 forward, 1 reverse, else random */

uint64_t next_random(uint64_t *state) /* splitmix64 */
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void permutation(unsigned n, uint64_t salt, std::vector<unsigned> &order)
{
    order.resize(n);
    for (unsigned i = 0; i < n; ++i) { order[i] = order_seed == 1 ? n - 1 - i : i; }
    if (order_seed < 2) { return; }
    uint64_t state = order_seed * 0x9e3779b97f4a7c15u + salt;
    for (unsigned i = n; i > 1; --i) { std::swap(order[i - 1], order[next_random(&state) % i]); }
}

/* ---- fibers ---- */

/* Saves the callee-saved registers on this stack, *save = its top, and goes on with the stack `load`. */
extern "C" void emu_switch(void **save, void *load);
#if defined(__x86_64__)
__asm__(".text\n.globl emu_switch\n.type emu_switch,@function\nemu_switch:\n"
        "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
        "  movq %rsp, (%rdi)\n  movq %rsi, %rsp\n"
        "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n  ret\n"
        ".size emu_switch,.-emu_switch\n");
enum { SAVED = 6 };
#elif defined(__aarch64__)
__asm__(".text\n.globl emu_switch\n.type emu_switch,%function\nemu_switch:\n"
        "  sub sp, sp, #176\n"
        "  stp x19, x20, [sp, #0]\n  stp x21, x22, [sp, #16]\n  stp x23, x24, [sp, #32]\n  stp x25, x26, [sp, #48]\n"
        "  stp x27, x28, [sp, #64]\n  stp x29, x30, [sp, #80]\n"
        "  stp d8, d9, [sp, #96]\n  stp d10, d11, [sp, #112]\n  stp d12, d13, [sp, #128]\n  stp d14, d15, [sp, #144]\n"
        "  mov x9, sp\n  str x9, [x0]\n  mov sp, x1\n"
        "  ldp x19, x20, [sp, #0]\n  ldp x21, x22, [sp, #16]\n  ldp x23, x24, [sp, #32]\n  ldp x25, x26, [sp, #48]\n"
        "  ldp x27, x28, [sp, #64]\n  ldp x29, x30, [sp, #80]\n"
        "  ldp d8, d9, [sp, #96]\n  ldp d10, d11, [sp, #112]\n  ldp d12, d13, [sp, #128]\n  ldp d14, d15, [sp, #144]\n"
        "  add sp, sp, #176\n  ret\n"
        ".size emu_switch,.-emu_switch\n");
#else
#error "emu_switch: write it for this processor (save the callee-saved registers, exchange the stack pointer)"
#endif

static void *host_sp;
#ifdef EMU_ASAN
static void *host_fake_stack;
static const void *host_stack;
static size_t host_stack_bytes;
#endif

static void leave() /* back to the scheduler */
{
    Fiber *self = current;
#ifdef EMU_ASAN
    __sanitizer_start_switch_fiber(&self->fake_stack, host_stack, host_stack_bytes);
#endif
    emu_switch(&self->sp, host_sp);
#ifdef EMU_ASAN
    __sanitizer_finish_switch_fiber(self->fake_stack, &host_stack, &host_stack_bytes);
#endif
}

static void fiber_main()
{
#ifdef EMU_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &host_stack, &host_stack_bytes);
#endif
    for (;;) { /* the same fiber serves a thread of every block */
        work->call(work->arguments.get());
        Fiber *self = current;
        self->state = DONE;
        self->warp->alive &= ~(1u << self->lane);
        for (unsigned l = 0; l < WARP; ++l) {
            if ((self->warp->arrived >> l & 1) && (self->warp->mask[l] >> self->lane & 1)) {
                fail("lane %u ends while lane %u waits for it in a warp operation of mask %08x: lanes that are done", self->lane, l,
                     self->warp->mask[l]);
            }
        }
        --self->block->alive;
        leave();
    }
}

static void resume(Fiber *fiber)
{
    current = fiber;
    threadIdx = fiber->id;
    blockIdx = fiber->block->id;
#ifdef EMU_ASAN
    __sanitizer_start_switch_fiber(&host_fake_stack, fiber->stack, STACK);
#endif
    emu_switch(&host_sp, fiber->sp);
#ifdef EMU_ASAN
    __sanitizer_finish_switch_fiber(host_fake_stack, nullptr, nullptr);
#endif
    current = nullptr;
}

static Fiber *make_fiber()
{
    const size_t guard = 4096;
    char *memory = static_cast<char *>(mmap(nullptr, STACK + guard, PROT_READ | PROT_WRITE,
                                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (memory == MAP_FAILED) { fail("no memory for the stacks of threads"); }
    mprotect(memory, guard, PROT_NONE);
    Fiber *fiber = new Fiber();
    fiber->stack = memory + guard;
    static unsigned number; /* stacks start at different lines of the cache, or they would all fight for one set */
    void **top = reinterpret_cast<void **>(fiber->stack + STACK - number++ * 7 % 64 * 64);
#if defined(__x86_64__)
    *--top = nullptr; /* where fiber_main would return to; keeps the stack aligned as after a call */
    *--top = reinterpret_cast<void *>(fiber_main);
    for (int i = 0; i < SAVED; ++i) { *--top = nullptr; }
#else
    top -= 22;
    memset(top, 0, 176);
    top[11] = reinterpret_cast<void *>(fiber_main); /* x30 */
#endif
    fiber->sp = top;
    return fiber;
}

static std::vector<Fiber *> &pool = *new std::vector<Fiber *>; /* of fibers not in use; lives until the end */

/* ---- one launch ---- */

static std::vector<unsigned> warp_order, lane_order;

static void begin_block(Block &block, unsigned number, dim3 grid, dim3 size)
{
    const size_t used = block.shared_used;
    block.number = number;
    block.id = {number % grid.x, number / grid.x % grid.y, number / grid.x / grid.y};
    block.alive = block.threads;
    block.waiting = 0;
    block.epoch = 0;
    block.shared_used = block.dynamic;
    block.array.clear();
    memset(block.shared, 0xff, block.dynamic); /* floats are NaN */
    for (unsigned t = 0; t < block.threads; ++t) {
        Fiber *fiber = block.fiber[t];
        fiber->state = READY;
        fiber->id = {t % size.x, t / size.x % size.y, t / size.x / size.y};
        Warp &warp = block.warp[t / WARP];
        if (t % WARP == 0) { memset(&warp, 0, sizeof warp); }
        warp.alive |= 1u << t % WARP;
    }
    if (hooks.block_starts) { hooks.block_starts(&block, used); }
}

/* Runs a warp until all its lanes wait for others or are done. True if anything ran. */
static bool run_warp(Block &block, unsigned w)
{
    bool any = false;
    for (bool again = true; again;) {
        again = false;
        for (unsigned l : lane_order) {
            const unsigned t = w * WARP + l;
            if (t >= block.threads || block.fiber[t]->state != READY) { continue; }
            resume(block.fiber[t]);
            any = again = true;
        }
    }
    return any;
}

static bool run_block(Block &block)
{
    bool any = false;
    for (bool again = block.alive > 0; again;) {
        again = false;
        for (unsigned w : warp_order) { again |= run_warp(block, w); }
        any |= again;
        if (block.waiting > 0 && block.waiting == block.alive) {
            const char *file = nullptr;
            int line = 0;
            for (Fiber *fiber : block.fiber) {
                if (fiber->state != AT_BARRIER) { continue; }
                if (!file) { file = fiber->file, line = fiber->line; }
                if (fiber->line != line || strcmp(fiber->file, file) != 0) {
                    fail("kernel %s, block %u: threads meet at different __syncthreads, %s:%d and %s:%d", running.name,
                         block.number, file, line, fiber->file, fiber->line);
                }
                fiber->state = READY;
            }
            block.waiting = 0;
            ++block.epoch;
            again = true;
        }
    }
    return any;
}

static void report_deadlock(const Block &block)
{
    char text[512] = "";
    size_t used = 0;
    for (unsigned t = 0; t < block.threads && used + 80 < sizeof text; ++t) {
        const Fiber *fiber = block.fiber[t];
        if (fiber->state == DONE) { continue; }
        used += (size_t)snprintf(text + used, sizeof text - used, " thread %u at %s", t,
                                 fiber->state == AT_BARRIER ? "__syncthreads" : fiber->state == AT_WARP ? "a warp operation" :
                                 "gpu_grid_sync");
        if (fiber->state == AT_BARRIER) {
            used += (size_t)snprintf(text + used, sizeof text - used, " %s:%d;", fiber->file, fiber->line);
        } else if (fiber->state == AT_WARP) {
            used += (size_t)snprintf(text + used, sizeof text - used, " of mask %08x, arrived %08x;",
                                     fiber->warp->mask[fiber->lane], fiber->warp->arrived);
        }
    }
    fail("kernel %s, block %u: nobody can go on;%s", running.name, block.number, text);
}

void run_launch(const char *name, dim3 grid, dim3 size, size_t shared, bool cooperative,
                       const Work &thread)
{
    const unsigned threads = size.x * size.y * size.z, blocks = grid.x * grid.y * grid.z;
    const unsigned resident = cooperative ? blocks : 1;
    static std::vector<Block> &block = *new std::vector<Block>;
    running = {name, running.number + 1, 0};
    work = &thread;
    blockDim = size;
    gridDim = grid;
    if (shared_memory_bytes < resident * (size_t)SHARED_MAX) {
        if (shared_memory) { munmap(shared_memory, shared_memory_bytes); }
        shared_memory_bytes = resident * (size_t)SHARED_MAX;
        shared_memory = static_cast<char *>(mmap(nullptr, shared_memory_bytes, PROT_READ | PROT_WRITE,
                                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
        if (shared_memory == MAP_FAILED) { fail("no memory for shared memory"); }
    }
    block.resize(resident);
    for (unsigned b = 0; b < resident; ++b) {
        block[b].threads = threads;
        block[b].shared = shared_memory + b * (size_t)SHARED_MAX;
        block[b].dynamic = (shared + 15) / 16 * 16;
        block[b].warp.resize((threads + WARP - 1) / WARP);
        for (unsigned t = 0; t < threads; ++t) {
            if (pool.empty()) { pool.push_back(make_fiber()); }
            Fiber *fiber = pool.back();
            pool.pop_back();
            fiber->thread = t;
            fiber->lane = t % WARP;
            fiber->block = &block[b];
            fiber->warp = &block[b].warp[t / WARP];
            block[b].fiber.push_back(fiber);
        }
    }
    std::vector<unsigned> block_order;
    permutation(blocks, running.number * 3ull, block_order);
    permutation((threads + WARP - 1) / WARP, running.number * 3ull + 1, warp_order);
    permutation(WARP, running.number * 3ull + 2, lane_order);
    if (!cooperative) {
        for (unsigned number : block_order) {
            begin_block(block[0], number, grid, size);
            run_block(block[0]);
            if (block[0].alive > 0) { report_deadlock(block[0]); }
        }
    } else {
        for (unsigned b = 0; b < resident; ++b) { begin_block(block[b], b, grid, size); }
        for (bool alive = true; alive;) {
            bool any = false, grid_full = true;
            alive = false;
            for (unsigned b : block_order) { any |= run_block(block[b]); }
            for (Block &one : block) {
                for (Fiber *fiber : one.fiber) {
                    alive |= fiber->state != DONE;
                    grid_full &= fiber->state == AT_GRID;
                }
            }
            if (grid_full && alive) {
                ++running.grid_epoch;
                for (Block &one : block) {
                    ++one.epoch;
                    for (Fiber *fiber : one.fiber) { fiber->state = READY; }
                }
            } else if (alive && !any) {
                for (Block &one : block) {
                    if (one.alive > 0) { report_deadlock(one); }
                }
            }
        }
    }
    for (Block &one : block) {
        for (Fiber *fiber : one.fiber) { pool.push_back(fiber); }
        one.fiber.clear();
    }
}

/* ---- what a thread may wait for ---- */

void block_barrier(const char *file, int line)
{
    Fiber *self = current;
    if (self->warp->arrived >> self->lane & 1) { fail("__syncthreads inside a warp operation"); }
    self->file = file;
    self->line = line;
    self->state = AT_BARRIER;
    ++self->block->waiting;
    leave();
}

void grid_barrier()
{
    current->state = AT_GRID;
    leave();
}

unsigned warp_exchange(warp_op op, unsigned mask, uint64_t value, uint64_t all[32])
{
    Fiber *self = current;
    Warp *warp = self->warp;
    const unsigned lane = self->lane;
    if (!(mask >> lane & 1)) { fail("lane %u calls a warp operation whose mask %08x does not name it", lane, mask); }
    if (mask & ~warp->alive) {
        fail("a warp operation's mask %08x names lanes that are done or do not exist (alive: %08x)", mask, warp->alive);
    }
    warp->in[lane] = value;
    warp->mask[lane] = mask;
    warp->op[lane] = op;
    warp->arrived |= 1u << lane;
    if ((warp->arrived & mask) == mask) {
        unsigned known[WARP] = {0};
        for (unsigned l = 0; l < WARP; ++l) {
            if (!(mask >> l & 1)) { continue; }
            if (warp->mask[l] != mask || warp->op[l] != op) {
                fail("lanes %u and %u of a warp meet in different operations or masks (%08x, %08x)", lane, l, mask, warp->mask[l]);
            }
            warp->out[l] = warp->in[l];
            if (op == SYNC) {
                ++warp->clock[l][l];
                for (unsigned m = 0; m < WARP; ++m) { known[m] = std::max(known[m], warp->clock[l][m]); }
            }
            const unsigned first = self->thread - lane;
            self->block->fiber[first + l]->state = READY;
        }
        for (unsigned l = 0; op == SYNC && l < WARP; ++l) { /* only __syncwarp orders memory */
            if (mask >> l & 1) { memcpy(warp->clock[l], known, sizeof known); }
        }
        warp->arrived &= ~mask;
    } else {
        self->state = AT_WARP;
        leave();
    }
    memcpy(all, warp->out, sizeof warp->out);
    return lane;
}

void *shared(const void *site, size_t bytes, size_t alignment)
{
    Block *block = current->block;
    for (const Array &known : block->array) {
        if (known.site == site) { return known.at; }
    }
    const size_t at = (block->shared_used + SHARED_GAP + alignment - 1) / alignment * alignment, device = at + bytes - (block->array.size() + 1) * SHARED_GAP;
    if (device > SHARED_DEFAULT + (block->dynamic > SHARED_DEFAULT ? SHARED_MAX - SHARED_DEFAULT : 0) || at + bytes > SHARED_MAX) {
        fail("shared memory of %zu bytes; static declarations end at 48 KiB", device);
    }
    memset(block->shared + at, 0xff, bytes);
    block->shared_used = at + bytes;
    block->array.push_back({site, block->shared + at, bytes});
    return block->shared + at;
}

void *dynamic_shared()
{
    return current->block->shared;
}

void touch_atomic(const void *address, size_t bytes)
{
    if (hooks.atomic) { hooks.atomic(address, bytes); }
}

} /* namespace emu */

/* internal.h - what the parts of the emulator show each other: threads.cpp, memory.cpp, streams.cpp, and checker.cpp where it is linked. */
#ifndef DSGD_TESTS_EMULATOR_INTERNAL_H
#define DSGD_TESTS_EMULATOR_INTERNAL_H

#include <functional>
#include <mutex>
#include <vector>

#include "emulator.h"

namespace emu {

enum { WARP = 32, BLOCK_MAX = 1024, SHARED_DEFAULT = 48 << 10, SHARED_MAX = 227 << 10, DEVICES_MAX = 8 };

enum State { READY, AT_BARRIER, AT_WARP, AT_GRID, DONE };

struct Block;

struct Warp {
    unsigned alive, arrived;          /* lanes */
    uint64_t in[WARP], out[WARP];     /* operands of the operation that fills up, results of the last that was full */
    unsigned mask[WARP];
    warp_op op[WARP];
    unsigned clock[WARP][WARP];       /* clock[a][b]: how many __syncwarp of lane b lane a knows to be over */
};

struct Fiber {
    void *sp;
    char *stack;
    State state;
    unsigned thread, lane; /* number in the block, in the warp */
    uint3 id;
    Warp *warp;
    Block *block;
    const char *file;      /* where it waits */
    int line;
    void *fake_stack;      /* AddressSanitizer's */
};

/* A declaration of shared memory. Behind each lie SHARED_GAP bytes that are nobody's. */
struct Array {
    const void *site;
    char *at;
    size_t bytes;
};
enum { SHARED_GAP = 16 };

struct Block {
    uint3 id;
    unsigned number;             /* in the grid */
    unsigned threads, alive, waiting, epoch; /* epoch: barriers passed */
    std::vector<Fiber *> fiber;
    std::vector<Warp> warp;
    char *shared;                /* SHARED_MAX bytes, the end of them is where the next declaration goes */
    size_t shared_used, dynamic;
    std::vector<Array> array;
};

struct Allocation {
    char *start, *pages;              /* what cudaMalloc gave out; the first page */
    size_t bytes, mapped;
    int device;
    bool freed;
    unsigned number;
    size_t lent;                      /* of working memory what a launcher asked for; else bytes */
};

struct Launch {
    const char *name;
    unsigned number, grid_epoch;
};

extern Fiber *current;     /* NULL: host code runs */
extern const Work *work;   /* of the launch that runs */
extern Launch running;
extern int running_device; /* whose work runs */

const size_t ARENA = (size_t)16 << 30; /* addresses of one device */
extern char *arena[DEVICES_MAX];
extern char *shared_memory;
extern size_t shared_memory_bytes;
enum { STACK = 256 << 10 };

/** The allocation that contains or ends nearest below the address; NULL if none. */
const Allocation *find_allocation(const void *address);
/** Of the allocation that begins at `data` so many bytes may be used from now on. */
void lend(const void *data, size_t bytes);
bool pinned(const void *address);
/** Calls that CUDA refuses while a thread captures a stream. */
void between_captures(const char *call);
bool peers(int device, int peer);
/** "kernel estimate, block (3,0,0), thread (17,0,0)" */
const char *where();

/** What is known to be over: of each stream so many pieces of work. Number 0 is the default stream. */
enum { STREAMS_MAX = 64 };
struct Clock {
    uint32_t tick[STREAMS_MAX];
};
extern const Clock *running_clock; /* of the stream whose work runs, that work included */
extern unsigned running_stream;

/** Set by checker.cpp when it is linked in. */
struct Hooks {
    void (*written)(const void *data, size_t bytes);      /* by a copy or memset: initialised from now on */
    void (*read)(const void *data, size_t bytes);         /* by a copy */
    void (*fresh)(const void *data, size_t bytes);        /* allocated: not initialised */
    void (*block_starts)(const Block *block, size_t used); /* used: bytes of shared memory the block before had */
    void (*atomic)(const void *data, size_t bytes);
};
extern Hooks hooks;

/* threads.cpp */
extern uint64_t order_seed; /* 0 forward, 1 reverse, else random */
uint64_t next_random(uint64_t *state);
extern std::mutex one_at_a_time;
/** Runs all blocks of a launch. */
void run_launch(const char *name, dim3 grid, dim3 size, size_t shared, bool cooperative, const Work &thread);

/* memory.cpp */
extern int devices, device_now;
/** Reads the environment, once. */
void initialise();
/** Keeps the error for cudaGetLastError. */
cudaError_t failed(cudaError_t error);
/** The device whose memory this is; -1: none's. */
int device_of(const void *address);
/** Which device's memory can be touched from now on: -1 none (host code), -2 all (copies between devices). */
void open_memory(int device);
/** Fails unless the range lies in one live allocation of a device, or in host memory. */
void check_range(const void *data, size_t bytes, const char *what);

/* streams.cpp */
/** Runs queued work, heads of streams in an order that EMU_ORDER chooses, until `finished`. */
void drain(const std::function<bool()> &finished);
/** Whether there is work for a device that nobody has waited for. */
bool under_way(int device);

} /* namespace emu */

#endif

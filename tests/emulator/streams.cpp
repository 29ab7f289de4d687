/* streams.cpp - streams, events, graphs, launches and copies: a queue each, run when somebody waits. Interface: emulator.h.
 *
 * Nothing runs before a wait asks for it, so what is read without one is stale; heads of streams that no event orders take turns in an order
 * that EMU_ORDER chooses. Each stream has a clock of what it knows to be over: of other streams through events, and through what the host had
 * waited for when it asked. The checker judges by them, whatever the order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <algorithm>
#include <deque>
#include <map>

#include "internal.h"

namespace emu {

struct Op {
    int device;
    std::function<void()> run;
    const void *what; /* a kernel, or a mark of copies and clearings: what a graph's nodes are compared by */
    emu_event *record = nullptr, *wait = nullptr;
    uint64_t ticket = 0;
    Clock known = {}; /* to the host when it asked */
};

struct Stream {
    std::deque<Op> queue;
    int device;
    bool blocking;
    emu_graph *capture;
    unsigned number; /* from 1 on */
    Clock clock = {};
};

const Clock *running_clock;
unsigned running_stream;
static Clock host_clock, default_clock;
static std::vector<Stream *> streams;
static uint64_t schedule_state = 1, launches, graphs;
static const char copies = 0, clearings = 0;

} /* namespace emu */

struct emu_event {
    uint64_t asked, done;
    double time;
    std::map<uint64_t, emu::Clock> clock; /* at each record */
};

struct emu_graph {
    std::vector<emu::Op> op;
};

namespace emu {

static double now()
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool runnable(const Stream *stream)
{
    return !stream->queue.empty() && (!stream->queue.front().wait || stream->queue.front().wait->done >= stream->queue.front().ticket);
}

static void join(Clock &clock, const Clock &other)
{
    for (unsigned s = 0; s < STREAMS_MAX; ++s) { clock.tick[s] = std::max(clock.tick[s], other.tick[s]); }
}

static void run_op(Op &op, Stream *stream)
{
    Clock &clock = stream ? stream->clock : default_clock;
    join(clock, op.known);
    if (op.wait) { join(clock, op.wait->clock[op.ticket]); }
    if (op.run) {
        running_device = op.device;
        running_stream = stream ? stream->number : 0;
        running_clock = &clock;
        ++clock.tick[running_stream];
        op.run();
    }
    if (op.record) {
        op.record->done = op.ticket;
        op.record->time = now();
        op.record->clock[op.ticket] = clock;
    }
}

void drain(const std::function<bool()> &finished)
{
    std::lock_guard<std::mutex> lock(one_at_a_time);
    while (!finished()) {
        std::vector<Stream *> ready;
        for (Stream *stream : streams) {
            if (runnable(stream)) { ready.push_back(stream); }
        }
        if (ready.empty()) { fail("streams wait for events that nobody records"); }
        const size_t pick = order_seed == 0 ? 0 : order_seed == 1 ? ready.size() - 1 : next_random(&schedule_state) % ready.size();
        Stream *const stream = ready[pick];
        Op op = std::move(stream->queue.front());
        stream->queue.pop_front();
        run_op(op, stream);
    }
    open_memory(-1);
}

static void drain_stream(Stream *stream)
{
    drain([=] { return stream->queue.empty(); });
    join(host_clock, stream->clock);
}

static void drain_device(int device, bool blocking_only)
{
    drain([=] {
        for (Stream *stream : streams) {
            if (stream->device == device && (stream->blocking || !blocking_only) && !stream->queue.empty()) { return false; }
        }
        return true;
    });
    for (Stream *stream : streams) {
        if (stream->device == device && (stream->blocking || !blocking_only)) { join(host_clock, stream->clock); }
    }
}

static void enqueue(Stream *stream, Op op)
{
    op.device = stream ? stream->device : device_now;
    op.known = host_clock;
    if (stream && stream->capture) {
        stream->capture->op.push_back(std::move(op));
    } else if (stream) {
        stream->queue.push_back(std::move(op));
    } else { /* the legacy default stream: after the blocking streams, before everything that follows */
        drain_device(device_now, true);
        op.known = host_clock;
        std::lock_guard<std::mutex> lock(one_at_a_time);
        run_op(op, nullptr);
        open_memory(-1);
        join(host_clock, default_clock);
    }
}

static std::map<const void *, int> shared_limit;

void launch(const char *name, dim3 grid, dim3 block, size_t shared, Stream *stream, const void *kernel, bool cooperative,
            Work thread)
{
    initialise();
    const uint64_t threads = (uint64_t)block.x * block.y * block.z;
    const size_t limit = shared_limit.count(kernel) ? (size_t)shared_limit[kernel] : (size_t)SHARED_DEFAULT;
    if (!threads || threads > BLOCK_MAX || block.z > 64 || !grid.x || !grid.y || !grid.z || grid.x > INT32_MAX ||
        grid.y > 65535 || grid.z > 65535) {
        failed(cudaErrorInvalidConfiguration);
        return;
    }
    if (shared > limit) { failed(cudaErrorInvalidValue); return; }
    if (cooperative && (uint64_t)grid.x * grid.y * grid.z > 132u * (2048 / threads)) { failed(cudaErrorCooperativeLaunchTooLarge); return; }
    if (stream && stream->device != device_now) { fail("kernel %s on a stream of device %d while device %d is current", name, stream->device, device_now); }
    if (!stream || !stream->capture) { ++launches; }
    enqueue(stream, {0, [=, thread = std::move(thread)] {
        open_memory(running_device);
        run_launch(name, grid, block, shared, cooperative, thread);
    }, kernel});
}

void between_captures(const char *call)
{
    for (const Stream *stream : streams) {
        if (stream->capture) { fail("%s while a stream is captured", call); }
    }
}

/* Where EMU_COUNT says. */
static struct Count {
    ~Count()
    {
        const char *path = getenv("EMU_COUNT");
        FILE *const out = path ? fopen(path, "w") : nullptr;
        if (!out) { return; }
        fprintf(out, "%llu %llu\n", (unsigned long long)launches, (unsigned long long)graphs);
        fclose(out);
    }
} count;

bool under_way(int device)
{
    return std::any_of(streams.begin(), streams.end(), [=](Stream *s) { return s->device == device && !s->queue.empty(); });
}

static cudaError_t copy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, Stream *stream)
{
    const bool to_device = device_of(to) >= 0, from_device = device_of(from) >= 0;
    if (kind != cudaMemcpyDefault && (to_device != (kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice) ||
                                      from_device != (kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice))) {
        return failed(cudaErrorInvalidValue); /* the direction does not fit the pointers */
    }
    check_range(to, bytes, "copy to");
    check_range(from, bytes, "copy from");
    if (stream && stream->capture && !from_device && !pinned(from)) { fail("a captured copy from pageable memory: it is read when the graph runs"); }
    if (stream && stream->capture && !to_device && !pinned(to)) { fail("a captured copy to pageable memory"); }
    enqueue(stream, {0, [=] {
        open_memory(-2);
        if (hooks.read) { hooks.read(from, bytes); }
        memcpy(to, from, bytes);
        if (hooks.written) { hooks.written(to, bytes); }
    }, &copies});
    return cudaSuccess; /* also of pageable memory: the call might wait, CUDA says no more than that */
}

} /* namespace emu */

using namespace emu;

cudaError_t cudaDeviceSynchronize()
{
    drain_device(device_now, false);
    return cudaSuccess;
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind) { return copy(to, from, bytes, kind, nullptr); }

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream)
{
    return copy(to, from, bytes, kind, stream);
}

cudaError_t cudaMemcpyPeerAsync(void *to, int to_device, const void *from, int from_device, size_t bytes, cudaStream_t stream)
{
    if (device_of(to) != to_device || device_of(from) != from_device) { return failed(cudaErrorInvalidValue); }
    return copy(to, from, bytes, cudaMemcpyDeviceToDevice, stream);
}

cudaError_t cudaMemsetAsync(void *data, int value, size_t bytes, cudaStream_t stream)
{
    if (device_of(data) < 0) { return failed(cudaErrorInvalidValue); }
    check_range(data, bytes, "memset");
    enqueue(stream, {0, [=] {
        open_memory(-2);
        memset(data, value, bytes);
        if (hooks.written) { hooks.written(data, bytes); }
    }, &clearings});
    return cudaSuccess;
}

void emu_fresh(cudaStream_t stream, void *data, size_t bytes)
{
    check_range(data, bytes, "working memory");
    enqueue(stream, {0, [=] {
        open_memory(-2);
        memset(data, 0xff, bytes);
        lend(data, bytes);
        if (hooks.fresh) { hooks.fresh(data, bytes); }
    }, &clearings});
}

cudaError_t cudaMemset(void *data, int value, size_t bytes) { return cudaMemsetAsync(data, value, bytes, nullptr); }

static cudaError_t make_stream(cudaStream_t *stream, bool blocking)
{
    static unsigned number = 1;
    initialise();
    if (number == STREAMS_MAX) { fail("more than %d streams", STREAMS_MAX - 1); }
    *stream = new Stream{{}, device_now, blocking, nullptr, number++};
    streams.push_back(*stream);
    return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t *stream) { return make_stream(stream, true); }
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags) { return make_stream(stream, !(flags & cudaStreamNonBlocking)); }

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    drain_stream(stream);
    streams.erase(std::find(streams.begin(), streams.end(), stream));
    delete stream;
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    if (stream) {
        if (stream->capture) { fail("cudaStreamSynchronize while the stream is captured"); }
        drain_stream(stream);
    } else {
        drain_device(device_now, true);
    }
    return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned)
{
    *event = new emu_event{0, 0, 0.0, {}};
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *event) { return cudaEventCreateWithFlags(event, 0); }

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    delete event;
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    Op op{};
    op.record = event;
    op.ticket = ++event->asked;
    enqueue(stream, std::move(op));
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned)
{
    if (event->asked == 0) { return cudaSuccess; } /* never recorded: no wait, as on a device */
    Op op{};
    op.wait = event;
    op.ticket = event->asked;
    enqueue(stream, std::move(op));
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    const uint64_t ticket = event->asked;
    between_captures("cudaEventSynchronize");
    drain([=] { return event->done >= ticket; });
    if (ticket > 0) { join(host_clock, event->clock[ticket]); }
    return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t start, cudaEvent_t stop)
{
    if (start->done < start->asked || stop->done < stop->asked) { return cudaErrorNotReady; }
    *ms = (float)(1e3 * (stop->time - start->time));
    return cudaSuccess;
}

cudaError_t cudaFuncSetAttributeImpl(const void *kernel, cudaFuncAttribute, int value)
{
    if (value > SHARED_MAX) { return failed(cudaErrorInvalidValue); }
    shared_limit[kernel] = value;
    return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode)
{
    if (!stream || stream->capture) { return failed(cudaErrorInvalidValue); }
    stream->capture = new emu_graph;
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    *graph = stream->capture;
    stream->capture = nullptr;
    return *graph ? cudaSuccess : failed(cudaErrorInvalidValue);
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long)
{
    *exec = new emu_graph(*graph);
    return cudaSuccess;
}

cudaError_t cudaGraphExecUpdate(cudaGraphExec_t exec, cudaGraph_t graph, cudaGraphExecUpdateResultInfo *why)
{
    const bool same = std::equal(exec->op.begin(), exec->op.end(), graph->op.begin(), graph->op.end(),
                                 [](const Op &a, const Op &b) { return a.what == b.what && a.device == b.device; });
    why->result = !same;
    if (!same) { return failed(cudaErrorGraphExecUpdateFailure); }
    exec->op = graph->op;
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream)
{
    ++graphs;
    for (const Op &op : exec->op) { enqueue(stream, op); }
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    delete graph;
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    delete exec;
    return cudaSuccess;
}

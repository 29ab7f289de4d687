/* model.c - staged updates of the model, probes, codecs and loops of one's own. Interface: staged.h. */
#include "sim/staged/staged.h"

/* The word of divergence lies on the device as it is. */
static void apply(struct dsgd_queue *q, const struct dsgd_apply *update, dsgd_f64 *x, dsgd_f32 *replica, void *diverged)
{
    struct staged s;
    uint32_t word = 0;
    struct dsgd_apply host = *update;
    staged_queue(&s, q);
    q->device->read(q, &word, diverged, sizeof word);
    const uint32_t before = word;
    if (update->at) { host.at = staged_set(&s, update->at, 1, DSGD_READ); }
    if (update->value) { host.value = staged_f32(&s, update->value, 1, DSGD_READ); }
    dsgd_f64 *x_host = staged_f64(&s, x, 1, DSGD_READ_WRITE);
    dsgd_f32 *replica_host = staged_f32(&s, replica, 1, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->apply(&s.queue, &host, x_host, replica_host, &word); }
    if (word != before) { q->device->write(q, diverged, &word, sizeof word); }
    staged_end(&s);
}

static void average(struct dsgd_queue *q, double weight, const dsgd_f64 *x, dsgd_f64 *mean, const void *diverged)
{
    struct staged s;
    uint32_t word = 0;
    staged_queue(&s, q);
    q->device->read(q, &word, diverged, sizeof word);
    dsgd_f64 *x_host = staged_f64(&s, x, 1, DSGD_READ), *mean_host = staged_f64(&s, mean, 1, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->average(&s.queue, weight, x_host, mean_host, &word); }
    staged_end(&s);
}

static void probe_add(struct dsgd_queue *q, const struct dsgd_handle *v, uint32_t rows, bool first, double divisor, dsgd_f64 *sum, dsgd_f64 *norm2)
{
    struct staged s;
    staged_queue(&s, q);
    struct dsgd_handle *v_host = staged_handle(&s, v->type, &v->as.array, rows, DSGD_READ);
    dsgd_f64 *sum_host = staged_f64(&s, sum, 1, DSGD_READ_WRITE), *norm2_host = norm2 ? staged_f64(&s, norm2, 1, DSGD_READ_WRITE) : NULL;
    if (staged_ready(&s)) { s.cpu->probe_add(&s.queue, v_host, rows, first, divisor, sum_host, norm2_host); }
    staged_end(&s);
}

static void replicate(struct dsgd_queue *q, const dsgd_f64 *x, dsgd_f32 *replica)
{
    struct staged s;
    staged_queue(&s, q);
    dsgd_f64 *x_host = staged_f64(&s, x, 1, DSGD_READ);
    dsgd_f32 *replica_host = staged_f32(&s, replica, 1, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->replicate(&s.queue, x_host, replica_host); }
    staged_end(&s);
}

static void probe_divide(struct dsgd_queue *q, double divisor, dsgd_f64 *v)
{
    struct staged s;
    staged_queue(&s, q);
    dsgd_f64 *v_host = staged_f64(&s, v, 1, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->probe_divide(&s.queue, divisor, v_host); }
    staged_end(&s);
}

static void probe_norm2(struct dsgd_queue *q, const dsgd_f64 *v, dsgd_f64 *out)
{
    struct staged s;
    staged_queue(&s, q);
    dsgd_f64 *v_host = staged_f64(&s, v, 1, DSGD_READ);
    dsgd_f64 *out_host = staged_f64(&s, out, 1, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->probe_norm2(&s.queue, v_host, out_host); }
    staged_end(&s);
}

static void probe_error(struct dsgd_queue *q, const dsgd_f64 *p, double gain, const dsgd_set *at, const dsgd_f32 *value, dsgd_f64 *out)
{
    struct staged s;
    staged_queue(&s, q);
    dsgd_f64 *p_host = staged_f64(&s, p, 1, DSGD_READ);
    dsgd_set *at_host = at ? staged_set(&s, at, 1, DSGD_READ) : NULL;
    dsgd_f32 *value_host = staged_f32(&s, value, 1, DSGD_READ);
    dsgd_f64 *out_host = staged_f64(&s, out, 1, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->probe_error(&s.queue, p_host, gain, at_host, value_host, out_host); }
    staged_end(&s);
}

static void probe_recall(struct dsgd_queue *q, const dsgd_f64 *p, const dsgd_set *at, dsgd_f64 *out, void *scratch)
{
    struct staged s;
    (void)scratch; /* of the device: none was asked for */
    staged_queue(&s, q);
    dsgd_f64 *p_host = staged_f64(&s, p, 1, DSGD_READ);
    dsgd_set *at_host = staged_set(&s, at, 1, DSGD_READ);
    dsgd_f64 *out_host = staged_f64(&s, out, 1, DSGD_WRITE);
    void *room = staged_room(&s, s.cpu->probe_bytes(p->array.count));
    if (staged_ready(&s)) { s.cpu->probe_recall(&s.queue, p_host, at_host, out_host, room); }
    staged_end(&s);
}

static size_t probe_bytes(size_t d)
{
    (void)d;
    return 0;
}

/* Bytes lie on the device, where the engine has room for the most. */
static size_t encode(struct dsgd_queue *q, const struct dsgd_wire *wire, const struct dsgd_array *a, size_t row, size_t n, uint32_t participants, void *bytes)
{
    struct staged s;
    size_t length = 0;
    const struct dsgd_array one = a->stride == 0 ? *a : dsgd_array_rows(wire->type, a, row);
    staged_queue(&s, q);
    const struct dsgd_handle *host = staged_handle(&s, wire->type, &one, 1, DSGD_READ);
    void *room = staged_room(&s, dsgd_wire_bytes_max(wire, wire->most, participants) + 1);
    if (staged_ready(&s)) { length = s.cpu->encode(&s.queue, wire, &host->as.array, 0, n, participants, room); }
    if (length > 0 && s.queue.failed == DSGD_OK && staged_ready(&s)) { q->device->write(q, bytes, room, length); }
    staged_end(&s);
    return length;
}

static const char *decode(struct dsgd_queue *q, const struct dsgd_wire *wire, const void *bytes, size_t length, size_t n, uint32_t participants,
                          const struct dsgd_array *a, size_t row)
{
    struct staged s;
    const char *wrong = NULL;
    const struct dsgd_array one = dsgd_array_rows(wire->type, a, row);
    staged_queue(&s, q);
    const struct dsgd_handle *host = staged_handle(&s, wire->type, &one, 1, DSGD_READ_WRITE);
    void *room = staged_room(&s, length + 1);
    if (length > 0 && staged_ready(&s)) { q->device->read(q, room, bytes, length); }
    if (staged_ready(&s)) { wrong = s.cpu->decode(&s.queue, wire, room, length, n, participants, &host->as.array, 0); }
    staged_end(&s);
    return wrong;
}

static void host_op(struct dsgd_rows *r, dsgd_host_function *function, const void *arguments, const struct dsgd_operand *operand, int operands)
{
    struct staged s;
    struct dsgd_operand host[DSGD_OPERANDS_MAX];
    staged_turn(&s, r);
    for (int j = 0; j < operands; ++j) { /* a loop may leave parts of what it writes alone */
        const enum dsgd_access access = operand[j].access == DSGD_WRITE ? DSGD_READ_WRITE : operand[j].access;
        const struct dsgd_array *array = operand[j].handle; /* the first member of every handle */
        host[j] = operand[j];
        host[j].handle = &staged_handle(&s, (enum dsgd_type)operand[j].type, array, r->rows, access)->as.array;
    }
    if (staged_ready(&s)) { s.cpu->host_op(&s.turn, function, arguments, host, operands); }
    staged_end(&s);
}

void staged_enter_model(struct dsgd_device *d)
{
    d->host_op = host_op;
    d->encode = encode;
    d->decode = decode;
    d->apply = apply;
    d->average = average;
    d->replicate = replicate;
    d->probe_add = probe_add;
    d->probe_divide = probe_divide;
    d->probe_norm2 = probe_norm2;
    d->probe_error = probe_error;
    d->probe_bytes = probe_bytes;
    d->probe_recall = probe_recall;
}

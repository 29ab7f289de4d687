/* classifier.c - linear classifiers on CUDA: their examples in device memory, gradients and metrics. Formulas: convex/linear.h, multiclass.h.
 *
 * What stays on a device during a run is both splits as they are: rows, labels, and the columns of sparse rows.
 */
#include <assert.h>

#include "convex/cuda/convex.h"
#include "convex/linear.h"
#include "convex/multiclass.h"
#include "sim/cuda/cuda.h"

static_assert((int)CUDA_ROWS_BYTES == (int)DSGD_ROWS_BYTES && (int)CUDA_ROWS_FLOATS == (int)DSGD_ROWS_FLOATS && (int)CUDA_ROWS_SPARSE == (int)DSGD_ROWS_SPARSE &&
              (int)CUDA_CLASSES_MAX == (int)DSGD_CLASSES_MAX && sizeof(size_t) == sizeof(uint64_t), "both sides share numbers and arrays");

enum { ALIGN = 256 };

static size_t aligned(size_t bytes) { return (bytes + ALIGN - 1) / ALIGN * ALIGN; }

/* An array of a split: where it lies on the host and in the resident memory. */
struct piece { const void *from; size_t at, bytes; };
enum { NUMBERS, LABELS, COLUMNS, STARTS, PIECES };

/* The arrays of a split from byte `at` on; returns the end. */
static size_t pieces_of(const struct dsgd_split *split, size_t features, size_t at, struct piece piece[PIECES])
{
    const bool sparse = split->form == DSGD_ROWS_SPARSE;
    const size_t first = sparse ? split->start[0] : 0, entries = sparse ? split->start[split->n] - first : split->n * features;
    piece[NUMBERS] = split->form == DSGD_ROWS_BYTES ? (struct piece){split->feature, 0, entries}
                     : sparse                       ? (struct piece){split->value + first, 0, entries * sizeof *split->value}
                                                    : (struct piece){split->real, 0, entries * sizeof *split->real};
    piece[LABELS] = (struct piece){split->label, 0, split->n};
    piece[COLUMNS] = sparse ? (struct piece){split->column + first, 0, entries * sizeof *split->column} : (struct piece){NULL, 0, 0};
    piece[STARTS] = sparse ? (struct piece){split->start, 0, (split->n + 1) * sizeof *split->start} : (struct piece){NULL, 0, 0};
    for (int k = 0; k < PIECES; ++k) {
        piece[k].at = at;
        at += aligned(piece[k].bytes);
    }
    return at;
}

static size_t resident_bytes(const struct dsgd_dataset *data)
{
    struct piece piece[PIECES];
    return pieces_of(&data->test, data->features, pieces_of(&data->train, data->features, 0, piece), piece);
}

static void upload(const struct dsgd_dataset *data, struct dsgd_rows *all, void *resident)
{
    const struct dsgd_split *const split[CUDA_SPLITS] = {&data->train, &data->test};
    size_t at = 0;
    for (int which = 0; which < CUDA_SPLITS; ++which) {
        struct piece piece[PIECES];
        at = pieces_of(split[which], data->features, at, piece);
        for (int k = 0; k < PIECES; ++k) {
            if (piece[k].bytes > 0) { all->queue->device->write(all->queue, (char *)resident + piece[k].at, piece[k].from, piece[k].bytes); }
        }
    }
}

/* The splits as launchers want them. */
static void find_splits(const struct dsgd_dataset *data, const void *resident, struct cuda_split out[CUDA_SPLITS])
{
    const struct dsgd_split *const split[CUDA_SPLITS] = {&data->train, &data->test};
    const char *const base = resident;
    size_t at = 0;
    for (int which = 0; which < CUDA_SPLITS; ++which) {
        struct piece piece[PIECES];
        at = pieces_of(split[which], data->features, at, piece);
        out[which] = (struct cuda_split){.n = split[which]->n,
                                         .label = (const void *)(base + piece[LABELS].at),
                                         .number = base + piece[NUMBERS].at,
                                         .column = (const void *)(base + piece[COLUMNS].at),
                                         .start = (const void *)(base + piece[STARTS].at),
                                         .first = split[which]->form == DSGD_ROWS_SPARSE ? split[which]->start[0] : 0};
    }
}

static struct cuda_classifier of_linear(const struct dsgd_linear *p, const void *resident)
{
    struct cuda_classifier out = {.form = (int)p->data->train.form, .loss = (int)p->loss->name, .binary = true, .digit = p->digit, .classes = 1,
                                  .features = p->features, .width = p->d, .d = p->d, .l2 = (float)p->l2};
    find_splits(p->data, resident, out.split);
    return out;
}

static struct cuda_classifier of_multiclass(const struct dsgd_multiclass *p, const void *resident)
{
    struct cuda_classifier out = {.form = (int)p->data->train.form, .loss = p->binary ? (int)p->binary->name : 0, .softmax = !p->binary,
                                  .classes = (uint32_t)p->classes, .features = p->features, .width = p->width, .d = p->d, .l2 = (float)p->l2};
    find_splits(p->data, resident, out.split);
    return out;
}

/* Working memory: the examples of all rows, then their weights. */
static size_t work_bytes(size_t classes, uint32_t count, uint32_t rows)
{
    const size_t pairs = (size_t)count * rows;
    return aligned(pairs * sizeof(uint32_t)) + pairs * classes * sizeof(struct cuda_weight);
}

static enum dsgd_status gradients(const struct cuda_classifier *p, struct dsgd_rows *w, const dsgd_f32 *x, const struct dsgd_batch *batch, dsgd_f32 *grad)
{
    const struct cuda_turn t = cuda_turn_of(w);
    const size_t bytes = (size_t)batch->count * w->rows * sizeof *batch->example;
    w->queue->device->write(w->queue, batch->work, batch->example, bytes);
    cuda_library->convex->gradients(&t, p, x->array, batch->work, batch->count, (void *)((char *)batch->work + aligned(bytes)), grad->array);
    return DSGD_OK;
}

/* As dsgd_linear_metrics puts them together. */
static enum dsgd_status evaluate(const struct cuda_classifier *p, double l2, struct dsgd_rows *all, const dsgd_f64 *x, double *value)
{
    const struct cuda_turn t = cuda_turn_of(all);
    const struct cuda_metrics *there = cuda_library->convex->metrics(&t, p, x->array);
    const size_t train = p->split[CUDA_TRAIN].n, test = p->split[CUDA_TEST].n;
    struct cuda_metrics m = {.squares = 0.0};
    if (!there) { return dsgd_fail(DSGD_ENOMEM, "no memory for the losses of %zu examples", train > test ? train : test); }
    all->queue->device->read(all->queue, &m, there, sizeof m);
    const double regulariser = 0.5 * l2 * m.squares;
    value[DSGD_LINEAR_OBJECTIVE] = m.loss[CUDA_TRAIN] / (double)train + regulariser;
    value[DSGD_LINEAR_TRAIN_ERROR] = (double)m.wrong[CUDA_TRAIN] / (double)train;
    value[DSGD_LINEAR_TEST_LOSS] = m.loss[CUDA_TEST] / (double)test + regulariser;
    value[DSGD_LINEAR_TEST_ERROR] = (double)m.wrong[CUDA_TEST] / (double)test;
    return DSGD_OK;
}

static size_t linear_resident(const void *self) { return resident_bytes(((const struct dsgd_linear *)self)->data); }
static size_t linear_workspace(const void *self, uint32_t count, uint32_t rows)
{
    (void)self;
    return work_bytes(1, count, rows);
}

static enum dsgd_status linear_upload(const void *self, struct dsgd_rows *all, void *resident)
{
    const struct dsgd_linear *p = self;
    if (p->loss->name == DSGD_LOSS_OTHER) {
        return dsgd_fail(DSGD_EINPUT, "backend = cuda: this classifier's loss has no kernel there (struct dsgd_linear_loss, name); use backend = cpu");
    }
    upload(p->data, all, resident);
    return DSGD_OK;
}

static enum dsgd_status linear_gradients(const void *self, struct dsgd_rows *w, const dsgd_f32 *x, const struct dsgd_batch *batch, dsgd_f32 *grad)
{
    const struct cuda_classifier p = of_linear(self, batch->resident);
    return gradients(&p, w, x, batch, grad);
}

static enum dsgd_status linear_evaluate(const void *self, struct dsgd_rows *all, const dsgd_f64 *x, const void *resident, double *value)
{
    const struct cuda_classifier p = of_linear(self, resident);
    return evaluate(&p, ((const struct dsgd_linear *)self)->l2, all, x, value);
}

static size_t multiclass_resident(const void *self) { return resident_bytes(((const struct dsgd_multiclass *)self)->data); }
static size_t multiclass_workspace(const void *self, uint32_t count, uint32_t rows)
{
    return work_bytes(((const struct dsgd_multiclass *)self)->classes, count, rows);
}

static enum dsgd_status multiclass_upload(const void *self, struct dsgd_rows *all, void *resident)
{
    upload(((const struct dsgd_multiclass *)self)->data, all, resident);
    return DSGD_OK;
}

static enum dsgd_status multiclass_gradients(const void *self, struct dsgd_rows *w, const dsgd_f32 *x, const struct dsgd_batch *batch, dsgd_f32 *grad)
{
    const struct cuda_classifier p = of_multiclass(self, batch->resident);
    return gradients(&p, w, x, batch, grad);
}

static enum dsgd_status multiclass_evaluate(const void *self, struct dsgd_rows *all, const dsgd_f64 *x, const void *resident, double *value)
{
    const struct cuda_classifier p = of_multiclass(self, resident);
    return evaluate(&p, ((const struct dsgd_multiclass *)self)->l2, all, x, value);
}

extern const struct dsgd_problem_kernels dsgd_linear_cuda, dsgd_sigmoid_cuda, dsgd_multiclass_cuda;
const struct dsgd_problem_kernels dsgd_linear_cuda = {linear_resident, linear_upload, linear_workspace, linear_gradients, linear_evaluate};
const struct dsgd_problem_kernels dsgd_sigmoid_cuda = {linear_resident, linear_upload, linear_workspace, linear_gradients, NULL}; /* one metric more, of a pass on the host */
const struct dsgd_problem_kernels dsgd_multiclass_cuda = {multiclass_resident, multiclass_upload, multiclass_workspace, multiclass_gradients, multiclass_evaluate};

/* op_lstm.c - long short-term memory (Hochreiter, Schmidhuber 1997; forget gates: Gers, Schmidhuber, Cummins 2000) over a sequence, as PyTorch's nn.LSTM:
 *     (i, f, g, o) = W_ih x_t + b_ih + W_hh h_(t-1) + b_hh, four vectors of h;  c_t = s(f) c_(t-1) + s(i) tanh(g);  h_t = s(o) tanh(c_t),
 * s the logistic function. The output is h_t at each position, 0 at padding; the last h and c of each example stand behind all rows (site->state).
 * `both`: half of the outputs from a second LSTM that reads from the last true position to the first; its last state is at the first position.
 * lstm starts from zeros; lstm_continued from the last state of its second input, a decoder's from its encoder's.
 *
 * Start by Xavier: each of the four matrices with its own fan_out, biases 0 but for the forget gates: the two biases add up to 1 (Jozefowicz, Zaremba,
 * Sutskever 2015). Otherwise PyTorch's: all uniform in +-1/sqrt(h).
 */
#include <math.h>
#include <string.h>

#include "deep/loops.h"
#include "deep/naive.h"
#include "deep/onednn.h"
#include "deep/op.h"

enum { W_IH, W_HH, B_IH, B_HH, ARRAYS };

static enum dsgd_status lstm_shape(struct deep_site *site)
{
    static const char *const names[2][ARRAYS] = {{"weight_ih", "weight_hh", "bias_ih", "bias_hh"},
                                                 {"weight_ih_reverse", "weight_hh_reverse", "bias_ih_reverse", "bias_hh_reverse"}};
    const size_t directions = site->node->both ? 2 : 1, h = site->channels / directions, in = site->in.c;
    if (h < 1 || site->channels % directions != 0) {
        return dsgd_fail(DSGD_EINPUT, "layer %s: %zu cells for %zu directions, expected as many for each", site->node->name, site->channels, directions);
    }
    if (deep_shape_count(site->in) != in || site->sequence == DEEP_EXAMPLES || (site->inputs > 1 && (site->state_in[1] != 2 * h || directions > 1))) {
        return dsgd_fail(DSGD_EINTERNAL, "layer %s: a state of %zu numbers, expected a sequence, and the state of as many cells", site->node->name,
                         site->state_in[1]);
    }
    const bool xavier = site->node->rule == DEEP_XAVIER;
    const struct deep_start usual = {DEEP_UNIFORM, 1.0 / sqrt((double)h), 0, 0}, forget = {DEEP_CONSTANT, 0.5, h, 2 * h};
    const struct deep_start from_in = {DEEP_UNIFORM, sqrt(6.0 / (double)(in + h)), 0, 0}, from_h = {DEEP_UNIFORM, sqrt(6.0 / (double)(2 * h)), 0, 0};
    for (size_t d = 0; d < directions; ++d) {
        struct deep_parameter *p = &site->parameter[site->parameters];
        p[W_IH] = (struct deep_parameter){names[d][W_IH], 4 * h, in, in, xavier ? from_in : usual, DSGD_ROLE_WEIGHTS};
        p[W_HH] = (struct deep_parameter){names[d][W_HH], 4 * h, h, h, xavier ? from_h : usual, DSGD_ROLE_WEIGHTS};
        p[B_IH] = (struct deep_parameter){names[d][B_IH], 1, 4 * h, h, xavier ? forget : usual, DSGD_ROLE_BIAS};
        p[B_HH] = (struct deep_parameter){names[d][B_HH], 1, 4 * h, h, xavier ? forget : usual, DSGD_ROLE_BIAS};
        site->parameters += ARRAYS;
    }
    site->out = (struct deep_shape){site->channels, 1, 1};
    site->state = 2 * site->channels;
    return DSGD_OK;
}

/* Sizes, and where one direction's arrays begin, in numbers. */
struct pass {
    size_t n, positions, rows, in, h, all; /* all: outputs of all directions */
    size_t first;                          /* of its outputs in a row */
    size_t array[ARRAYS], gate, cell;      /* among the parameters; in what is saved */
    bool back;
    const uint32_t *length;
};

static struct pass pass_of(const struct deep_call *call, size_t direction)
{
    const struct deep_site *site = call->site;
    struct pass p = {.n = call->extent->n, .positions = call->extent->rows[site->sequence], .in = site->in.c, .all = site->out.c, .back = direction == 1,
                     .length = call->tokens->length[site->sequence]};
    p.h = p.all / (site->node->both ? 2 : 1);
    p.rows = p.n * p.positions;
    p.first = direction * p.h;
    p.gate = direction * p.rows * 5 * p.h;
    p.cell = p.gate + p.rows * 4 * p.h;
    p.array[W_IH] = direction * 4 * p.h * (p.in + p.h + 2);
    p.array[W_HH] = p.array[W_IH] + 4 * p.h * p.in;
    p.array[B_IH] = p.array[W_HH] + 4 * p.h * p.h;
    p.array[B_HH] = p.array[B_IH] + 4 * p.h;
    return p;
}

static size_t directions_of(const struct deep_call *call) { return call->site->node->both ? 2 : 1; }

/* The position of a step, the row of (example, position), and its row one step before. */
static size_t position(const struct pass *p, size_t step) { return p->back ? p->positions - 1 - step : step; }
static size_t row_of(const struct pass *p, size_t i, size_t step) { return i * p->positions + position(p, step); }
static size_t row_before(const struct pass *p, size_t row) { return p->back ? row + 1 : row - 1; }
static bool is_padding(const struct pass *p, size_t i, size_t step) { return position(p, step) >= p->length[i]; }
/* Where the direction ends. */
static size_t last_row(const struct pass *p, size_t i) { return i * p->positions + (p->back ? 0 : p->length[i] - 1); }

/* Behind all rows: an example's h, and `all` numbers on its c. */
static size_t state_at(const struct pass *p, size_t i) { return p->rows * p->all + i * 2 * p->all + p->first; }
/* The same behind the second input's rows. */
static size_t start_at(const struct deep_call *call, const struct pass *p, size_t i)
{
    return deep_rows(call->extent, call->site->sequence_in[1]) * call->site->other.c + i * 2 * p->all;
}
static bool is_continued(const struct deep_call *call) { return call->site->inputs > 1; }

/* ---- fast ---- */

static size_t lstm_saved(const struct deep_site *site, const struct deep_extent *extent)
{
    return deep_rows(extent, site->sequence) * 5 * site->out.c * sizeof(float);
}

/* A sum of biases; backward: derivatives by an example's h and c, and every row's h before. */
static size_t lstm_scratch(const struct deep_site *site, const void *prepared, const struct deep_extent *extent)
{
    const size_t h = site->out.c / (site->node->both ? 2 : 1), rows = deep_rows(extent, site->sequence);
    (void)prepared;
    return (4 * h + (2 * extent->n + rows) * h) * sizeof(float);
}

/* One step of all examples; their sums have all but W_hh h. */
static enum dsgd_status step_forward(const struct deep_call *call, const struct pass *p, size_t step)
{
    const float *weight = (const float *)call->parameter + p->array[W_HH], *start = call->in[1];
    float *out = (float *)call->out, *gate = (float *)call->saved + p->gate, *cell = (float *)call->saved + p->cell;
    const size_t row = row_of(p, 0, step);
    if (step > 0) {
        DSGD_TRY(deep_product_of_rows(false, true, p->n, 4 * p->h, p->h, out + row_before(p, row) * p->all + p->first, p->positions * p->all, weight, p->h,
                                      true, gate + row * 4 * p->h, p->positions * 4 * p->h));
    } else if (is_continued(call)) {
        DSGD_TRY(deep_product_of_rows(false, true, p->n, 4 * p->h, p->h, start + start_at(call, p, 0), 2 * p->all, weight, p->h, true, gate + row * 4 * p->h,
                                      p->positions * 4 * p->h));
    }
    for (size_t i = 0; i < p->n; ++i) {
        const size_t r = row_of(p, i, step);
        const float *before = step > 0 ? cell + row_before(p, r) * p->h : is_continued(call) ? start + start_at(call, p, i) + p->all : NULL;
        if (is_padding(p, i, step)) {
            memset(out + r * p->all + p->first, 0, p->h * sizeof *out);
            memset(cell + r * p->h, 0, p->h * sizeof *cell);
        } else {
            deep_loops()->lstm(p->h, before, gate + r * 4 * p->h, cell + r * p->h, out + r * p->all + p->first);
        }
    }
    return DSGD_OK;
}

static enum dsgd_status lstm_forward(const struct deep_call *call)
{
    for (size_t d = 0; d < directions_of(call); ++d) {
        const struct pass p = pass_of(call, d);
        const float *parameter = call->parameter;
        float *gate = (float *)call->saved + p.gate, *cell = (float *)call->saved + p.cell, *out = call->out;
        DSGD_TRY(deep_product(false, true, p.rows, 4 * p.h, p.in, call->in[0], parameter + p.array[W_IH], gate));
        deep_loops()->add(4 * p.h, parameter + p.array[B_IH], parameter + p.array[B_HH], call->scratch);
        deep_loops()->bias(p.rows, 4 * p.h, call->scratch, gate);
        for (size_t step = 0; step < p.positions; ++step) { DSGD_TRY(step_forward(call, &p, step)); }
        for (size_t i = 0; i < p.n; ++i) {
            const size_t last = last_row(&p, i);
            memcpy(out + state_at(&p, i), out + last * p.all + p.first, p.h * sizeof *out);
            memcpy(out + state_at(&p, i) + p.all, cell + last * p.h, p.h * sizeof *out);
        }
    }
    return DSGD_OK;
}

/* Derivatives by h and c of this step, in dh and dc, become those of the step before; gates become derivatives by their sums. */
static enum dsgd_status step_back(const struct deep_call *call, const struct pass *p, size_t step, float *dh, float *dc)
{
    const float *weight = (const float *)call->parameter + p->array[W_HH], *start = call->in[1], *dout = call->dout;
    float *gate = (float *)call->saved + p->gate;
    const float *cell = (const float *)call->saved + p->cell;
    for (size_t i = 0; i < p->n; ++i) {
        const size_t r = row_of(p, i, step);
        float *h = dh + i * p->h, *c = dc + i * p->h;
        if (is_padding(p, i, step)) {
            memset(gate + r * 4 * p->h, 0, 4 * p->h * sizeof *gate);
            memset(h, 0, p->h * sizeof *h);
            memset(c, 0, p->h * sizeof *c);
            continue;
        }
        if (r == last_row(p, i)) {
            deep_loops()->add(p->h, h, dout + state_at(p, i), h);
            deep_loops()->add(p->h, c, dout + state_at(p, i) + p->all, c);
        }
        deep_loops()->add(p->h, h, dout + r * p->all + p->first, h);
        const float *before = step > 0 ? cell + row_before(p, r) * p->h : is_continued(call) ? start + start_at(call, p, i) + p->all : NULL;
        deep_loops()->lstm_back(p->h, before, cell + r * p->h, h, gate + r * 4 * p->h, c);
    }
    if (step == 0 && !is_continued(call)) { return DSGD_OK; }
    return deep_product_of_rows(false, false, p->n, p->h, 4 * p->h, gate + row_of(p, 0, step) * 4 * p->h, p->positions * 4 * p->h, weight, p->h, false, dh,
                                p->h);
}

/* Every row's h one step before. */
static void gather(const struct deep_call *call, const struct pass *p, float *before)
{
    const float *out = call->out, *start = call->in[1];
    for (size_t r = 0; r < p->rows; ++r) {
        float *to = before + r * p->h;
        const bool first = r % p->positions == position(p, 0);
        if (!first) {
            memcpy(to, out + row_before(p, r) * p->all + p->first, p->h * sizeof *to);
        } else if (is_continued(call)) {
            memcpy(to, start + start_at(call, p, r / p->positions), p->h * sizeof *to);
        } else {
            memset(to, 0, p->h * sizeof *to);
        }
    }
}

/* The derivative by the second input: its sequence has none, its last state that of our start. */
static void give_start(const struct deep_call *call, const struct pass *p, const float *dh, const float *dc)
{
    float *to = call->din[1];
    if (!to) { return; }
    memset(to, 0, start_at(call, p, 0) * sizeof *to);
    for (size_t i = 0; i < p->n; ++i) {
        memcpy(to + start_at(call, p, i), dh + i * p->h, p->h * sizeof *to);
        memcpy(to + start_at(call, p, i) + p->all, dc + i * p->h, p->h * sizeof *to);
    }
}

static enum dsgd_status lstm_backward(const struct deep_call *call)
{
    for (size_t d = 0; d < directions_of(call); ++d) {
        const struct pass p = pass_of(call, d);
        const float *weight = (const float *)call->parameter + p.array[W_IH], *gate = (const float *)call->saved + p.gate;
        float *dparameter = call->dparameter, *dh = call->scratch, *dc = dh + p.n * p.h, *before = dc + p.n * p.h;
        memset(dh, 0, 2 * p.n * p.h * sizeof *dh);
        for (size_t step = p.positions; step-- > 0;) { DSGD_TRY(step_back(call, &p, step, dh, dc)); }
        if (is_continued(call)) { give_start(call, &p, dh, dc); }
        gather(call, &p, before);
        DSGD_TRY(deep_product(true, false, 4 * p.h, p.in, p.rows, gate, call->in[0], dparameter + p.array[W_IH]));
        DSGD_TRY(deep_product(true, false, 4 * p.h, p.h, p.rows, gate, before, dparameter + p.array[W_HH]));
        deep_loops()->bias_back(p.rows, 4 * p.h, gate, dparameter + p.array[B_IH]);
        memcpy(dparameter + p.array[B_HH], dparameter + p.array[B_IH], 4 * p.h * sizeof *dparameter);
        if (call->din[0]) { DSGD_TRY(deep_product_of_rows(false, false, p.rows, p.in, 4 * p.h, gate, 4 * p.h, weight, p.in, d > 0, call->din[0], p.in)); }
    }
    return DSGD_OK;
}

/* ---- naive: formulas of the top, one cell at a time ---- */

static size_t naive_saved(const struct deep_site *site, const struct deep_extent *extent)
{
    return 2 * lstm_saved(site, extent);
}

static size_t naive_scratch(const struct deep_site *site, const void *prepared, const struct deep_extent *extent)
{
    (void)prepared;
    (void)extent;
    return 3 * site->out.c * sizeof(double);
}

/* Number j of an example's h (which = 0) or c (which = 1) one step before. */
static double earlier(const struct deep_call *call, const struct pass *p, size_t i, size_t step, size_t j, int which)
{
    if (step > 0) {
        const size_t r = row_before(p, row_of(p, i, step));
        return which == 0 ? ((const double *)call->out)[r * p->all + p->first + j] : ((const double *)call->saved)[p->cell + r * p->h + j];
    }
    return is_continued(call) ? ((const double *)call->in[1])[start_at(call, p, i) + (which == 0 ? 0 : p->all) + j] : 0.0;
}

static void naive_position(const struct deep_call *call, const struct pass *p, size_t i, size_t step)
{
    const double *parameter = call->parameter, *x = (const double *)call->in[0] + row_of(p, i, step) * p->in;
    double *gate = (double *)call->saved + p->gate + row_of(p, i, step) * 4 * p->h, *cell = (double *)call->saved + p->cell + row_of(p, i, step) * p->h;
    double *out = (double *)call->out + row_of(p, i, step) * p->all + p->first;
    const bool padding = is_padding(p, i, step);
    for (size_t g = 0; g < 4 * p->h; ++g) {
        double sum = parameter[p->array[B_IH] + g] + parameter[p->array[B_HH] + g];
        for (size_t j = 0; j < p->in; ++j) { sum += parameter[p->array[W_IH] + g * p->in + j] * x[j]; }
        for (size_t j = 0; j < p->h; ++j) { sum += parameter[p->array[W_HH] + g * p->h + j] * earlier(call, p, i, step, j, 0); }
        gate[g] = padding ? 0.0 : g / p->h == 2 ? deep_naive_tanh(sum) : deep_naive_logistic(sum);
    }
    for (size_t j = 0; j < p->h; ++j) {
        cell[j] = padding ? 0.0 : gate[p->h + j] * earlier(call, p, i, step, j, 1) + gate[j] * gate[2 * p->h + j];
        out[j] = padding ? 0.0 : gate[3 * p->h + j] * deep_naive_tanh(cell[j]);
    }
}

static enum dsgd_status naive_forward(const struct deep_call *call)
{
    for (size_t d = 0; d < directions_of(call); ++d) {
        const struct pass p = pass_of(call, d);
        double *out = call->out;
        for (size_t i = 0; i < p.n; ++i) {
            for (size_t step = 0; step < p.positions; ++step) { naive_position(call, &p, i, step); }
            for (size_t j = 0; j < p.h; ++j) {
                out[state_at(&p, i) + j] = out[last_row(&p, i) * p.all + p.first + j];
                out[state_at(&p, i) + p.all + j] = ((const double *)call->saved)[p.cell + last_row(&p, i) * p.h + j];
            }
        }
    }
    return DSGD_OK;
}

/* dh, dc [h]: on entry those of this step, without what the output and the state give; in the end those of the step before. */
static void naive_position_back(const struct deep_call *call, const struct pass *p, size_t i, size_t step, double *dh, double *dc)
{
    const size_t r = row_of(p, i, step), h = p->h;
    const double *parameter = call->parameter, *gate = (const double *)call->saved + p->gate + r * 4 * h, *cell = (const double *)call->saved + p->cell + r * h;
    const double *x = (const double *)call->in[0] + r * p->in, *dout = call->dout;
    double *dparameter = call->dparameter, *din = call->din[0], *dbefore = call->scratch, slope[4];
    for (size_t j = 0; j < h; ++j) { dbefore[j] = 0.0; }
    for (size_t j = 0; j < h; ++j) {
        const double t = deep_naive_tanh(cell[j]), in = gate[j], forget = gate[h + j], value = gate[2 * h + j], show = gate[3 * h + j],
                     last = r == last_row(p, i) ? 1.0 : 0.0;
        const double a = dh[j] + dout[r * p->all + p->first + j] + last * dout[state_at(p, i) + j];
        const double c = dc[j] + last * dout[state_at(p, i) + p->all + j] + a * show * (1.0 - t * t);
        slope[0] = c * value * in * (1.0 - in);
        slope[1] = c * earlier(call, p, i, step, j, 1) * forget * (1.0 - forget);
        slope[2] = c * in * (1.0 - value * value);
        slope[3] = a * t * show * (1.0 - show);
        dc[j] = c * forget;
        for (size_t q = 0; q < 4; ++q) {
            const size_t g = q * h + j;
            dparameter[p->array[B_IH] + g] += slope[q];
            dparameter[p->array[B_HH] + g] += slope[q];
            for (size_t k = 0; k < p->in; ++k) {
                dparameter[p->array[W_IH] + g * p->in + k] += slope[q] * x[k];
                if (din) { din[r * p->in + k] += slope[q] * parameter[p->array[W_IH] + g * p->in + k]; }
            }
            for (size_t k = 0; k < h; ++k) {
                dparameter[p->array[W_HH] + g * h + k] += slope[q] * earlier(call, p, i, step, k, 0);
                dbefore[k] += slope[q] * parameter[p->array[W_HH] + g * h + k];
            }
        }
    }
    for (size_t j = 0; j < h; ++j) { dh[j] = dbefore[j]; }
}

static enum dsgd_status naive_backward(const struct deep_call *call)
{
    const struct pass whole = pass_of(call, 0);
    double *dparameter = call->dparameter, *din = call->din[0], *dstart = call->din[1];
    for (size_t j = 0; j < directions_of(call) * 4 * whole.h * (whole.in + whole.h + 2); ++j) { dparameter[j] = 0.0; }
    for (size_t j = 0; din && j < whole.rows * whole.in; ++j) { din[j] = 0.0; }
    for (size_t j = 0; is_continued(call) && dstart && j < start_at(call, &whole, 0); ++j) { dstart[j] = 0.0; }
    for (size_t d = 0; d < directions_of(call); ++d) {
        const struct pass p = pass_of(call, d);
        double *dh = (double *)call->scratch + p.h, *dc = (double *)call->scratch + 2 * p.h;
        for (size_t i = 0; i < p.n; ++i) {
            for (size_t j = 0; j < p.h; ++j) { dh[j] = dc[j] = 0.0; }
            for (size_t step = p.positions; step-- > 0;) {
                if (!is_padding(&p, i, step)) { naive_position_back(call, &p, i, step, dh, dc); }
            }
            for (size_t j = 0; is_continued(call) && dstart && j < p.h; ++j) {
                dstart[start_at(call, &p, i) + j] = dh[j];
                dstart[start_at(call, &p, i) + p.all + j] = dc[j];
            }
        }
    }
    return DSGD_OK;
}

const struct deep_op deep_op_lstm = {
    .name = "lstm",
    .inputs = 1,
    .uses_in = true,
    .uses_out = true,
    .shape = lstm_shape,
    .fast = {.saved = lstm_saved, .scratch = lstm_scratch, .forward = lstm_forward, .backward = lstm_backward},
    .naive = {.saved = naive_saved, .scratch = naive_scratch, .forward = naive_forward, .backward = naive_backward},
};

const struct deep_op deep_op_lstm_continued = {
    .name = "lstm_continued",
    .inputs = 2,
    .uses_in = true,
    .uses_out = true,
    .takes_state = true,
    .shape = lstm_shape,
    .fast = {.saved = lstm_saved, .scratch = lstm_scratch, .forward = lstm_forward, .backward = lstm_backward},
    .naive = {.saved = naive_saved, .scratch = naive_scratch, .forward = naive_forward, .backward = naive_backward},
};

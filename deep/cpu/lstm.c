/* lstm.c - one position of one sequence in an LSTM. Formulas: op_lstm.c. */
#include "deep/cpu/functions.h"
#include "deep/cpu/sequence.h"

/* gate [4][h]: sums on entry, the gates' values in the end; `before` NULL: a cell of zeros. */
static inline void forward(size_t h, const float *restrict before, float *restrict gate, float *restrict cell, float *restrict out, bool zeros)
{
    float *restrict in = gate, *restrict forget = gate + h, *restrict value = gate + 2 * h, *restrict show = gate + 3 * h;
    for (size_t j = 0; j < 2 * h; ++j) { gate[j] = deep_sigmoid(gate[j]); }
    for (size_t j = 0; j < h; ++j) { value[j] = deep_tanh(value[j]); }
    for (size_t j = 0; j < h; ++j) { show[j] = deep_sigmoid(show[j]); }
    for (size_t j = 0; j < h; ++j) { cell[j] = zeros ? in[j] * value[j] : forget[j] * before[j] + in[j] * value[j]; }
    for (size_t j = 0; j < h; ++j) { out[j] = show[j] * deep_tanh(cell[j]); }
}

void deep_cpu_lstm(size_t h, const float *before, float *gate, float *cell, float *out)
{
    if (before) {
        forward(h, before, gate, cell, out, false);
    } else {
        forward(h, NULL, gate, cell, out, true);
    }
}

static inline void backward(size_t h, const float *restrict before, const float *restrict cell, const float *restrict dout, float *restrict gate,
                            float *restrict dcell, bool zeros)
{
    float *restrict in = gate, *restrict forget = gate + h, *restrict value = gate + 2 * h, *restrict show = gate + 3 * h;
    for (size_t j = 0; j < h; ++j) {
        const float t = deep_tanh(cell[j]), i = in[j], f = forget[j], v = value[j], s = show[j];
        const float dc = dcell[j] + dout[j] * s * (1.0f - t * t);
        in[j] = dc * v * i * (1.0f - i);
        forget[j] = zeros ? 0.0f : dc * before[j] * f * (1.0f - f);
        value[j] = dc * i * (1.0f - v * v);
        show[j] = dout[j] * t * s * (1.0f - s);
        dcell[j] = dc * f;
    }
}

void deep_cpu_lstm_back(size_t h, const float *before, const float *cell, const float *dout, float *gate, float *dcell)
{
    if (before) {
        backward(h, before, cell, dout, gate, dcell, false);
    } else {
        backward(h, NULL, cell, dout, gate, dcell, true);
    }
}

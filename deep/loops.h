/* loops.h - the fast versions' own loops over floats, once for each instruction set (deep/cpu); all of them give the same bits.
 *
 * Products of matrices, convolutions and normalisations are a library's: onednn.h.
 */
#ifndef DSGD_DEEP_LOOPS_H
#define DSGD_DEEP_LOOPS_H

#include <stddef.h>
#include <stdint.h>

/** Windows of kernel x kernel without overlap over `planes` planes of h x w, v numbers side by side. */
struct deep_windows {
    size_t planes, h, w, kernel_h, kernel_w, v;
};

struct deep_loops {
    void (*relu)(size_t n, const float *in, float *out);
    void (*relu_back)(size_t n, const float *out, const float *dout, float *din);
    void (*add)(size_t n, const float *a, const float *b, float *out);
    void (*add_scaled)(size_t n, float factor, const float *a, float *sum); /* sum += factor a */
    void (*scale)(size_t n, float factor, const float *in, float *out);
    /** out [rows][cols] += bias [cols]; bias [cols] = sums of columns, rows added in ascending order. */
    void (*bias)(size_t rows, size_t cols, const float *bias, float *out);
    void (*bias_back)(size_t rows, size_t cols, const float *dout, float *bias);
    /** The largest of each window and which it is, row by row; of equal ones the first. */
    void (*max_pool)(const struct deep_windows *p, const float *in, float *out, uint8_t *at);
    void (*max_pool_back)(const struct deep_windows *p, const float *dout, const uint8_t *at, float *din);
    /** out = (byte - mean)/deviation, as byte * factor + shift. */
    void (*widen)(size_t n, const uint8_t *in, float factor, float shift, float *out);
};

/** The table of the instruction set that runs (sim/level.h). */
const struct deep_loops *deep_loops(void);

#endif

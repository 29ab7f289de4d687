/* loops.h - the fast versions' own loops over floats, once for each instruction set (deep/cpu). All but convolutions give the same bits.
 *
 * Products of matrices and convolutions are a library's: onednn.h. Its batch normalisation is not taken: on plain planes it waits at a barrier
 * of whatever parallel region it is called in.
 */
#ifndef DSGD_DEEP_LOOPS_H
#define DSGD_DEEP_LOOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Windows of kernel x kernel without overlap over `planes` planes of h x w, v numbers side by side. */
struct deep_windows {
    size_t planes, h, w, kernel_h, kernel_w, v;
};

/** n images of c planes of `area` numbers, v channels side by side. */
struct deep_planes {
    size_t n, c, area, v;
};

/** A convolution of stride 1 on plain planes: n images of `in` planes of h x w to `out` planes, kernel x kernel, `pad` zeros around. */
struct deep_windowed {
    size_t n, in, out, h, w, kernel, pad; /* pad < kernel */
};

#define DEEP_NORM_EPSILON 1e-5f /* PyTorch's default, which the authors' code has */

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
    /** weight [out][in][kernel][kernel]; bias, din, dbias NULL: none. scratch: of the bytes that the first one tells, 64-byte aligned. */
    size_t (*convolution_scratch)(const struct deep_windowed *p);
    void (*convolution)(const struct deep_windowed *p, const float *in, const float *weight, const float *bias, float *out, void *scratch);
    void (*convolution_back)(const struct deep_windowed *p, const float *in, const float *weight, const float *dout, float *din, float *dweight, float *dbias,
                             void *scratch);
    /** Batch normalisation; `statistic` is {means [c], variances [c]}, `parameter` {scales [c], shifts [c]}. */
    void (*norm_statistics)(const struct deep_planes *p, const float *in, float *statistic);
    void (*norm_apply)(const struct deep_planes *p, const float *in, const float *parameter, const float *statistic, bool relu, float *out);
    /** Its derivatives: slope [2][c] are those by the parameters, sums over the block: of z dout and of dout, with z = (in - mean) rate. din takes
     *  them over the `count` numbers of a channel that the statistics are of, in this block or in many. */
    void (*norm_slopes)(const struct deep_planes *p, const float *in, const float *out, const float *parameter, const float *statistic, bool relu,
                        const float *dout, double *slope);
    void (*norm_back)(const struct deep_planes *p, const float *in, const float *out, const float *parameter, const float *statistic, bool relu,
                      const float *dout, const double *slope, double count, float *din);
    /** out = (byte - mean)/deviation, as byte * factor + shift. */
    void (*widen)(size_t n, const uint8_t *in, float factor, float shift, float *out);
};

/** The table of the instruction set that runs (sim/level.h). */
const struct deep_loops *deep_loops(void);

#endif

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

/** Whose dropout: words of a draw's key and counter; words below `below` make a 0, others the factor `kept`. */
struct deep_dropout {
    uint32_t seed, purpose, item, step, worker, below;
    float kept;
};

/** Attention of n examples and some heads, of `each` numbers: rows of queries and keys (padded), the numbers from one row to the next, and how many
 *  rows are true. Rows of `share` are the keys, rounded up to 16. */
struct deep_heads {
    size_t n, heads, each, queries, keys, query_stride, key_stride;
    const uint32_t *query_length, *key_length;
    bool causal;
    float scale;
};

/** What a softmax over a row of scores comes to: the largest, 1/sum exp(score - largest), that sum's logarithm, the sum of score - largest. */
struct deep_scores {
    float most, rate;
    double log_sum, plain;
    bool wrong; /* another class's score is larger, or a lower class's equal */
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
    /** A row of n numbers, four to a draw, from draw number `draw` on. in and out may be the same. */
    void (*dropout)(const struct deep_dropout *d, size_t n, uint32_t draw, const float *in, float *out);
    void (*tanh)(size_t n, const float *in, float *out);
    void (*tanh_back)(size_t n, const float *out, const float *dout, float *din);
    /** Layer normalisation; parameter and dparameter are {scales [c], shifts [c]}, statistic [rows][2] is written forward. din NULL: not wanted. */
    void (*layer_norm)(size_t rows, size_t c, const float *in, const float *parameter, float *statistic, float *out);
    void (*layer_norm_back)(size_t rows, size_t c, const float *in, const float *parameter, const float *statistic, const float *dout, float *din,
                            float *dparameter);
    /** Attention; share [n][heads][queries][keys rounded up to 16] is written forward. Derivatives of padding are 0. */
    size_t (*attention_scratch)(const struct deep_heads *a);
    void (*attention)(const struct deep_heads *a, const float *query, const float *key, const float *value, float *share, float *out, void *scratch);
    void (*attention_back)(const struct deep_heads *a, const float *query, const float *key, const float *value, const float *share, const float *dout,
                           float *dquery, float *dkey, float *dvalue, void *scratch);
    /** A position of one sequence in an LSTM of h cells: gate [4][h] holds sums, and then the gates; before [h]: the cell, NULL: zeros. Backward, from
     *  the gates: dcell [h] is that of the cell, and then of the one before; gate becomes the derivative by the sums. */
    void (*lstm)(size_t h, const float *before, float *gate, float *cell, float *out);
    void (*lstm_back)(size_t h, const float *before, const float *cell, const float *dout, float *gate, float *dcell);
    /** Softmax over a row; din = weight p - smoothed. */
    void (*scores)(size_t classes, const float *score, size_t label, struct deep_scores *of);
    void (*scores_back)(size_t classes, const float *score, const struct deep_scores *of, float weight, float smoothed, float *din);
    /** out = (byte - mean)/deviation, as byte * factor + shift. */
    void (*widen)(size_t n, const uint8_t *in, float factor, float shift, float *out);
};

/** The table of the instruction set that runs (sim/level.h). */
const struct deep_loops *deep_loops(void);

#endif

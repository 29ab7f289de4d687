/* onednn.h - the library behind the fast versions: products of matrices and convolutions, in one thread.
 *
 * What is prepared here is never written to afterwards: any number of threads call it at once, each with memory of its own. Who calls has
 * set this thread's number of OpenMP threads to 1 (deep_one_thread): the library would cut sums by it otherwise.
 */
#ifndef DSGD_DEEP_ONEDNN_H
#define DSGD_DEEP_ONEDNN_H

#include <stdbool.h>
#include <stddef.h>

#include "deep/one_thread.h"
#include "sim/status.h"

/** "oneDNN 2.6.3 with AVX-512, loops for x86-64-v4": bits of deep models belong to it. Static storage. */
const char *deep_library(void);

/** Channels side by side that suit this processor: 16 or 8. */
size_t deep_vector(void);

/** c [m][n] = a b, rows one after another; a is [m][k], or [k][m] where `a_turned`; b is [k][n], or [n][k] where `b_turned`. */
enum dsgd_status deep_product(bool a_turned, bool b_turned, size_t m, size_t n, size_t k, const float *a, const float *b, float *c);

/** The same with rows of a, b and c (as they lie) so many numbers apart; c grows by it where `more`, else it is overwritten. */
enum dsgd_status deep_product_of_rows(bool a_turned, bool b_turned, size_t m, size_t n, size_t k, const float *a, size_t a_row, const float *b, size_t b_row,
                                      bool more, float *c, size_t c_row);

/** Convolution of stride 1: n images of `in` channels, h x w, to `out` channels. Layouts as in op.h; weights are [out][in][kernel][kernel]. */
struct deep_convolution_shape {
    size_t n, in, out, h, w, kernel, pad, vector_in, vector;
    bool bias, first; /* first: no derivative by the images */
};
struct deep_convolution;
enum dsgd_status deep_convolution_create(const struct deep_convolution_shape *shape, struct deep_convolution **out);
void deep_convolution_destroy(struct deep_convolution *c); /* accepts NULL */
size_t deep_convolution_scratch(const struct deep_convolution *c);
/** The implementations that were chosen, for logs and tests. */
const char *deep_convolution_names(const struct deep_convolution *c);
enum dsgd_status deep_convolution_forward(const struct deep_convolution *c, const float *in, const float *weight, const float *bias, float *out, void *scratch);
/** din NULL: not wanted. */
enum dsgd_status deep_convolution_backward(const struct deep_convolution *c, const float *in, const float *weight, const float *dout, float *din, float *dweight,
                                           float *dbias, void *scratch);

#endif

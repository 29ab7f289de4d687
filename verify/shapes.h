/* shapes.h - vectors that are sketched: four shapes of any length, and two from training on MNIST. */
#ifndef DSGD_VERIFY_SHAPES_H
#define DSGD_VERIFY_SHAPES_H

#include "verify/verify.h"

enum verify_shape {
    VERIFY_GAUSSIAN,       /* independent standard normals */
    VERIFY_POWER_LAW,      /* magnitudes 1/rank, ranks and signs at random */
    VERIFY_FLAT,           /* all magnitudes equal, signs at random: Lemma 1 is an equality */
    VERIFY_SPIKY,          /* standard normals, and four coordinates of +-sqrt(d) that hold 4/5 of ||g||^2 */
    VERIFY_MNIST_GRADIENT, /* of logistic regression at w = 0: mean over four examples */
    VERIFY_MNIST_MEMORY,   /* what enters HEAVYMIX after 500 steps of Algorithm 2: step times gradient, plus error memory */
    VERIFY_SHAPES
};
enum { VERIFY_MNIST_D = 785 };

/** "gaussian", as in ids and columns. */
const char *verify_shape_name(enum verify_shape shape);

/** One of the first four; a pure function of its arguments. d >= 4. DSGD_ENOMEM. */
enum dsgd_status verify_shape_fill(enum verify_shape shape, size_t d, uint32_t seed, float *g /*[d]*/);

/** The two others. DSGD_EINPUT with the reader's sentence where there is no MNIST. */
enum dsgd_status verify_shape_mnist(const struct verify_context *context, uint32_t seed, float *gradient /*[785]*/,
                                    float *memory /*[785]*/);

#endif

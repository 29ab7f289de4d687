/* augment.h - the changes that a training image goes through before each of its uses, keyed by {item of the batch, step, worker}. */
#ifndef DSGD_DEEP_AUGMENT_H
#define DSGD_DEEP_AUGMENT_H

#include "deep/op.h"

enum { DEEP_AUGMENT_NONE, DEEP_AUGMENT_CIFAR };
enum { DEEP_AUGMENT_PAD = 4, DEEP_AUGMENT_CUT = 8 };

/** out [c][h][w] = what `cifar` makes of `in`: see augment.c. black [c]: the value of a black pixel. h and w are at least DEEP_AUGMENT_CUT. */
void deep_augment_cifar(struct deep_shape shape, const float *black, const struct deep_keys *keys, uint32_t item, const float *in, float *out);

#endif

/* images.h - a dataset's examples as images in floats, (value - mean)/deviation of each channel over the training set. */
#ifndef DSGD_DEEP_IMAGES_H
#define DSGD_DEEP_IMAGES_H

#include "datasets/dataset.h"
#include "deep/op.h"

enum { DEEP_CHANNELS_MAX = 16 };

struct deep_images {
    const struct dsgd_dataset *data; /* borrowed */
    struct deep_shape shape;
    float factor[DEEP_CHANNELS_MAX], shift[DEEP_CHANNELS_MAX]; /* of numbers as they are stored */
};

/** The shape that a dataset's rows have as images; features x 1 x 1 where they are none. The one place that guesses: 784 numbers are
 *  28 x 28, 3072 are three planes of 32 x 32. */
struct deep_shape deep_images_shape(const struct dsgd_dataset *data);

/** `problem` names who asks; planes: it wants images, not just rows. DSGD_EINPUT with a sentence for rows that are none. */
enum dsgd_status deep_images_open(const struct dsgd_dataset *data, const char *problem, bool planes, struct deep_images *out);

/** Example i of a split, plain: out [c][h][w]. */
void deep_images_read(const struct deep_images *images, const struct dsgd_split *split, size_t i, float *out);

#endif

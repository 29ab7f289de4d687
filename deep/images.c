/* images.c - shapes and normalisation of images. Interface: images.h.
 *
 * Mean and deviation of bytes come from sums of integers, which are exact: of MNIST 0.1307 and 0.3081, as everybody has them.
 */
#include "deep/images.h"

#include <math.h>
#include <string.h>

#include "deep/loops.h"

struct deep_shape deep_images_shape(const struct dsgd_dataset *data)
{
    const struct dsgd_shape *s = &data->shape;
    if (s->height == 1) { return (struct deep_shape){data->features, 1, 1}; } /* a row of numbers */
    return (struct deep_shape){s->channels, s->height, s->width};
}

/* Rows that are no images have one mean and one deviation. */
static size_t channels_of(const struct deep_images *images)
{
    return images->shape.h * images->shape.w > 1 ? images->shape.c : 1;
}

static void normalise_bytes(struct deep_images *images)
{
    const struct dsgd_split *train = &images->data->train;
    const size_t features = images->data->features, channels = channels_of(images), area = features / channels;
    for (size_t c = 0; c < channels; ++c) {
        uint64_t sum = 0, squares = 0;
        for (size_t i = 0; i < train->n; ++i) {
            const uint8_t *from = train->feature + i * features + c * area;
            uint32_t row = 0;
            uint64_t row_squares = 0;
            for (size_t j = 0; j < area; ++j) {
                row += from[j];
                row_squares += (uint32_t)from[j] * from[j];
            }
            sum += row;
            squares += row_squares;
        }
        const double count = (double)(train->n * area), mean = (double)sum / count, variance = (double)squares / count - mean * mean;
        const double deviation = variance > 0.0 ? sqrt(variance) : 1.0;
        images->factor[c] = (float)(1.0 / deviation);
        images->shift[c] = (float)(-mean / deviation);
    }
}

enum dsgd_status deep_images_open(const struct dsgd_dataset *data, const char *problem, bool planes, struct deep_images *out)
{
    DSGD_TRY(dsgd_dataset_fits(data, problem, false));
    *out = (struct deep_images){.data = data, .shape = deep_images_shape(data)};
    if (planes && out->shape.h * out->shape.w == 1) {
        return dsgd_fail(DSGD_EINPUT, "problem %s: rows of %zu numbers in %s, expected images such as those of mnist, cifar10 or images", problem, data->features, data->name);
    }
    if (channels_of(out) > DEEP_CHANNELS_MAX) {
        return dsgd_fail(DSGD_EINTERNAL, "problem %s: images of %zu channels in %s, expected at most %d", problem, out->shape.c, data->name, (int)DEEP_CHANNELS_MAX);
    }
    if (data->train.form == DSGD_ROWS_BYTES) { normalise_bytes(out); }
    return DSGD_OK;
}

/* A sparse row's numbers among zeros. */
static void read_sparse(const struct dsgd_split *split, size_t i, size_t features, float *out)
{
    memset(out, 0, features * sizeof *out);
    for (size_t j = split->start[i]; j < split->start[i + 1]; ++j) { out[split->column[j]] = split->value[j]; }
}

/* Floats are taken as they are: whoever made them has chosen their scale. */
void deep_images_read(const struct deep_images *images, const struct dsgd_split *split, size_t i, float *out)
{
    const size_t features = images->data->features, channels = channels_of(images), area = features / channels;
    if (split->form == DSGD_ROWS_SPARSE) {
        read_sparse(split, i, features, out);
    } else if (split->form == DSGD_ROWS_FLOATS) {
        memcpy(out, split->real + i * features, features * sizeof *out);
    } else {
        for (size_t c = 0; c < channels; ++c) {
            deep_loops()->widen(area, split->feature + i * features + c * area, images->factor[c], images->shift[c], out + c * area);
        }
    }
}

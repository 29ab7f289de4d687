/* augment.c - what the paper's experiments do to CIFAR-10 (Page 2018, cifar10-fast): 4 black pixels around the image, a random crop of its
 * old size, a mirror image half of the time, and a random square of 8 x 8 pixels made black.
 *
 * The code that the authors start from writes the mean of all images into the square; the paper says black, as it is here.
 */
#include "deep/augment.h"

#include "sim/kernel/rng.h"

/* Uniform in [0, n); each use has a purpose of its own. */
static size_t draw(const struct deep_keys *keys, const char *purpose, uint32_t item, size_t n)
{
    const struct dsgd_rng_key key = {keys->seed, dsgd_rng_purpose(purpose)};
    return dsgd_rng_below(key, item, keys->step, keys->worker, (uint32_t)n);
}

void deep_augment_cifar(struct deep_shape shape, const float *black, const struct deep_keys *keys, uint32_t item, const float *in, float *out)
{
    const size_t h = shape.h, w = shape.w, down = draw(keys, "crop row", item, 2 * DEEP_AUGMENT_PAD + 1), right = draw(keys, "crop column", item, 2 * DEEP_AUGMENT_PAD + 1);
    const bool mirrored = draw(keys, "mirror image", item, 2) == 1;
    const size_t cut_y = draw(keys, "cutout row", item, h + 1 - DEEP_AUGMENT_CUT), cut_x = draw(keys, "cutout column", item, w + 1 - DEEP_AUGMENT_CUT);
    for (size_t c = 0; c < shape.c; ++c) {
        const float *plane = in + c * h * w;
        float *to = out + c * h * w;
        for (size_t y = 0; y < h; ++y) {
            const size_t from_y = y + down; /* of the framed image */
            for (size_t x = 0; x < w; ++x) {
                const size_t from_x = (mirrored ? w - 1 - x : x) + right;
                const bool inside = from_y >= DEEP_AUGMENT_PAD && from_y < h + DEEP_AUGMENT_PAD && from_x >= DEEP_AUGMENT_PAD && from_x < w + DEEP_AUGMENT_PAD;
                to[y * w + x] = inside ? plane[(from_y - DEEP_AUGMENT_PAD) * w + from_x - DEEP_AUGMENT_PAD] : black[c];
            }
        }
        for (size_t y = cut_y; y < cut_y + DEEP_AUGMENT_CUT; ++y) {
            for (size_t x = cut_x; x < cut_x + DEEP_AUGMENT_CUT; ++x) { to[y * w + x] = black[c]; }
        }
    }
}

/* test_images.c - dataset `images`: pictures that are what the head of datasets/images.c says, whose classes a linear model does not see and
 * a search over places does. */
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "convex/linear.h"
#include "convex/registry.h"
#include "datasets/dataset.h"

enum { CONFIG_SIZE = 256, SIDE = 28, PIXELS = SIDE * SIDE };

static enum dsgd_status try_load(const char *const *keys, struct dsgd_dataset **data)
{
    const struct dsgd_dataset_ops *ops = dsgd_dataset_find("images");
    _Alignas(16) unsigned char config[CONFIG_SIZE];
    static const char *const small[] = {"n", "300", "n_test", "50", NULL};
    assert_true(ops && ops->config_size <= sizeof config);
    assert_int_equal(dsgd_param_defaults(ops->params, ops->name, config), DSGD_OK);
    for (int pass = 0; pass < 2; ++pass) {
        for (const char *const *k = pass == 0 ? small : keys; *k; k += 2) {
            assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, k[0]), ops->name, config, k[1]), DSGD_OK);
        }
    }
    const struct dsgd_dataset_args args = {.config = config, .folder = "/nonexistent"}; /* no file is looked for */
    return dsgd_dataset_load(ops, &args, data);
}

static struct dsgd_dataset *load(const char *const *keys)
{
    struct dsgd_dataset *data = NULL;
    if (try_load(keys, &data) != DSGD_OK) { fail_msg("%s", dsgd_error()); }
    return data;
}

static const char *const none[] = {NULL};

static void load_has_the_shape_that_is_asked_for(void **unused)
{
    (void)unused;
    struct dsgd_dataset *data = load(none);
    assert_true(data->shape.channels == 1 && data->shape.height == SIDE && data->shape.width == SIDE);
    assert_int_equal(data->features, PIXELS);
    assert_string_equal(data->title, "generated images (10 classes, 1 x 28 x 28, noise 0.1)"); /* says what they are, wherever results are */
    for (size_t i = 0; i < data->train.n; ++i) { assert_int_equal(data->train.label[i], i % 10); } /* equally frequent */
    assert_memory_not_equal(data->train.feature, data->test.feature, 50 * PIXELS); /* the test set is another */
    dsgd_dataset_destroy(data);
    data = load((const char *const[]){"size", "32", "channels", "3", "classes", "256", NULL});
    assert_true(data->shape.channels == 3 && data->shape.height == 32 && data->shape.width == 32);
    assert_int_equal(data->features, 3072); /* as CIFAR-10 */
    assert_int_equal(data->train.label[255], 255);
    dsgd_dataset_destroy(data);
    assert_int_equal(try_load((const char *const[]){"n", "9", NULL}, &data), DSGD_EINPUT);
    assert_string_equal(dsgd_error(), "images.n = 9: expected at least one example of each of 10 classes");
    assert_null(data);
}

static void load_each_key_changes_the_bytes(void **unused)
{
    (void)unused;
    static const char *const keys[][3] = {{"seed", "2", NULL},     {"n", "301", NULL},     {"n_test", "51", NULL}, {"classes", "9", NULL},
                                          {"channels", "2", NULL}, {"size", "29", NULL}, {"noise", "0.2", NULL}, {"split", "tuning", NULL}};
    struct dsgd_dataset *a = load(none);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; ++k) {
        struct dsgd_dataset *b = load(keys[k]);
        assert_string_not_equal(a->sha256, b->sha256); /* else two different datasets would share results */
        dsgd_dataset_destroy(b);
    }
    struct dsgd_dataset *longer = load(keys[1]);
    assert_memory_equal(a->train.feature, longer->train.feature, 300 * PIXELS); /* more examples leave the first as they are */
    dsgd_dataset_destroy(longer);
    dsgd_dataset_destroy(a);
}

/* The box of what differs from the ground, which every corner of a noiseless picture shows: a surface is 0 on its edge. */
struct box {
    int top, left, bottom, right, ground;
};

static struct box box_of(const uint8_t *picture, int side)
{
    struct box box = {side, side, -1, -1, picture[0]};
    assert_true(picture[side - 1] == box.ground && picture[side * (side - 1)] == box.ground && picture[side * side - 1] == box.ground);
    for (int i = 0; i < side * side; ++i) {
        if (picture[i] == box.ground) { continue; }
        if (i / side < box.top) { box.top = i / side; }
        if (i / side > box.bottom) { box.bottom = i / side; }
        if (i % side < box.left) { box.left = i % side; }
        if (i % side > box.right) { box.right = i % side; }
    }
    return box;
}

static void pictures_show_one_glyph_on_even_ground(void **unused)
{
    (void)unused;
    struct dsgd_dataset *data = load((const char *const[]){"noise", "0", "n", "2000", NULL});
    int top[SIDE] = {0}, left[SIDE] = {0};
    for (size_t i = 0; i < data->train.n; ++i) {
        const uint8_t *picture = data->train.feature + i * PIXELS;
        const struct box box = box_of(picture, SIDE);
        int least = 255, most = 0;
        for (int j = 0; j < PIXELS; ++j) {
            least = picture[j] < least ? picture[j] : least;
            most = picture[j] > most ? picture[j] : most;
        }
        assert_in_range(box.ground, 102, 153); /* 0.4 to 0.6 of 255 */
        const int height = box.bottom - box.top + 1, width = box.right - box.left + 1;
        assert_true(height <= 15 && width <= 15 && height >= 7 && width >= 7); /* inside of six steps of at most 0.085 28: 14.3 */
        assert_true(most - box.ground <= 128 && box.ground - least <= 128); /* contrast at most 0.5 */
        assert_true(most - least >= 40); /* and at least 0.25, less what falls between two pixels */
        ++top[box.top];
        ++left[box.left];
    }
    /* anywhere: the first 14 rows and columns at which a glyph may begin all occur. A place has chance 1/20 at least: none of 2000 is 1e-45 */
    for (int j = 1; j < 14; ++j) { assert_true(top[j] > 0 && left[j] > 0); }
    dsgd_dataset_destroy(data);
}

static void noise_is_added_to_the_same_pictures(void **unused)
{
    (void)unused;
    struct dsgd_dataset *clean = load((const char *const[]){"noise", "0", NULL}), *noisy = load((const char *const[]){"noise", "0.05", NULL});
    double sum = 0, square = 0;
    size_t n = 0;
    for (size_t j = 0; j < 300 * PIXELS; ++j) {
        const int value = clean->train.feature[j];
        if (value < 60 || value > 195) { continue; } /* four deviations from where it would be cut */
        const double z = (noisy->train.feature[j] - value) / (255 * 0.05);
        sum += z;
        square += z * z;
        ++n;
    }
    assert_true(n > 200000);
    /* both are rounded down, so means agree; four standard errors of the mean and of the variance: false alarm 1e-4, seed fixed */
    CHECK_CLOSE(sum / (double)n, 0, 4 / sqrt((double)n));
    CHECK_CLOSE(square / (double)n, 1 + 2 / (12 * 12.75 * 12.75), 4 * sqrt(2 / (double)n)); /* and rounding adds 2/12 of a byte^2 */
    dsgd_dataset_destroy(clean);
    dsgd_dataset_destroy(noisy);
}

/* Channels show the same glyph at the same place, each with a gain of its own: colour tells nothing of the class. */
static void channels_share_place_and_differ_in_gain(void **unused)
{
    (void)unused;
    struct dsgd_dataset *data = load((const char *const[]){"noise", "0", "channels", "3", NULL});
    double mean_gain[10] = {0};
    for (size_t i = 0; i < 300; ++i) {
        const uint8_t *picture = data->train.feature + i * 3 * PIXELS;
        double product[3] = {0};
        const int ground = box_of(picture, SIDE).ground;
        for (int j = 0; j < PIXELS; ++j) {
            for (int h = 0; h < 3; ++h) { product[h] += (picture[j] - ground) * (picture[h * PIXELS + j] - ground); }
        }
        for (int h = 1; h < 3; ++h) { assert_true(product[h] > 0.4 * product[0] && product[h] < 2.2 * product[0]); } /* gains of 0.5 to 1 */
        assert_true(fabs(product[1] - product[2]) > 1e-6 * product[0]);
        mean_gain[i % 10] += product[1] / product[0] / 30;
    }
    for (int c = 0; c < 10; ++c) { CHECK_CLOSE(mean_gain[c], 1.04, 0.25); } /* E[x/y] = (3/4) 2 ln 2; deviation 0.3/sqrt(30): four of them */
    dsgd_dataset_destroy(data);
}

/* ---- what a model must be able to do ---- */

enum { TEMPLATES = 6, LARGEST = 20 };

/* A patch of mean 0 and length 1. */
struct template {
    int label, height, width;
    double value[LARGEST * LARGEST];
};

static struct template cut_out(const uint8_t *picture, int label)
{
    const struct box box = box_of(picture, SIDE);
    struct template t = {.label = label, .height = box.bottom - box.top + 1, .width = box.right - box.left + 1};
    const int n = t.height * t.width;
    double mean = 0, square = 0;
    assert_true(t.height <= LARGEST && t.width <= LARGEST);
    for (int j = 0; j < n; ++j) { mean += (t.value[j] = picture[(box.top + j / t.width) * SIDE + box.left + j % t.width]) / n; }
    for (int j = 0; j < n; ++j) {
        t.value[j] -= mean;
        square += t.value[j] * t.value[j];
    }
    for (int j = 0; j < n; ++j) { t.value[j] /= sqrt(square); }
    return t;
}

static double best_match(const struct template *t, const uint8_t *picture)
{
    double best = 0;
    for (int top = 0; top + t->height <= SIDE; ++top) {
        for (int left = 0; left + t->width <= SIDE; ++left) {
            double product = 0;
            for (int i = 0; i < t->height; ++i) {
                for (int j = 0; j < t->width; ++j) { product += t->value[i * t->width + j] * picture[(top + i) * SIDE + left + j]; }
            }
            best = product > best ? product : best;
        }
    }
    return best;
}

static double softmax_test_error(const struct dsgd_dataset *data)
{
    const struct dsgd_problem_ops *ops = dsgd_problem_find("softmax");
    _Alignas(16) unsigned char config[CONFIG_SIZE];
    double value[DSGD_LINEAR_METRICS];
    struct dsgd_optimum optimum;
    void *self;
    assert_int_equal(dsgd_param_defaults(ops->params, ops->name, config), DSGD_OK);
    assert_int_equal(dsgd_param_set(dsgd_param_find(ops->params, "l2"), ops->name, config, "0.01"), DSGD_OK);
    const struct dsgd_problem_args args = {config, data, 1};
    assert_int_equal(ops->create(&args, &self), DSGD_OK);
    assert_int_equal(ops->optimum(self, &optimum), DSGD_OK);
    assert_int_equal(ops->evaluate(self, optimum.w, value), DSGD_OK);
    free(optimum.w);
    ops->destroy(self);
    return value[DSGD_LINEAR_TEST_ERROR];
}

/* The point of this dataset. Best linear model against patches of noiseless pictures, six a class, moved over the whole picture: what a
 * convolution and a maximum do. 200 test pictures. */
static void a_search_over_places_sees_what_a_linear_model_does_not(void **unused)
{
    (void)unused;
    static const char *const many[] = {"n", "2000", "n_test", "200", NULL};
    struct dsgd_dataset *data = load(many), *clean = load((const char *const[]){"noise", "0", NULL});
    static struct template patch[10 * TEMPLATES];
    int wrong = 0;
    for (int k = 0; k < 10 * TEMPLATES; ++k) { patch[k] = cut_out(clean->train.feature + k * PIXELS, k % 10); }
    for (size_t i = 0; i < data->test.n; ++i) {
        double best = -1;
        int guess = -1;
        for (int k = 0; k < 10 * TEMPLATES; ++k) {
            const double match = best_match(&patch[k], data->test.feature + i * PIXELS);
            if (match > best) {
                best = match;
                guess = patch[k].label;
            }
        }
        wrong += guess != data->test.label[i];
    }
    const double linear = softmax_test_error(data);
    print_message("test error: linear %.3f, patches %.3f\n", linear, wrong / 200.0);
    assert_true(linear > 0.4);
    assert_true(wrong < 20);
    dsgd_dataset_destroy(clean);
    dsgd_dataset_destroy(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_has_the_shape_that_is_asked_for),
        cmocka_unit_test(load_each_key_changes_the_bytes),
        cmocka_unit_test(pictures_show_one_glyph_on_even_ground),
        cmocka_unit_test(noise_is_added_to_the_same_pictures),
        cmocka_unit_test(channels_share_place_and_differ_in_gain),
        cmocka_unit_test(a_search_over_places_sees_what_a_linear_model_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

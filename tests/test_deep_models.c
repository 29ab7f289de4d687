/* test_deep_models.c - the models: parameters counted; losses and gradients in doubles as PyTorch has them (tests/torch/deep_values.py); floats
 * beside doubles; the problem round a model: batches, start, metrics at evaluation, augmentation. */
#include "deep/augment.h"
#include "deep/models.h"
#include "tests/torch/deep_values.h"
#include "tests/deep_problem.h"
#include "tests/rows_case.h"

static const struct deep_model *const models[] = {&deep_model_mlp, &deep_model_lenet, &deep_model_resnet9};

static const struct deep_model *model_named(const char *name)
{
    for (size_t j = 0; j < sizeof models / sizeof *models; ++j) {
        if (strcmp(models[j]->name, name) == 0) { return models[j]; }
    }
    fail_msg("no model %s", name);
    return NULL;
}

static void build(const char *name, size_t width, double smoothing, struct deep_graph *g)
{
    const bool colours = strcmp(name, "resnet9") == 0;
    const struct deep_sizes sizes = {.image = colours ? (struct deep_shape){3, 32, 32} : (struct deep_shape){1, 28, 28}, .classes = 10, .width = width,
                                     .smoothing = smoothing};
    DEEP_OK(deep_graph_build(model_named(name), &sizes, g));
}

static void parameters_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t width, d;
    } counts[] = {{"mlp", 256, 784 * 256 + 256 + 2560 + 10}, {"lenet", 0, 61706}, {"resnet9", 64, 6573120}, {"resnet9", 16, 412944}};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; ++k) {
        static struct deep_graph g;
        build(counts[k].name, counts[k].width, 0.0, &g);
        assert_int_equal(g.d, counts[k].d);
        size_t at = 0, norms = 0;
        for (size_t s = 0; s < g.segments; ++s) { /* ascending, without gaps, names of their own */
            const struct dsgd_segment *segment = &g.segment[s];
            assert_int_equal(segment->offset, at);
            assert_int_equal(segment->rows * segment->cols, segment->count);
            at += segment->count;
            norms += segment->role == DSGD_ROLE_NORM;
            const char *end = strrchr(segment->name, '.');
            assert_true(end && (strcmp(end, ".bias") == 0) == (segment->role == DSGD_ROLE_BIAS) && (strcmp(end, ".weight") == 0) == (segment->role == DSGD_ROLE_WEIGHTS));
            for (size_t r = 0; r < s; ++r) { assert_string_not_equal(segment->name, g.segment[r].name); }
        }
        assert_int_equal(at, g.d);
        assert_int_equal(norms, strcmp(counts[k].name, "resnet9") == 0 ? 16 : 0);
    }
}

/* ---- against PyTorch ---- */

/* deep_values.py's value(). */
static double value(uint32_t stream, uint32_t i)
{
    uint32_t h = (i + 1 + 1000003u * stream) * 2654435761u;
    h = (h ^ (h >> 15)) * 2246822519u;
    h ^= h >> 13;
    return (2.0 * h + 1.0) / 0x1p32 - 1.0;
}

static void fill_parameters(const struct deep_graph *g, double *x)
{
    uint32_t number = 100;
    for (int j = 0; j < g->nodes; ++j) {
        const struct deep_site *site = &g->site[j];
        double *to = x + site->offset;
        for (int p = 0; p < site->parameters; ++p, ++number) {
            const struct deep_parameter *parameter = &site->parameter[p];
            const bool weight = parameter->role == DSGD_ROLE_WEIGHTS, norm = parameter->role == DSGD_ROLE_NORM;
            const double scale = weight ? 1.5 / sqrt((double)parameter->fan_in) : norm ? 0.3 : 0.1, shift = norm && p == 0 ? 1.0 : 0.0;
            for (size_t i = 0; i < parameter->rows * parameter->cols; ++i) { *to++ = shift + scale * value(number, (uint32_t)i); }
        }
    }
}

/* Loss and gradient of a case in doubles; in floats, if `fast` is not NULL, there. */
static double run_case(const struct deep_expected *e, struct deep_graph *g, double *x, double *grad, float *fast)
{
    struct deep_plan *plan;
    uint8_t label[64], wrong[64];
    double loss[64], sum = 0.0;
    const int threads = deep_one_thread();
    DEEP_OK(deep_plan_create(g, e->n, fast != NULL, true, &plan));
    void *memory = deep_room(plan->bytes);
    float *x_float = deep_room(g->d * sizeof *x_float);
    for (size_t j = 0; j < g->d; ++j) { x_float[j] = (float)x[j]; }
    for (size_t i = 0; i < e->n; ++i) { label[i] = (uint8_t)(i * 7 % 10); }
    for (size_t j = 0; j < e->n * deep_shape_count(g->image); ++j) {
        if (fast) {
            ((float *)deep_plan_images(plan, memory))[j] = (float)value(1, (uint32_t)j);
        } else {
            ((double *)deep_plan_images(plan, memory))[j] = value(1, (uint32_t)j);
        }
    }
    const struct deep_block block = {.parameter = fast ? (void *)x_float : (void *)x, .memory = memory, .label = label, .weight = 1.0 / (double)e->n, .loss = loss,
                                     .wrong = wrong, .gradient = fast ? (void *)fast : (void *)grad};
    DEEP_OK(deep_run_forward(plan, &block));
    DEEP_OK(deep_run_backward(plan, &block));
    for (size_t i = 0; i < e->n; ++i) { sum += loss[i]; }
    deep_threads_back(threads);
    deep_plan_destroy(plan);
    free(memory);
    free(x_float);
    return sum / (double)e->n;
}

/* Doubles on both sides and other orders of sums: 1e-16 times some thousand additions and a dozen layers. */
static const double DOUBLES = 1e-10;

static void losses_and_gradients_are_pytorchs(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof deep_expected / sizeof *deep_expected; ++k) {
        const struct deep_expected *e = &deep_expected[k];
        static struct deep_graph g;
        build(e->model, e->width, e->smoothing, &g);
        assert_int_equal(g.segments, e->segments);
        double *x = deep_room(g.d * sizeof *x), *grad = deep_room(g.d * sizeof *grad);
        float *fast = deep_room(g.d * sizeof *fast);
        fill_parameters(&g, x);
        CHECK_CLOSE(run_case(e, &g, x, grad, NULL), e->loss, DOUBLES);
        for (size_t s = 0; s < g.segments; ++s) {
            double product = 0.0, norm2 = 0.0;
            for (size_t j = 0; j < g.segment[s].count; ++j) {
                const double one = grad[g.segment[s].offset + j];
                product += one * value(500 + (uint32_t)s, (uint32_t)j);
                norm2 += one * one;
            }
            const double tolerance = DOUBLES * fmax(1.0, e->segment[s][1]);
            if (!check_is_close(product, e->segment[s][0], tolerance) || !check_is_close(sqrt(norm2), e->segment[s][1], tolerance)) {
                fail_msg("%s, %s: product %.12g and norm %.12g, PyTorch has %.12g and %.12g", e->model, g.segment[s].name, product, sqrt(norm2), e->segment[s][0],
                         e->segment[s][1]);
            }
        }
        CHECK_CLOSE(run_case(e, &g, x, NULL, fast), e->loss, 1e-5);
        double off = 0.0, all = 0.0;
        for (size_t j = 0; j < g.d; ++j) {
            off += ((double)fast[j] - grad[j]) * ((double)fast[j] - grad[j]);
            all += grad[j] * grad[j];
        }
        CHECK_CLOSE(sqrt(off / all), 0.0, FLIPS);
        free(x), free(grad), free(fast);
    }
}

/* ---- the problem ---- */

/* Batch norm and dropout aside, a batch's gradient is the mean of its examples'. Floats: a few times 1e-7 of the largest number. */
static void a_batch_is_the_mean_of_its_examples(void **state)
{
    (void)state;
    enum { COUNT = 70 };
    uint32_t example[COUNT];
    for (uint32_t i = 0; i < COUNT; ++i) { example[i] = i * 13 % TRAIN; }
    static const char *const names[] = {"mlp", "lenet"};
    for (int k = 0; k < 2; ++k) {
        struct built b = open_problem(names[k], "l2=0.5", 784);
        float *x = start_of(&b), *whole = gradient_at(&b, x, COUNT, example);
        double *mean = calloc(b.d, sizeof *mean), most = 0.0;
        assert_non_null(mean);
        for (int i = 0; i < COUNT; ++i) {
            float *one = gradient_at(&b, x, 1, example + i);
            for (size_t j = 0; j < b.d; ++j) { mean[j] += (double)one[j] / COUNT; }
            free(one);
        }
        for (size_t j = 0; j < b.d; ++j) { most = fmax(most, fabs(mean[j])); }
        for (size_t j = 0; j < b.d; ++j) { CHECK_CLOSE((double)whole[j], mean[j], 2e-6 * most); }
        free(x), free(whole), free(mean);
        close_problem(&b);
    }
}

/* Gradient and objective belong together: the objective of all training examples, without batch norm, along the gradient. */
static void gradients_are_slopes_of_the_objective(void **state)
{
    (void)state;
    uint32_t example[TRAIN];
    for (uint32_t i = 0; i < TRAIN; ++i) { example[i] = i; }
    struct built b = open_problem("mlp", "hidden=24 l2=0.1 label_smoothing=0.1", 784);
    float *x = start_of(&b), *grad = gradient_at(&b, x, TRAIN, example);
    double *model = deep_room(b.d * sizeof *model), at[2][DEEP_METRICS], norm2 = 0.0;
    for (size_t j = 0; j < b.d; ++j) { norm2 += (double)grad[j] * (double)grad[j]; }
    const double h = 1e-3 / sqrt(norm2);
    for (int side = 0; side < 2; ++side) {
        for (size_t j = 0; j < b.d; ++j) { model[j] = (double)x[j] + (side ? h : -h) * (double)grad[j]; }
        DEEP_OK(b.ops->evaluate(b.self, model, at[side]));
    }
    /* x moves by 1e-3 along the gradient. The replica's floats cost 1e-7 of the loss at random, the ReLUs that this passes 1e-3: 1 %. */
    CHECK_CLOSE((at[1][0] - at[0][0]) / (2.0 * h * norm2), 1.0, 1e-2);
    /* what an evaluation says of the first examples alone */
    free(x), free(grad), free(model);
    close_problem(&b);
}

/* At evaluation batch norm has the statistics of training images at that x: written here once more, in doubles, on 100 images in 2 blocks. */
static void evaluation_recomputes_statistics(void **state)
{
    (void)state;
    enum { N = 50 };
    struct built b = open_problem("resnet9", "width=2 examples=50", 3072);
    const struct deep_problem *p = b.self;
    const struct deep_graph *g = &p->graph;
    double *model = deep_room(b.d * sizeof *model), value_of[DEEP_METRICS], loss[N], mean = 0.0;
    b.ops->start(b.self, model);
    for (size_t j = 0; j < b.d; ++j) { model[j] = (double)(float)(model[j] * 1.5); }
    DEEP_OK(b.ops->evaluate(b.self, model, value_of));
    struct deep_plan *plan;
    uint8_t wrong[N], label[N];
    DEEP_OK(deep_plan_create(g, N, false, false, &plan));
    void *memory = deep_room(plan->bytes);
    double *statistic[TRAIN / N], *joined = deep_room(g->statistics * sizeof *joined);
    float *image = deep_room(3072 * sizeof *image);
    struct deep_block block = {.parameter = model, .memory = memory, .label = label, .mode = DEEP_COLLECT, .loss = loss, .wrong = wrong};
    for (size_t block_number = 0; block_number <= TRAIN / N; ++block_number) { /* the last one: the first again, with what was joined */
        const bool last = block_number == TRAIN / N;
        const size_t from = last ? 0 : block_number * N;
        for (size_t i = 0; i < N; ++i) {
            deep_images_read(&p->images, &b.data->train, from + i, image);
            for (size_t j = 0; j < 3072; ++j) { ((double *)deep_plan_images(plan, memory))[i * 3072 + j] = (double)image[j]; }
            label[i] = b.data->train.label[from + i];
        }
        if (last) {
            for (int j = 0; j < g->nodes; ++j) {
                const size_t channels = g->site[j].in.c, at = g->start_of[j];
                for (size_t c = at; g->site[j].node->op == &deep_op_batch_norm && c < at + channels; ++c) {
                    double m = 0.0, v = 0.0;
                    for (int s = 0; s < TRAIN / N; ++s) { m += statistic[s][c] / (TRAIN / N); }
                    for (int s = 0; s < TRAIN / N; ++s) { v += (statistic[s][c + channels] + (statistic[s][c] - m) * (statistic[s][c] - m)) / (TRAIN / N); }
                    joined[c] = m;
                    joined[c + channels] = v;
                }
            }
        } else {
            statistic[block_number] = deep_room(g->statistics * sizeof(double));
        }
        block.mode = last ? DEEP_FIXED : DEEP_COLLECT;
        block.statistic = last ? joined : statistic[block_number];
        DEEP_OK(deep_run_forward(plan, &block));
    }
    for (int i = 0; i < N; ++i) { mean += loss[i] / N; }
    CHECK_CLOSE(value_of[DEEP_OBJECTIVE], mean, 1e-5 * mean); /* floats, a dozen layers */
    deep_plan_destroy(plan);
    for (int s = 0; s < TRAIN / N; ++s) { free(statistic[s]); }
    free(memory), free(joined), free(image), free(model);
    close_problem(&b);
}

/* Keyed by the seed of the data, of the size that fan-in asks for; norms begin as the identity. */
static void starts_are_keyed(void **state)
{
    (void)state;
    static struct deep_graph g;
    build("resnet9", 4, 0.0, &g);
    double *a = deep_room(g.d * sizeof *a), *b = deep_room(g.d * sizeof *b);
    deep_graph_start(&g, 1, a);
    deep_graph_start(&g, 1, b);
    assert_memory_equal(a, b, g.d * sizeof *a);
    deep_graph_start(&g, 2, b);
    for (size_t s = 0; s < g.segments; ++s) {
        const struct dsgd_segment *segment = &g.segment[s];
        double most = 0.0, same = 0.0;
        for (size_t j = segment->offset; j < segment->offset + segment->count; ++j) {
            most = fmax(most, fabs(a[j]));
            same += a[j] == b[j];
        }
        if (segment->role == DSGD_ROLE_NORM) {
            assert_true(most == (strstr(segment->name, ".scale") ? 1.0 : 0.0));
        } else {
            const double bound = 1.0 / sqrt((double)segment->cols);
            assert_true(most <= bound && most > 0.9 * bound && same == 0.0); /* 0.9^108 of the smallest segment: 1e-5, once for all */
        }
    }
    free(a), free(b);
}

/* Images whose pixels tell where they come from: each is one crop, mirrored or not, with one black square; crops and mirror
 * images occur equally often, squares are in the middle on average. */
static void augmented_images_are_crops(void **state)
{
    (void)state;
    enum { C = 2, H = 24, W = 23, DRAWS = 4000, /* not smaller: a crop could hide behind the square */ SHIFTS = 2 * DEEP_AUGMENT_PAD + 1 };
    static float in[C * H * W], out[C * H * W], again[C * H * W];
    const float black[C] = {-7.0f, -9.0f};
    const struct deep_shape shape = {C, H, W};
    int rows[SHIFTS] = {0}, columns[SHIFTS] = {0}, mirrored = 0;
    struct check_mean row = {0}, column = {0};
    for (int j = 0; j < C * H * W; ++j) { in[j] = (float)j; }
    for (uint32_t draw = 0; draw < DRAWS; ++draw) {
        const struct deep_keys keys = {.seed = 3, .step = draw / 50, .worker = draw % 5};
        int found = 0;
        deep_augment_cifar(shape, black, &keys, draw % 50, in, out);
        deep_augment_cifar(shape, black, &keys, draw % 50, in, again);
        assert_memory_equal(out, again, sizeof out);
        for (int way = 0; way < SHIFTS * SHIFTS * 2; ++way) {
            const int dy = way / 2 / SHIFTS - DEEP_AUGMENT_PAD, dx = way / 2 % SHIFTS - DEEP_AUGMENT_PAD;
            int y0 = H, x0 = W, y1 = -1, x1 = -1, cut = 0;
            bool fits = true;
            for (int j = 0; fits && j < C * H * W; ++j) {
                const int c = j / (H * W), y = j / W % H, x = j % W, from_y = y + dy, from_x = (way % 2 ? W - 1 - x : x) + dx;
                const bool inside = from_y >= 0 && from_y < H && from_x >= 0 && from_x < W;
                if (out[j] == (inside ? in[(c * H + from_y) * W + from_x] : black[c])) { continue; }
                fits = out[j] == black[c];
                cut += 1; /* what the square alone has made black */
                y0 = y < y0 ? y : y0, y1 = y > y1 ? y : y1, x0 = x < x0 ? x : x0, x1 = x > x1 ? x : x1;
            }
            if (!fits || y1 - y0 >= DEEP_AUGMENT_CUT || x1 - x0 >= DEEP_AUGMENT_CUT) { continue; }
            ++found;
            ++rows[dy + DEEP_AUGMENT_PAD], ++columns[dx + DEEP_AUGMENT_PAD];
            mirrored += way % 2;
            if (dy == 0 && dx == 0) { /* nothing else is black */
                assert_int_equal(cut, C * DEEP_AUGMENT_CUT * DEEP_AUGMENT_CUT);
                check_mean_add(&row, y0);
                check_mean_add(&column, x0);
            }
        }
        assert_int_equal(found, 1);
    }
    /* binomial counts within 5 standard deviations: 1e-5 for all together, once for all because the seed is fixed */
    for (int s = 0; s < SHIFTS; ++s) {
        CHECK_CLOSE(rows[s], (double)DRAWS / SHIFTS, 5.0 * sqrt((double)DRAWS / SHIFTS));
        CHECK_CLOSE(columns[s], (double)DRAWS / SHIFTS, 5.0 * sqrt((double)DRAWS / SHIFTS));
    }
    CHECK_CLOSE(mirrored, DRAWS / 2.0, 5.0 * sqrt(DRAWS / 4.0));
    CHECK_MEAN(&row, (H - DEEP_AUGMENT_CUT) / 2.0);
    CHECK_MEAN(&column, (W - DEEP_AUGMENT_CUT) / 2.0);
}

/* Rows of floats and sparse rows give the same numbers; the perceptron takes any rows. */
static void forms_of_rows_do_not_matter(void **state)
{
    (void)state;
    static const uint32_t example[] = {3, 1, 4, 1, 5};
    float *expected = NULL;
    for (int form = DSGD_ROWS_FLOATS; form <= DSGD_ROWS_SPARSE; ++form) {
        struct built b = open_problem("mlp", "hidden=9", 30);
        struct deep_problem *p = b.self;
        b.data = rows_as(b.data, (enum dsgd_form)form, true);
        p->images.data = b.data;
        float *x = start_of(&b), *grad = gradient_at(&b, x, 5, example);
        if (expected) { assert_memory_equal(grad, expected, b.d * sizeof *grad); }
        free(x), free(expected);
        expected = grad;
        close_problem(&b);
    }
    free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parameters_are_counted), cmocka_unit_test(losses_and_gradients_are_pytorchs),
                                       cmocka_unit_test(a_batch_is_the_mean_of_its_examples),
                                       cmocka_unit_test(gradients_are_slopes_of_the_objective), cmocka_unit_test(evaluation_recomputes_statistics),
                                       cmocka_unit_test(starts_are_keyed), cmocka_unit_test(forms_of_rows_do_not_matter), cmocka_unit_test(augmented_images_are_crops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

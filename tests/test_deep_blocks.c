/* test_deep_blocks.c - a batch in blocks: the same bits for any number of threads, with one worker or some side by side; statistics of batch norm over
 * all of a step's images. */
#include "deep/augment.h"
#include "tests/deep_problem.h"

static const struct {
    const char *name, *keys;
    size_t features;
} problems[] = {{"mlp", "hidden=24 dropout=0.3 l2=0.01", 784}, {"mlp", "hidden=5 label_smoothing=0.1", 30}, {"lenet", "l2=0.001", 784}, {"resnet9", "width=2 augment=cifar", 3072},
                {"resnet9", "width=2 batch_norm=batch augment=cifar l2=0.01", 3072}, {"resnet9", "width=16 l2=0.0005", 3072}};
enum { PROBLEMS = sizeof problems / sizeof *problems };

/* Three blocks: 50, 50 and 50 examples; 1, 2 and 7 threads where the call has them. */
static void threads_do_not_change_bits(void **state)
{
    (void)state;
    enum { COUNT = 150 };
    const int before = omp_get_max_threads();
    uint32_t example[COUNT];
    for (uint32_t i = 0; i < COUNT; ++i) { example[i] = i * 31 % TRAIN; }
    for (size_t k = 0; k < PROBLEMS; ++k) {
        static const int threads[] = {1, 2, 7};
        float *first = NULL;
        double value_of[3][DEEP_METRICS];
        for (int t = 0; t < 3; ++t) {
            omp_set_num_threads(threads[t]);
            struct built b = open_problem(problems[k].name, problems[k].keys, problems[k].features);
            float *x = start_of(&b), *grad = gradient_at(&b, x, COUNT, example);
            double *model = deep_room(b.d * sizeof *model);
            for (size_t j = 0; j < b.d; ++j) { model[j] = (double)x[j]; }
            DEEP_OK(b.ops->evaluate(b.self, model, value_of[t]));
            for (size_t j = 0; first && j < b.d; ++j) {
                if (memcmp(&grad[j], &first[j], sizeof *grad) != 0) { fail_msg("%s, %d threads: [%zu] = %.9g, one thread has %.9g", problems[k].name, threads[t], j, (double)grad[j], (double)first[j]); }
            }
            assert_memory_equal(value_of[t], value_of[0], sizeof value_of[t]);
            free(x), free(model), free(first);
            first = grad;
            close_problem(&b);
        }
        free(first);
    }
    omp_set_num_threads(before);
}

/* Two workers side by side, each with a share of the threads for its five blocks. */
static void lanes_share_threads(void **state)
{
    (void)state;
    enum { COUNT = 289, WORKERS = 2 };
    static const uint32_t threads[] = {1, 2, 5, 7};
    uint32_t example[COUNT + 1];
    for (uint32_t i = 0; i <= COUNT; ++i) { example[i] = i * 31 % TRAIN; }
    for (size_t k = 0; k < PROBLEMS - 1; ++k) {
        struct built b = open_problem(problems[k].name, problems[k].keys, problems[k].features);
        float *x = start_of(&b), *grad[WORKERS], *first[WORKERS] = {NULL};
        assert_int_equal(b.ops->parts(b.self, COUNT), 5);
        for (int t = 0; t < 4; ++t) {
            enum dsgd_status status[WORKERS];
            void *work[WORKERS];
            uint32_t share[WORKERS];
            for (uint32_t w = 0; w < WORKERS; ++w) {
                share[w] = threads[t] == 1 ? 1 : (threads[t] + 1 - w) / WORKERS;
                grad[w] = deep_room(b.d * sizeof *grad[w]);
                work[w] = deep_room(b.ops->workspace(b.self, COUNT, share[w]));
            }
#pragma omp parallel for schedule(static, 1) num_threads(threads[t])
            for (uint32_t w = 0; w < WORKERS; ++w) {
                const struct dsgd_batch batch = {.example = example + w, .count = COUNT, .step = 3, .worker = w, .seed = 9, .work = work[w], .threads = share[w]};
                status[w] = b.ops->gradient(b.self, x, &batch, grad[w]);
            }
            for (uint32_t w = 0; w < WORKERS; ++w) {
                assert_int_equal(status[w], DSGD_OK);
                if (t > 0) { assert_memory_equal(grad[w], first[w], b.d * sizeof *grad[w]); }
                free(first[w]), free(work[w]);
                first[w] = grad[w];
            }
        }
        free(x), free(first[0]), free(first[1]);
        close_problem(&b);
    }
}

/* The relative distance of a gradient from one in doubles. */
static double distance(size_t d, const float *grad, const double *right)
{
    double off = 0.0, all = 0.0;
    for (size_t j = 0; j < d; ++j) {
        off += ((double)grad[j] - right[j]) * ((double)grad[j] - right[j]);
        all += right[j] * right[j];
    }
    return sqrt(off / all);
}

/* Statistics of a whole step: its gradient is that of one naive block of all its images, in doubles; statistics of blocks give another. With
 * one block both are the same, to the bit. */
static void statistics_of_a_whole_step(void **state)
{
    (void)state;
    static const char *const keys[] = {"width=2 batch_norm=batch", "width=2"};
    enum { COUNT = TRAIN, ONE = 50 };
    uint32_t example[COUNT];
    float *grad[2], *one[2];
    double *right = NULL;
    size_t d = 0;
    for (uint32_t i = 0; i < COUNT; ++i) { example[i] = i / ONE * 40 + i % 2; } /* each block has two images, again and again: blocks differ */
    for (int k = 0; k < 2; ++k) {
        struct built b = open_problem("resnet9", keys[k], 3072);
        struct deep_problem *p = b.self;
        assert_true((b.ops->whole(b.self) != NULL) == (k == 0));
        d = b.d;
        float *x = start_of(&b);
        grad[k] = gradient_at(&b, x, COUNT, example);
        one[k] = gradient_at(&b, x, ONE, example);
        if (k == 0) {
            struct deep_plan *plan;
            uint8_t wrong[COUNT], label[COUNT];
            double loss[COUNT], *model = deep_room(d * sizeof *model);
            float *image = deep_room(3072 * sizeof *image);
            right = deep_room(d * sizeof *right);
            for (size_t j = 0; j < d; ++j) { model[j] = (double)x[j]; }
            DEEP_OK(deep_plan_create(&p->graph, COUNT, false, true, &plan));
            void *memory = deep_room(plan->bytes);
            for (size_t i = 0; i < COUNT; ++i) {
                deep_images_read(&p->images, &b.data->train, example[i], image);
                for (size_t j = 0; j < 3072; ++j) { ((double *)deep_plan_images(plan, memory))[i * 3072 + j] = (double)image[j]; }
                label[i] = b.data->train.label[example[i]];
            }
            const struct deep_block block = {.parameter = model, .memory = memory, .label = label, .weight = 1.0 / COUNT, .loss = loss, .wrong = wrong, .gradient = right};
            DEEP_OK(deep_run_forward(plan, &block));
            DEEP_OK(deep_run_backward(plan, &block));
            deep_plan_destroy(plan);
            free(memory), free(model), free(image);
        }
        free(x);
        close_problem(&b);
    }
    assert_memory_equal(one[0], one[1], d * sizeof *one[0]);
    CHECK_CLOSE(distance(d, grad[0], right), 0.0, FLIPS);
    assert_true(distance(d, grad[1], right) > 10.0 * FLIPS);
    for (int k = 0; k < 2; ++k) { free(grad[k]), free(one[k]); }
    free(right);
}

/* Without batch norm the gradient of a whole step is the mean of its workers': also of changed images, whose keys are the workers'. */
static void a_whole_step_is_its_workers(void **state)
{
    (void)state;
    enum { EACH = 40, WORKERS = 3, COUNT = EACH * WORKERS };
    uint32_t example[COUNT];
    for (uint32_t i = 0; i < COUNT; ++i) { example[i] = i * 31 % TRAIN; }
    struct built b = open_problem("lenet", "l2=0.1", 784);
    struct deep_problem *p = b.self;
    float *x = start_of(&b), *whole = deep_room(b.d * sizeof *whole), *part = deep_room(b.d * sizeof *part);
    double *mean = calloc(b.d, sizeof *mean);
    assert_non_null(mean);
    p->settings.augment = DEEP_AUGMENT_CIFAR;
    for (uint32_t w = 0; w <= WORKERS; ++w) { /* in the end all of them */
        p->settings.whole = w == WORKERS;
        const uint32_t count = w < WORKERS ? EACH : COUNT;
        void *work = deep_room(b.ops->workspace(b.self, count, 2));
        const struct dsgd_batch batch = {.example = example + (w < WORKERS ? w * EACH : 0), .count = count, .step = 3, .worker = w < WORKERS ? w : 0,
                                         .workers = w < WORKERS ? 1 : WORKERS, .seed = 9, .work = work, .threads = 2};
        DEEP_OK(b.ops->gradient(b.self, x, &batch, w < WORKERS ? part : whole));
        for (size_t j = 0; w < WORKERS && j < b.d; ++j) { mean[j] += (double)part[j] / WORKERS; }
        free(work);
    }
    CHECK_CLOSE(distance(b.d, whole, mean), 0.0, 1e-6); /* floats */
    free(x), free(whole), free(part), free(mean);
    close_problem(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_do_not_change_bits), cmocka_unit_test(lanes_share_threads),
                                       cmocka_unit_test(statistics_of_a_whole_step), cmocka_unit_test(a_whole_step_is_its_workers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

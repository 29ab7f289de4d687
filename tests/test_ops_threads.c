/* test_ops_threads.c - long vectors in parts by several threads: the bits of one thread, for element-wise operations, the model's and the
 * largest magnitude. */
#include "tests/ops.h"

#include "sim/cpu/split.h"

enum { N = 7 * CPU_PART_LEAST + 5, VECTORS = 3, WIDE = 2 };

static float *narrow[VECTORS], *narrow_out[2][VECTORS];
static double *wide[WIDE], *wide_out[2][WIDE];

struct scene {
    struct ops o;
    dsgd_f32 *f[VECTORS];
    dsgd_f64 *w[WIDE];
    void *word; /* of divergence */
};

static void clear(struct scene *s) { dsgd_clear(&s->o.turn, s->f[0]); }
static void copy(struct scene *s) { dsgd_copy(&s->o.turn, s->f[0], s->f[1]); }
static void subtract(struct scene *s) { dsgd_subtract(&s->o.turn, s->f[0], s->f[1], s->f[2]); }
static void scale(struct scene *s) { dsgd_scale(&s->o.turn, 0.3, s->f[0], s->f[1]); }
static void add_scaled(struct scene *s) { dsgd_add_scaled(&s->o.turn, 0.3f, s->f[0], s->f[1]); }
static void scale_add(struct scene *s) { dsgd_scale_add(&s->o.turn, 0.3f, s->f[0], s->f[1]); }
static void moving_average(struct scene *s) { dsgd_moving_average(&s->o.turn, 0.9f, s->f[0], s->f[1]); }
static void momentum(struct scene *s) { dsgd_momentum(&s->o.turn, 0.9f, 0.3f, s->f[0], s->f[1], s->f[2]); }
static void nesterov(struct scene *s) { dsgd_nesterov(&s->o.turn, 0.9f, 0.3f, s->f[0], s->f[1], s->f[2]); }
static void axpy(struct scene *s) { dsgd_axpy(&s->o.turn, 0.3, s->w[0], s->f[0]); }
static void error_add(struct scene *s) { dsgd_error_add(&s->o.turn, 0.3, s->f[0], s->w[0]); }
static void rounded(struct scene *s) { dsgd_round(&s->o.turn, s->w[0], s->f[0]); }
static void mean(struct scene *s) { dsgd_mean(&s->o.turn, 0.3, s->w[0], s->f[0]); }
static void where_positive(struct scene *s) { dsgd_where_positive(&s->o.turn, 0.3, s->w[0], s->f[0], s->f[1]); }

static void apply_dense(struct scene *s)
{
    const struct dsgd_apply update = {.value = s->f[0], .shrink = 0.25, .scale = 0.3, .step = 4};
    s->o.queue.device->apply(&s->o.queue, &update, s->w[0], s->f[1], s->word);
}

static void apply_shrink(struct scene *s)
{
    const struct dsgd_apply update = {.sparse = true, .shrink = 0.25, .step = 4};
    s->o.queue.device->apply(&s->o.queue, &update, s->w[0], s->f[1], s->word);
}

static void average(struct scene *s) { s->o.queue.device->average(&s->o.queue, 0.3, s->w[0], s->w[1], s->word); }
static void replicate(struct scene *s) { s->o.queue.device->replicate(&s->o.queue, s->w[0], s->f[1]); }

static void largest(struct scene *s)
{
    const size_t start[2] = {0, N};
    const struct dsgd_groups whole = {.count = 1, .start = start};
    dsgd_f32 one = {.array = dsgd_array_at(DSGD_F32, 1, 1, s->f[1]->array.at)};
    dsgd_group_max_abs(&s->o.turn, &whole, s->f[0], &one);
}

static void (*const operation[])(struct scene *) = {clear, copy, subtract, scale, add_scaled, scale_add, moving_average, momentum, nesterov, axpy,
                                                    error_add, rounded, mean, where_positive, apply_dense, apply_shrink, average, replicate, largest};
enum { OPERATIONS = sizeof operation / sizeof *operation, SCENES = 4 };

static void open_scene(struct scene *s, int threads)
{
    ops_open(&s->o, 0, 1);
    s->o.queue.threads = threads;
    for (int v = 0; v < VECTORS; ++v) { s->f[v] = &ops_vector(&s->o, DSGD_F32, N, 1, NULL)->as.f32; }
    for (int v = 0; v < WIDE; ++v) { s->w[v] = &ops_vector(&s->o, DSGD_F64, N, 1, NULL)->as.f64; }
    s->word = s->o.queue.device->alloc(0, 64);
    assert_non_null(s->word);
}

static void close_scene(struct scene *s)
{
    s->o.queue.device->release(s->word);
    ops_close(&s->o);
}

/* Everything after the operation, and the word. */
static uint32_t run(struct scene *s, int op, float **out, double **out_wide)
{
    struct dsgd_queue *q = &s->o.queue;
    uint32_t word = 0;
    q->device->write(q, s->word, &word, sizeof word);
    for (int v = 0; v < VECTORS; ++v) { q->device->write(q, s->f[v]->array.at, narrow[v], N * sizeof(float)); }
    for (int v = 0; v < WIDE; ++v) { q->device->write(q, s->w[v]->array.at, wide[v], N * sizeof(double)); }
    operation[op](s);
    assert_int_equal(q->failed, DSGD_OK);
    for (int v = 0; v < VECTORS; ++v) { ops_read(&s->o, &s->o.vector[v], 0, out[v]); }
    for (int v = 0; v < WIDE; ++v) { ops_read(&s->o, &s->o.vector[VECTORS + v], 0, out_wide[v]); }
    q->device->read(q, &word, s->word, sizeof word);
    return word;
}

static void bits_do_not_depend_on_threads(void **state)
{
    static const int threads[SCENES] = {1, 2, 3, 7};
    struct scene scene[SCENES];
    (void)state;
    for (int t = 0; t < SCENES; ++t) { open_scene(&scene[t], threads[t]); }
    for (int nasty = 0; nasty < 2; ++nasty) {
        for (int v = 0; v < VECTORS; ++v) { ops_fill(narrow[v], N, (uint32_t)v, nasty); }
        for (size_t i = 0; i < N; ++i) {
            for (int v = 0; v < WIDE; ++v) { wide[v][i] = (double)narrow[v][i] * 1.0000001; }
        }
        for (int op = 0; op < OPERATIONS; ++op) {
            const uint32_t word = run(&scene[0], op, narrow_out[0], wide_out[0]);
            assert_int_equal(word, nasty && operation[op] == apply_dense ? 5 : 0);
            for (int t = 1; t < SCENES; ++t) {
                assert_int_equal(run(&scene[t], op, narrow_out[1], wide_out[1]), word);
                for (int v = 0; v < VECTORS; ++v) { assert_memory_equal(narrow_out[1][v], narrow_out[0][v], N * sizeof(float)); }
                for (int v = 0; v < WIDE; ++v) { assert_memory_equal(wide_out[1][v], wide_out[0][v], N * sizeof(double)); }
            }
        }
    }
    for (int t = 0; t < SCENES; ++t) { close_scene(&scene[t]); }
}

/* One number that is not finite, in the last part. */
static void every_part_reports_divergence(void **state)
{
    struct scene scene;
    (void)state;
    open_scene(&scene, 7);
    for (int v = 0; v < VECTORS; ++v) { memset(narrow[v], 0, N * sizeof(float)); }
    for (int v = 0; v < WIDE; ++v) { memset(wide[v], 0, N * sizeof(double)); }
    for (int p = 0; p < 7; ++p) {
        const size_t at = cpu_part(N, p + 1, 7) - 1;
        narrow[0][at] = (float)INFINITY;
        for (int op = 0; op < OPERATIONS; ++op) {
            if (operation[op] == apply_dense) { assert_int_equal(run(&scene, op, narrow_out[0], wide_out[0]), 5); }
        }
        narrow[0][at] = 0.0f;
    }
    close_scene(&scene);
}

static void *floats(size_t bytes)
{
    void *memory = malloc(N * bytes);
    assert_non_null(memory);
    return memory;
}

static int setup(void **state)
{
    (void)state;
    for (int v = 0; v < VECTORS; ++v) { narrow[v] = floats(4), narrow_out[0][v] = floats(4), narrow_out[1][v] = floats(4); }
    for (int v = 0; v < WIDE; ++v) { wide[v] = floats(8), wide_out[0][v] = floats(8), wide_out[1][v] = floats(8); }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int v = 0; v < VECTORS; ++v) { free(narrow[v]), free(narrow_out[0][v]), free(narrow_out[1][v]); }
    for (int v = 0; v < WIDE; ++v) { free(wide[v]), free(wide_out[0][v]), free(wide_out[1][v]); }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bits_do_not_depend_on_threads), cmocka_unit_test(every_part_reports_divergence)};
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* test_ops_alike_group.c - groups, signs, ternary vectors and levels on every device against the CPU: one
 * group, buckets shorter and longer than a chunk of a sum, layers of any length with empty ones among them, many rows.
 */
#include "tests/alike.h"

struct shape { size_t n; struct dsgd_groups groups; };

enum { GROUPS_MAX = 4100 };

/* Groups of one width, the last one shorter. */
static struct shape buckets(size_t n, size_t width, size_t *start)
{
    const size_t count = n > 0 ? (n + width - 1) / width : 1;
    assert_true(count < GROUPS_MAX);
    for (size_t j = 0; j <= count; ++j) { start[j] = j < count ? j * width : n; }
    return (struct shape){n, {count, start}};
}

static struct shape layers(const size_t *length, size_t count, size_t *start)
{
    start[0] = 0;
    for (size_t j = 0; j < count; ++j) { start[j + 1] = start[j] + length[j]; }
    return (struct shape){start[count], {count, start}};
}

static const struct dsgd_rng_key key = {11, 22};

/* Nasty: also not finite. */
static void numbers(struct ops *o, struct kept *k, const struct shape *s, uint32_t rows, int nasty)
{
    const struct dsgd_groups *g = &s->groups;
    struct dsgd_handle *v = alike_floats(o, s->n, rows, 3, nasty), *shared = alike_floats(o, s->n, 0, 4, 0);
    struct dsgd_handle *f = ops_vector(o, DSGD_F32, g->count, rows, NULL), *d = ops_vector(o, DSGD_F64, g->count, rows, NULL);
    struct dsgd_handle *out = ops_vector(o, DSGD_F32, s->n, rows, NULL);
    OPS(o, dsgd_group_max_abs(&o->turn, g, &v->as.f32, &f->as.f32));
    keep(k, o, f);
    OPS(o, dsgd_group_mean_abs(&o->turn, g, &v->as.f32, &f->as.f32));
    keep(k, o, f);
    OPS(o, dsgd_group_norm(&o->turn, g, &v->as.f32, &d->as.f64));
    keep(k, o, d);
    OPS(o, dsgd_group_shorten(&o->turn, g, 3.0, &d->as.f64, &v->as.f32, &out->as.f32));
    keep(k, o, out);
    OPS(o, dsgd_group_std(&o->turn, g, &v->as.f32, &d->as.f64));
    keep(k, o, d);
    OPS(o, dsgd_group_clip(&o->turn, g, 1.5, &d->as.f64, &shared->as.f32, &out->as.f32));
    keep(k, o, out);
    OPS(o, dsgd_group_clip(&o->turn, g, 1.5, &d->as.f64, &v->as.f32, &v->as.f32)); /* in place */
    keep(k, o, v);
}

static void bits(struct ops *o, struct kept *k, const struct shape *s, uint32_t rows, int nasty)
{
    const struct dsgd_groups *g = &s->groups;
    struct dsgd_handle *v = alike_floats(o, s->n, rows, 5, nasty), *scale = alike_floats(o, g->count, rows, 6, nasty);
    struct dsgd_handle *signs = ops_vector(o, DSGD_SIGNS, s->n, rows, NULL), *ternary = ops_vector(o, DSGD_TERNARY, s->n, rows, NULL);
    struct dsgd_handle *level = ops_vector(o, DSGD_I32, s->n, rows, NULL), *out = ops_vector(o, DSGD_F32, s->n, rows, NULL);
    for (int zero = DSGD_PLUS; zero <= DSGD_COIN; ++zero) {
        OPS(o, dsgd_sign_pack(&o->turn, &v->as.f32, (enum dsgd_zero)zero, key, &signs->as.signs));
        keep(k, o, signs);
    }
    OPS(o, dsgd_sign_unpack(&o->turn, &signs->as.signs, &out->as.f32));
    keep(k, o, out);
    OPS(o, dsgd_group_signs(&o->turn, g, &scale->as.f32, &signs->as.signs, &out->as.f32));
    keep(k, o, out);
    OPS(o, dsgd_ternarise(&o->turn, g, &scale->as.f32, &v->as.f32, key, &ternary->as.ternary));
    keep(k, o, ternary);
    OPS(o, dsgd_group_max_abs(&o->turn, g, &v->as.f32, &scale->as.f32));
    OPS(o, dsgd_ternarise(&o->turn, g, &scale->as.f32, &v->as.f32, key, &ternary->as.ternary));
    keep(k, o, ternary);
    OPS(o, dsgd_quantise(&o->turn, g, &scale->as.f32, 7, &v->as.f32, key, &level->as.i32));
    keep(k, o, level);
    OPS(o, dsgd_dequantise(&o->turn, g, &scale->as.f32, 7, &level->as.i32, &out->as.f32));
    keep(k, o, out);
    OPS(o, dsgd_group_units(&o->turn, g, 3.0f, &scale->as.f32, &level->as.i32, &out->as.f32));
    keep(k, o, out);
    for (int zero = DSGD_PLUS; zero <= DSGD_MINUS; ++zero) {
        OPS(o, dsgd_sign_subtract(&o->turn, g, &scale->as.f32, (enum dsgd_zero)zero, &v->as.f32));
        keep(k, o, v);
    }
}

static void scene(struct ops *o, struct kept *k, const void *context)
{
    const struct shape *s = context;
    numbers(o, k, s, o->turn.rows, 0);
    bits(o, k, s, o->turn.rows, 0);
}

static void nasty_scene(struct ops *o, struct kept *k, const void *context)
{
    const struct shape *s = context;
    numbers(o, k, s, o->turn.rows, 1);
    bits(o, k, s, o->turn.rows, 1);
}

static void in_rows(const char *what, const struct shape *s)
{
    static const uint32_t rows[] = {1, 3, 37};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; ++r) {
        if (rows[r] > 1 && (rows[r] * s->n > 60000 || rows[r] * s->groups.count > 3000)) { continue; }
        alike(what, rows[r], scene, s);
        alike(what, rows[r], nasty_scene, s);
    }
}

static void one_group(void **state)
{
    static const size_t length[] = {0, 1, 3, 31, 32, 33, 255, 785, 1024, 4095, 4096, 4097, 8192, 100003};
    size_t start[GROUPS_MAX];
    (void)state;
    for (size_t j = 0; j < sizeof length / sizeof *length; ++j) {
        const struct shape s = buckets(length[j], length[j] > 0 ? length[j] : 1, start);
        in_rows("one group", &s);
    }
}

static void many_buckets(void **state)
{
    static const size_t shape[][2] = {{7, 2}, {785, 1}, {1000, 3}, {4097, 512}, {20000, 5}, {20000, 4096}, {50000, 5000}, {130000, 64}};
    size_t start[GROUPS_MAX];
    (void)state;
    for (size_t j = 0; j < sizeof shape / sizeof *shape; ++j) {
        if (shape[j][0] / shape[j][1] >= GROUPS_MAX - 1) { continue; }
        const struct shape s = buckets(shape[j][0], shape[j][1], start);
        in_rows("buckets", &s);
    }
}

static void some_layers(void **state)
{
    static const size_t a[] = {17, 1, 27}, b[] = {0, 5, 0, 0, 3, 4099, 0}, c[] = {784, 10, 9000, 4096, 4095, 1, 2, 3, 0, 25000}, d[] = {5, 5, 6}, e[] = {0, 0}, f[] = {5, 5, 600};
    size_t start[GROUPS_MAX];
    (void)state;
    struct shape s = layers(a, sizeof a / sizeof *a, start);
    in_rows("layers", &s);
    s = layers(b, sizeof b / sizeof *b, start);
    in_rows("layers, some of them empty", &s);
    s = layers(c, sizeof c / sizeof *c, start);
    in_rows("long layers", &s);
    s = layers(d, sizeof d / sizeof *d, start);
    in_rows("a longer layer at the end", &s);
    s = layers(f, sizeof f / sizeof *f, start);
    in_rows("a much longer layer at the end", &s);
    s = layers(e, sizeof e / sizeof *e, start);
    in_rows("nothing but empty layers", &s);
}

/* More than 4096 chunks: sums of sums of chunks. */
static void a_long_sum(struct ops *o, struct kept *k, const void *context)
{
    const struct shape *s = context;
    struct dsgd_handle *v = alike_floats(o, s->n, 1, 3, 0), *f = ops_vector(o, DSGD_F32, 1, 1, NULL), *d = ops_vector(o, DSGD_F64, 1, 1, NULL);
    OPS(o, dsgd_group_max_abs(&o->turn, &s->groups, &v->as.f32, &f->as.f32));
    keep(k, o, f);
    OPS(o, dsgd_group_std(&o->turn, &s->groups, &v->as.f32, &d->as.f64));
    keep(k, o, d);
}

static void sums_of_sums_of_chunks(void **state)
{
    size_t start[2];
    (void)state;
    const struct shape s = buckets(((size_t)4096 + 2) * 4096 + 77, ((size_t)4096 + 2) * 4096 + 77, start);
    alike("a long sum", 1, a_long_sum, &s);
}

/* More tables of groups than a device keeps (sim/cuda/constant.cu: 64), one behind the other without a wait: those that make room are still being
 * read. The last few results are looked at. */
static void more_tables_than_are_kept(struct ops *o, struct kept *k, const void *context)
{
    enum { TABLES = 150, LOOKED = 4, N = 5000 };
    (void)context;
    struct dsgd_handle *v = alike_floats(o, N, 1, 8, 0), *f[LOOKED];
    for (int j = 0; j < LOOKED; ++j) { f[j] = ops_vector(o, DSGD_F32, 3, 1, NULL); }
    for (size_t j = 0; j < TABLES; ++j) {
        const size_t start[] = {0, 1 + 7 * j, 2000 + 11 * j, N};
        const struct dsgd_groups groups = {3, start};
        OPS(o, dsgd_group_max_abs(&o->turn, &groups, &v->as.f32, &f[j % LOOKED]->as.f32));
    }
    for (int j = 0; j < LOOKED; ++j) { keep(k, o, f[j]); }
}

static void many_tables(void **state)
{
    (void)state;
    alike("many tables", 1, more_tables_than_are_kept, NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(many_tables), cmocka_unit_test(one_group), cmocka_unit_test(many_buckets),
                                       cmocka_unit_test(some_layers), cmocka_unit_test(sums_of_sums_of_chunks)};
    if (argc > 1) { cmocka_set_test_filter(argv[1]); }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

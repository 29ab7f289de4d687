/* onednn.c - oneDNN's C API, 2.x and 3.x. Interface: onednn.h. The only file that sees the library.
 *
 * A primitive is created while this thread has one OpenMP thread, and with scratch memory that the caller brings: then it can be executed by
 * several threads at once and cuts no sum. Memory objects are small and made for each execution.
 *
 * Which algorithm a convolution takes is a rule (winograd below), never a measurement: bits shall not depend on the day.
 */
#include "deep/onednn.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <oneapi/dnnl/dnnl.h>

#include "sim/level.h"

#define V3 (DNNL_VERSION_MAJOR >= 3)

/* A description of memory: a value in 2.x, an object in 3.x. */
#if V3
typedef dnnl_memory_desc_t desc;
typedef const_dnnl_memory_desc_t view;
#define VIEW(d) (d)
#else
typedef dnnl_memory_desc_t desc;
typedef const dnnl_memory_desc_t *view;
#define VIEW(d) (&(d))
#endif

enum { ALIGN = 64, ARGUMENTS = 12, RANK = 4 };

static enum dsgd_status check(dnnl_status_t status, const char *what)
{
    if (status == dnnl_success) { return DSGD_OK; }
    if (status == dnnl_out_of_memory) { return dsgd_fail(DSGD_ENOMEM, "no memory for %s of oneDNN", what); }
    return dsgd_fail(DSGD_EINTERNAL, "oneDNN: %s gives status %d, expected 0", what, (int)status);
}
#define CHECK(call, what) DSGD_TRY(check(call, what))

const char *deep_library(void)
{
    static char text[64];
    const dnnl_version_t *v = dnnl_version();
    const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa(); /* a set of bits: what a set includes it has */
    snprintf(text, sizeof text, "oneDNN %d.%d.%d with %s, loops for %s", v->major, v->minor, v->patch,
             deep_vector() == 16 ? "AVX-512" : (isa & (unsigned)dnnl_cpu_isa_avx2) == (unsigned)dnnl_cpu_isa_avx2 ? "AVX2" : "SSE 4.1",
             dsgd_level_name(dsgd_level()));
    return text;
}

size_t deep_vector(void)
{
    const unsigned isa = (unsigned)dnnl_get_effective_cpu_isa(), avx512 = (unsigned)dnnl_cpu_isa_avx512_core; /* a set of bits */
    return (isa & avx512) == avx512 ? 16 : 8;
}

enum dsgd_status deep_product_of_rows(bool a_turned, bool b_turned, size_t m, size_t n, size_t k, const float *a, size_t a_row, const float *b, size_t b_row,
                                      bool more, float *c, size_t c_row)
{
    return check(dnnl_sgemm(a_turned ? 'T' : 'N', b_turned ? 'T' : 'N', (dnnl_dim_t)m, (dnnl_dim_t)n, (dnnl_dim_t)k, 1.0f, a, (dnnl_dim_t)a_row, b,
                            (dnnl_dim_t)b_row, more ? 1.0f : 0.0f, c, (dnnl_dim_t)c_row),
                 "a product of matrices");
}

enum dsgd_status deep_product(bool a_turned, bool b_turned, size_t m, size_t n, size_t k, const float *a, const float *b, float *c)
{
    return deep_product_of_rows(a_turned, b_turned, m, n, k, a, a_turned ? m : k, b, b_turned ? k : n, false, c, n);
}

/* ---- descriptions and primitives ---- */

static enum dsgd_status describe(const dnnl_dim_t dims[RANK], dnnl_format_tag_t tag, desc *out)
{
    dnnl_dims_t all = {dims[0], dims[1], dims[2], dims[3]};
#if V3
    return check(dnnl_memory_desc_create_with_tag(out, RANK, all, dnnl_f32, tag), "a description of memory");
#else
    return check(dnnl_memory_desc_init_by_tag(out, RANK, all, dnnl_f32, tag), "a description of memory");
#endif
}

static void forget(desc *d)
{
#if V3
    if (*d) { dnnl_memory_desc_destroy(*d); }
    *d = NULL;
#else
    (void)d;
#endif
}

static dnnl_format_tag_t images_tag(size_t vector)
{
    return vector == 16 ? dnnl_nChw16c : vector == 8 ? dnnl_nChw8c : dnnl_nchw;
}

static size_t bytes_of(view d) { return d ? dnnl_memory_desc_get_size(d) : 0; }
static size_t padded(size_t bytes) { return (bytes + ALIGN - 1) / ALIGN * ALIGN; }

struct primitive {
    dnnl_primitive_t run;
    dnnl_primitive_desc_t about;
};

static void drop(struct primitive *p)
{
    if (p->run) { dnnl_primitive_destroy(p->run); }
    if (p->about) { dnnl_primitive_desc_destroy(p->about); }
}

static view about(const struct primitive *p, dnnl_query_t what)
{
    return dnnl_primitive_desc_query_md(p->about, what, 0);
}

static size_t scratch_of(const struct primitive *p)
{
    return p->about ? padded(bytes_of(about(p, dnnl_query_scratchpad_md))) : 0;
}

struct library {
    dnnl_engine_t engine;
    dnnl_primitive_attr_t attr;
};

static enum dsgd_status open_library(struct library *l)
{
    CHECK(dnnl_engine_create(&l->engine, dnnl_cpu, 0), "its engine");
    CHECK(dnnl_primitive_attr_create(&l->attr), "attributes");
    return check(dnnl_primitive_attr_set_scratchpad_mode(l->attr, dnnl_scratchpad_mode_user), "attributes");
}

static void close_library(struct library *l)
{
    if (l->attr) { dnnl_primitive_attr_destroy(l->attr); }
    if (l->engine) { dnnl_engine_destroy(l->engine); }
}

/* ---- execution ---- */

struct argument {
    int name;
    view as;
    const void *at;
};

/* Executes with these arguments, those without a description left out; `scratch` as far as the primitive wants some. */
static enum dsgd_status execute(const struct library *l, const struct primitive *p, struct argument *argument, int arguments, void *scratch)
{
    dnnl_exec_arg_t list[ARGUMENTS];
    dnnl_stream_t stream = NULL;
    dnnl_status_t status = dnnl_stream_create(&stream, l->engine, dnnl_stream_default_flags);
    int made = 0;
    argument[arguments++] = (struct argument){DNNL_ARG_SCRATCHPAD, about(p, dnnl_query_scratchpad_md), scratch};
    for (int j = 0; status == dnnl_success && j < arguments; ++j) {
        if (bytes_of(argument[j].as) == 0) { continue; }
        list[made].arg = argument[j].name;
        status = dnnl_memory_create(&list[made].memory, argument[j].as, l->engine, (void *)(uintptr_t)argument[j].at);
        made += status == dnnl_success;
    }
    if (status == dnnl_success) { status = dnnl_primitive_execute(p->run, stream, made, list); }
    if (status == dnnl_success) { status = dnnl_stream_wait(stream); }
    for (int j = 0; j < made; ++j) { dnnl_memory_destroy(list[j].memory); }
    if (stream) { dnnl_stream_destroy(stream); }
    return check(status, "an execution");
}

static enum dsgd_status reorder(const struct library *l, view from, view to, struct primitive *out)
{
    CHECK(dnnl_reorder_primitive_desc_create(&out->about, from, l->engine, to, l->engine, l->attr), "a reorder");
    return check(dnnl_primitive_create(&out->run, out->about), "a reorder");
}

static enum dsgd_status copy(const struct library *l, const struct primitive *p, view from, const void *in, view to, void *out, void *scratch)
{
    struct argument argument[ARGUMENTS] = {{DNNL_ARG_FROM, from, in}, {DNNL_ARG_TO, to, out}};
    return execute(l, p, argument, 2, scratch);
}

/* ---- convolution ---- */

enum part { FORWARD, DATA, WEIGHTS, PARTS };

struct deep_convolution {
    struct library library;
    struct deep_convolution_shape shape;
    desc in, out, weight, any, bias;                    /* any: weights in whatever order the primitive likes */
    struct primitive part[PARTS], to_forward, to_data, from_weights;
    bool same;                                          /* both directions want the weights in one order */
    char names[160];
};

/* Winograd's algorithm saves 2.25 of the products of 3 x 3 kernels, and loses digits (about 1e-5 of the largest) and time in its transforms:
 * where channels are many and the block is not small. */
static bool winograd(const struct deep_convolution_shape *s)
{
    return s->kernel == 3 && s->pad == 1 && s->in >= 64 && s->out >= 64 && s->vector == 16 && s->n >= 16;
}

static dnnl_status_t part_of(struct deep_convolution *c, enum part part, dnnl_alg_kind_t algorithm)
{
    const dnnl_dim_t pad = (dnnl_dim_t)c->shape.pad;
    const dnnl_dims_t strides = {1, 1}, pads = {pad, pad};
    const view bias = c->shape.bias ? VIEW(c->bias) : NULL;
    dnnl_primitive_desc_t *to = &c->part[part].about, hint = c->part[FORWARD].about;
#if V3
    const dnnl_dims_t dilates = {0, 0};
    if (part == FORWARD) {
        return dnnl_convolution_forward_primitive_desc_create(to, c->library.engine, dnnl_forward_training, algorithm, c->in, c->any, bias, c->out, strides,
                                                              dilates, pads, pads, c->library.attr);
    }
    if (part == DATA) {
        return dnnl_convolution_backward_data_primitive_desc_create(to, c->library.engine, algorithm, c->in, c->any, c->out, strides, dilates, pads, pads, hint,
                                                                    c->library.attr);
    }
    return dnnl_convolution_backward_weights_primitive_desc_create(to, c->library.engine, algorithm, c->in, c->any, bias, c->out, strides, dilates, pads, pads,
                                                                   hint, c->library.attr);
#else
    dnnl_convolution_desc_t d;
    const dnnl_status_t status =
        part == FORWARD ? dnnl_convolution_forward_desc_init(&d, dnnl_forward_training, algorithm, &c->in, &c->any, bias, &c->out, strides, pads, pads)
        : part == DATA  ? dnnl_convolution_backward_data_desc_init(&d, algorithm, &c->in, &c->any, &c->out, strides, pads, pads)
                        : dnnl_convolution_backward_weights_desc_init(&d, algorithm, &c->in, &c->any, bias, &c->out, strides, pads, pads);
    return status == dnnl_success ? dnnl_primitive_desc_create(to, &d, c->library.attr, c->library.engine, hint) : status;
#endif
}

static enum dsgd_status create_part(struct deep_convolution *c, enum part part)
{
    dnnl_status_t status = dnnl_unimplemented;
    if (winograd(&c->shape)) { status = part_of(c, part, dnnl_convolution_winograd); }
    if (status == dnnl_unimplemented) { status = part_of(c, part, dnnl_convolution_direct); }
    CHECK(status, "a convolution");
    CHECK(dnnl_primitive_create(&c->part[part].run, c->part[part].about), "a convolution");
    const char *name = "?";
    const size_t used = strlen(c->names);
    dnnl_primitive_desc_query(c->part[part].about, dnnl_query_impl_info_str, 0, &name);
    snprintf(c->names + used, sizeof c->names - used, "%s%s", used > 0 ? ", " : "", name);
    return DSGD_OK;
}

static enum dsgd_status create_convolution(struct deep_convolution *c)
{
    const struct deep_convolution_shape *s = &c->shape;
    const dnnl_dim_t n = (dnnl_dim_t)s->n, in = (dnnl_dim_t)s->in, out = (dnnl_dim_t)s->out, h = (dnnl_dim_t)s->h, w = (dnnl_dim_t)s->w;
    const dnnl_dim_t kernel = (dnnl_dim_t)s->kernel, grown = 2 * (dnnl_dim_t)s->pad - kernel + 1;
    DSGD_TRY(open_library(&c->library));
    DSGD_TRY(describe((dnnl_dim_t[]){n, in, h, w}, images_tag(s->vector_in), &c->in));
    DSGD_TRY(describe((dnnl_dim_t[]){n, out, h + grown, w + grown}, images_tag(s->vector), &c->out));
    DSGD_TRY(describe((dnnl_dim_t[]){out, in, kernel, kernel}, dnnl_oihw, &c->weight));
    DSGD_TRY(describe((dnnl_dim_t[]){out, in, kernel, kernel}, dnnl_format_tag_any, &c->any));
    dnnl_dims_t outs = {out};
#if V3
    CHECK(dnnl_memory_desc_create_with_tag(&c->bias, 1, outs, dnnl_f32, dnnl_a), "a description of memory");
#else
    CHECK(dnnl_memory_desc_init_by_tag(&c->bias, 1, outs, dnnl_f32, dnnl_a), "a description of memory");
#endif
    DSGD_TRY(create_part(c, FORWARD));
    DSGD_TRY(create_part(c, WEIGHTS));
    const view wanted = about(&c->part[FORWARD], dnnl_query_weights_md);
    DSGD_TRY(reorder(&c->library, VIEW(c->weight), wanted, &c->to_forward));
    DSGD_TRY(reorder(&c->library, about(&c->part[WEIGHTS], dnnl_query_diff_weights_md), VIEW(c->weight), &c->from_weights));
    if (s->first) { return DSGD_OK; }
    DSGD_TRY(create_part(c, DATA));
    const view turned = about(&c->part[DATA], dnnl_query_weights_md);
    c->same = dnnl_memory_desc_equal(wanted, turned) != 0;
    return reorder(&c->library, VIEW(c->weight), turned, &c->to_data);
}

enum dsgd_status deep_convolution_create(const struct deep_convolution_shape *shape, struct deep_convolution **out)
{
    struct deep_convolution *c = calloc(1, sizeof *c);
    *out = NULL;
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for a convolution"); }
    c->shape = *shape;
    const int threads = deep_one_thread();
    const enum dsgd_status status = create_convolution(c);
    deep_threads_back(threads);
    if (status != DSGD_OK) {
        deep_convolution_destroy(c);
        return status;
    }
    *out = c;
    return DSGD_OK;
}

void deep_convolution_destroy(struct deep_convolution *c)
{
    if (!c) { return; }
    for (int p = 0; p < PARTS; ++p) { drop(&c->part[p]); }
    drop(&c->to_forward);
    drop(&c->to_data);
    drop(&c->from_weights);
    forget(&c->in);
    forget(&c->out);
    forget(&c->weight);
    forget(&c->any);
    forget(&c->bias);
    close_library(&c->library);
    free(c);
}

const char *deep_convolution_names(const struct deep_convolution *c) { return c->names; }

/* Scratch: weights in the primitive's order, then what a primitive wants. */
static size_t ordered_bytes(const struct deep_convolution *c)
{
    size_t most = padded(bytes_of(about(&c->part[FORWARD], dnnl_query_weights_md)));
    const size_t back = padded(bytes_of(about(&c->part[WEIGHTS], dnnl_query_diff_weights_md)));
    const size_t turned = c->shape.first ? 0 : padded(bytes_of(about(&c->part[DATA], dnnl_query_weights_md)));
    if (back > most) { most = back; }
    return turned > most ? turned : most;
}

size_t deep_convolution_scratch(const struct deep_convolution *c)
{
    size_t most = 0;
    const struct primitive *all[] = {&c->part[FORWARD], &c->part[DATA], &c->part[WEIGHTS], &c->to_forward, &c->to_data, &c->from_weights};
    for (size_t j = 0; j < sizeof all / sizeof *all; ++j) {
        const size_t bytes = scratch_of(all[j]);
        most = bytes > most ? bytes : most;
    }
    return ordered_bytes(c) + most;
}

enum dsgd_status deep_convolution_forward(const struct deep_convolution *c, const float *in, const float *weight, const float *bias, float *out, void *scratch)
{
    const struct primitive *p = &c->part[FORWARD];
    const view order = about(p, dnnl_query_weights_md);
    void *ordered = scratch, *rest = (char *)scratch + ordered_bytes(c);
    DSGD_TRY(copy(&c->library, &c->to_forward, VIEW(c->weight), weight, order, ordered, rest));
    struct argument argument[ARGUMENTS] = {{DNNL_ARG_SRC, VIEW(c->in), in}, {DNNL_ARG_WEIGHTS, order, ordered}, {DNNL_ARG_DST, VIEW(c->out), out},
                                           {DNNL_ARG_BIAS, c->shape.bias ? VIEW(c->bias) : NULL, bias}};
    return execute(&c->library, p, argument, 4, rest);
}

enum dsgd_status deep_convolution_backward(const struct deep_convolution *c, const float *in, const float *weight, const float *dout, float *din, float *dweight,
                                           float *dbias, void *scratch)
{
    void *ordered = scratch, *rest = (char *)scratch + ordered_bytes(c);
    if (din) {
        const view order = about(&c->part[DATA], dnnl_query_weights_md);
        DSGD_TRY(copy(&c->library, &c->to_data, VIEW(c->weight), weight, order, ordered, rest));
        struct argument data[ARGUMENTS] = {{DNNL_ARG_DIFF_SRC, VIEW(c->in), din}, {DNNL_ARG_WEIGHTS, order, ordered}, {DNNL_ARG_DIFF_DST, VIEW(c->out), dout}};
        DSGD_TRY(execute(&c->library, &c->part[DATA], data, 3, rest));
    }
    const view order = about(&c->part[WEIGHTS], dnnl_query_diff_weights_md);
    struct argument weights[ARGUMENTS] = {{DNNL_ARG_SRC, VIEW(c->in), in}, {DNNL_ARG_DIFF_WEIGHTS, order, ordered}, {DNNL_ARG_DIFF_DST, VIEW(c->out), dout},
                                          {DNNL_ARG_DIFF_BIAS, c->shape.bias ? VIEW(c->bias) : NULL, dbias}};
    DSGD_TRY(execute(&c->library, &c->part[WEIGHTS], weights, 4, rest));
    return copy(&c->library, &c->from_weights, order, ordered, VIEW(c->weight), dweight, rest);
}

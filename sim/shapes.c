/* shapes.c - ways to divide the coordinates: groups, runs and matrices, made from the layout when an algorithm is created. */
#include "sim/inside.h"

#include <stdlib.h>

size_t dsgd_groups_count(const struct dsgd_groups *groups) { return groups->count; }
size_t dsgd_runs_count(const struct dsgd_runs *runs) { return runs->total; }
size_t dsgd_matrices_count(const struct dsgd_matrices *matrices) { return matrices->n; }
size_t dsgd_matrices_p(const struct dsgd_matrices *matrices) { return matrices->p; }
size_t dsgd_matrices_q(const struct dsgd_matrices *matrices) { return matrices->q; }

/* `n` pieces of memory for one more shape, or NULL with the failure noted. */
static void *room(struct dsgd_shapes *shapes, int *used, size_t n, size_t size)
{
    void *memory = *used < DSGD_SHAPES_MAX ? calloc(n > 0 ? n : 1, size) : NULL;
    if (memory) {
        ++*used;
    } else {
        shapes->failed = true;
    }
    return memory;
}

/* Groups of `count` starts. */
static size_t *groups_room(struct dsgd_shapes *shapes, size_t count, const struct dsgd_groups **out)
{
    static const size_t nothing[2];
    static const struct dsgd_groups none = {1, nothing};
    size_t *start = room(shapes, &shapes->used_groups, count + 1, sizeof *start);
    *out = &none;
    if (!start) { return NULL; }
    struct dsgd_groups *groups = &shapes->groups[shapes->used_groups - 1];
    *groups = (struct dsgd_groups){count, start};
    *out = groups;
    return start;
}

const struct dsgd_groups *dsgd_groups_buckets(const struct dsgd_setting *setting, size_t size)
{
    const struct dsgd_groups *groups;
    const size_t d = setting->layout->d, width = size == 0 || size > d ? d : size, count = (d + width - 1) / width;
    size_t *start = groups_room(setting->shapes, count, &groups);
    for (size_t j = 0; start && j <= count; ++j) { start[j] = j < count ? j * width : d; }
    return groups;
}

const struct dsgd_groups *dsgd_groups_whole(const struct dsgd_setting *setting)
{
    return dsgd_groups_buckets(setting, 0);
}

const struct dsgd_groups *dsgd_groups_segments(const struct dsgd_setting *setting)
{
    const struct dsgd_groups *groups;
    const struct dsgd_layout *layout = setting->layout;
    size_t *start = groups_room(setting->shapes, layout->segments, &groups);
    for (size_t j = 0; start && j <= layout->segments; ++j) { start[j] = j < layout->segments ? layout->segment[j].offset : layout->d; }
    return groups;
}

const struct dsgd_runs *dsgd_runs_of(const struct dsgd_setting *setting, bool (*has)(const void *context, const struct dsgd_segment *segment),
                                     const void *context)
{
    static const struct dsgd_runs none;
    struct dsgd_shapes *shapes = setting->shapes;
    const struct dsgd_layout *layout = setting->layout;
    struct dsgd_stretch *run = room(shapes, &shapes->used_runs, layout->segments, sizeof *run);
    if (!run) { return &none; }
    struct dsgd_runs *runs = &shapes->runs[shapes->used_runs - 1];
    *runs = (struct dsgd_runs){.run = run};
    for (size_t s = 0; s < layout->segments; ++s) {
        const struct dsgd_segment *segment = &layout->segment[s];
        if (!has(context, segment)) { continue; }
        if (runs->n > 0 && run[runs->n - 1].offset + run[runs->n - 1].count == segment->offset) {
            run[runs->n - 1].count += segment->count;
        } else {
            run[runs->n++] = (struct dsgd_stretch){segment->offset, segment->count, runs->total};
        }
        runs->total += segment->count;
    }
    return runs;
}

const struct dsgd_matrices *dsgd_matrices_of(const struct dsgd_setting *setting, size_t rank,
                                             bool (*is)(const void *context, const struct dsgd_segment *segment, size_t *rows, size_t *cols),
                                             const void *context)
{
    static const struct dsgd_matrices none;
    struct dsgd_shapes *shapes = setting->shapes;
    const struct dsgd_layout *layout = setting->layout;
    struct dsgd_matrix *matrix = room(shapes, &shapes->used_matrices, layout->segments, sizeof *matrix);
    if (!matrix) { return &none; }
    struct dsgd_matrices *m = &shapes->matrices[shapes->used_matrices - 1];
    *m = (struct dsgd_matrices){.rank = rank, .matrix = matrix};
    for (size_t s = 0; s < layout->segments; ++s) {
        const struct dsgd_segment *segment = &layout->segment[s];
        size_t rows = 0, cols = 0;
        if (!is(context, segment, &rows, &cols)) { continue; }
        matrix[m->n++] = (struct dsgd_matrix){segment->offset, segment->count, rows, cols, m->p, m->q};
        m->p += rows * rank;
        m->q += cols * rank;
        m->rows_max = rows > m->rows_max ? rows : m->rows_max;
        m->cols_max = cols > m->cols_max ? cols : m->cols_max;
    }
    return m;
}

size_t dsgd_shapes_bytes(const struct dsgd_shapes *shapes)
{
    size_t bytes = 0;
    for (int j = 0; j < shapes->used_groups; ++j) { bytes += (shapes->groups[j].count + 1) * sizeof *shapes->groups[j].start; }
    for (int j = 0; j < shapes->used_runs; ++j) { bytes += shapes->runs[j].n * sizeof *shapes->runs[j].run; }
    for (int j = 0; j < shapes->used_matrices; ++j) { bytes += shapes->matrices[j].n * sizeof *shapes->matrices[j].matrix; }
    return bytes;
}

void dsgd_shapes_free(struct dsgd_shapes *shapes)
{
    for (int j = 0; j < shapes->used_groups; ++j) { free((void *)(uintptr_t)shapes->groups[j].start); }
    for (int j = 0; j < shapes->used_runs; ++j) { free(shapes->runs[j].run); }
    for (int j = 0; j < shapes->used_matrices; ++j) { free(shapes->matrices[j].matrix); }
    *shapes = (struct dsgd_shapes){.failed = false};
}

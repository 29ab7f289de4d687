/* sketch_choose.c - the largest estimates over threads. Interface: sketch_choose.h.
 *
 * Each thread reads its part of the coordinates into a list of its own; behind one another the lists are in ascending order again, and the k
 * largest of all are among them.
 */
#include "sim/cpu/sketch_choose.h"

#include <math.h>
#include <string.h>

#include "sim/cpu/sketch_list.h"
#include "sim/cpu/sketch_read.h"

enum {
    ROOM = 4096,           /* of a list, besides 2 k */
    SLACK = 64,
    SAMPLED_MIN = 1 << 16, /* shorter vectors are collected without a sample */
    SAMPLE_EXPECTED = 200, /* estimates of the top k expected in the sample: 1.4 k are collected at five standard deviations */
    SAMPLE_MAX = 1 << 16,
    LOWER = 1 << 20        /* what the next choice begins below this one's least, in keys: 6 to 12 % of a magnitude */
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t capacity_of(size_t d, size_t k, int threads)
{
    const size_t list = smaller(2 * k + ROOM, d) + SLACK;
    return list * (size_t)threads < SAMPLE_MAX + SLACK && d >= SAMPLED_MIN ? (SAMPLE_MAX + SLACK) / (size_t)threads + 1 : list;
}

size_t sketch_choose_bytes(size_t d, size_t k, int threads)
{
    return capacity_of(d, k, threads) * (size_t)threads * (sizeof(uint32_t) + sizeof(int32_t));
}

/* What all need; the lists lie behind one another in `index` and `key`. */
struct choice {
    struct sketch_read read;
    size_t d, k, capacity;
    uint32_t *index;
    int32_t *key;
    int threads;
};

static void choice_open(struct choice *c, const struct sketch_hash *hash, const float *table, size_t k, void *scratch, int threads)
{
    sketch_read_open(&c->read, hash, table, threads);
    c->d = sketch_hash_d(hash);
    c->k = k;
    c->capacity = capacity_of(c->d, k, threads);
    c->index = scratch;
    c->key = (int32_t *)(void *)(c->index + c->capacity * (size_t)threads);
    c->threads = threads;
}

static struct sketch_list list_of(const struct choice *c, int p, int32_t least)
{
    const size_t at = (size_t)p * c->capacity;
    return (struct sketch_list){.index = c->index + at, .key = c->key + at, .capacity = c->capacity, .k = c->k, .least = least, .floor = least};
}

/* All from `least` on, or the k largest of them. */
static struct sketch_list collect(const struct choice *c, int32_t least)
{
    const int parts = sketch_read_parts(&c->read, c->threads);
    struct sketch_list all = list_of(c, 0, least);
#pragma omp parallel for schedule(static, 1) ordered num_threads(parts) if (parts > 1)
    for (int p = 0; p < parts; ++p) {
        struct sketch_list list = list_of(c, p, least);
        sketch_read_keys(&c->read, sketch_read_part(c->d, p, parts), sketch_read_part(c->d, p + 1, parts), sketch_list_take, &list);
#pragma omp ordered
        {
            memmove(all.index + all.n, list.index, list.n * sizeof *list.index);
            memmove(all.key + all.n, list.key, list.n * sizeof *list.key);
            all.n += list.n;
        }
    }
    if (all.n > c->k) { sketch_list_cut(&all); }
    return all;
}

/* A key that about 1.25 k estimates reach, from blocks spread over the vector; 0 where a sample says nothing. */
static int32_t sampled(const struct choice *c)
{
    const size_t blocks = c->d / 64, wanted = SAMPLE_EXPECTED * (c->d / c->k) + 1024;
    if (c->d < SAMPLED_MIN || wanted > c->d / 8) { return 0; }
    const size_t take = smaller(wanted, SAMPLE_MAX) / 64, size = take * 64;
    const double expected = (double)c->k * (double)size / (double)c->d;
    struct sketch_list list = list_of(c, 0, 0);
    list.k = (size_t)(expected + 5.0 * sqrt(expected)) + 8;
    list.capacity = SAMPLE_MAX + SLACK;
    if (list.k > size) { return 0; }
    for (size_t j = 0; j < take; ++j) {
        const size_t first = blocks * j / take * 64;
        sketch_read_keys(&c->read, first, first + 64, sketch_list_take, &list);
    }
    sketch_list_cut(&list);
    int32_t least = INT32_MAX;
    for (size_t i = 0; i < list.n; ++i) {
        const int32_t m = sketch_magnitude(list.key[i]);
        least = m < least ? m : least;
    }
    return least;
}

static struct sketch_chosen chosen_of(const struct sketch_list *list)
{
    return (struct sketch_chosen){list->n, list->index, list->key};
}

struct sketch_chosen sketch_choose_largest(const struct sketch_hash *hash, const float *table, size_t k, void *scratch, int threads)
{
    struct choice c;
    if (k == 0) { return (struct sketch_chosen){0, NULL, NULL}; }
    choice_open(&c, hash, table, k, scratch, threads);
    const int32_t hint = sketch_hash_hint(hash, k);
    struct sketch_list list = {.n = 0};
    if (hint > 0) { list = collect(&c, hint); }
    if (list.n < k) {
        const int32_t least = sampled(&c);
        if (least > 0) { list = collect(&c, least); }
    }
    if (list.n < k) { list = collect(&c, 0); }
    int32_t least = INT32_MAX;
    for (size_t i = 0; i < k; ++i) {
        const int32_t m = sketch_magnitude(list.key[i]);
        least = m < least ? m : least;
    }
    sketch_hash_set_hint(hash, k, least > LOWER ? least - LOWER : 0);
    return chosen_of(&list);
}

struct sketch_chosen sketch_choose_heavy(const struct sketch_hash *hash, const float *table, int32_t least, size_t k, void *scratch, int threads)
{
    struct choice c;
    if (k == 0) { return (struct sketch_chosen){0, NULL, NULL}; }
    choice_open(&c, hash, table, k, scratch, threads);
    const struct sketch_list list = collect(&c, least);
    return chosen_of(&list);
}

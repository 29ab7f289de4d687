/* bins.c - cuts sorted sentences into batches and fills them. Interface and rule: bins.h. */
#include "datasets/bins.h"

#include <stdbool.h>
#include <stdlib.h>
#include "sim/kernel/rng.h"

/* What a sentence is sorted by. */
struct entry {
    uint32_t target, source; /* ids, without the one that is added */
    uint64_t tie;            /* keyed */
    uint32_t i;
};

static uint32_t length_of(const struct dsgd_sentences *s, size_t i)
{
    return (uint32_t)(s->start[i + 1] - s->start[i]); /* at most DSGD_SENTENCE_MAX */
}

static int by_length(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->target != b->target) { return a->target < b->target ? -1 : 1; }
    if (a->source != b->source) { return a->source < b->source ? -1 : 1; }
    if (a->tie != b->tie) { return a->tie < b->tie ? -1 : 1; }
    return a->i < b->i ? -1 : a->i > b->i;
}

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

static bool fits(const struct dsgd_bins_rule *rule, uint64_t n, uint32_t S, uint32_t T)
{
    return (rule->sentences == 0 || n <= rule->sentences) && (rule->tokens == 0 || n * larger(S, T) <= rule->tokens);
}

static void add(struct dsgd_bin *bin, const struct entry *e)
{
    ++bin->n;
    bin->S = larger(bin->S, e->source + 1);
    bin->T = larger(bin->T, e->target + 1);
    bin->source_tokens += e->source + 1;
    bin->target_tokens += e->target + 1;
}

static void count(struct dsgd_bins *bins, const struct dsgd_bin *bin)
{
    const uint64_t source = (uint64_t)bin->n * bin->S, target = (uint64_t)bin->n * bin->T;
    bins->source_tokens += bin->source_tokens;
    bins->target_tokens += bin->target_tokens;
    bins->source_places += source;
    bins->target_places += target;
    bins->most_sentences = larger(bins->most_sentences, bin->n);
    bins->most_source = larger(bins->most_source, bin->S);
    bins->most_target = larger(bins->most_target, bin->T);
    if (source > bins->most_source_places) { bins->most_source_places = source; }
    if (target > bins->most_target_places) { bins->most_target_places = target; }
    ++bins->n;
}

/* Each bin as long as the rule allows. Every sentence fits alone. */
static void cut(const struct dsgd_bins_rule *rule, const struct entry *entry, size_t n, struct dsgd_bins *bins, struct dsgd_bin *bin)
{
    struct dsgd_bin now = {0};
    for (size_t k = 0; k < n; ++k) {
        if (!fits(rule, (uint64_t)now.n + 1, larger(now.S, entry[k].source + 1), larger(now.T, entry[k].target + 1))) {
            bin[bins->n] = now;
            count(bins, &now);
            now = (struct dsgd_bin){.first = (uint32_t)k};
        }
        add(&now, &entry[k]);
    }
    bin[bins->n] = now;
    count(bins, &now);
}

static enum dsgd_status check(const char *who, const struct dsgd_split *split, const struct dsgd_bins_rule *rule)
{
    if (rule->sentences == 0 && rule->tokens == 0) {
        return dsgd_fail(DSGD_EINPUT, "%s: batches without a limit, expected one of sentences or of tokens", who);
    }
    for (size_t i = 0; i < split->n; ++i) {
        const uint32_t source = length_of(&split->source, i), target = length_of(&split->target, i);
        if (!fits(rule, 1, source + 1, target + 1)) {
            return dsgd_fail(DSGD_EINPUT, "%s: batches of at most %zu tokens, but pair %zu has %u source and %u target ids, and an end each: expected "
                             "more tokens, or shorter sentences", who, rule->tokens, i, (unsigned)source, (unsigned)target);
        }
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_bins_create(const char *who, const struct dsgd_split *split, const struct dsgd_bins_rule *rule, struct dsgd_bins **out)
{
    const struct dsgd_rng_key key = {rule->seed, dsgd_rng_purpose("order of sentences of like lengths")};
    *out = NULL;
    DSGD_TRY(check(who, split, rule));
    struct dsgd_bins *bins = calloc(1, sizeof *bins);
    struct entry *entry = malloc(split->n * sizeof *entry);
    struct dsgd_bin *bin = malloc(split->n * sizeof *bin); /* at most; what is left over is given back below */
    uint32_t *order = malloc(split->n * sizeof *order);
    if (!bins || !entry || !bin || !order) {
        free(bins);
        free(entry);
        free(bin);
        free(order);
        return dsgd_fail(DSGD_ENOMEM, "%s: no memory for batches of %zu pairs", who, split->n);
    }
    for (size_t i = 0; i < split->n; ++i) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)i, 0, 0, 0);
        entry[i] = (struct entry){length_of(&split->target, i), length_of(&split->source, i), dsgd_rng_u64(&words, 0), (uint32_t)i};
    }
    qsort(entry, split->n, sizeof *entry, by_length);
    cut(rule, entry, split->n, bins, bin);
    for (size_t k = 0; k < split->n; ++k) { order[k] = entry[k].i; }
    free(entry);
    struct dsgd_bin *fitting = realloc(bin, bins->n * sizeof *bin);
    bins->bin = bins->owned[0] = fitting ? fitting : bin;
    bins->order = bins->owned[1] = order;
    *out = bins;
    return DSGD_OK;
}

void dsgd_bins_destroy(struct dsgd_bins *bins)
{
    if (!bins) { return; }
    free(bins->owned[0]);
    free(bins->owned[1]);
    free(bins);
}

size_t dsgd_bins_words(const struct dsgd_bins *bins)
{
    return bins->most_source_places + 2 * bins->most_target_places + 2 * (size_t)bins->most_sentences;
}

struct dsgd_bin_ids dsgd_bins_place(const struct dsgd_bin *bin, uint32_t *words)
{
    const size_t source = (size_t)bin->n * bin->S, target = (size_t)bin->n * bin->T;
    struct dsgd_bin_ids ids = {.source = words, .target_in = words + source, .target_out = words + source + target};
    ids.source_length = ids.target_out + target;
    ids.target_length = ids.source_length + bin->n;
    return ids;
}

/* A row of `columns`: what stands in front, the ids, what ends it, padding. DSGD_ID_PAD in front or at the end: nothing. */
static void fill_row(uint32_t front, size_t count, const uint32_t *id, uint32_t end, size_t columns, uint32_t *row)
{
    size_t at = 0;
    if (front != DSGD_ID_PAD) { row[at++] = front; }
    for (size_t k = 0; k < count; ++k) { row[at++] = id[k]; }
    if (end != DSGD_ID_PAD) { row[at++] = end; }
    while (at < columns) { row[at++] = DSGD_ID_PAD; }
}

void dsgd_bins_fill(const struct dsgd_bins *bins, const struct dsgd_bin *bin, const struct dsgd_split *split, const struct dsgd_bin_ids *out)
{
    for (size_t r = 0; r < bin->n; ++r) {
        const size_t i = bins->order[bin->first + r];
        const uint32_t sources = length_of(&split->source, i), targets = length_of(&split->target, i);
        const uint32_t *source = split->source.id + split->source.start[i], *target = split->target.id + split->target.start[i];
        fill_row(DSGD_ID_PAD, sources, source, DSGD_ID_END, bin->S, out->source + r * bin->S);
        fill_row(DSGD_ID_BEGIN, targets, target, DSGD_ID_PAD, bin->T, out->target_in + r * bin->T);
        fill_row(DSGD_ID_PAD, targets, target, DSGD_ID_END, bin->T, out->target_out + r * bin->T);
        out->source_length[r] = sources + 1;
        out->target_length[r] = targets + 1;
    }
}

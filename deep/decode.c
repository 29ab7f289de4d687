/* decode.c - greedy and beam search. Interface: decode.h. */
#include "deep/decode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "deep/loops.h"
#include "sim/kernel/maths.h"

enum { STEP = 8, PLANS_MAX = 64 }; /* plans for targets of 8, 16, ... positions, the last of all */

struct deep_decoder {
    const struct deep_graph *graph;
    struct deep_search search;
    size_t sentences, source, target, rows; /* rows: sentences times beam */
    int plans;
    struct deep_plan *plan[PLANS_MAX];
};

/* A target under way. */
struct slot {
    double log_p, score; /* score: what the search compares */
    uint32_t tokens;     /* with the end */
    bool used, ended;
};

/* A slot of the next step: slot `from` as it is, or continued with id. */
struct candidate {
    struct slot slot;
    uint32_t from, id;
    bool grows;
};

/* A call's memory. Arrays of two are for this step and the next. */
struct work {
    char *plan;
    uint32_t *source, *source_length, *target_length, *target[2]; /* target [rows][target + 1]: begin and the ids */
    struct slot *slot[2];
    struct candidate *best; /* [beam] */
    char *last;             /* [rows]: what the last positions' scores are made of */
};

static size_t padded(size_t bytes)
{
    return (bytes + DEEP_ALIGN - 1) / DEEP_ALIGN * DEEP_ALIGN;
}

enum dsgd_status deep_decoder_create(const struct deep_graph *graph, const struct deep_search *search, size_t sentences, size_t source, size_t target,
                                     bool fast, struct deep_decoder **out)
{
    *out = NULL;
    if (search->beam < 1 || sentences < 1 || source < 1 || target < 1) {
        return dsgd_fail(DSGD_EINTERNAL, "a decoder of %zu sentences of %zu and %zu tokens with a beam of %zu, expected at least 1 of all", sentences, source,
                         target, search->beam);
    }
    const struct deep_site *last = &graph->site[graph->nodes - 1];
    if (!graph->site[last->node->in[0]].node->op->row_by_row) {
        return dsgd_fail(DSGD_EINTERNAL, "model %s: scores by layer %s, expected one that works row by row", graph->model->name,
                         graph->site[last->node->in[0]].node->name);
    }
    struct deep_decoder *d = calloc(1, sizeof *d);
    if (!d) { return dsgd_fail(DSGD_ENOMEM, "no memory for a decoder"); }
    *d = (struct deep_decoder){.graph = graph, .search = *search, .sentences = sentences, .source = source, .target = target, .rows = sentences * search->beam};
    enum dsgd_status status = DSGD_OK;
    for (size_t t = STEP; status == DSGD_OK; t += STEP) {
        const size_t positions = t >= target || d->plans == PLANS_MAX - 1 ? target : t;
        const struct deep_extent extent = {d->rows, {1, source, positions}};
        status = deep_plan_create_pairs(graph, &extent, fast, false, &d->plan[d->plans]);
        ++d->plans;
        if (positions == target) { break; }
    }
    if (status != DSGD_OK) {
        deep_decoder_destroy(d);
        return status;
    }
    *out = d;
    return DSGD_OK;
}

void deep_decoder_destroy(struct deep_decoder *d)
{
    if (!d) { return; }
    for (int p = 0; p < d->plans; ++p) { deep_plan_destroy(d->plan[p]); }
    free(d);
}

/* Numbers of a target with its begin. */
static size_t wide(const struct deep_decoder *d)
{
    return d->target + 1;
}

/* The node whose output the loss looks at. */
static const struct deep_site *scorer(const struct deep_decoder *d)
{
    return &d->graph->site[d->graph->site[d->graph->nodes - 1].node->in[0]];
}

/* Where the arrays lie, from `memory` on; returns the bytes. */
static size_t lay_out(const struct deep_decoder *d, char *memory, struct work *w)
{
    size_t most = 0, at = 0;
    for (int p = 0; p < d->plans; ++p) { most = d->plan[p]->bytes > most ? d->plan[p]->bytes : most; }
    const size_t ids = padded(d->rows * wide(d) * sizeof(uint32_t)), lengths = padded(d->rows * sizeof(uint32_t)),
                 slots = padded(d->rows * sizeof(struct slot));
    w->plan = memory;
    at += padded(most);
    w->source = (uint32_t *)(memory + at);
    at += padded(d->rows * d->source * sizeof(uint32_t));
    w->source_length = (uint32_t *)(memory + at);
    at += lengths;
    w->target_length = (uint32_t *)(memory + at);
    at += lengths;
    for (int k = 0; k < 2; ++k) {
        w->target[k] = (uint32_t *)(memory + at);
        at += ids;
        w->slot[k] = (struct slot *)(memory + at);
        at += slots;
    }
    w->best = (struct candidate *)(memory + at);
    at += padded(d->search.beam * sizeof *w->best);
    w->last = memory + at;
    return at + padded(d->rows * scorer(d)->in.c * d->plan[0]->element);
}

size_t deep_decoder_bytes(const struct deep_decoder *d)
{
    static char nothing; /* offsets are wanted, not places */
    struct work w;
    return lay_out(d, &nothing, &w);
}

/* ---- the model ---- */

/* All nodes of a sequence but what gives the scores, and the loss. */
static enum dsgd_status run(const struct deep_decoder *d, const struct deep_plan *plan, const struct deep_block *block, enum deep_sequence sequence)
{
    for (int j = 1; j < plan->graph->nodes - 1; ++j) {
        const struct deep_site *site = &plan->graph->site[j];
        if (site->sequence == sequence && site != scorer(d)) { DSGD_TRY(deep_run_node_forward(plan, block, j)); }
    }
    return DSGD_OK;
}

/* Scores of every row at position t, [rows][ids], where the plan has those of all positions. */
static enum dsgd_status score_last(const struct deep_decoder *d, const struct deep_plan *plan, const struct deep_block *block, const struct work *w, size_t t)
{
    const struct deep_site *site = scorer(d);
    const size_t each = site->in.c * plan->element, positions = plan->extent.rows[DEEP_TARGET];
    const char *from = deep_plan_output(plan, w->plan, site->node->in[0]);
    for (size_t r = 0; r < d->rows; ++r) { memcpy(w->last + r * each, from + (r * positions + t) * each, each); }
    return deep_run_rows(plan, block, (int)site->number, d->rows, w->last, deep_plan_output(plan, w->plan, (int)site->number));
}

/* log p of every id is score - this. */
static double log_sum(size_t ids, const void *score, bool floats)
{
    if (floats) {
        struct deep_scores of;
        deep_loops()->scores(ids, score, 0, &of);
        return (double)of.most + of.log_sum;
    }
    const double *s = score;
    double most = s[0], sum = 0.0;
    for (size_t c = 1; c < ids; ++c) { most = s[c] > most ? s[c] : most; }
    for (size_t c = 0; c < ids; ++c) { sum += dsgd_exp(s[c] - most); }
    return most + dsgd_log(sum);
}

/* ---- the search ---- */

/* What a target of so many tokens has its log p divided by. */
static double penalty_of(const struct deep_search *search, uint32_t tokens)
{
    return search->alpha == 0.0 ? 1.0 : dsgd_pow((5.0 + tokens) / 6.0, search->alpha);
}

/* A number, also of a diverged model. */
static double scored(double log_p, double penalty)
{
    const double score = log_p / penalty;
    return score == score ? score : -HUGE_VAL;
}

/* Sorts a candidate into the best so far; of equal ones the earlier stays. Returns how many there are. */
static size_t offer(size_t beam, struct candidate *best, size_t count, const struct candidate *c)
{
    size_t at = count;
    if (count == beam && !(c->slot.score > best[beam - 1].slot.score)) { return count; }
    while (at > 0 && c->slot.score > best[at - 1].slot.score) { --at; }
    const size_t end = count < beam ? count + 1 : beam;
    memmove(best + at + 1, best + at, (end - at - 1) * sizeof *best);
    best[at] = *c;
    return end;
}

/* The candidates of one sentence, from `score`, its rows' scores at this step. */
static size_t choose(const struct deep_decoder *d, const struct slot *slot, const char *score, bool floats, struct candidate *best)
{
    const size_t ids = scorer(d)->out.c, element = floats ? sizeof(float) : sizeof(double);
    size_t count = 0;
    for (uint32_t b = 0; b < d->search.beam; ++b) {
        const char *row = score + b * ids * element;
        if (!slot[b].used) { continue; }
        if (slot[b].ended) {
            const struct candidate stays = {slot[b], b, 0, false};
            count = offer(d->search.beam, best, count, &stays);
            continue;
        }
        const double all = log_sum(ids, row, floats), penalty = penalty_of(&d->search, slot[b].tokens + 1);
        for (uint32_t id = 0; id < ids; ++id) {
            const double log_p = slot[b].log_p + (floats ? (double)((const float *)row)[id] : ((const double *)row)[id]) - all;
            const struct slot next = {log_p, scored(log_p, penalty), slot[b].tokens + 1, true, id == d->search.end};
            const struct candidate grown = {next, b, id, true};
            count = offer(d->search.beam, best, count, &grown);
        }
    }
    return count;
}

/* The next slots of one sentence and their ids. */
static void move(const struct deep_decoder *d, const struct work *w, size_t first, size_t count, int now)
{
    for (size_t b = 0; b < d->search.beam; ++b) {
        struct slot *slot = &w->slot[1 - now][first + b];
        uint32_t *ids = w->target[1 - now] + (first + b) * wide(d);
        *slot = b < count ? w->best[b].slot : (struct slot){0};
        memcpy(ids, w->target[now] + (first + (b < count ? w->best[b].from : 0)) * wide(d), wide(d) * sizeof *ids);
        if (b < count && w->best[b].grows) { ids[slot->tokens] = w->best[b].id; }
    }
}

/* Rows behind the last sentence stay what `begin` made of them: what the model reads there are ids. */
static void stay(const struct deep_decoder *d, const struct work *w, size_t count, int now)
{
    for (size_t r = count * d->search.beam; r < d->rows; ++r) {
        w->slot[1 - now][r] = (struct slot){0};
        for (size_t p = 0; p < wide(d); ++p) { w->target[1 - now][r * wide(d) + p] = d->search.begin; }
    }
}

static bool is_over(const struct deep_decoder *d, const struct work *w, size_t count, int now)
{
    for (size_t r = 0; r < count * d->search.beam; ++r) {
        if (w->slot[now][r].used && !w->slot[now][r].ended) { return false; }
    }
    return true;
}

/* Rows of sentence `count` and behind are copies of the first one's, and nobody looks at them. */
static void begin(const struct deep_decoder *d, const struct work *w, size_t count, const uint32_t *ids, const uint32_t *length)
{
    for (size_t r = 0; r < d->rows; ++r) {
        const size_t s = r / d->search.beam < count ? r / d->search.beam : 0;
        memcpy(w->source + r * d->source, ids + s * d->source, d->source * sizeof *ids);
        w->source_length[r] = length[s];
        w->slot[0][r] = (struct slot){.used = r % d->search.beam == 0};
        for (size_t p = 0; p < wide(d); ++p) { w->target[0][r * wide(d) + p] = d->search.begin; }
    }
}

static void finish(const struct deep_decoder *d, const struct work *w, size_t s, int now, uint32_t *out, uint32_t *out_length, double *score)
{
    const struct slot *slot = &w->slot[now][s * d->search.beam]; /* the best is the first */
    *out_length = slot->tokens - (slot->ended ? 1 : 0);
    *score = slot->score;
    memcpy(out, w->target[now] + s * d->search.beam * wide(d) + 1, *out_length * sizeof *out);
}

/* One step: every row's scores behind its t + 1 tokens. The plan reads rows of its own length: those of the longest, cut, where the next step's will be. */
static enum dsgd_status step(const struct deep_decoder *d, const struct deep_plan *plan, const void *parameter, const struct work *w, size_t t, int now,
                             bool anew)
{
    const size_t positions = plan->extent.rows[DEEP_TARGET];
    uint32_t *cut = w->target[1 - now];
    for (size_t r = 0; r < d->rows; ++r) {
        memcpy(cut + r * positions, w->target[now] + r * wide(d), positions * sizeof *cut);
        w->target_length[r] = (uint32_t)(t + 1);
    }
    const struct deep_tokens tokens = {.in = {NULL, w->source, cut}, .length = {NULL, w->source_length, w->target_length}};
    const struct deep_block block = {.parameter = parameter, .memory = w->plan, .tokens = &tokens};
    if (anew) { DSGD_TRY(run(d, plan, &block, DEEP_SOURCE)); }
    DSGD_TRY(run(d, plan, &block, DEEP_TARGET));
    return score_last(d, plan, &block, w, t);
}

enum dsgd_status deep_decode(const struct deep_decoder *d, const void *parameter, void *memory, size_t count, const uint32_t *ids, const uint32_t *length,
                             uint32_t *out, uint32_t *out_length, double *score)
{
    struct work w;
    const size_t classes = scorer(d)->out.c;
    lay_out(d, memory, &w);
    begin(d, &w, count, ids, length);
    int now = 0, used = -1;
    for (size_t t = 0; t < d->target && !is_over(d, &w, count, now); ++t, now = 1 - now) {
        int p = used < 0 ? 0 : used;
        while (d->plan[p]->extent.rows[DEEP_TARGET] <= t) { ++p; }
        const struct deep_plan *plan = d->plan[p];
        DSGD_TRY(step(d, plan, parameter, &w, t, now, p != used));
        used = p;
        const char *scores = deep_plan_output(plan, w.plan, (int)scorer(d)->number);
        for (size_t s = 0; s < count; ++s) {
            const size_t first = s * d->search.beam;
            const size_t kept = choose(d, w.slot[now] + first, scores + first * classes * plan->element, plan->element == sizeof(float), w.best);
            move(d, &w, first, kept, now);
        }
        stay(d, &w, count, now);
    }
    for (size_t s = 0; s < count; ++s) { finish(d, &w, s, now, out + s * d->target, &out_length[s], &score[s]); }
    return DSGD_OK;
}

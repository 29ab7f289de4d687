/* grammar.c - a language and its translation made on the spot, in place of files: small enough to be learned within a minute, with what makes
 * translation hard: rare words, another order, agreement over a distance.
 *
 * Words are of five classes: N nouns (80), A adjectives (40), V verbs (60), P prepositions (8), D determiners (4); each noun has one of three
 * genders. A source sentence, in which [x] occurs or does not:
 *
 *   sentence = phrase verb [phrase]                 the object, with probability 3/4
 *   phrase   = determiner adjectives noun [preposition phrase]     with probability 1/5
 *   adjectives: none, one or two with probabilities 1/2, 7/20, 3/20
 *
 * Its translation has every word's own translation, in another order: the noun before its adjectives, the verb at the end of the sentence.
 * Determiners and adjectives have a form for each gender and take that of the noun that they belong to:
 *
 *   sentence = phrase [phrase] verb
 *   phrase   = determiner(gender) noun adjectives(gender) [preposition phrase]
 *
 * So the source says all of the target: a model can get every word right. Word q = 0, 1, ... of a class has probability proportional to
 * 1/(q + 1) (Zipf's law), independently of everything else. A sentence of more than `longest` source words is drawn again.
 *
 * Ids. 0 to 3 are those of every vocabulary (datasets/dataset.h). Source word q of a class has the id base + q, the classes in the order above: with
 * the defaults 192 words, 196 ids. Its translation is word p(q) of the class, p a random permutation, with the id base + p(q), or, with a form
 * for each gender g = 0, 1, 2, base + 3 p(q) + g: 280 words, 284 ids. Pieces, for reading: "▁a7" is adjective 7, "▁A7f" its translation, feminine.
 *
 * Draws (sim/kernel/rng.h; key {seed, purpose}, counter {item, step, worker, draw}):
 *   gender of noun q         below({"grammar gender"}, q, 0, 0, 3)
 *   p of class c = 0 .. 4    Fisher and Yates: p = identity; for j = size - 1 down to 1 swap p(j) and p(below({"grammar words"}, j, c, 0, j + 1))
 *   number k of attempt a at sentence i of split s (0 training, 1 validation, 2 test)
 *                            unit of the 64 bits of words 2 (k mod 2) and the next of draw({"grammar sentence"}, k / 2, i, s, a)
 * The numbers of an attempt: of a phrase its noun, its determiner, how many adjectives (none below 0.5, one below 0.85), each adjective, whether a
 * preposition follows (below 0.2), and if so the preposition and the next phrase's; of a sentence its first phrase's, its verb, whether an
 * object follows (below 0.75), and the object's. A number u chooses the first word q with u H(size) < H(q + 1), H(m) = 1 + 1/2 + ... + 1/m added
 * in this order in double precision. So the same keys give the same ids on any machine, and more examples leave the first ones as they are.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "datasets/dataset.h"
#include "sim/kernel/rng.h"

enum { NOUN, ADJECTIVE, VERB, PREPOSITION, DETERMINER, CLASSES, GENDERS = 3, LONGEST = 64, SPLITS = 3, SENTENCES_PARALLEL = 256, PIECE_MAX = 16 };

static const bool agrees[CLASSES] = {[ADJECTIVE] = true, [DETERMINER] = true}; /* has a form for each gender */

struct config {
    int64_t n[SPLITS], size[CLASSES], longest, seed;
};

#define SIZE(class) offsetof(struct config, size) + class * sizeof(int64_t)
static const struct dsgd_param grammar_params[] = {
    {"n", DSGD_PARAM_INT, offsetof(struct config, n), "40000", 1, 1e8, NULL, "training pairs"},
    {"n_validation", DSGD_PARAM_INT, offsetof(struct config, n) + sizeof(int64_t), "1000", 1, 1e7, NULL, "validation pairs"},
    {"n_test", DSGD_PARAM_INT, offsetof(struct config, n) + 2 * sizeof(int64_t), "1000", 1, 1e7, NULL, "test pairs"},
    {"nouns", DSGD_PARAM_INT, SIZE(NOUN), "80", 1, 1e6, NULL, "source words of this class; the target has as many"},
    {"adjectives", DSGD_PARAM_INT, SIZE(ADJECTIVE), "40", 1, 1e6, NULL, "source words of this class; the target has three forms of each"},
    {"verbs", DSGD_PARAM_INT, SIZE(VERB), "60", 1, 1e6, NULL, "source words of this class; the target has as many"},
    {"prepositions", DSGD_PARAM_INT, SIZE(PREPOSITION), "8", 1, 1e6, NULL, "source words of this class; the target has as many"},
    {"determiners", DSGD_PARAM_INT, SIZE(DETERMINER), "4", 1, 1e6, NULL, "source words of this class; the target has three forms of each"},
    {"longest", DSGD_PARAM_INT, offsetof(struct config, longest), "14", 3, LONGEST, NULL,
     "words of a source sentence at most; the target has as many as the source"},
    {"seed", DSGD_PARAM_INT, offsetof(struct config, seed), "1", 0, 4294967295.0, NULL,
     "of the data; does not follow the run's seed, so that all seeds share one language"},
    DSGD_PARAM_END,
};

/* What sentences are made of. */
struct language {
    const struct config *config;
    uint32_t source[CLASSES], target[CLASSES]; /* first id of a class */
    size_t source_size, target_size;           /* of the vocabularies */
    uint32_t *permuted[CLASSES];               /* [size] */
    double *sum[CLASSES];                      /* [size] H(1), H(2), ... */
    uint8_t *gender;                           /* [nouns] */
    struct dsgd_rng_key key;
};

static void language_free(struct language *l)
{
    for (int c = 0; c < CLASSES; ++c) {
        free(l->permuted[c]);
        free(l->sum[c]);
    }
    free(l->gender);
}

static size_t size_of(const struct language *l, int c) { return (size_t)l->config->size[c]; }

static bool make_class(struct language *l, int c)
{
    const struct dsgd_rng_key key = {(uint32_t)l->config->seed, dsgd_rng_purpose("grammar words")};
    const size_t size = size_of(l, c);
    uint32_t *p = l->permuted[c] = malloc(size * sizeof *p);
    double *sum = l->sum[c] = malloc(size * sizeof *sum), total = 0;
    if (!p || !sum) { return false; }
    for (size_t q = 0; q < size; ++q) {
        p[q] = (uint32_t)q;
        sum[q] = total += 1.0 / (double)(q + 1);
    }
    for (uint32_t j = (uint32_t)size - 1; j > 0; --j) {
        const uint32_t other = dsgd_rng_below(key, j, (uint32_t)c, 0, j + 1), kept = p[j];
        p[j] = p[other];
        p[other] = kept;
    }
    return true;
}

/* False if there is no memory; the caller frees in either case. */
static bool language_make(struct language *l)
{
    const struct dsgd_rng_key key = {(uint32_t)l->config->seed, dsgd_rng_purpose("grammar gender")};
    l->key = (struct dsgd_rng_key){(uint32_t)l->config->seed, dsgd_rng_purpose("grammar sentence")};
    l->source_size = l->target_size = DSGD_ID_WORDS;
    for (int c = 0; c < CLASSES; ++c) {
        l->source[c] = (uint32_t)l->source_size;
        l->target[c] = (uint32_t)l->target_size;
        l->source_size += size_of(l, c);
        l->target_size += size_of(l, c) * (agrees[c] ? GENDERS : 1);
        if (!make_class(l, c)) { return false; }
    }
    l->gender = malloc(size_of(l, NOUN));
    for (size_t q = 0; l->gender && q < size_of(l, NOUN); ++q) { l->gender[q] = (uint8_t)dsgd_rng_below(key, (uint32_t)q, 0, 0, GENDERS); }
    return l->gender != NULL;
}

/* An attempt at a sentence. */
struct sentence {
    const struct language *language;
    uint32_t split, i, attempt, number; /* number: of the next draw */
    struct dsgd_rng4 words;
    size_t sources, targets;
    uint32_t source[LONGEST], target[LONGEST];
    bool too_long;
};

static double draw(struct sentence *s)
{
    const uint32_t k = s->number++;
    if (k % 2 == 0) { s->words = dsgd_rng_draw(s->language->key, k / 2, s->i, s->split, s->attempt); }
    return dsgd_rng_unit(dsgd_rng_u64(&s->words, (int)(k % 2)));
}

/* The first q with u H(size) < H(q + 1). */
static uint32_t draw_word(struct sentence *s, int c)
{
    const double *sum = s->language->sum[c];
    size_t below = 0, size = size_of(s->language, c), above = size - 1; /* the answer is in [below, above] */
    const double u = draw(s) * sum[size - 1];
    while (below < above) {
        const size_t middle = (below + above) / 2;
        if (u < sum[middle]) {
            above = middle;
        } else {
            below = middle + 1;
        }
    }
    return (uint32_t)below;
}

static void put_source(struct sentence *s, int c, uint32_t q)
{
    s->too_long = s->too_long || s->sources == (size_t)s->language->config->longest;
    if (!s->too_long) { s->source[s->sources++] = s->language->source[c] + q; }
}

/* Every target word is one of a source word, so that it has room. */
static void put_target(struct sentence *s, int c, uint32_t q, int gender)
{
    const uint32_t p = s->language->permuted[c][q];
    if (!s->too_long) { s->target[s->targets++] = s->language->target[c] + (agrees[c] ? GENDERS * p + (uint32_t)gender : p); }
}

static void add_phrase(struct sentence *s)
{
    bool more = true;
    while (more && !s->too_long) {
        const uint32_t noun = draw_word(s, NOUN), determiner = draw_word(s, DETERMINER);
        const double u = draw(s);
        const int adjectives = u < 0.5 ? 0 : u < 0.85 ? 1 : 2, gender = s->language->gender[noun];
        uint32_t adjective[2];
        put_source(s, DETERMINER, determiner);
        for (int k = 0; k < adjectives; ++k) { put_source(s, ADJECTIVE, adjective[k] = draw_word(s, ADJECTIVE)); }
        put_source(s, NOUN, noun);
        put_target(s, DETERMINER, determiner, gender);
        put_target(s, NOUN, noun, 0);
        for (int k = 0; k < adjectives; ++k) { put_target(s, ADJECTIVE, adjective[k], gender); }
        more = draw(s) < 0.2;
        if (more) {
            const uint32_t preposition = draw_word(s, PREPOSITION);
            put_source(s, PREPOSITION, preposition);
            put_target(s, PREPOSITION, preposition, 0);
        }
    }
}

static void make_sentence(const struct language *l, uint32_t split, uint32_t i, struct sentence *s)
{
    s->too_long = true;
    for (uint32_t attempt = 0; s->too_long; ++attempt) { /* det noun verb is short enough, with chance 0.1 */
        *s = (struct sentence){.language = l, .split = split, .i = i, .attempt = attempt};
        add_phrase(s);
        const uint32_t verb = draw_word(s, VERB);
        put_source(s, VERB, verb);
        if (draw(s) < 0.75) { add_phrase(s); }
        put_target(s, VERB, verb, 0);
    }
}

/* Sentences are made twice: counted, then put in their places. */
static bool fill_split(const struct language *l, uint32_t split, struct dsgd_dataset *data, struct dsgd_split *out)
{
    const size_t n = (size_t)l->config->n[split];
    size_t *start = data->owned[3 * split] = malloc((n + 1) * sizeof *start);
    if (!start) { return false; }
    start[0] = 0;
#pragma omp parallel for schedule(static) if (n >= SENTENCES_PARALLEL)
    for (size_t i = 0; i < n; ++i) {
        struct sentence s;
        make_sentence(l, split, (uint32_t)i, &s);
        start[i + 1] = s.sources;
    }
    for (size_t i = 0; i < n; ++i) { start[i + 1] += start[i]; }
    uint32_t *source = data->owned[3 * split + 1] = malloc(start[n] * sizeof *source), *target = data->owned[3 * split + 2] = malloc(start[n] * sizeof *target);
    if (!source || !target) { return false; }
#pragma omp parallel for schedule(static) if (n >= SENTENCES_PARALLEL)
    for (size_t i = 0; i < n; ++i) {
        struct sentence s;
        make_sentence(l, split, (uint32_t)i, &s);
        memcpy(source + start[i], s.source, s.sources * sizeof *source);
        memcpy(target + start[i], s.target, s.targets * sizeof *target);
    }
    *out = (struct dsgd_split){.n = n, .form = DSGD_PAIRS, .source = {start, source}, .target = {start, target}}; /* the lengths are the same */
    return true;
}

/* Texts of ids, in their order. */
struct pieces {
    size_t *start;
    char *byte;
    size_t count;
};

static void put_piece(struct pieces *to, const char *text)
{
    const size_t length = strlen(text);
    memcpy(to->byte + to->start[to->count], text, length);
    to->start[to->count + 1] = to->start[to->count] + length;
    ++to->count;
}

static void put_word(struct pieces *to, char letter, uint32_t q, const char *form)
{
    char text[PIECE_MAX];
    snprintf(text, sizeof text, "\xe2\x96\x81%c%u%s", letter, (unsigned)q, form);
    put_piece(to, text);
}

static bool pieces_make(struct dsgd_dataset *data, int owned, size_t size, struct pieces *to, struct dsgd_vocabulary *out)
{
    static const char *const special[DSGD_ID_WORDS] = {"<pad>", "<unk>", "<s>", "</s>"};
    *to = (struct pieces){.start = data->owned[owned] = malloc((size + 1) * sizeof *to->start), .byte = data->owned[owned + 1] = malloc(size * PIECE_MAX)};
    if (!to->start || !to->byte) { return false; }
    to->start[0] = 0;
    for (int k = 0; k < DSGD_ID_WORDS; ++k) { put_piece(to, special[k]); }
    *out = (struct dsgd_vocabulary){.size = size, .piece = {to->start, to->byte}};
    return true;
}

static bool fill_vocabularies(const struct language *l, struct dsgd_dataset *data)
{
    static const char *const form[GENDERS] = {"m", "f", "n"};
    size_t most = 1;
    for (int c = 0; c < CLASSES; ++c) { most = size_of(l, c) > most ? size_of(l, c) : most; }
    uint32_t *word = malloc(most * sizeof *word); /* of a class: the source word that a target word translates */
    struct pieces source = {0}, target = {0};
    const bool made = word && pieces_make(data, 3 * SPLITS, l->source_size, &source, &data->source) &&
                      pieces_make(data, 3 * SPLITS + 2, l->target_size, &target, &data->target);
    for (int c = 0; made && c < CLASSES; ++c) {
        for (uint32_t q = 0; q < size_of(l, c); ++q) {
            word[l->permuted[c][q]] = q;
            put_word(&source, "navpd"[c], q, "");
        }
        for (uint32_t p = 0; p < size_of(l, c); ++p) {
            for (int g = 0; g < (agrees[c] ? GENDERS : 1); ++g) { put_word(&target, "NAVPD"[c], word[p], agrees[c] ? form[g] : ""); }
        }
    }
    free(word);
    return made;
}

static enum dsgd_status grammar_load(const struct dsgd_dataset_args *args, struct dsgd_dataset **out)
{
    struct language l = {.config = args->config};
    struct dsgd_dataset *data = *out = calloc(1, sizeof *data);
    bool made = data && language_make(&l) && fill_vocabularies(&l, data);
    struct dsgd_split *const split[SPLITS] = {data ? &data->train : NULL, data ? &data->validation : NULL, data ? &data->test : NULL};
    for (uint32_t s = 0; made && s < SPLITS; ++s) { made = fill_split(&l, s, data, split[s]); }
    language_free(&l);
    if (!made) {
        dsgd_dataset_destroy(data);
        *out = NULL;
        return dsgd_fail(DSGD_ENOMEM, "dataset grammar: no memory for %lld + %lld + %lld sentences of up to %lld words", (long long)l.config->n[0],
                         (long long)l.config->n[1], (long long)l.config->n[2], (long long)l.config->longest);
    }
    snprintf(data->name, sizeof data->name, "grammar");
    snprintf(data->title, sizeof data->title, "generated language (%zu + %zu words, sentences of up to %lld)", l.source_size - DSGD_ID_WORDS,
             l.target_size - DSGD_ID_WORDS, (long long)l.config->longest);
    dsgd_dataset_hash(data);
    return DSGD_OK;
}

const struct dsgd_dataset_ops dsgd_dataset_grammar = {
    .name = "grammar",
    .title = "Generated language and its translation; needs no files",
    .reference = "datasets/grammar.c",
    .params = grammar_params,
    .config_size = sizeof(struct config),
    .pairs = true,
    .load = grammar_load,
};

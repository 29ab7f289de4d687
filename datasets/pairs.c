/* pairs.c - whether pairs of sentences are what datasets/dataset.h says, and their SHA-256. Embeddings are indexed by the ids, and batches
 * are cut by the lengths, without another look.
 */
#include "datasets/pairs.h"

#include <stdbool.h>
#include "datasets/hash.h"
#include "sim/sha256.h"

/* What is said of a sentence: "dataset words: training source 3". */
struct place {
    const char *dataset, *split, *side;
};

/* Splits in the order of their hash. */
enum { SPLITS = 3 };
static const char *const split_name[SPLITS] = {"training", "validation", "test"};

static const struct dsgd_split *split_of(const struct dsgd_dataset *data, int s)
{
    const struct dsgd_split *const split[SPLITS] = {&data->train, &data->validation, &data->test};
    return split[s];
}

static enum dsgd_status check_sentence(struct place at, size_t i, size_t count, const uint32_t *id, size_t vocabulary)
{
    for (size_t k = 0; k < count; ++k) {
        if (id[k] >= vocabulary || (id[k] < DSGD_ID_WORDS && id[k] != DSGD_ID_UNKNOWN)) {
            return dsgd_fail(DSGD_EINPUT, "dataset %s: %s %s %zu: id %zu, expected one of %d..%zu, or %d for an unknown word", at.dataset, at.split, at.side,
                             i, (size_t)id[k], (int)DSGD_ID_WORDS, vocabulary - 1, (int)DSGD_ID_UNKNOWN);
        }
    }
    return DSGD_OK;
}

static enum dsgd_status check_sentences(struct place at, size_t n, const struct dsgd_sentences *s, size_t vocabulary)
{
    if (!s->start || !s->id) {
        return dsgd_fail(DSGD_EINPUT, "dataset %s: no %s %ss, expected an array of ids and one of their beginnings", at.dataset, at.split, at.side);
    }
    for (size_t i = 0; i < n; ++i) {
        const size_t from = s->start[i], to = s->start[i + 1];
        if (to <= from || to - from > DSGD_SENTENCE_MAX) {
            return dsgd_fail(DSGD_EINPUT, "dataset %s: %s %s %zu: begins at id %zu and ends before id %zu, expected 1 to %d ids", at.dataset, at.split,
                             at.side, i, from, to, (int)DSGD_SENTENCE_MAX);
        }
        DSGD_TRY(check_sentence(at, i, to - from, s->id + from, vocabulary));
    }
    return DSGD_OK;
}

static enum dsgd_status check_lines(const struct dsgd_dataset *data, const char *what, size_t n, const struct dsgd_lines *lines)
{
    for (size_t i = 0; i < n; ++i) {
        const size_t from = lines->start[i], to = lines->start[i + 1];
        bool good = to >= from;
        for (size_t j = from; good && j < to; ++j) { good = lines->byte[j] != '\0' && lines->byte[j] != '\n'; }
        if (!good) { return dsgd_fail(DSGD_EINPUT, "dataset %s: %s %zu: no text, expected bytes without zeros and ends of lines", data->name, what, i); }
    }
    return DSGD_OK;
}

static enum dsgd_status check_vocabulary(const struct dsgd_dataset *data, const char *what, const struct dsgd_vocabulary *v)
{
    if (v->size <= DSGD_ID_WORDS || v->size > DSGD_VOCABULARY_MAX) {
        return dsgd_fail(DSGD_EINPUT, "dataset %s: %s of %zu pieces, expected %d to %d", data->name, what, v->size, DSGD_ID_WORDS + 1,
                         (int)DSGD_VOCABULARY_MAX);
    }
    if (!v->piece.start || !v->piece.byte) {
        return dsgd_fail(DSGD_EINPUT, "dataset %s: %s without its pieces, expected a text for each", data->name, what);
    }
    return check_lines(data, what, v->size, &v->piece);
}

static enum dsgd_status check_split(const struct dsgd_dataset *data, const struct dsgd_split *split, const char *name)
{
    if (split->form != DSGD_PAIRS || split->n == 0 || split->n > UINT32_MAX) {
        return dsgd_fail(DSGD_EINPUT, "dataset %s: %zu %s examples of form %d, expected 1 to 4294967295 pairs of sentences", data->name,
                         split->n, name, (int)split->form);
    }
    DSGD_TRY(check_sentences((struct place){data->name, name, "source"}, split->n, &split->source, data->source.size));
    DSGD_TRY(check_sentences((struct place){data->name, name, "target"}, split->n, &split->target, data->target.size));
    return split->reference.start ? check_lines(data, "reference", split->n, &split->reference) : DSGD_OK;
}

enum dsgd_status dsgd_pairs_check(const struct dsgd_dataset *data)
{
    DSGD_TRY(check_vocabulary(data, "source vocabulary", &data->source));
    DSGD_TRY(check_vocabulary(data, "target vocabulary", &data->target));
    for (int s = 0; s < SPLITS; ++s) { DSGD_TRY(check_split(data, split_of(data, s), split_name[s])); }
    return DSGD_OK;
}

static void hash_lines(struct sha256_ctx *hash, size_t n, const struct dsgd_lines *lines)
{
    for (size_t i = 0; i < n; ++i) { dsgd_hash_number(hash, lines->start[i + 1] - lines->start[i]); }
    sha256_update(hash, lines->start[n] - lines->start[0], (const uint8_t *)lines->byte + lines->start[0]);
}

static void hash_vocabulary(struct sha256_ctx *hash, const struct dsgd_vocabulary *v)
{
    dsgd_hash_number(hash, v->size);
    hash_lines(hash, v->size, &v->piece);
}

static void hash_sentences(struct sha256_ctx *hash, size_t n, const struct dsgd_sentences *s)
{
    for (size_t i = 0; i < n; ++i) { dsgd_hash_number(hash, s->start[i + 1] - s->start[i]); }
    dsgd_hash_words(hash, s->start[n] - s->start[0], s->id + s->start[0]);
}

void dsgd_pairs_hash(struct sha256_ctx *hash, const struct dsgd_dataset *data)
{
    hash_vocabulary(hash, &data->source);
    hash_vocabulary(hash, &data->target);
    for (int s = 0; s < SPLITS; ++s) {
        const struct dsgd_split *split = split_of(data, s);
        if (split->n == 0) { continue; }
        dsgd_hash_number(hash, split->n);
        hash_sentences(hash, split->n, &split->source);
        hash_sentences(hash, split->n, &split->target);
        if (split->reference.start) { hash_lines(hash, split->n, &split->reference); }
    }
}

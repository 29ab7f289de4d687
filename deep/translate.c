/* translate.c - decodes test pairs and compares them with their references: how many are right, and BLEU. Interface: language.h.
 *
 * Sentences are decoded some at a time, always the same ones together, and groups run in parallel. Texts are those of the target vocabulary's pieces, or,
 * of a dataset without any, the ids as words; references are the dataset's where it has them.
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/vocabulary.h"
#include "deep/bleu.h"
#include "deep/language.h"

/* Decoded targets. */
struct targets {
    uint32_t *id, *length; /* [decoded][longest_target]; [decoded] */
    char *memory;          /* [threads][each] */
    size_t each;
};

static size_t padded(size_t bytes)
{
    return (bytes + DEEP_ALIGN - 1) / DEEP_ALIGN * DEEP_ALIGN;
}

/* Sources, their lengths and scores of a group, in front of the decoder's memory. */
static size_t front_bytes(const struct deep_language *p)
{
    return padded(DEEP_LANGUAGE_DECODED * (p->longest_source + 1) * sizeof(uint32_t)) + padded(DEEP_LANGUAGE_DECODED * sizeof(double));
}

static size_t each_of(const struct deep_language *p)
{
    return front_bytes(p) + padded(deep_decoder_bytes(p->decoder));
}

size_t deep_language_translate_bytes(const struct deep_language *p, int threads)
{
    return p->decoder ? (size_t)threads * each_of(p) + p->decoded * (p->longest_target + 1) * sizeof(uint32_t) : 0;
}

static enum dsgd_status decode_group(const struct deep_language *p, const float *x, const struct targets *t, size_t first, size_t count)
{
    char *memory = t->memory + (size_t)omp_get_thread_num() * t->each;
    uint32_t *source = (uint32_t *)memory, *length = source + DEEP_LANGUAGE_DECODED * p->longest_source;
    double *score = (double *)(memory + padded(DEEP_LANGUAGE_DECODED * (p->longest_source + 1) * sizeof(uint32_t)));
    const struct dsgd_sentences *from = &p->data->test.source;
    for (size_t i = 0; i < count; ++i) {
        uint32_t *row = source + i * p->longest_source;
        const size_t ids = from->start[first + i + 1] - from->start[first + i];
        memcpy(row, from->id + from->start[first + i], ids * sizeof *row);
        for (size_t k = ids; k < p->longest_source; ++k) { row[k] = k == ids ? DSGD_ID_END : DSGD_ID_PAD; }
        length[i] = (uint32_t)ids + 1;
    }
    const int threads = deep_one_thread();
    const enum dsgd_status status =
        deep_decode(p->decoder, x, memory + front_bytes(p), count, source, length, t->id + first * p->longest_target, t->length + first, score);
    deep_threads_back(threads);
    return status;
}

static enum dsgd_status decode_all(const struct deep_language *p, const float *x, int threads, const struct targets *t)
{
    enum dsgd_status worst = DSGD_OK;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (size_t first = 0; first < p->decoded; first += DEEP_LANGUAGE_DECODED) {
        const size_t left = p->decoded - first;
        const enum dsgd_status status = decode_group(p, x, t, first, left < DEEP_LANGUAGE_DECODED ? left : (size_t)DEEP_LANGUAGE_DECODED);
        if (status != DSGD_OK) {
#pragma omp atomic write
            worst = status;
        }
    }
    return worst == DSGD_OK ? DSGD_OK : dsgd_fail(worst, "problem %s: a test sentence could not be decoded", p->graph.model->name);
}

/* The text of some ids, in memory of its own; NULL: there is none. */
static char *text_of(const struct dsgd_vocabulary *v, size_t count, const uint32_t *id, size_t *size)
{
    enum { DIGITS = 12 };
    const bool pieces = v->piece.start != NULL;
    *size = pieces ? dsgd_vocabulary_text(v, count, id, 0, NULL) : count * DIGITS;
    char *text = malloc(*size + 1);
    if (!text) { return NULL; }
    if (pieces) {
        dsgd_vocabulary_text(v, count, id, *size, text);
        return text;
    }
    *size = 0;
    for (size_t k = 0; k < count; ++k) { *size += (size_t)snprintf(text + *size, DIGITS + 1, k ? " %u" : "%u", (unsigned)id[k]); }
    return text;
}

/* Adds sentence i to the score. */
static enum dsgd_status compare(const struct deep_language *p, const struct targets *t, size_t i, struct deep_bleu *bleu)
{
    const struct dsgd_split *test = &p->data->test;
    const struct dsgd_lines *written = &test->reference;
    const uint32_t *right = test->target.id + test->target.start[i];
    size_t size, right_size;
    char *text = text_of(&p->data->target, t->length[i], t->id + i * p->longest_target, &size);
    char *right_text = written->start ? NULL : text_of(&p->data->target, test->target.start[i + 1] - test->target.start[i], right, &right_size);
    enum dsgd_status status = text && (right_text || written->start) ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for the text of a test sentence");
    if (status == DSGD_OK && written->start) {
        status = deep_bleu_add(bleu, text, size, written->byte + written->start[i], written->start[i + 1] - written->start[i]);
    } else if (status == DSGD_OK) {
        status = deep_bleu_add(bleu, text, size, right_text, right_size);
    }
    free(text);
    free(right_text);
    return status;
}

static enum dsgd_status score_all(const struct deep_language *p, const struct targets *t, double *wrong, double *bleu)
{
    const struct dsgd_sentences *right = &p->data->test.target;
    struct deep_bleu counts = {{0}};
    size_t unlike = 0;
    for (size_t i = 0; i < p->decoded; ++i) {
        const size_t length = right->start[i + 1] - right->start[i];
        unlike += length != t->length[i] || memcmp(right->id + right->start[i], t->id + i * p->longest_target, length * sizeof *t->id) != 0;
        DSGD_TRY(compare(p, t, i, &counts));
    }
    *wrong = (double)unlike / (double)p->decoded;
    *bleu = deep_bleu_score(&counts);
    return DSGD_OK;
}

enum dsgd_status deep_language_translate(const struct deep_language *p, const float *x, int threads, double *wrong, double *bleu)
{
    struct targets t = {.each = each_of(p)};
    t.id = malloc(p->decoded * p->longest_target * sizeof *t.id);
    t.length = malloc(p->decoded * sizeof *t.length);
    t.memory = aligned_alloc(DEEP_ALIGN, (size_t)threads * t.each);
    enum dsgd_status status = t.id && t.length && t.memory
                                  ? decode_all(p, x, threads, &t)
                                  : dsgd_fail(DSGD_ENOMEM, "no memory for decoding %zu sentences: %zu bytes for each of %d threads", p->decoded, t.each, threads);
    if (status == DSGD_OK) { status = score_all(p, &t, wrong, bleu); }
    free(t.id);
    free(t.length);
    free(t.memory);
    return status;
}

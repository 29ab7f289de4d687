/* decode.h - what a model of sequences translates a source to: the most probable target, by greedy or beam search.
 *
 * A beam holds at most `beam` targets of a sentence. In each step those that have not ended are continued with every id, and the best `beam` of these
 * and of those that have ended stay, by
 *     log p(target | source)/((5 + tokens)/6)^alpha    (Wu et al. 2016, equation 14, without coverage),
 * tokens with the end. It stops where all have ended, or at the longest target; the best is the result. beam = 1 is greedy search; a beam that
 * holds everything finds the best target of all.
 *
 * Each step computes all earlier positions again: nothing but the model's own nodes is needed, whatever they are. Plans of growing lengths halve the
 * cost. The encoder runs once for each of them. Scores are computed of the last positions alone.
 */
#ifndef DSGD_DEEP_DECODE_H
#define DSGD_DEEP_DECODE_H

#include "deep/graph.h"

struct deep_search {
    uint32_t begin, end; /* ids: what a target begins with for the decoder, and what ends it */
    size_t beam;         /* at least 1 */
    double alpha;        /* 0: by probability alone */
};

struct deep_decoder;

/** For `sentences` at a time, sources of at most `source` ids and targets of at most `target`, their end among them. The graph stays the caller's. One
 *  thread at a time; what is made is only read afterwards. */
enum dsgd_status deep_decoder_create(const struct deep_graph *graph, const struct deep_search *search, size_t sentences, size_t source, size_t target,
                                     bool fast, struct deep_decoder **out);
void deep_decoder_destroy(struct deep_decoder *d); /* accepts NULL */
/** Of working memory for one call, 64-byte aligned. */
size_t deep_decoder_bytes(const struct deep_decoder *d);

/** count <= sentences. parameter [d]: floats, or doubles where the decoder is not fast. ids [count][source] with lengths [count]; out [count][target] gets the
 *  ids without begin and end, out_length how many, score the search's. Between deep_one_thread and deep_threads_back. */
enum dsgd_status deep_decode(const struct deep_decoder *d, const void *parameter, void *memory, size_t count, const uint32_t *ids, const uint32_t *length,
                             uint32_t *out, uint32_t *out_length, double *score);

#endif

/* bins.h - pairs of sentences as batches that are fixed before a run: sentences of like length together, so that little is padding.
 *
 * All pairs of a split are sorted by the target's length, then the source's; those that are alike in both stand in a keyed random order. The
 * sorted pairs are cut into bins, each as long as the rule allows:
 *
 *   at most `sentences` pairs, and
 *   at most `tokens` places on either side: n S <= tokens and n T <= tokens, padding counted, so that no array of a bin is larger. It is how
 *   fairseq counts --max-tokens (Ott et al. 2019, arXiv:1904.01038).
 *
 * n pairs; S and T: the longest source and target with the one id that is added to each. To the engine a bin is an example: with `batch = 1`
 * a worker takes one bin a step, drawn as any example is (`sampling`). So all shapes are known before a run, and nothing is allocated
 * in a step. The mean over a bin is one per token: for the mean over all tokens, weigh a bin by its share of target_tokens.
 */
#ifndef DSGD_DATASETS_BINS_H
#define DSGD_DATASETS_BINS_H

#include "datasets/dataset.h"

/** How bins are cut; 0: no such limit, but one of them is needed. */
struct dsgd_bins_rule {
    size_t sentences, tokens;
    uint32_t seed; /* of the order among sentences of like lengths */
};

/** One bin: the sentences order[first] .. order[first + n - 1] of the split. */
struct dsgd_bin {
    uint32_t first, n;
    uint32_t S, T;                         /* columns: the longest source + 1 (its end), the longest target + 1 (its beginning, or its end) */
    uint64_t source_tokens, target_tokens; /* without padding; target_tokens: of target_out, what a loss is a mean over */
};

struct dsgd_bins {
    size_t n;
    const struct dsgd_bin *bin;   /* [n] */
    const uint32_t *order;        /* [sentences of the split]: each once */
    uint64_t source_tokens, target_tokens; /* of all bins */
    uint64_t source_places, target_places; /* sum of n S and of n T: the share of padding is 1 - tokens / places */
    uint32_t most_sentences, most_source, most_target; /* the largest n, S, T of any bin */
    uint64_t most_source_places, most_target_places;   /* the largest n S, n T */
    void *owned[2];
};

/** Cuts a split of pairs. DSGD_EINPUT with a sentence that names `who` ("problem transformer") if there is no limit, or a sentence alone does
 *  not fit. Cost: a sort. Caller: dsgd_bins_destroy. */
enum dsgd_status dsgd_bins_create(const char *who, const struct dsgd_split *split, const struct dsgd_bins_rule *rule, struct dsgd_bins **out);
/** Accepts NULL. */
void dsgd_bins_destroy(struct dsgd_bins *bins);

/** A bin's ids, in memory of the caller's; rows are filled up with DSGD_ID_PAD. */
struct dsgd_bin_ids {
    uint32_t *source;        /* [n][S] the source, DSGD_ID_END */
    uint32_t *target_in;     /* [n][T] DSGD_ID_BEGIN, the target: what a decoder reads */
    uint32_t *target_out;    /* [n][T] the target, DSGD_ID_END: what it is to say */
    uint32_t *source_length; /* [n] with the end */
    uint32_t *target_length; /* [n] with the one id that is added */
};

/** Words that dsgd_bin_ids of a bin takes in all: at most of any bin. */
size_t dsgd_bins_words(const struct dsgd_bins *bins);
/** Where they lie in `words` of them, one after another, in the order of the struct. */
struct dsgd_bin_ids dsgd_bins_place(const struct dsgd_bin *bin, uint32_t *words);
/** Fills a bin's ids from the split that the bins were cut from. */
void dsgd_bins_fill(const struct dsgd_bins *bins, const struct dsgd_bin *bin, const struct dsgd_split *split, const struct dsgd_bin_ids *out);

#endif

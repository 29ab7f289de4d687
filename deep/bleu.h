/* bleu.h - BLEU of a corpus with one reference a sentence, the score that translations are compared by.
 *
 * K. Papineni, S. Roukos, T. Ward, W.-J. Zhu, "BLEU: a method for automatic evaluation of machine translation" (ACL 2002), as sacreBLEU computes
 * it by default (M. Post, "A call for clarity in reporting BLEU scores", WMT 2018; signature
 * nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp): words of NIST's mteval-v13a, n-grams up to 4, precisions without a match smoothed by
 * 1/2, 1/4, ... matches (mteval-v13a's exponential smoothing).
 */
#ifndef DSGD_DEEP_BLEU_H
#define DSGD_DEEP_BLEU_H

#include <stddef.h>
#include <stdint.h>
#include "sim/status.h"

enum { DEEP_BLEU_ORDER = 4 };

/** Counts over sentences; begin with {0}. Counts of two parts of a corpus may be added. */
struct deep_bleu {
    uint64_t correct[DEEP_BLEU_ORDER], total[DEEP_BLEU_ORDER]; /* n-grams of the hypotheses: those that the reference has, and all */
    uint64_t hypothesis, reference;                            /* words */
};

/** Adds a sentence: UTF-8 of the given sizes, without end of line. DSGD_ENOMEM alone. */
enum dsgd_status deep_bleu_add(struct deep_bleu *bleu, const char *hypothesis, size_t hypothesis_size, const char *reference, size_t reference_size);

/** 0 to 100: BP (p_1 p_2 p_3 p_4)^(1/4), p_n = 100 correct/total, BP = exp(1 - reference/hypothesis) where the hypotheses are shorter, else 1. 0 where
 *  nothing matches at all, and where no hypothesis has four words. exp and log are those of sim/kernel/maths.h: the same bits everywhere. */
double deep_bleu_score(const struct deep_bleu *bleu);

/** The words of mteval-v13a of one line: writes them to `out`, each followed by one blank; out has room for deep_bleu_words_room(size) bytes.
 *  Returns the bytes written. For tests and readers. */
size_t deep_bleu_words_room(size_t size);
size_t deep_bleu_words(const char *text, size_t size, char *out);

#endif

/* vocabulary.h - from ids back to text.
 *
 * A piece is a part of a text in which U+2581 stands for a blank, as sentencepiece writes them (Kudo, Richardson 2018, arXiv:1808.06226):
 * "▁ein ▁klein er ▁Hund" are four pieces of "ein kleiner Hund".
 */
#ifndef DSGD_DATASETS_VOCABULARY_H
#define DSGD_DATASETS_VOCABULARY_H

#include "datasets/dataset.h"

/** The text of `count` ids, what spm_decode prints: the pieces one after another, U+2581 as a blank, without one at the
 *  front of a piece before which there is nothing; DSGD_ID_UNKNOWN is " ⁇ " (U+2047), the other ids below DSGD_ID_WORDS are nothing. Ids must be
 *  below v->size. Writes at most `room` bytes, without a zero byte, and returns how many the whole text has: call it with room = 0 to know. */
size_t dsgd_vocabulary_text(const struct dsgd_vocabulary *v, size_t count, const uint32_t *id, size_t room, char *text);

#endif

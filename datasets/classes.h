/* classes.h - which classes have examples, as numbers and as words. */
#ifndef DSGD_DATASETS_CLASSES_H
#define DSGD_DATASETS_CLASSES_H

#include <stdbool.h>
#include "datasets/dataset.h"

enum { DSGD_LABELS = 256, DSGD_CLASSES_TEXT = 160 };

/** Examples of each class. */
void dsgd_classes_count(const struct dsgd_split *split, size_t count[DSGD_LABELS]);

/** The classes below `classes` that have examples (or that have none) as "0, 2 to 5, 9"; "" for none, "..." where there is no
 *  room for all. Returns their number. */
size_t dsgd_classes_text(const size_t count[DSGD_LABELS], size_t classes, bool with_examples, char text[DSGD_CLASSES_TEXT]);

#endif

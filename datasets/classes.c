/* classes.c - counts examples of classes and lists classes in words. Interface: classes.h. */
#include "datasets/classes.h"

#include <stdio.h>
#include <string.h>

enum { ITEM = 24 }; /* ", 200 to 255" and ", ..." fit */

void dsgd_classes_count(const struct dsgd_split *split, size_t count[DSGD_LABELS])
{
    memset(count, 0, DSGD_LABELS * sizeof *count);
    for (size_t i = 0; i < split->n; ++i) { ++count[split->label[i]]; }
}

size_t dsgd_classes_text(const size_t count[DSGD_LABELS], size_t classes, bool with_examples, char text[DSGD_CLASSES_TEXT])
{
    size_t found = 0, used = 0;
    bool room = true;
    text[0] = '\0';
    for (size_t c = 0; c < classes;) {
        size_t end = c;
        while (end < classes && (count[end] > 0) == with_examples) { ++end; }
        found += end - c;
        if (end > c && room) {
            const char *separator = used > 0 ? ", " : "";
            room = used + 2 * ITEM < DSGD_CLASSES_TEXT;
            const int length = !room ? snprintf(text + used, ITEM, "%s...", separator)
                : end == c + 1       ? snprintf(text + used, ITEM, "%s%zu", separator, c)
                : end == c + 2       ? snprintf(text + used, ITEM, "%s%zu, %zu", separator, c, c + 1)
                                     : snprintf(text + used, ITEM, "%s%zu to %zu", separator, c, end - 1);
            used += (size_t)length;
        }
        c = end > c ? end : c + 1;
    }
    return found;
}

/* source_seen.c - sorted at the end of the file: comparing each key with all others would take minutes for a hostile one. */
#include "lab/config/source_seen.h"

#include <stdlib.h>
#include <string.h>

#include "lab/config/source_file.h"

enum dsgd_status dsgd_source_seen_add(struct source_seen *seen, int block, const char *section, const char *key, int line)
{
    if (seen->mentions == seen->capacity) {
        const size_t capacity = seen->capacity ? 2 * seen->capacity : 64;
        struct source_mention *grown = realloc(seen->mention, capacity * sizeof *grown);
        if (!grown) { return dsgd_fail(DSGD_ENOMEM, "no memory for the keys of a configuration"); }
        seen->mention = grown;
        seen->capacity = capacity;
    }
    seen->mention[seen->mentions] = (struct source_mention){block, section, key, line, seen->mentions};
    ++seen->mentions;
    return DSGD_OK;
}

static int compare_names(const struct source_mention *a, const struct source_mention *b)
{
    if (a->block != b->block) { return a->block < b->block ? -1 : 1; }
    const int section = strcmp(a->section, b->section);
    return section ? section : strcmp(a->key, b->key);
}

static int compare(const void *left, const void *right)
{
    const struct source_mention *a = left, *b = right;
    const int names = compare_names(a, b);
    return names ? names : a->order < b->order ? -1 : a->order > b->order;
}

enum dsgd_status dsgd_source_seen_check(struct source_seen *seen, const char *file)
{
    const struct source_mention *first = NULL, *again = NULL;
    if (seen->mentions > 1) { qsort(seen->mention, seen->mentions, sizeof *seen->mention, compare); }
    for (size_t j = 1; j < seen->mentions; ++j) {
        const struct source_mention *m = &seen->mention[j];
        if (compare_names(m - 1, m) == 0 && (!again || m->order < again->order)) {
            again = m;
            first = m - 1;
        }
    }
    if (!again) { return DSGD_OK; }
    char place[SOURCE_PLACE_MAX], shown[DSGD_SHOWN_MAX];
    dsgd_source_place(file, again->line, place);
    dsgd_text_shown(again->key, shown);
    if (again->block < 0) {
        return dsgd_fail(DSGD_EINPUT, "%s: runs %s is in line %d already; expected one block of that name", place, shown, first->line);
    }
    return dsgd_fail(DSGD_EINPUT, "%s: %s%s%s is in line %d already; expected it once in a file", place, again->section,
                     *again->section ? "." : "", shown, first->line);
}

void dsgd_source_seen_clear(struct source_seen *seen)
{
    free(seen->mention);
    *seen = (struct source_seen){.mention = NULL};
}

/* vocabulary.c - pieces put together. Interface: vocabulary.h. */
#include "datasets/vocabulary.h"

#include <stdbool.h>
#include <string.h>

static const char blank[] = "\xe2\x96\x81", unknown[] = " \xe2\x81\x87 "; /* U+2581; U+2047 between blanks */
enum { BLANK = sizeof blank - 1 };

struct sink {
    size_t room, used;
    char *text;
};

static void put(struct sink *to, size_t size, const char *bytes)
{
    for (size_t j = 0; j < size; ++j, ++to->used) {
        if (to->used < to->room) { to->text[to->used] = bytes[j]; }
    }
}

/* front: nothing has been written; the piece's own blank in front is left out. */
static void put_piece(struct sink *to, bool front, size_t size, const char *piece)
{
    for (size_t j = 0; j < size;) {
        const bool gap = size - j >= BLANK && memcmp(piece + j, blank, BLANK) == 0;
        if (!gap) {
            put(to, 1, piece + j);
        } else if (!(front && j == 0)) {
            put(to, 1, " ");
        }
        j += gap ? BLANK : 1;
    }
}

size_t dsgd_vocabulary_text(const struct dsgd_vocabulary *v, size_t count, const uint32_t *id, size_t room, char *text)
{
    struct sink to = {.room = room, .text = text};
    for (size_t k = 0; k < count; ++k) {
        if (id[k] == DSGD_ID_UNKNOWN) {
            put(&to, sizeof unknown - 1, unknown);
        } else if (id[k] >= DSGD_ID_WORDS) {
            const size_t from = v->piece.start[id[k]];
            put_piece(&to, to.used == 0, v->piece.start[id[k] + 1] - from, v->piece.byte + from);
        }
    }
    return to.used;
}

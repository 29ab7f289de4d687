/* id_files.c - reads files of ids and of lines, byte by byte. Interface and formats: id_files.h. */
#include "datasets/id_files.h"

#include <stdlib.h>
#include <string.h>
#include "datasets/unpack.h"
#include "sim/sha256.h"

enum { BUFFER = 1 << 16, END = -1 /* of the file */, ROOM = 1 << 12 };

/* A file in pieces. */
struct reader {
    const char *path;
    struct dsgd_unpack *file;
    struct sha256_ctx sum;
    enum dsgd_status status; /* of the last refill */
    size_t at, end, line;    /* line: the current one, counted from 1 */
    uint8_t buffer[BUFFER];
};

static enum dsgd_status reader_open(const char *path, struct reader **out)
{
    struct reader *r = *out = calloc(1, sizeof *r);
    if (!r) { return dsgd_fail(DSGD_ENOMEM, "%s: no memory to read it", path); }
    r->path = path;
    r->line = 1;
    sha256_init(&r->sum);
    const enum dsgd_status status = dsgd_unpack_open(path, &r->file);
    if (status != DSGD_OK) {
        free(r);
        *out = NULL;
    }
    return status;
}

/* Hands over the sum where everything went well. */
static enum dsgd_status reader_close(struct reader *r, enum dsgd_status status, char sha256[65])
{
    if (status == DSGD_OK) { dsgd_sha256_end(&r->sum, 64, sha256); }
    dsgd_unpack_close(r->file);
    free(r);
    return status;
}

static void refill(struct reader *r)
{
    r->at = r->end = 0;
    r->status = dsgd_unpack_read(r->file, r->buffer, BUFFER, &r->end);
    if (r->status != DSGD_OK) { r->end = 0; }
    sha256_update(&r->sum, r->end, r->buffer);
}

/* The next byte, or END: of the file if r->status is DSGD_OK. */
static inline int next(struct reader *r)
{
    if (r->at == r->end) {
        refill(r);
        if (r->end == 0) { return END; }
    }
    return r->buffer[r->at++];
}

static enum dsgd_status no_room(const struct reader *r)
{
    return dsgd_fail(DSGD_ENOMEM, "%s: no memory for what is in its first %zu lines", r->path, r->line);
}

/* Room for one more start, and for one more item. */
static enum dsgd_status room_of_start(const struct reader *r, struct dsgd_id_file *f)
{
    if (f->n + 1 < f->starts) { return DSGD_OK; }
    const size_t starts = f->starts > 0 ? 2 * f->starts : ROOM;
    size_t *grown = realloc(f->start, starts * sizeof *grown);
    if (!grown) { return no_room(r); }
    f->start = grown;
    f->starts = starts;
    return DSGD_OK;
}

static enum dsgd_status room_of_item(const struct reader *r, size_t used, bool ids, struct dsgd_id_file *f)
{
    if (used < f->items) { return DSGD_OK; }
    const size_t items = f->items > 0 ? 2 * f->items : ROOM;
    void *grown = ids ? realloc(f->id, items * sizeof *f->id) : realloc(f->byte, items);
    if (!grown) { return no_room(r); }
    if (ids) {
        f->id = grown;
    } else {
        f->byte = grown;
    }
    f->items = items;
    return DSGD_OK;
}

/* Arrays of one element, for empty files too. */
static enum dsgd_status begin(const struct reader *r, bool ids, struct dsgd_id_file *f)
{
    f->n = 0;
    DSGD_TRY(room_of_start(r, f));
    f->start[0] = 0;
    return room_of_item(r, 0, ids, f);
}

static enum dsgd_status end_line(struct reader *r, size_t used, struct dsgd_id_file *f)
{
    DSGD_TRY(room_of_start(r, f));
    f->start[++f->n] = used;
    ++r->line;
    return room_of_start(r, f);
}

static enum dsgd_status bad_byte(const struct reader *r, int c)
{
    return dsgd_fail(DSGD_EINPUT, "%s: line %zu: byte 0x%02x, expected decimal ids with one blank between two, and an end of line after the last",
                     r->path, r->line, (unsigned)c);
}

static enum dsgd_status no_end(const struct reader *r)
{
    return dsgd_fail(DSGD_EINPUT, "%s: line %zu is the last and has no end, expected an end of line: is the file whole?", r->path, r->line);
}

static enum dsgd_status read_ids(struct reader *r, size_t vocabulary, struct dsgd_id_file *f)
{
    size_t used = 0;
    DSGD_TRY(begin(r, true, f));
    for (int c = next(r); c != END; c = next(r)) {
        if (c == '\n') { return dsgd_fail(DSGD_EINPUT, "%s: line %zu is empty, expected one id or more", r->path, r->line); }
        for (;; c = next(r)) { /* an id and what follows it */
            uint64_t value = 0;
            if (c < '0' || c > '9') { return c == END ? r->status != DSGD_OK ? r->status : no_end(r) : bad_byte(r, c); }
            for (; c >= '0' && c <= '9' && value <= UINT32_MAX; c = next(r)) { value = 10 * value + (uint64_t)(c - '0'); }
            if (c == END && r->status != DSGD_OK) { return r->status; }
            if (value >= vocabulary || (value < DSGD_ID_WORDS && value != DSGD_ID_UNKNOWN)) {
                return dsgd_fail(DSGD_EINPUT, "%s: line %zu: id %llu%s, expected one of %d..%zu, or %d for an unknown word", r->path, r->line,
                                 (unsigned long long)value, value > UINT32_MAX ? "..." : "", (int)DSGD_ID_WORDS, vocabulary - 1, (int)DSGD_ID_UNKNOWN);
            }
            if (used - f->start[f->n] == DSGD_SENTENCE_MAX) {
                return dsgd_fail(DSGD_EINPUT, "%s: line %zu: more than %d ids, expected a sentence", r->path, r->line, (int)DSGD_SENTENCE_MAX);
            }
            DSGD_TRY(room_of_item(r, used, true, f));
            f->id[used++] = (uint32_t)value;
            if (c == '\n') { break; }
            if (c != ' ') { return c == END ? r->status != DSGD_OK ? r->status : no_end(r) : bad_byte(r, c); }
        }
        DSGD_TRY(end_line(r, used, f));
    }
    return r->status;
}

static enum dsgd_status read_lines(struct reader *r, struct dsgd_id_file *f)
{
    size_t used = 0;
    int last = '\n';
    DSGD_TRY(begin(r, false, f));
    for (int c = next(r); c != END; last = c, c = next(r)) {
        if (c == '\0') { return dsgd_fail(DSGD_EINPUT, "%s: line %zu: a zero byte, expected text", r->path, r->line); }
        if (c == '\n') {
            DSGD_TRY(end_line(r, used, f));
        } else {
            DSGD_TRY(room_of_item(r, used, false, f));
            f->byte[used++] = (char)c;
        }
    }
    return r->status != DSGD_OK || last == '\n' ? r->status : no_end(r);
}

enum dsgd_status dsgd_ids_read(const char *path, size_t vocabulary, struct dsgd_id_file *out)
{
    struct reader *r;
    DSGD_TRY(reader_open(path, &r));
    return reader_close(r, read_ids(r, vocabulary, out), out->sha256);
}

enum dsgd_status dsgd_lines_read(const char *path, struct dsgd_id_file *out)
{
    struct reader *r;
    DSGD_TRY(reader_open(path, &r));
    return reader_close(r, read_lines(r, out), out->sha256);
}

enum dsgd_status dsgd_sum_read(const char *path, char sha256[65])
{
    struct reader *r;
    DSGD_TRY(reader_open(path, &r));
    do { refill(r); } while (r->end > 0);
    return reader_close(r, r->status, sha256);
}

static bool is_line(const struct dsgd_id_file *lines, size_t i, const char *text)
{
    const size_t length = strlen(text);
    return lines->start[i + 1] - lines->start[i] == length && memcmp(lines->byte + lines->start[i], text, length) == 0;
}

enum dsgd_status dsgd_pieces_of(const char *path, struct dsgd_id_file *lines)
{
    static const char *const special[DSGD_ID_WORDS] = {"<pad>", "<unk>", "<s>", "</s>"};
    size_t used = 0;
    for (size_t i = 0, from = 0; i < lines->n; ++i) { /* every line moves forward */
        const size_t to = lines->start[i + 1];
        lines->start[i] = used;
        for (size_t j = from; j < to && lines->byte[j] != '\t'; ++j) { lines->byte[used++] = lines->byte[j]; }
        from = to;
    }
    lines->start[lines->n] = used;
    for (size_t i = 0; i < DSGD_ID_WORDS; ++i) {
        if (i >= lines->n || !is_line(lines, i, special[i])) {
            return dsgd_fail(DSGD_EINPUT, "%s: line %zu is not %s: expected a vocabulary of spm_train with --pad_id=0 --unk_id=1 --bos_id=2 --eos_id=3",
                             path, i + 1, special[i]);
        }
    }
    if (lines->n == DSGD_ID_WORDS || lines->n > DSGD_VOCABULARY_MAX) {
        return dsgd_fail(DSGD_EINPUT, "%s: %zu lines, expected a vocabulary of %d to %d pieces", path, lines->n, DSGD_ID_WORDS + 1, (int)DSGD_VOCABULARY_MAX);
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_sum_listed(const char *path, const struct dsgd_id_file *list, const char *name, char sha256[65])
{
    enum { DIGITS = 64, GAP = 2 };
    const size_t length = strlen(name);
    for (size_t i = 0; i < list->n; ++i) {
        const char *line = list->byte + list->start[i];
        const size_t size = list->start[i + 1] - list->start[i];
        if (size < DIGITS + GAP || size - DIGITS - GAP != length || memcmp(line + DIGITS + GAP, name, length) != 0) { continue; }
        memcpy(sha256, line, DIGITS);
        sha256[DIGITS] = '\0';
        if (strspn(sha256, "0123456789abcdef") == DIGITS) { return DSGD_OK; }
    }
    return dsgd_fail(DSGD_EINPUT, "%s: no SHA-256 of %s, expected a line of 64 digits, two blanks and the name", path, name);
}

void dsgd_id_file_clear(struct dsgd_id_file *file)
{
    free(file->start);
    free(file->id);
    free(file->byte);
    *file = (struct dsgd_id_file){.n = 0};
}

/* text_file.c - texts with a last line that says what was written. Interface: text_file.h. */
#include "record/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/folders.h"
#include "record/replace.h"
#include "sim/sha256.h"

enum { SIZE_MAX_BYTES = 256 << 20, MARK_BYTES = 160 };

static size_t rows_of(const char *text, size_t size)
{
    size_t rows = 0;
    for (const char *line = text; line < text + size;) {
        const char *end = memchr(line, '\n', (size_t)(text + size - line));
        rows += *line != '#' && *line != '\n';
        line = end ? end + 1 : text + size;
    }
    return rows;
}

/* What follows the text. For JSON the object's brace is taken off first. */
static void mark_of(const char *text, size_t size, enum text_file_mark mark, char out[MARK_BYTES])
{
    char hex[65];
    dsgd_sha256_hex(text, size, 64, hex);
    switch (mark) {
    case TEXT_FILE_HASH: snprintf(out, MARK_BYTES, "# end rows=%zu sha256=%s\n", rows_of(text, size), hex); break;
    case TEXT_FILE_MARKDOWN: snprintf(out, MARK_BYTES, "<!-- end sha256=%s -->\n", hex); break;
    case TEXT_FILE_TSV: snprintf(out, MARK_BYTES, "\tsha256=%s", hex); break;
    case TEXT_FILE_JSON: snprintf(out, MARK_BYTES, ",\n  \"end_sha256\": \"%s\"\n}\n", hex); break;
    }
}

/* The length of the text before its mark; -1 if it does not end in that of its own bytes. */
static ssize_t text_length(const char *all, size_t size, enum text_file_mark mark)
{
    static const char *const begin[] = {"# end rows=", "<!-- end sha256=", "", ",\n  \"end_sha256\": \""};
    const size_t length = strlen(begin[mark]);
    const size_t from = size > MARK_BYTES ? size - MARK_BYTES : 0;
    for (size_t at = size; at-- > from;) {
        char expected[MARK_BYTES];
        if (size - at < length || memcmp(all + at, begin[mark], length) != 0 || (mark != TEXT_FILE_JSON && at > 0 && all[at - 1] != '\n')) { continue; }
        mark_of(all, at, mark, expected);
        if (strlen(expected) == size - at && memcmp(all + at, expected, size - at) == 0) { return (ssize_t)at; }
    }
    return -1;
}

/* Whether a table has its checksum in the header. */
static bool is_tsv(const char *all, size_t size)
{
    char expected[MARK_BYTES];
    const char *end = memchr(all, '\n', size);
    const size_t length = sizeof "\tsha256=" - 1 + 64;
    if (!end || (size_t)(end - all) < length || memcmp(end - length, "\tsha256=", 8) != 0) { return false; }
    char *plain = malloc(size - length);
    if (!plain) { return false; }
    const size_t head = (size_t)(end - all) - length;
    memcpy(plain, all, head);
    memcpy(plain + head, end, size - length - head);
    mark_of(plain, size - length, TEXT_FILE_TSV, expected);
    free(plain);
    return memcmp(expected, end - length, length) == 0;
}

/* A whole file in memory; *there false if there is none. */
static enum dsgd_status read_file(const char *path, char **text, size_t *size, bool *there)
{
    struct stat info;
    *there = false;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) { return DSGD_OK; }
    if (fd < 0) { return dsgd_fail(DSGD_EINPUT, "%s: cannot be read (%s); expected a text written by dsgd", path, strerror(errno)); }
    enum dsgd_status status = DSGD_OK;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > SIZE_MAX_BYTES) {
        status = dsgd_fail(DSGD_EINPUT, "%s: not a file of at most %d bytes; expected a text written by dsgd", path, (int)SIZE_MAX_BYTES);
    } else if (!(*text = malloc((size_t)info.st_size + 1))) {
        status = dsgd_fail(DSGD_ENOMEM, "no memory to read %s", path);
    } else {
        *size = dsgd_read_at(fd, *text, (size_t)info.st_size, 0);
        (*text)[*size] = '\0';
        *there = true;
        if (errno) { status = dsgd_fail(DSGD_EIO, "%s: cannot be read (%s); expected a text written by dsgd", path, strerror(errno)); }
    }
    close(fd);
    if (status != DSGD_OK && *there) {
        free(*text);
        *there = false;
    }
    return status;
}

static bool is_ours(const char *all, size_t size)
{
    return size == 0 || text_length(all, size, TEXT_FILE_HASH) >= 0 || text_length(all, size, TEXT_FILE_MARKDOWN) >= 0 ||
           text_length(all, size, TEXT_FILE_JSON) >= 0 || is_tsv(all, size);
}

/* *same: the file says `text` already. */
static enum dsgd_status look(const char *path, const char *target, const char *text, size_t size, bool *same)
{
    char *there = NULL;
    size_t length = 0;
    bool exists = false;
    DSGD_TRY(read_file(target, &there, &length, &exists));
    if (!exists) { return DSGD_OK; }
    *same = text && length == size && memcmp(there, text, size) == 0;
    const bool ours = is_ours(there, length);
    free(there);
    return ours ? DSGD_OK : dsgd_fail(DSGD_EINPUT, "%s was not written by this version of dsgd, or was changed since: expected a new file or an earlier output; "
                                        "move it away, then the same command writes it anew", path);
}

enum dsgd_status dsgd_text_file_check(const char *path)
{
    char target[DSGD_PATH_MAX];
    bool same = false;
    DSGD_TRY(dsgd_place(path, 0, target));
    return look(path, target, NULL, 0, &same);
}

static bool whole(int fd)
{
    struct stat info;
    char *text = NULL;
    bool ours = false;
    if (fstat(fd, &info) == 0 && info.st_size <= SIZE_MAX_BYTES && (text = malloc((size_t)info.st_size + 1)) != NULL) {
        const size_t size = dsgd_read_at(fd, text, (size_t)info.st_size, 0);
        ours = is_ours(text, size);
    }
    free(text);
    return ours;
}

enum dsgd_status dsgd_text_file_write(const char *path, const char *text, size_t size, enum text_file_mark mark)
{
    char target[DSGD_PATH_MAX], line[MARK_BYTES];
    bool same = false;
    DSGD_TRY(dsgd_place(path, 0, target));
    while (mark == TEXT_FILE_JSON && size > 0 && strchr("}\n ", text[size - 1])) {
        if (text[--size] == '}') { break; }
    }
    while (mark == TEXT_FILE_JSON && size > 0 && strchr("\n ", text[size - 1])) { --size; }
    const bool open_end = mark != TEXT_FILE_JSON && size > 0 && text[size - 1] != '\n'; /* the mark is a line of its own */
    char *all = malloc(size + 2 + MARK_BYTES);
    if (!all) { return dsgd_fail(DSGD_ENOMEM, "no memory to write %s", path); }
    memcpy(all, text, size);
    if (open_end) { all[size++] = '\n'; }
    all[size] = '\0';
    mark_of(all, size, mark, line);
    const size_t total = size + strlen(line), place = mark == TEXT_FILE_TSV ? strcspn(all, "\n") : size;
    memmove(all + place + strlen(line), all + place, size - place);
    memcpy(all + place, line, strlen(line));
    enum dsgd_status status = look(path, target, all, total, &same);
    if (status == DSGD_OK && !same) {
        status = dsgd_make_folders(target);
        if (status == DSGD_OK) {
            dsgd_replace_clean(target, whole);
            status = dsgd_replace_whole(target, all, total);
        }
    }
    free(all);
    return status;
}

enum dsgd_status dsgd_text_file_read(const char *path, char **text, size_t *size)
{
    size_t length = 0;
    bool exists = false;
    *text = NULL;
    DSGD_TRY(read_file(path, text, &length, &exists));
    if (!exists) { return dsgd_fail(DSGD_EINPUT, "%s: cannot be read (%s); expected a text written by dsgd", path, strerror(ENOENT)); }
    const ssize_t kept = text_length(*text, length, TEXT_FILE_HASH);
    if (kept >= 0) {
        *size = (size_t)kept;
        (*text)[kept] = '\0';
        return DSGD_OK;
    }
    free(*text);
    *text = NULL;
    return dsgd_fail(DSGD_EINPUT, "%s does not end in the checksum of its lines: expected an unchanged text written by dsgd", path);
}

void dsgd_text_file_clean(const char *path)
{
    char target[DSGD_PATH_MAX];
    if (dsgd_place(path, 0, target) == DSGD_OK) { dsgd_replace_clean(target, whole); }
}

void dsgd_text_file_remove(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    bool there = false;
    if (read_file(path, &text, &size, &there) == DSGD_OK && there && size > 0 && is_ours(text, size)) { unlink(path); }
    if (there) { free(text); }
}

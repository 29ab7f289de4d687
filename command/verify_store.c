/* verify_store.c - rows of checks in results/verify. Interface: verify_store.h. */
#include "command/verify_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/dataset.h"
#include "record/text_file.h"
#include "lab/report/text_out.h"
#include "command/verify_head.h"
#include "record/replace.h"
#include "verify/table.h"

enum { FOLDER_BYTES = 256, PATH_BYTES = 512, LOOK_MAX_BYTES = 4 << 20, DATA_DIGITS = 8 };

/* ---- names ---- */

static void store_folder(const struct verify_context *context, char folder[FOLDER_BYTES])
{
    snprintf(folder, FOLDER_BYTES, "results/verify/%s-s%lu%s%s", context->full ? "full" : "quick", (unsigned long)context->seed,
             context->fault ? "-" : "", context->fault ? context->fault->name : "");
}

/* Rows of two data folders lie side by side. data: "none" or a SHA-256. */
static void store_path(const struct verify_context *context, const struct verify_check *check, const char *data, char path[PATH_BYTES])
{
    char folder[FOLDER_BYTES];
    store_folder(context, folder);
    const bool has_data = strcmp(data, "none") != 0;
    snprintf(path, PATH_BYTES, "%s/%s%s%.*s.tsv", folder, check->name, has_data ? "-" : "", has_data ? DATA_DIGITS : 0, data);
}

/* ---- text ---- */

static enum dsgd_status text_of(const struct verify_context *context, const struct verify_check *check, const char *head, char **text, size_t *size)
{
    FILE *out = open_memstream(text, size);
    if (!out) { return dsgd_fail(DSGD_ENOMEM, "no memory for the rows of %s", check->name); }
    fputs(head, out);
    for (int r = 0; r < context->rows; ++r) {
        verify_row_print(out, &context->row[r], check->name, context->seed, context->full);
        fputc('\n', out);
    }
    if (fclose(out) == 0) { return DSGD_OK; }
    free(*text);
    *text = NULL;
    return dsgd_fail(DSGD_ENOMEM, "no memory for the rows of %s", check->name);
}

static bool is_new(const struct verify_context *context, const char *id)
{
    for (int r = 0; r < context->rows; ++r) {
        if (strcmp(context->row[r].id, id) == 0) { return false; }
    }
    return true;
}

/* The rows of a text into the context; false if they are not those of different ids. Changes the text. */
static bool parse_rows(struct verify_context *context, char *text, const char *head)
{
    context->rows = 0;
    for (char *line = text + strlen(head); *line;) {
        struct verify_row row;
        char *end = strchr(line, '\n');
        if (!end || context->rows == VERIFY_ROWS_MAX) { return false; }
        *end = '\0';
        if (!verify_row_parse(line, &row) || !is_new(context, row.id)) { return false; }
        context->row[context->rows++] = row;
        line = end + 1;
    }
    return context->rows > 0;
}

/* *good: the text is head and rows, byte for byte what would be written for the rows that were read. */
static enum dsgd_status read_rows(struct verify_context *context, const struct verify_check *check, const char *head, const char *text, size_t size, bool *good)
{
    char *copy = malloc(size + 1), *again = NULL;
    size_t length = 0;
    *good = false;
    if (!copy) { return dsgd_fail(DSGD_ENOMEM, "no memory for the rows of %s", check->name); }
    memcpy(copy, text, size + 1);
    enum dsgd_status status = DSGD_OK;
    if (strlen(text) == size && strncmp(text, head, strlen(head)) == 0 && parse_rows(context, copy, head)) {
        status = text_of(context, check, head, &again, &length);
        *good = status == DSGD_OK && length == size && memcmp(again, text, size) == 0;
    }
    if (!*good) { context->rows = 0; }
    free(again);
    free(copy);
    return status;
}

/* ---- files ---- */

/* "# check NAME, version": what every version of this program wrote first. As much of it as there is counts, so a file that was cut there does. */
static bool begins_as_ours(const char *text, size_t size, const struct verify_check *check)
{
    char begin[128];
    const size_t length = (size_t)snprintf(begin, sizeof begin, "# check %s, version ", check->name);
    return memcmp(text, begin, size < length ? size : length) == 0;
}

static bool ends_as_ours(const char *text, size_t size)
{
    size_t from = size;
    while (from > 0 && (text[from - 1] != '\n' || from == size)) { --from; }
    char hex[VERIFY_HASH_MAX];
    return sscanf(text + from, "# end rows=%*[0-9] sha256=%64[0-9a-f]", hex) == 1 && strlen(hex) == VERIFY_HASH_MAX - 1;
}

/* A file that was ours before something cut it, changed it or emptied its blocks. */
static bool was_ours(const char *path, const struct verify_check *check)
{
    struct stat there;
    char *text = NULL;
    bool ours = false;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &there) == 0 && S_ISREG(there.st_mode) && there.st_size <= LOOK_MAX_BYTES && (text = malloc((size_t)there.st_size + 1)) != NULL) {
        const size_t size = dsgd_read_at(fd, text, (size_t)there.st_size, 0);
        size_t zeros = 0;
        text[size] = '\0';
        while (zeros < size && text[zeros] == '\0') { ++zeros; }
        ours = errno == 0 && (zeros == size || begins_as_ours(text, size, check) || ends_as_ours(text, size));
    }
    if (fd >= 0) { close(fd); }
    free(text);
    return ours;
}

/* Makes way for new rows, at the last moment: another process may have written them by now. */
static enum dsgd_status remove_damaged(const char *path, const struct verify_check *check)
{
    char target[DSGD_PATH_MAX];
    DSGD_TRY(dsgd_place(path, 0, target));
    if (dsgd_text_file_check(target) == DSGD_OK || !was_ours(target, check) || unlink(target) == 0 || errno == ENOENT) { return DSGD_OK; }
    return dsgd_fail_write(path, errno);
}

/* Rows from a file. Not good, and DSGD_OK: there is none, or one that may be replaced; then `why` says what is wrong with it, "" for none. */
static enum dsgd_status read_file(struct verify_context *context, const struct verify_check *check, const char *path, const char *head, bool *good,
                                  char why[DSGD_MESSAGE_MAX])
{
    char *text = NULL;
    size_t size = 0;
    struct stat there;
    *good = false;
    *why = '\0';
    if (stat(path, &there) != 0 && errno == ENOENT) { return DSGD_OK; }
    enum dsgd_status status = dsgd_text_file_read(path, &text, &size);
    if (status == DSGD_OK) {
        status = read_rows(context, check, head, text, size, good);
        if (!*good) {
            snprintf(why, DSGD_MESSAGE_MAX, "%s %s", path, strncmp(text, head, strlen(head)) == 0 ? "has lines that are no rows of this check"
                     : "was made with another version or other settings");
        }
        free(text);
        return status;
    }
    snprintf(why, DSGD_MESSAGE_MAX, "%s", dsgd_error());
    if (status != DSGD_EINPUT) { return dsgd_fail(status, "%s", why); }
    status = dsgd_text_file_check(path);
    return was_ours(path, check) ? DSGD_OK : status;
}

static enum dsgd_status write_rows(const struct verify_context *context, const struct verify_check *check, const char *path, const char *head)
{
    char *text = NULL;
    size_t size = 0;
    enum dsgd_status status = remove_damaged(path, check);
    if (status == DSGD_OK) { status = text_of(context, check, head, &text, &size); }
    if (status == DSGD_OK) { status = dsgd_text_file_write(path, text, size, TEXT_FILE_HASH); }
    free(text);
    return status;
}

/* ---- without the data ---- */

/* NAME-<8 hex digits>.tsv */
static bool is_name_with_data(const char *name, const struct verify_check *check)
{
    const size_t length = strlen(check->name);
    return strlen(name) == length + 1 + DATA_DIGITS + 4 && strncmp(name, check->name, length) == 0 && name[length] == '-' &&
           strspn(name + length + 1, "0123456789abcdef") == DATA_DIGITS && strcmp(name + length + 1 + DATA_DIGITS, ".tsv") == 0;
}

/* The dataset of the intact rows that are stored, into `data`; how many datasets there are. */
static int stored_data(struct verify_context *context, const struct verify_check *check, char data[VERIFY_HASH_MAX])
{
    char folder[FOLDER_BYTES], path[2 * PATH_BYTES], head[VERIFY_HEAD_MAX], other[VERIFY_HEAD_MAX], found[VERIFY_HASH_MAX];
    int count = 0;
    store_folder(context, folder);
    verify_head("check", check->name, check->version, context, "none", head);
    DIR *list = opendir(folder);
    const struct dirent *entry;
    while (list && (entry = readdir(list)) != NULL) {
        char *text = NULL;
        size_t size = 0;
        bool good = false;
        if (!is_name_with_data(entry->d_name, check)) { continue; }
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (dsgd_text_file_read(path, &text, &size) == DSGD_OK && verify_head_other_data(text, head, found)) {
            verify_head("check", check->name, check->version, context, found, other);
            good = strncmp(found, entry->d_name + strlen(check->name) + 1, DATA_DIGITS) == 0 &&
                   read_rows(context, check, other, text, size, &good) == DSGD_OK && good;
        }
        free(text);
        if (good) { memcpy(data, found, sizeof found); }
        count += good;
    }
    if (list) { closedir(list); }
    return count;
}

static enum dsgd_status without_data(const struct verify_store *store, struct verify_context *context, const struct verify_check *check,
                                     enum verify_source *source)
{
    char data[VERIFY_HASH_MAX], path[PATH_BYTES], head[VERIFY_HEAD_MAX], why[DSGD_MESSAGE_MAX];
    bool good = false;
    const int count = store->restart ? 0 : stored_data(context, check, data);
    if (count == 1) {
        store_path(context, check, data, path);
        verify_head("check", check->name, check->version, context, data, head);
        DSGD_TRY(read_file(context, check, path, head, &good, why));
    }
    if (good) {
        if (!store->quiet) { fprintf(stderr, "dsgd: verify: %s: stored rows of %s are taken; %s\n", check->name, path, store->absent); }
        *source = VERIFY_STORED;
        return DSGD_OK;
    }
    context->rows = 0;
    *source = VERIFY_LEFT_OUT;
    if (!store->quiet) {
        fprintf(stderr, "dsgd: verify: %s is left out: %s%s\n", check->name, count > 1 ? "rows of several datasets are stored; " : "", store->absent);
    }
    return DSGD_OK;
}

/* ---- with them ---- */

/* The first version had one file for all data. */
static void remove_first_version(const struct verify_context *context, const struct verify_check *check)
{
    char path[PATH_BYTES], text[128];
    if (!check->needs_mnist) { return; }
    store_path(context, check, "none", path);
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) { return; }
    if (dsgd_read_at(fd, text, sizeof text, 0) == sizeof text && begins_as_ours(text, sizeof text, check)) { unlink(path); }
    close(fd);
}

enum dsgd_status verify_store_get(const struct verify_store *store, struct verify_context *context, const struct verify_check *check,
                                  enum verify_source *source)
{
    char path[PATH_BYTES], head[VERIFY_HEAD_MAX], why[DSGD_MESSAGE_MAX];
    bool good = false;
    if (check->needs_mnist && !context->mnist) { return without_data(store, context, check, source); }
    const char *data = check->needs_mnist ? context->mnist->sha256 : "none";
    store_path(context, check, data, path);
    verify_head("check", check->name, check->version, context, data, head);
    dsgd_text_file_clean(path);
    DSGD_TRY(read_file(context, check, path, head, &good, why)); /* before minutes of work */
    *source = VERIFY_STORED;
    if (good && !store->restart) { return DSGD_OK; }
    if (*why && !store->quiet) { fprintf(stderr, "dsgd: verify: %s; it is made again\n", why); }
    const enum dsgd_status status = verify_run(context, check);
    if (status == DSGD_EINPUT && check->needs_mnist) { /* such data were not meant: a digit without examples, ... */
        dsgd_text_shown_into(why, sizeof why, dsgd_error());
        if (!store->quiet) { fprintf(stderr, "dsgd: verify: %s is left out: %s\n", check->name, why); }
        context->rows = 0;
        *source = VERIFY_LEFT_OUT;
        return DSGD_OK;
    }
    DSGD_TRY(status);
    *source = VERIFY_MADE;
    DSGD_TRY(write_rows(context, check, path, head));
    remove_first_version(context, check);
    return DSGD_OK;
}

/* cmd_data.c - dsgd data: which datasets are here, where they were looked for, whether they are the published ones, and
 * what to type where something is missing or wrong.
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/classes.h"
#include "command/commands.h"
#include "command/general.h"
#include "command/json_out.h"
#include "lab/report/text_out.h"

enum { ADVICE_SIZE = 8 * DSGD_DATA_PATH };

struct options {
    const char *data;
    bool json;
};

/* What is known about one dataset. */
struct entry {
    const struct dsgd_dataset_ops *ops;
    struct dsgd_data_survey survey;
    struct dsgd_dataset *data; /* NULL: not usable, and then ... */
    char problem[DSGD_MESSAGE_MAX];
    int missing, damaged, different; /* files; different: intact, but not the published bytes */
    enum dsgd_status status;             /* of loading it; DSGD_EIO: a file system failed, and so does the command */
    char advice[ADVICE_SIZE];            /* a line to type, or "" */
};

/* The first dataset whose file system failed, told after all the others. */
struct failure {
    enum dsgd_status status;
    char sentence[DSGD_MESSAGE_MAX];
};

static const struct argp_option option_table[] = {
    {"data", 'd', "FOLDER", 0, "Folder of the datasets (default: $DSGD_DATA, then data/)", 0},
    {"json", 'j', NULL, 0, "Report as JSON", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct options *o = state->input;
    switch (key) {
    case 'd': o->data = argument; return 0;
    case 'j': o->json = true; return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* Appends text as one word of a shell. */
static void append_word(char *line, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%";
    size_t used = strlen(line);
    const bool quote = !*text || text[strspn(text, plain)] != '\0';
    if (quote && used + 1 < ADVICE_SIZE) { line[used++] = '\''; }
    for (; *text && used + 8 < ADVICE_SIZE; ++text) {
        if (*text == '\'') {
            memcpy(line + used, "'\\''", 4);
            used += 4;
        } else {
            line[used++] = *text;
        }
    }
    if (quote) { line[used++] = '\''; }
    line[used] = '\0';
}

static void append(char *line, const char *text)
{
    const size_t used = strlen(line);
    snprintf(line + used, ADVICE_SIZE - used, "%s", text);
}

static void append_move(char *line, const char *path)
{
    char aside[DSGD_DATA_PATH + 8];
    snprintf(aside, sizeof aside, "%s.other", path);
    append(line, "mv -b ");
    append_word(line, path);
    append(line, " ");
    append_word(line, aside);
    append(line, " && ");
}

/* Files that are wrong are moved away, never removed; then what is missing is fetched. A package fills its own folder,
 * which counts only if there is nothing in the user's. */
static void advise(struct entry *e, const struct options *o)
{
    const struct dsgd_data_survey *s = &e->survey;
    if (s->found >= 0 && e->missing + e->damaged + e->different == 0) { return; }
    if (s->places > 1 && s->found == 0) { append_move(e->advice, s->place[0]); }
    for (int f = 0; s->places == 1 && f < s->files; ++f) {
        const struct dsgd_data_file *file = &s->file[f];
        if (*file->path && !file->as_published) { append_move(e->advice, file->path); }
    }
    if (o->data && s->places == 1) {
        append(e->advice, "DSGD_DATA=");
        append_word(e->advice, o->data);
        append(e->advice, " ");
    }
    append(e->advice, s->command);
}

static enum dsgd_status look(struct entry *e, const struct options *o)
{
    const struct dsgd_dataset_args args = {.config = NULL, .folder = o->data};
    if (!e->ops->survey) { return DSGD_OK; }
    DSGD_TRY(e->ops->survey(&args, &e->survey));
    for (int f = 0; e->survey.found >= 0 && f < e->survey.files; ++f) {
        const struct dsgd_data_file *file = &e->survey.file[f];
        e->missing += !*file->path;
        e->damaged += *file->path && !*file->sha256;
        e->different += *file->sha256 && !file->as_published;
    }
    advise(e, o);
    /* that the files fit together is known by loading them */
    const enum dsgd_status status = dsgd_dataset_load(e->ops, &args, &e->data);
    if (status == DSGD_OK) { return DSGD_OK; }
    snprintf(e->problem, sizeof e->problem, "%s", dsgd_error());
    e->status = status;
    return status == DSGD_EINPUT || status == DSGD_EIO ? DSGD_OK : status;
}

/* "WORDS" and a text of the world in one line. */
static void print_text(const char *words, const char *text)
{
    printf("%s", words);
    dsgd_print_shown(stdout, text);
}

/* Classes without an example: a problem that needs them refuses the training set; an error measured on such a test set says
 * nothing about them. */
static size_t missing_classes(const struct dsgd_dataset *data, const struct dsgd_split *split, char text[DSGD_CLASSES_TEXT])
{
    size_t count[DSGD_LABELS];
    dsgd_classes_count(split, count);
    return dsgd_classes_text(count, data->classes, false, text);
}

static void print_classes(const struct dsgd_dataset *data)
{
    char text[DSGD_CLASSES_TEXT];
    if (missing_classes(data, &data->train, text) > 0) { printf("              no training example of class %s\n", text); }
    if (missing_classes(data, &data->test, text) > 0) { printf("              no test example of class %s\n", text); }
}

/* Where the sums come from with which files are compared. */
static const char *sums_word(const struct dsgd_data_survey *survey)
{
    return survey->listed ? "listed" : "published";
}

static void print_examples(const struct dsgd_dataset *data)
{
    if (data->train.form == DSGD_PAIRS) {
        printf("\n  examples    %zu pairs for training, %zu for validation, %zu for testing, vocabularies of %zu and %zu\n", data->train.n,
               data->validation.n, data->test.n, data->source.size, data->target.size);
        return;
    }
    printf("\n  examples    %zu for training, %zu for testing, %zu features, %zu classes\n", data->train.n, data->test.n, data->features, data->classes);
    print_classes(data);
}

static void print_files(const struct entry *e)
{
    for (int f = 0; f < e->survey.files; ++f) {
        const struct dsgd_data_file *file = &e->survey.file[f];
        if (*file->passed_over) {
            print_text("              ", file->path);
            print_text(".gz: passed over, ", file->passed_over);
            printf("\n");
        }
        if (!*file->path) {
            printf("              %s[.gz]: missing\n", file->name);
        } else if (!*file->sha256) {
            print_text("              ", file->path);
            print_text(": damaged, ", file->problem);
            printf("\n");
        } else if (!file->as_published) {
            const bool other = strcmp(file->published_by, "SHA-256") != 0; /* the sum that is shown is one */
            print_text("              ", file->path);
            printf(": %s, %s %s%s%s\n", file->sha256, sums_word(&e->survey), other ? file->published_by : "", other ? " " : "", file->published);
        }
    }
}

static void print(const struct entry *e)
{
    const struct dsgd_data_survey *s = &e->survey;
    printf("%s: %s\n", e->ops->name, e->ops->title);
    if (!e->ops->survey) {
        printf("  looked in   nowhere, it is made and needs no files\n  use it      --set dataset=%s\n", e->ops->name);
        return;
    }
    print_text("  looked in   ", s->place[0]);
    if (s->places > 1) { print_text(", then ", s->place[1]); }
    printf("\n");
    if (s->found < 0) {
        print_text("  found       no\n  type        ", e->advice);
        printf("\n");
        return;
    }
    print_text("  found       in ", s->place[s->found]);
    if (e->data) {
        print_text("\n  title       ", e->data->title);
        print_examples(e->data);
    } else {
        print_text("\n  not usable  ", e->problem);
        printf("\n");
    }
    if (e->missing + e->damaged + e->different == 0) {
        printf("  %-10s  as %s, all %d files\n", s->file[0].published_by, sums_word(s), s->files);
    } else {
        printf("  %-10s  %d as %s, %d different, %d damaged, %d missing\n", s->file[0].published_by,
               s->files - e->different - e->damaged - e->missing, sums_word(s), e->different, e->damaged, e->missing);
    }
    print_files(e);
    if (e->data) { printf("  use it      --set dataset=%s\n", e->ops->name); }
    if (*e->advice) {
        print_text("  type        ", e->advice);
        printf("%s\n", e->data ? "    (for the published files)" : "");
    }
}

static json_t *files_json(const struct entry *e)
{
    json_t *files = json_array();
    for (int f = 0; f < e->survey.files; ++f) {
        const struct dsgd_data_file *file = &e->survey.file[f];
        json_t *object = json_object();
        json_set_text(object, "name", file->name);
        json_set_text(object, "path", file->path);
        json_set_text(object, "sha256", file->sha256);
        json_set_text(object, strcmp(file->published_by, "SHA-1") == 0 ? "sha1_published" : "sha256_published", file->published);
        json_set_text(object, "problem", file->problem);
        json_set_text(object, "passed_over", file->passed_over);
        json_array_append_new(files, object);
    }
    return files;
}

static void examples_json(const struct dsgd_dataset *data, json_t *object)
{
    json_object_set_new(object, "train", json_integer((json_int_t)data->train.n));
    json_object_set_new(object, "test", json_integer((json_int_t)data->test.n));
    if (data->train.form == DSGD_PAIRS) {
        json_object_set_new(object, "validation", json_integer((json_int_t)data->validation.n));
        json_object_set_new(object, "source_vocabulary", json_integer((json_int_t)data->source.size));
        json_object_set_new(object, "target_vocabulary", json_integer((json_int_t)data->target.size));
        return;
    }
    json_object_set_new(object, "features", json_integer((json_int_t)data->features));
    json_object_set_new(object, "classes", json_integer((json_int_t)data->classes));
    char text[DSGD_CLASSES_TEXT];
    missing_classes(data, &data->train, text);
    json_set_text(object, "classes_missing_train", text);
    missing_classes(data, &data->test, text);
    json_set_text(object, "classes_missing_test", text);
}

static json_t *entry_json(const struct entry *e)
{
    const struct dsgd_data_survey *s = &e->survey;
    const bool needs_files = e->ops->survey;
    json_t *object = json_object(), *places = json_array();
    json_set_text(object, "name", e->ops->name);
    json_object_set_new(object, "needs_files", json_boolean(needs_files));
    json_object_set_new(object, "usable", json_boolean(e->data || !needs_files));
    for (int p = 0; p < s->places; ++p) { json_array_append_new(places, json_text(s->place[p])); }
    json_object_set_new(object, "looked_in", places);
    json_set_text(object, "title", e->data ? e->data->title : e->ops->title);
    if (!needs_files) { return object; }
    json_set_text(object, "problem", e->problem);
    json_set_text(object, "type", e->advice);
    json_object_set_new(object, "published", json_boolean(e->data && e->missing + e->damaged + e->different == 0));
    if (s->found < 0) { return object; }
    json_set_text(object, "found_in", s->place[s->found]);
    json_object_set_new(object, "files", files_json(e));
    if (!e->data) { return object; }
    examples_json(e->data, object);
    json_set_text(object, "sha256", e->data->sha256);
    return object;
}

/* One dataset after the other: none stays in memory. */
static enum dsgd_status tell(const struct options *o, json_t *all, int *usable, struct failure *failure)
{
    struct entry *e = malloc(sizeof *e);
    enum dsgd_status status = e ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for what is known about a dataset");
    *usable = 0;
    for (size_t i = 0; status == DSGD_OK && dsgd_dataset_at(i); ++i) {
        *e = (struct entry){.ops = dsgd_dataset_at(i)};
        status = look(e, o);
        if (status == DSGD_OK) {
            *usable += e->data != NULL;
            if (e->status == DSGD_EIO && failure->status == DSGD_OK) {
                failure->status = e->status;
                memcpy(failure->sentence, e->problem, sizeof failure->sentence);
            }
            if (o->json) {
                json_array_append_new(all, entry_json(e));
            } else {
                if (i > 0) { printf("\n"); }
                print(e);
            }
        }
        dsgd_dataset_destroy(e->data);
    }
    free(e);
    return status;
}

static int command(int argc, char **argv)
{
    static const struct argp_child general[] = {{&general_argp, 0, NULL, 0}, {NULL, 0, NULL, 0}};
    static const struct argp argp = {
        option_table, parse, NULL,
        "Tells for each dataset where its files were looked for, what is there, whether the bytes are the published "
        "ones (SHA-256), and what to type if not. Exit code 0 if the files of at least one dataset can be used, "
        "else 2; 3 if a file system failed.",
        general, NULL, NULL};
    struct options o = {.data = NULL};
    if (argp_parse(&argp, argc, argv, 0, NULL, &o) != 0) { return 2; }
    json_t *all = o.json ? json_array() : NULL;
    int usable = 0;
    struct failure failure = {.status = DSGD_OK};
    enum dsgd_status status = tell(&o, all, &usable, &failure);
    if (status == DSGD_OK && o.json) {
        status = json_print(all);
    } else {
        json_decref(all);
    }
    if (status == DSGD_OK && (fflush(stdout) != 0 || ferror(stdout))) {
        status = dsgd_fail(DSGD_EIO, "cannot write to standard output");
    }
    if (status == DSGD_OK && failure.status != DSGD_OK) { status = dsgd_fail(failure.status, "%s", failure.sentence); }
    if (status == DSGD_OK && usable == 0) {
        status = dsgd_fail(DSGD_EINPUT, "data: no dataset with files can be used, expected at least one");
    }
    return status == DSGD_OK ? 0 : command_fail(status);
}

const struct command command_data = {"data", "tell which datasets are here, and how to get the others", command};

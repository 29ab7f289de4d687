/* parallel.c - parallel text from files of ids: a folder that scripts/make-parallel.sh makes of any two languages with sentencepiece's programs.
 *
 *   train.src train.tgt valid.src valid.tgt test.src test.tgt   sentences as ids (datasets/id_files.h); line i of the one translates line i of the other
 *   source.vocab target.vocab                                   the pieces that the ids stand for, as spm_train writes them
 *   valid.ref test.ref                                          the target sentences as they were written, for BLEU
 *   SHA256SUMS                                                  the sum of each, as sha256sum prints it
 *
 * Each may be packed (.gz). A file whose bytes are not those of the list is refused: ids of one vocabulary read with another are nonsense that
 * nothing else would find. Multi30k is D. Elliott, S. Frank, K. Sima'an, L. Specia, "Multi30K: multilingual English-German image descriptions"
 * (Workshop on Vision and Language 2016), task 1.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "datasets/id_files.h"
#include "datasets/places.h"

enum { TRAIN_SOURCE, TRAIN_TARGET, VALID_SOURCE, VALID_TARGET, TEST_SOURCE, TEST_TARGET, SOURCE_PIECES, TARGET_PIECES, VALID_LINES, TEST_LINES, FILES };
enum { SPLITS = 3 };

static const char *const file_name[FILES] = {"train.src", "train.tgt", "valid.src", "valid.tgt", "test.src", "test.tgt",
                                             "source.vocab", "target.vocab", "valid.ref", "test.ref"};
static const char list_name[] = "SHA256SUMS";

struct config {
    char folder[DSGD_TEXT_MAX];
    int64_t longest, n[SPLITS];
};
static const struct config standard = {.folder = "multi30k"};

static const struct dsgd_param parallel_params[] = {
    {"folder", DSGD_PARAM_TEXT, offsetof(struct config, folder), "multi30k", 0, 0, NULL, "which folder in DSGD_DATA/parallel"},
    {"longest", DSGD_PARAM_INT, offsetof(struct config, longest), "0", 0, DSGD_SENTENCE_MAX, NULL,
     "training pairs with more ids on either side are left out; 0 = all stay. Validation and test pairs always stay"},
    {"n", DSGD_PARAM_INT, offsetof(struct config, n), "0", 0, 4294967295.0, NULL, "training pairs, the first ones; 0 = all"},
    {"n_validation", DSGD_PARAM_INT, offsetof(struct config, n) + sizeof(int64_t), "0", 0, 4294967295.0, NULL, "validation pairs, the first ones; 0 = all"},
    {"n_test", DSGD_PARAM_INT, offsetof(struct config, n) + 2 * sizeof(int64_t), "0", 0, 4294967295.0, NULL, "test pairs, the first ones; 0 = all"},
    DSGD_PARAM_END,
};

/* What scripts/make-parallel.sh makes of Multi30k with Debian 12's sentencepiece: the sum of its list. */
static const char known_list[] = "10be30a819a6936ce109612c364e71aae313930f849bff992b459b3702281a88";

/* A folder that is read. */
struct folder {
    const char *path;
    struct dsgd_id_file list, file[FILES];
    size_t sources, targets; /* sizes of the vocabularies, once they are known */
    int now;                 /* the file that is read, or FILES for the list */
};

static void folder_clear(struct folder *f)
{
    dsgd_id_file_clear(&f->list);
    for (int k = 0; k < FILES; ++k) { dsgd_id_file_clear(&f->file[k]); }
}

static enum dsgd_status read_file(void *context, const char *path)
{
    struct folder *f = context;
    char listed[65];
    if (f->now == FILES) { return dsgd_lines_read(path, &f->list); }
    struct dsgd_id_file *file = &f->file[f->now];
    const bool ids = f->now < SOURCE_PIECES;
    char list_path[DSGD_DATA_PATH];
    snprintf(list_path, sizeof list_path, "%s/%s", f->path, list_name);
    DSGD_TRY(dsgd_sum_listed(list_path, &f->list, file_name[f->now], listed));
    DSGD_TRY(ids ? dsgd_ids_read(path, f->now % 2 ? f->targets : f->sources, file) : dsgd_lines_read(path, file));
    if (strcmp(file->sha256, listed) != 0) {
        return dsgd_fail(DSGD_EINPUT, "%s: SHA-256 %s, but %s lists %s: expected the file that the list was made with", path, file->sha256, list_path,
                         listed);
    }
    return f->now == SOURCE_PIECES || f->now == TARGET_PIECES ? dsgd_pieces_of(path, file) : DSGD_OK;
}

static enum dsgd_status read_one(struct folder *f, int which)
{
    char path[2][DSGD_DATA_PATH];
    int used;
    const char *name = which == FILES ? list_name : file_name[which];
    const int paths = dsgd_places_find(f->path, name, path);
    if (paths == 0) { return dsgd_places_missing(f->path, name); }
    f->now = which;
    return dsgd_places_read(path, paths, read_file, f, &used, NULL);
}

static enum dsgd_status same_lines(const struct folder *f, int a, int b)
{
    if (f->file[a].n == f->file[b].n && f->file[a].n > 0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "%s: %s has %zu lines and %s has %zu: expected as many, and at least one", f->path, file_name[a], f->file[a].n,
                     file_name[b], f->file[b].n);
}

/* The vocabularies first: ids are checked against them while they are read. */
static enum dsgd_status read_all(struct folder *f)
{
    DSGD_TRY(read_one(f, FILES));
    DSGD_TRY(read_one(f, SOURCE_PIECES));
    DSGD_TRY(read_one(f, TARGET_PIECES));
    f->sources = f->file[SOURCE_PIECES].n;
    f->targets = f->file[TARGET_PIECES].n;
    for (int k = 0; k < FILES; ++k) {
        if (k != SOURCE_PIECES && k != TARGET_PIECES) { DSGD_TRY(read_one(f, k)); }
    }
    for (int k = TRAIN_SOURCE; k <= TEST_SOURCE; k += 2) { DSGD_TRY(same_lines(f, k, k + 1)); }
    DSGD_TRY(same_lines(f, VALID_TARGET, VALID_LINES));
    return same_lines(f, TEST_TARGET, TEST_LINES);
}

/* Leaves pairs out whose sides are too long; returns how many stay. */
static size_t shorten(struct dsgd_id_file *source, struct dsgd_id_file *target, size_t longest)
{
    size_t kept = 0, sources = 0, targets = 0;
    for (size_t i = 0, from = 0, other = 0; i < source->n; ++i) {
        const size_t s = source->start[i + 1] - from, t = target->start[i + 1] - other;
        const bool stays = s <= longest && t <= longest;
        if (stays) {
            memmove(source->id + sources, source->id + from, s * sizeof *source->id);
            memmove(target->id + targets, target->id + other, t * sizeof *target->id);
        }
        from += s;
        other += t;
        if (!stays) { continue; }
        sources += s;
        targets += t;
        source->start[++kept] = sources; /* never beyond what is still to be read */
        target->start[kept] = targets;
    }
    source->n = target->n = kept;
    return kept;
}

/* Hands an array over to the dataset. */
static void *give(struct dsgd_dataset *data, int *owned, void *array) { return data->owned[(*owned)++] = array; }

static struct dsgd_sentences give_ids(struct dsgd_dataset *data, int *owned, struct dsgd_id_file *file)
{
    const struct dsgd_sentences out = {give(data, owned, file->start), give(data, owned, file->id)};
    file->start = NULL;
    file->id = NULL;
    return out;
}

static struct dsgd_lines give_lines(struct dsgd_dataset *data, int *owned, struct dsgd_id_file *file)
{
    const struct dsgd_lines out = {give(data, owned, file->start), give(data, owned, file->byte)};
    file->start = NULL;
    file->byte = NULL;
    return out;
}

static void append(struct dsgd_dataset *data, const char *format, size_t number)
{
    const size_t used = strlen(data->title);
    snprintf(data->title + used, sizeof data->title - used, format, number);
}

static enum dsgd_status fill(struct folder *f, const struct config *config, struct dsgd_dataset *data)
{
    struct dsgd_split *const split[SPLITS] = {&data->train, &data->validation, &data->test};
    const size_t all = f->file[TRAIN_SOURCE].n;
    int owned = 0;
    const size_t kept = config->longest > 0 ? shorten(&f->file[TRAIN_SOURCE], &f->file[TRAIN_TARGET], (size_t)config->longest) : all;
    if (kept == 0) {
        return dsgd_fail(DSGD_EINPUT, "parallel.longest = %lld: all %zu training pairs of %s have more ids: expected at least one that has not",
                         (long long)config->longest, all, f->path);
    }
    snprintf(data->name, sizeof data->name, "parallel");
    if (strcmp(f->list.sha256, known_list) == 0) {
        snprintf(data->title, sizeof data->title, "Multi30k, English to German (%zu joint pieces)", f->sources);
    } else {
        snprintf(data->title, sizeof data->title, "parallel text %.30s (%zu + %zu pieces)", config->folder, f->sources, f->targets);
    }
    if (kept < all) { append(data, ", up to %zu ids", (size_t)config->longest); }
    for (int s = 0; s < SPLITS; ++s) {
        static const char *const said[SPLITS] = {", %zu pairs", NULL, ", %zu test pairs"};
        const size_t n = f->file[2 * s].n, limit = (size_t)config->n[s];
        *split[s] = (struct dsgd_split){.n = limit > 0 && limit < n ? limit : n, .form = DSGD_PAIRS};
        if (split[s]->n < n && said[s]) { append(data, said[s], split[s]->n); }
        split[s]->source = give_ids(data, &owned, &f->file[2 * s]);
        split[s]->target = give_ids(data, &owned, &f->file[2 * s + 1]);
    }
    data->source = (struct dsgd_vocabulary){f->sources, give_lines(data, &owned, &f->file[SOURCE_PIECES])};
    data->target = (struct dsgd_vocabulary){f->targets, give_lines(data, &owned, &f->file[TARGET_PIECES])};
    data->validation.reference = give_lines(data, &owned, &f->file[VALID_LINES]);
    data->test.reference = give_lines(data, &owned, &f->file[TEST_LINES]);
    dsgd_dataset_hash(data);
    return DSGD_OK;
}

/* "parallel/FOLDER" below the data folder. */
static enum dsgd_status subfolder_of(const struct config *config, char out[DSGD_TEXT_MAX + 16])
{
    bool good = isalnum((unsigned char)*config->folder) != 0;
    for (const char *c = config->folder; *c; ++c) { good = good && (isalnum((unsigned char)*c) || strchr("._-", *c)); }
    if (!good) {
        return dsgd_fail(DSGD_EINPUT, "parallel.folder = %s: expected the name of a folder in DSGD_DATA/parallel: letters, digits, '.', '_' and '-'",
                         config->folder);
    }
    snprintf(out, DSGD_TEXT_MAX + 16, "parallel/%s", config->folder);
    return DSGD_OK;
}

static enum dsgd_status parallel_load(const struct dsgd_dataset_args *args, struct dsgd_dataset **out)
{
    const struct config *config = args->config ? args->config : &standard;
    char subfolder[DSGD_TEXT_MAX + 16];
    struct dsgd_places look;
    *out = NULL;
    DSGD_TRY(subfolder_of(config, subfolder));
    const struct dsgd_files files = {file_name, FILES, subfolder, NULL};
    DSGD_TRY(dsgd_places_look(&files, args->folder, &look));
    if (look.found < 0) {
        return dsgd_fail(DSGD_EINPUT, "dataset parallel: none of {train,valid,test}.{src,tgt} found in %s; type make -f Makefile.experiments "
                         "data-multi30k, make a folder of other texts with scripts/make-parallel.sh, or use dataset = grammar, which needs no files",
                         look.place[0]);
    }
    struct folder *f = calloc(1, sizeof *f);
    struct dsgd_dataset *data = calloc(1, sizeof *data);
    enum dsgd_status status = f && data ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "dataset parallel: no memory");
    if (f) { f->path = look.place[look.found]; }
    if (status == DSGD_OK) { status = read_all(f); }
    if (status == DSGD_OK) { status = fill(f, config, data); }
    if (f) { folder_clear(f); }
    free(f);
    if (status != DSGD_OK) {
        dsgd_dataset_destroy(data);
        return status;
    }
    *out = data;
    return DSGD_OK;
}

static enum dsgd_status sum_file(void *context, const char *path) { return dsgd_sum_read(path, context); }

/* The sum that the list has of a file, "" if there is none or no list. Only want of memory is a failure here: loading has the sentence. */
static enum dsgd_status listed_sum(const char *folder, const char *name, char sha256[65])
{
    struct dsgd_id_file list = {.n = 0};
    char path[2][DSGD_DATA_PATH];
    sha256[0] = '\0';
    const int paths = dsgd_places_find(folder, list_name, path);
    enum dsgd_status status = paths > 0 ? dsgd_lines_read(path[paths - 1], &list) : DSGD_EINPUT;
    if (status == DSGD_OK) { status = dsgd_sum_listed(list_name, &list, name, sha256); }
    dsgd_id_file_clear(&list);
    if (status != DSGD_OK) { sha256[0] = '\0'; }
    return status == DSGD_ENOMEM ? status : DSGD_OK;
}

static enum dsgd_status parallel_survey(const struct dsgd_dataset_args *args, struct dsgd_data_survey *out)
{
    char subfolder[DSGD_TEXT_MAX + 16];
    *out = (struct dsgd_data_survey){.command = "make -f Makefile.experiments data-multi30k", .listed = true};
    DSGD_TRY(subfolder_of(args->config ? args->config : &standard, subfolder));
    const struct dsgd_files files = {file_name, FILES, subfolder, NULL};
    DSGD_TRY(dsgd_places_tell(&files, args->folder, out));
    for (int k = 0; k < FILES; ++k) {
        struct dsgd_data_file *file = &out->file[k];
        char path[2][DSGD_DATA_PATH], sha256[65];
        bool usable = false;
        file->name = file_name[k];
        file->published_by = "SHA-256";
        if (out->found < 0) { continue; }
        DSGD_TRY(listed_sum(out->place[out->found], file_name[k], file->published));
        const int paths = dsgd_places_find(out->place[out->found], file_name[k], path);
        if (paths > 0) { DSGD_TRY(dsgd_places_survey(path, paths, sum_file, sha256, file, &usable)); }
        if (usable) { memcpy(file->sha256, sha256, sizeof sha256); }
        file->as_published = usable && strcmp(file->sha256, file->published) == 0;
    }
    return DSGD_OK;
}

const struct dsgd_dataset_ops dsgd_dataset_parallel = {
    .name = "parallel",
    .title = "Parallel text from files of ids, as of Multi30k",
    .reference = "datasets/parallel.c; Elliott, Frank, Sima'an, Specia 2016, Multi30K",
    .params = parallel_params,
    .config_size = sizeof(struct config),
    .pairs = true,
    .load = parallel_load,
    .survey = parallel_survey,
};

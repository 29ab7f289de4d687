/* idx_load.c - finds the four IDX files of a dataset, reads them and checks that they belong together. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "datasets/idx.h"
#include "datasets/idx_unpacked.h"
#include "datasets/split.h"
#include "sim/sha256.h"

enum { FILES = DSGD_DATA_FILES, PATH_SIZE = DSGD_DATA_PATH };

/* In the order of dsgd_dataset.sha256. */
static const char *const file_name[FILES] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                             "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

/* Is there anything of this name? A dangling link is, and so is what a folder without the right to look hides: the reader then
 * says what is wrong. */
static bool is_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 || (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG);
}

/* The gzip of a file in a folder, then the file itself: those that are there, and their number. An over-long path counts as
 * absent. */
static int find_file(const char *folder, const char *name, char path[2][PATH_SIZE])
{
    int found = 0;
    for (int zip = 1; zip >= 0; --zip) {
        const int length = snprintf(path[found], PATH_SIZE, "%s/%s%s", folder, name, zip ? ".gz" : "");
        if (length > 0 && length < PATH_SIZE && is_there(path[found])) { ++found; }
    }
    return found;
}

/* Reads file f from the first of these paths that can be used: a broken gzip does not hide an intact plain file. If none can,
 * the sentence is about the first. *used is the one that was read, and `passed_over`, if given, why it is not the first. */
static enum dsgd_status read_first(char path[2][PATH_SIZE], int paths, int f, struct sha256_ctx *hash, int *used,
                                   char *passed_over, struct dsgd_idx *out)
{
    enum dsgd_status first = DSGD_OK;
    char why[DSGD_MESSAGE_MAX] = "";
    const struct sha256_ctx before = *hash;
    for (*used = 0; *used < paths; ++*used) {
        *hash = before;
        const enum dsgd_status status = dsgd_idx_read(path[*used], f % 2 ? DSGD_IDX_LABELS : DSGD_IDX_IMAGES, hash, out);
        if (status == DSGD_OK && passed_over) { snprintf(passed_over, DSGD_MESSAGE_MAX, "%s", why); }
        if (status == DSGD_OK || status == DSGD_ENOMEM) { return status; }
        if (*used == 0) {
            first = status;
            snprintf(why, sizeof why, "%s", dsgd_error());
        }
    }
    *used = 0;
    return dsgd_fail(first, "%s", why);
}

static int count_files(const char *folder)
{
    char path[2][PATH_SIZE];
    int found = 0;
    for (int f = 0; f < FILES; ++f) { found += find_file(folder, file_name[f], path) > 0; }
    return found;
}

/* The folders, and the first that holds any of the files, so that a missing fourth file is reported and not hidden by a
 * fallback. */
static enum dsgd_status find_places(const struct dsgd_idx_source *source, const char *data_folder,
                                    struct dsgd_data_survey *out)
{
    if (!data_folder) { data_folder = getenv("DSGD_DATA"); }
    if (!data_folder || !*data_folder) { data_folder = "data"; }
    const int length = snprintf(out->place[0], PATH_SIZE, "%s/%s", data_folder, source->subfolder);
    if (length < 0 || length >= PATH_SIZE) {
        return dsgd_fail(DSGD_EINPUT, "data folder: a path of %d bytes, expected at most %d", length, PATH_SIZE - 1);
    }
    out->places = 1;
    if (source->system_folder) { snprintf(out->place[out->places++], PATH_SIZE, "%s", source->system_folder); }
    out->found = -1;
    for (int p = out->places - 1; p >= 0; --p) {
        if (count_files(out->place[p]) > 0) { out->found = p; }
    }
    return DSGD_OK;
}

static enum dsgd_status choose_folder(const struct dsgd_idx_source *source, const char *data_folder,
                                      char folder[PATH_SIZE])
{
    struct dsgd_data_survey look;
    DSGD_TRY(find_places(source, data_folder, &look));
    if (look.found < 0) {
        return dsgd_fail(DSGD_EINPUT,
                         "dataset %s: none of {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz] found in %s%s%s; %s",
                         source->name, look.place[0], look.places > 1 ? " or " : "",
                         look.places > 1 ? look.place[1] : "", source->advice);
    }
    snprintf(folder, PATH_SIZE, "%s", look.place[look.found]);
    return DSGD_OK;
}

static enum dsgd_status missing_file(const char *folder, const char *name)
{
    return dsgd_fail(DSGD_EINPUT,
                     "%s/%s[.gz]: missing, although other files of this dataset are there; dsgd data tells what to "
                     "type",
                     folder, name);
}

static enum dsgd_status read_split(const char *folder, int first, struct sha256_ctx *hash, struct dsgd_dataset *data,
                                   struct dsgd_split *split, size_t side[2], struct dsgd_unpacked *unpacked)
{
    char image[2][PATH_SIZE], label[2][PATH_SIZE];
    struct dsgd_idx images, labels;
    int used;
    const int image_paths = find_file(folder, file_name[first], image), label_paths = find_file(folder, file_name[first + 1], label);
    if (image_paths == 0) { return missing_file(folder, file_name[first]); }
    if (label_paths == 0) { return missing_file(folder, file_name[first + 1]); }
    dsgd_unpacked_look(unpacked, first, image);
    DSGD_TRY(read_first(image, image_paths, first, hash, &used, NULL, &images));
    const char *image_path = image[used];
    data->owned[first] = images.payload;
    dsgd_unpacked_look(unpacked, first + 1, label);
    DSGD_TRY(read_first(label, label_paths, first + 1, hash, &used, NULL, &labels));
    const char *label_path = label[used];
    data->owned[first + 1] = labels.payload;
    if (labels.n != images.n) {
        return dsgd_fail(DSGD_EINPUT, "%s: %zu labels, expected %zu, one for each image of %s", label_path, labels.n,
                         images.n, image_path);
    }
    *split = (struct dsgd_split){.n = images.n, .feature = images.payload, .label = labels.payload};
    if (first == 0) {
        side[0] = images.rows;
        side[1] = images.cols;
        data->features = images.rows * images.cols;
        data->classes = 2;
        for (size_t i = 0; i < labels.n; ++i) {
            if (labels.payload[i] >= data->classes) { data->classes = (size_t)labels.payload[i] + 1; }
        }
    }
    if (images.rows != side[0] || images.cols != side[1]) {
        return dsgd_fail(DSGD_EINPUT, "%s: images of %zu x %zu pixels, expected %zu x %zu as in the training images",
                         image_path, images.rows, images.cols, side[0], side[1]);
    }
    for (size_t i = 0; i < labels.n; ++i) {
        if (labels.payload[i] >= data->classes) {
            return dsgd_fail(DSGD_EINPUT, "%s: label %d of example %zu, expected one of the training labels 0..%zu",
                             label_path, labels.payload[i], i, data->classes - 1);
        }
    }
    return DSGD_OK;
}

static enum dsgd_status load_from(const struct dsgd_idx_source *source, const char *folder, bool tuning, struct dsgd_unpacked *unpacked,
                                  bool *published, struct dsgd_dataset **out)
{
    struct sha256_ctx hash;
    size_t side[2];
    *out = NULL;
    *published = false;
    struct dsgd_dataset *data = calloc(1, sizeof *data);
    if (!data) { return dsgd_fail(DSGD_ENOMEM, "dataset %s: no memory", source->name); }
    sha256_init(&hash);
    enum dsgd_status status = read_split(folder, 0, &hash, data, &data->train, side, unpacked);
    if (status == DSGD_OK && !tuning) { status = read_split(folder, 2, &hash, data, &data->test, side, unpacked); }
    if (status == DSGD_OK) {
        dsgd_sha256_end(&hash, 64, data->sha256);
        *published = strcmp(data->sha256, tuning ? source->sha256_train : source->sha256) == 0;
        snprintf(data->name, sizeof data->name, "%s", source->name);
        snprintf(data->title, sizeof data->title, "%s", *published ? source->title : source->title_unverified);
        if (*published) { dsgd_unpacked_keep(unpacked, data, side); }
        if (tuning) { status = dsgd_split_tuning(data); }
    }
    if (status != DSGD_OK) {
        dsgd_dataset_destroy(data);
        return status;
    }
    *out = data;
    return DSGD_OK;
}

enum dsgd_status dsgd_idx_load(const struct dsgd_idx_source *source, const struct dsgd_dataset_args *args,
                               struct dsgd_dataset **out)
{
    const struct dsgd_split_config *config = args->config;
    const bool tuning = config && config->split == DSGD_SPLIT_TUNING;
    char folder[PATH_SIZE];
    bool published;
    *out = NULL;
    DSGD_TRY(choose_folder(source, args->folder, folder));
    struct dsgd_unpacked unpacked = {.folder = args->unpacked, .keep = args->keep, .keep_context = args->keep_context, .published = source->file_sha256};
    const enum dsgd_status status = load_from(source, folder, tuning, &unpacked, &published, out);
    if (unpacked.used == 0 || (status == DSGD_OK && published) || status == DSGD_ENOMEM) { return status; }
    dsgd_dataset_destroy(*out); /* something is wrong with what was kept, or with the files: they alone decide */
    unpacked = (struct dsgd_unpacked){.folder = NULL};
    return load_from(source, folder, tuning, &unpacked, &published, out);
}

/* A sentence without the path that begins it, which is told anyway. */
static void without_path(const char *sentence, const char *path, char problem[DSGD_DATA_PROBLEM])
{
    const size_t length = strlen(path);
    const bool named = strncmp(sentence, path, length) == 0 && strncmp(sentence + length, ": ", 2) == 0;
    snprintf(problem, DSGD_DATA_PROBLEM, "%.*s", DSGD_DATA_PROBLEM - 1, named ? sentence + length + 2 : sentence);
}

static enum dsgd_status survey_file(int f, char path[2][PATH_SIZE], int paths, struct dsgd_data_file *file)
{
    struct sha256_ctx hash;
    struct dsgd_idx content;
    char passed_over[DSGD_MESSAGE_MAX] = "";
    int used;
    sha256_init(&hash);
    const enum dsgd_status status = read_first(path, paths, f, &hash, &used, passed_over, &content);
    snprintf(file->path, sizeof file->path, "%s", path[used]);
    if (status == DSGD_ENOMEM) { return status; }
    if (status != DSGD_OK) {
        without_path(dsgd_error(), path[used], file->problem);
        return DSGD_OK;
    }
    without_path(passed_over, path[0], file->passed_over);
    free(content.payload);
    dsgd_sha256_end(&hash, 64, file->sha256);
    return DSGD_OK;
}

enum dsgd_status dsgd_idx_survey(const struct dsgd_idx_source *source, const struct dsgd_dataset_args *args,
                                 struct dsgd_data_survey *out)
{
    *out = (struct dsgd_data_survey){.command = source->command};
    DSGD_TRY(find_places(source, args->folder, out));
    for (int f = 0; f < FILES; ++f) {
        struct dsgd_data_file *file = &out->file[f];
        char path[2][PATH_SIZE];
        file->name = file_name[f];
        file->published = source->file_sha256[f];
        const int paths = out->found < 0 ? 0 : find_file(out->place[out->found], file_name[f], path);
        if (paths > 0) { DSGD_TRY(survey_file(f, path, paths, file)); }
    }
    return DSGD_OK;
}

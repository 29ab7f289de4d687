/* idx_load.c - finds the four IDX files of a dataset, reads them and checks that they belong together. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <nettle/sha2.h>
#include "datasets/idx.h"
#include "datasets/split.h"

enum { FILES = DSGD_DATA_FILES, PATH_SIZE = DSGD_DATA_PATH };

/* In the order of dsgd_dataset.sha256. */
static const char *const file_name[FILES] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                             "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

/* The file itself or its gzip in a folder; false if there is neither. An over-long path counts as absent. */
static bool find_file(const char *folder, const char *name, char path[PATH_SIZE])
{
    for (int zip = 1; zip >= 0; --zip) {
        const int length = snprintf(path, PATH_SIZE, "%s/%s%s", folder, name, zip ? ".gz" : "");
        if (length > 0 && length < PATH_SIZE && access(path, F_OK) == 0) { return true; }
    }
    return false;
}

static int count_files(const char *folder)
{
    char path[PATH_SIZE];
    int found = 0;
    for (int f = 0; f < FILES; ++f) { found += find_file(folder, file_name[f], path); }
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
                                   struct dsgd_split *split, size_t side[2])
{
    char image_path[PATH_SIZE], label_path[PATH_SIZE];
    struct dsgd_idx images, labels;
    if (!find_file(folder, file_name[first], image_path)) { return missing_file(folder, file_name[first]); }
    if (!find_file(folder, file_name[first + 1], label_path)) { return missing_file(folder, file_name[first + 1]); }
    DSGD_TRY(dsgd_idx_read(image_path, DSGD_IDX_IMAGES, hash, &images));
    data->owned[first] = images.payload;
    DSGD_TRY(dsgd_idx_read(label_path, DSGD_IDX_LABELS, hash, &labels));
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

static void hex_digest(struct sha256_ctx *hash, char text[65])
{
    uint8_t sum[SHA256_DIGEST_SIZE];
    sha256_digest(hash, sizeof sum, sum);
    for (size_t i = 0; i < sizeof sum; ++i) { snprintf(text + 2 * i, 3, "%02x", (unsigned)sum[i]); }
}

enum dsgd_status dsgd_idx_load(const struct dsgd_idx_source *source, const struct dsgd_dataset_args *args,
                               struct dsgd_dataset **out)
{
    const struct dsgd_split_config *config = args->config;
    const bool tuning = config && config->split == DSGD_SPLIT_TUNING;
    char folder[PATH_SIZE];
    struct sha256_ctx hash;
    size_t side[2];
    *out = NULL;
    DSGD_TRY(choose_folder(source, args->folder, folder));
    struct dsgd_dataset *data = calloc(1, sizeof *data);
    if (!data) { return dsgd_fail(DSGD_ENOMEM, "dataset %s: no memory", source->name); }
    sha256_init(&hash);
    enum dsgd_status status = read_split(folder, 0, &hash, data, &data->train, side);
    if (status == DSGD_OK && !tuning) { status = read_split(folder, 2, &hash, data, &data->test, side); }
    if (status == DSGD_OK) {
        hex_digest(&hash, data->sha256);
        const bool published = strcmp(data->sha256, tuning ? source->sha256_train : source->sha256) == 0;
        snprintf(data->name, sizeof data->name, "%s", source->name);
        snprintf(data->title, sizeof data->title, "%s", published ? source->title : source->title_unverified);
        if (tuning) { status = dsgd_split_tuning(data); }
    }
    if (status != DSGD_OK) {
        dsgd_dataset_destroy(data);
        return status;
    }
    *out = data;
    return DSGD_OK;
}

static void survey_file(int f, struct dsgd_data_file *file)
{
    struct sha256_ctx hash;
    struct dsgd_idx content;
    sha256_init(&hash);
    if (dsgd_idx_read(file->path, f % 2 ? DSGD_IDX_LABELS : DSGD_IDX_IMAGES, &hash, &content) != DSGD_OK) {
        /* the sentence begins with the path, which is told anyway */
        const char *why = dsgd_message();
        const size_t path = strlen(file->path);
        snprintf(file->problem, sizeof file->problem, "%.255s",
                 strncmp(why, file->path, path) == 0 && strncmp(why + path, ": ", 2) == 0 ? why + path + 2 : why);
        return;
    }
    free(content.payload);
    hex_digest(&hash, file->sha256);
}

enum dsgd_status dsgd_idx_survey(const struct dsgd_idx_source *source, const struct dsgd_dataset_args *args,
                                 struct dsgd_data_survey *out)
{
    *out = (struct dsgd_data_survey){.command = source->command};
    DSGD_TRY(find_places(source, args->folder, out));
    for (int f = 0; f < FILES; ++f) {
        struct dsgd_data_file *file = &out->file[f];
        file->name = file_name[f];
        file->published = source->file_sha256[f];
        if (out->found < 0 || !find_file(out->place[out->found], file_name[f], file->path)) {
            file->path[0] = '\0';
        } else {
            survey_file(f, file);
        }
    }
    return DSGD_OK;
}

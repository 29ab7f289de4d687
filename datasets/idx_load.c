/* idx_load.c - finds the four IDX files of a dataset, reads them and checks that they belong together. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "datasets/idx.h"
#include "datasets/idx_unpacked.h"
#include "datasets/places.h"
#include "datasets/split.h"
#include "sim/sha256.h"

enum { FILES = DSGD_IDX_FILES, PATH_SIZE = DSGD_DATA_PATH };

/* In the order of dsgd_dataset.sha256. */
static const char *const file_name[FILES] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                             "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

static struct dsgd_files files_of(const struct dsgd_idx_source *source)
{
    return (struct dsgd_files){file_name, FILES, source->subfolder, source->system_folder};
}

/* One file of a set that is read: which, and the sum that its bytes are added to once it is known to be good. */
struct reading {
    int f;
    struct sha256_ctx *hash;
    struct dsgd_idx content;
};

static enum dsgd_status read_content(void *context, const char *path)
{
    struct reading *r = context;
    struct sha256_ctx hash = *r->hash;
    DSGD_TRY(dsgd_idx_read(path, r->f % 2 ? DSGD_IDX_LABELS : DSGD_IDX_IMAGES, &hash, &r->content));
    *r->hash = hash;
    return DSGD_OK;
}

static enum dsgd_status choose_folder(const struct dsgd_idx_source *source, const char *data_folder,
                                      char folder[PATH_SIZE])
{
    struct dsgd_places look;
    const struct dsgd_files files = files_of(source);
    DSGD_TRY(dsgd_places_look(&files, data_folder, &look));
    if (look.found < 0) {
        return dsgd_fail(DSGD_EINPUT,
                         "dataset %s: none of {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz] found in %s%s%s; %s",
                         source->name, look.place[0], look.places > 1 ? " or " : "",
                         look.places > 1 ? look.place[1] : "", source->advice);
    }
    snprintf(folder, PATH_SIZE, "%s", look.place[look.found]);
    return DSGD_OK;
}

static enum dsgd_status read_split(const char *folder, int first, struct sha256_ctx *hash, struct dsgd_dataset *data,
                                   struct dsgd_split *split, size_t side[2], struct dsgd_unpacked *unpacked)
{
    char path[2][2][PATH_SIZE]; /* of images and of labels */
    struct dsgd_idx part[2];
    int used[2], paths[2];
    for (int j = 0; j < 2; ++j) {
        paths[j] = dsgd_places_find(folder, file_name[first + j], path[j]);
        if (paths[j] == 0) { return dsgd_places_missing(folder, file_name[first + j]); }
    }
    for (int j = 0; j < 2; ++j) {
        struct reading r = {.f = first + j, .hash = hash};
        dsgd_unpacked_look(unpacked, first + j, path[j]);
        DSGD_TRY(dsgd_places_read(path[j], paths[j], read_content, &r, &used[j], NULL));
        part[j] = r.content;
        data->owned[first + j] = r.content.payload;
    }
    const struct dsgd_idx images = part[0], labels = part[1];
    const char *image_path = path[0][used[0]], *label_path = path[1][used[1]];
    if (labels.n != images.n) {
        return dsgd_fail(DSGD_EINPUT, "%s: %zu labels, expected %zu, one for each image of %s", label_path, labels.n,
                         images.n, image_path);
    }
    *split = (struct dsgd_split){.n = images.n, .feature = images.payload, .label = labels.payload};
    if (first == 0) {
        side[0] = images.rows;
        side[1] = images.cols;
        data->features = images.rows * images.cols;
        data->shape = (struct dsgd_shape){.channels = 1, .height = images.rows, .width = images.cols};
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

static enum dsgd_status survey_file(const struct dsgd_idx_source *source, int f, char path[2][PATH_SIZE], int paths, struct dsgd_data_file *file)
{
    struct sha256_ctx hash;
    bool usable;
    sha256_init(&hash);
    struct reading r = {.f = f, .hash = &hash};
    DSGD_TRY(dsgd_places_survey(path, paths, read_content, &r, file, &usable));
    if (!usable) { return DSGD_OK; }
    free(r.content.payload);
    dsgd_sha256_end(&hash, 64, file->sha256);
    file->as_published = strcmp(file->sha256, source->file_sha256[f]) == 0;
    return DSGD_OK;
}

enum dsgd_status dsgd_idx_survey(const struct dsgd_idx_source *source, const struct dsgd_dataset_args *args,
                                 struct dsgd_data_survey *out)
{
    const struct dsgd_files files = files_of(source);
    *out = (struct dsgd_data_survey){.command = source->command};
    DSGD_TRY(dsgd_places_tell(&files, args->folder, out));
    for (int f = 0; f < FILES; ++f) {
        struct dsgd_data_file *file = &out->file[f];
        char path[2][PATH_SIZE];
        file->name = file_name[f];
        snprintf(file->published, sizeof file->published, "%s", source->file_sha256[f]);
        file->published_by = "SHA-256";
        const int paths = out->found < 0 ? 0 : dsgd_places_find(out->place[out->found], file_name[f], path);
        if (paths > 0) { DSGD_TRY(survey_file(source, f, path, paths, file)); }
    }
    return DSGD_OK;
}

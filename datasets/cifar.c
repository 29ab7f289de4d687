/* cifar.c - reads and checks the files of CIFAR-10's binary version. Format and rules: cifar.h. */
#define _DEFAULT_SOURCE /* madvise */
#include "datasets/cifar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <nettle/sha1.h>
#include "datasets/memory.h"
#include "datasets/places.h"
#include "datasets/split.h"
#include "datasets/unpack.h"
#include "sim/sha256.h"

enum { FEATURES = DSGD_CIFAR_FEATURES, RECORD = 1 + FEATURES, TRAIN = DSGD_CIFAR_TRAIN, FILES = DSGD_CIFAR_FILES, SHA1_DIGITS = 2 * SHA1_DIGEST_SIZE };

static const char *const file_name[FILES] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                             "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
static const struct dsgd_files files = {file_name, FILES, "cifar-10-batches-bin", NULL};

static enum dsgd_status read_records(struct dsgd_unpack *file, const char *path, size_t records, struct sha256_ctx *sha256,
                                     struct sha1_ctx *sha1, uint8_t *feature, uint8_t *label)
{
    uint8_t record[RECORD];
    size_t got;
    for (size_t i = 0; i < records; ++i) {
        DSGD_TRY(dsgd_unpack_read(file, record, RECORD, &got));
        if (got < RECORD) {
            return dsgd_fail(DSGD_EINPUT, "%s: truncated, %zu bytes, expected %zu (%zu images of 1 + %d bytes)", path, i * RECORD + got,
                             records * RECORD, records, (int)FEATURES);
        }
        if (record[0] >= DSGD_CIFAR_CLASSES) {
            return dsgd_fail(DSGD_EINPUT, "%s: label %d of image %zu, expected one of 0..%d", path, record[0], i, DSGD_CIFAR_CLASSES - 1);
        }
        if (sha256) { sha256_update(sha256, RECORD, record); }
        if (sha1) { sha1_update(sha1, RECORD, record); }
        label[i] = record[0];
        memcpy(feature + i * FEATURES, record + 1, FEATURES);
    }
    DSGD_TRY(dsgd_unpack_read(file, record, 1, &got)); /* also checks the sum of a gzip file, and what comes after it */
    if (got != 0) {
        return dsgd_fail(DSGD_EINPUT, "%s: more bytes than expected, which is %zu (%zu images of 1 + %d bytes)", path, records * RECORD, records,
                         (int)FEATURES);
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_cifar_read(const char *path, size_t records, struct sha256_ctx *sha256, struct sha1_ctx *sha1, uint8_t *feature,
                                 uint8_t *label)
{
    struct dsgd_unpack *file;
    DSGD_TRY(dsgd_unpack_open(path, &file));
    const enum dsgd_status status = read_records(file, path, records, sha256, sha1, feature, label);
    dsgd_unpack_close(file);
    return status;
}

/* One file of a set that is read. The sum of all of them goes on only where a file is known to be good. */
struct reading {
    size_t records;
    struct sha256_ctx *sha256;
    uint8_t *feature, *label;
    char sha1[SHA1_DIGITS + 1]; /* of this file */
};

static enum dsgd_status read_content(void *context, const char *path)
{
    struct reading *r = context;
    struct sha256_ctx sha256 = *r->sha256;
    struct sha1_ctx sha1;
    uint8_t digest[SHA1_DIGEST_SIZE];
    sha1_init(&sha1);
    DSGD_TRY(dsgd_cifar_read(path, r->records, &sha256, &sha1, r->feature, r->label));
    *r->sha256 = sha256;
    sha1_digest(&sha1, sizeof digest, digest);
    for (size_t j = 0; j < sizeof digest; ++j) { snprintf(r->sha1 + 2 * j, 3, "%02x", digest[j]); }
    return DSGD_OK;
}

/* Files first .. first + count - 1 of a folder are one split, whose arrays go into owned[owned] and the next. */
static enum dsgd_status read_split(const struct dsgd_cifar_source *source, const char *folder, int first, int count, struct sha256_ctx *hash,
                                   struct dsgd_dataset *data, int owned, struct dsgd_split *split, bool *published)
{
    const size_t n = (size_t)count * source->records;
    uint8_t *feature = data->owned[owned] = dsgd_rows_memory(n * FEATURES), *label = data->owned[owned + 1] = malloc(n);
    if (!feature || !label) { return dsgd_fail(DSGD_ENOMEM, "dataset %s: no memory for %zu images", source->name, n); }
    for (int k = 0; k < count; ++k) {
        char path[2][DSGD_DATA_PATH];
        int used;
        const size_t at = (size_t)k * source->records;
        struct reading r = {.records = source->records, .sha256 = hash, .feature = feature + at * FEATURES, .label = label + at};
        const int paths = dsgd_places_find(folder, file_name[first + k], path);
        if (paths == 0) { return dsgd_places_missing(folder, file_name[first + k]); }
        DSGD_TRY(dsgd_places_read(path, paths, read_content, &r, &used, NULL));
        *published = *published && strcmp(r.sha1, source->file_sha1[first + k]) == 0;
    }
    *split = (struct dsgd_split){.n = n, .feature = feature, .label = label};
    return DSGD_OK;
}

static enum dsgd_status load_from(const struct dsgd_cifar_source *source, const char *folder, bool tuning, struct dsgd_dataset *data)
{
    struct sha256_ctx hash;
    bool published = true;
    sha256_init(&hash);
    DSGD_TRY(read_split(source, folder, 0, TRAIN, &hash, data, 0, &data->train, &published));
    if (!tuning) { DSGD_TRY(read_split(source, folder, TRAIN, FILES - TRAIN, &hash, data, 2, &data->test, &published)); }
    dsgd_sha256_end(&hash, 64, data->sha256);
    data->features = FEATURES;
    data->shape = (struct dsgd_shape){DSGD_CIFAR_CHANNELS, DSGD_CIFAR_SIDE, DSGD_CIFAR_SIDE};
    data->classes = DSGD_CIFAR_CLASSES; /* of the format, whatever labels occur */
    const char *known = tuning ? source->copies_sha256_train : source->copies_sha256;
    const bool copies = known && strcmp(data->sha256, known) == 0;
    snprintf(data->name, sizeof data->name, "%s", source->name);
    snprintf(data->title, sizeof data->title, "%s", published ? source->title : copies ? source->title_copies : source->title_unverified);
    return tuning ? dsgd_split_tuning(data) : DSGD_OK;
}

enum dsgd_status dsgd_cifar_load(const struct dsgd_cifar_source *source, const struct dsgd_dataset_args *args, struct dsgd_dataset **out)
{
    const struct dsgd_split_config *config = args->config;
    struct dsgd_places look;
    *out = NULL;
    DSGD_TRY(dsgd_places_look(&files, args->folder, &look));
    if (look.found < 0) {
        return dsgd_fail(DSGD_EINPUT, "dataset %s: none of data_batch_{1,2,3,4,5}.bin[.gz] and test_batch.bin[.gz] found in %s; %s", source->name,
                         look.place[0], source->advice);
    }
    struct dsgd_dataset *data = calloc(1, sizeof *data);
    if (!data) { return dsgd_fail(DSGD_ENOMEM, "dataset %s: no memory", source->name); }
    const enum dsgd_status status = load_from(source, look.place[look.found], config && config->split == DSGD_SPLIT_TUNING, data);
    if (status != DSGD_OK) {
        dsgd_dataset_destroy(data);
        return status;
    }
    *out = data;
    return DSGD_OK;
}

static enum dsgd_status survey_file(const struct dsgd_cifar_source *source, char path[2][DSGD_DATA_PATH], int paths, struct dsgd_data_file *file)
{
    struct sha256_ctx hash;
    bool usable = false;
    uint8_t *bytes = malloc(source->records * RECORD);
    if (!bytes) { return dsgd_fail(DSGD_ENOMEM, "dataset %s: no memory for %zu images", source->name, source->records); }
    sha256_init(&hash);
    struct reading r = {.records = source->records, .sha256 = &hash, .feature = bytes, .label = bytes + source->records * FEATURES};
    const enum dsgd_status status = dsgd_places_survey(path, paths, read_content, &r, file, &usable);
    if (usable) {
        dsgd_sha256_end(&hash, 64, file->sha256);
        file->as_published = strcmp(r.sha1, file->published) == 0;
    }
    free(bytes);
    return status;
}

enum dsgd_status dsgd_cifar_survey(const struct dsgd_cifar_source *source, const struct dsgd_dataset_args *args,
                                   struct dsgd_data_survey *out)
{
    *out = (struct dsgd_data_survey){.command = source->command};
    DSGD_TRY(dsgd_places_tell(&files, args->folder, out));
    for (int f = 0; f < FILES; ++f) {
        struct dsgd_data_file *file = &out->file[f];
        char path[2][DSGD_DATA_PATH];
        file->name = file_name[f];
        snprintf(file->published, sizeof file->published, "%s", source->file_sha1[f]);
        file->published_by = "SHA-1";
        const int paths = out->found < 0 ? 0 : dsgd_places_find(out->place[out->found], file_name[f], path);
        if (paths > 0) { DSGD_TRY(survey_file(source, path, paths, file)); }
    }
    return DSGD_OK;
}

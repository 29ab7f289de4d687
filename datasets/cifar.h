/* cifar.h - the binary version of CIFAR-10: one file, and a whole dataset of six files.
 *
 * A. Krizhevsky, "Learning multiple layers of features from tiny images", technical report, University of Toronto (2009); the format is
 * described at https://www.cs.toronto.edu/~kriz/cifar.html. A file is records without anything between them: 1 byte label, then 3072 bytes
 * of 32 x 32 pixels, the red plane first, then green and blue, each row by row. There is no header: only the exact length and the
 * labels tell whether a file is one.
 */
#ifndef DSGD_DATASETS_CIFAR_H
#define DSGD_DATASETS_CIFAR_H

#include <stddef.h>
#include <stdint.h>
#include "datasets/dataset.h"

struct sha256_ctx; /* nettle/sha2.h */
struct sha1_ctx;   /* nettle/sha1.h */

enum {
    DSGD_CIFAR_CHANNELS = 3,
    DSGD_CIFAR_SIDE = 32,
    DSGD_CIFAR_FEATURES = DSGD_CIFAR_CHANNELS * DSGD_CIFAR_SIDE * DSGD_CIFAR_SIDE,
    DSGD_CIFAR_CLASSES = 10,
    DSGD_CIFAR_TRAIN = 5, /* files of training examples, before ... */
    DSGD_CIFAR_FILES = 6, /* ... that of the test examples */
};

/** Where a dataset of six files comes from. */
struct dsgd_cifar_source {
    const char *name;             /* registry name */
    size_t records;               /* of each file: 10000 */
    const char *title;            /* if the bytes are the published ones ... */
    const char *title_copies;     /* ... if they are those of the JPEG copies below ... */
    const char *title_unverified; /* ... and if they are neither */
    const char *file_sha1[DSGD_CIFAR_FILES]; /* of the published files, unpacked */
    const char *copies_sha256, *copies_sha256_train; /* as in dsgd_dataset.sha256, with and without the test file; NULL: none are known */
    const char *advice;           /* what to do if there are no files; ends the sentence */
    const char *command;          /* ... as one line to type */
};

/** Reads one file, plain or gzip (unpack.h), of exactly `records` records, into feature [records][3072] and label [records]. All unpacked
 *  bytes are fed to both sums (either may be NULL). DSGD_EINPUT, DSGD_EIO or DSGD_ENOMEM with a sentence that names the file: its
 *  length, the first label above 9, or what unpack.h finds. */
enum dsgd_status dsgd_cifar_read(const char *path, size_t records, struct sha256_ctx *sha256, struct sha1_ctx *sha1, uint8_t *feature,
                                 uint8_t *label);

/** Loads data_batch_1.bin to data_batch_5.bin and test_batch.bin (each plain, or .gz, which goes first if it can be used) from the folder
 *  cifar-10-batches-bin of the data folder. args->config is a struct dsgd_split_config or NULL (full); with split = tuning the test file
 *  is not opened. DSGD_EINPUT with a sentence. Caller: dsgd_dataset_destroy. */
enum dsgd_status dsgd_cifar_load(const struct dsgd_cifar_source *source, const struct dsgd_dataset_args *args, struct dsgd_dataset **out);

/** Where dsgd_cifar_load looks, and what each of the six files is. */
enum dsgd_status dsgd_cifar_survey(const struct dsgd_cifar_source *source, const struct dsgd_dataset_args *args,
                                   struct dsgd_data_survey *out);

#endif

/* idx.h - the IDX format of the MNIST family, plain or gzip: one file, and a whole dataset of four files.
 *
 * IDX (Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits"): big-endian; two zero bytes, type
 * code (8 = unsigned byte), number of dimensions, the dimensions as 32-bit integers, then the items, last dimension
 * fastest.
 */
#ifndef DSGD_DATASETS_IDX_H
#define DSGD_DATASETS_IDX_H

#include <stddef.h>
#include <stdint.h>
#include "datasets/dataset.h"
#include "sim/status.h"

struct sha256_ctx; /* nettle/sha2.h */

enum {
    DSGD_IDX_LABELS = 1,    /* dimensions of a label file: n */
    DSGD_IDX_IMAGES = 3,    /* dimensions of an image file: n, rows, cols */
    DSGD_IDX_SIDE_MAX = 64, /* rows and cols of an image */
    DSGD_IDX_FILES = 4,     /* of a dataset */
};

/** The payload of one IDX file of unsigned bytes. */
struct dsgd_idx {
    size_t n, rows, cols; /* rows = cols = 1 for labels */
    uint8_t *payload;     /* [n * rows * cols]; free() by the caller */
};

/** Reads one IDX file, a regular file (gzip or plain, told apart by content). `dimensions` is DSGD_IDX_LABELS or
 *  DSGD_IDX_IMAGES. All decompressed bytes, header included, are fed to `hash` (may be NULL). Everything is checked: type
 *  code, number and size of dimensions, truncation, trailing bytes, the gzip checksum and what follows it (unpack.h). A
 *  header that lies about n cannot make this allocate more than the file could unpack to. DSGD_EINPUT, DSGD_EIO or
 *  DSGD_ENOMEM with a sentence naming the file; `out` is then empty. */
enum dsgd_status dsgd_idx_read(const char *path, int dimensions, struct sha256_ctx *hash, struct dsgd_idx *out);

/** Where a dataset of four IDX files comes from. */
struct dsgd_idx_source {
    const char *name;             /* registry name */
    const char *title;            /* if the bytes are the published ones ... */
    const char *title_unverified; /* ... and if not */
    const char *sha256;           /* of the published files, as in dsgd_dataset.sha256 ... */
    const char *sha256_train;     /* ... of the training images and labels alone, likewise ... */
    /* ... and of each of them, unpacked */
    const char *file_sha256[DSGD_IDX_FILES];
    const char *subfolder;        /* looked for in <data folder>/<subfolder> ... */
    const char *system_folder;    /* ... then here, if not NULL */
    const char *advice;           /* what to do if there are no files; ends the sentence */
    const char *command;          /* ... as one line to type */
};

/** Loads {train,t10k}-{images-idx3,labels-idx1}-ubyte[.gz] (.gz first, and the plain file if the .gz cannot be used) from the
 *  first folder that holds any of them.
 *  classes = largest training label + 1, at least 2. Checks every file as dsgd_idx_read does, and that counts, image
 *  sizes and labels fit together. args->config is a struct dsgd_split_config or NULL (full); with split = tuning the t10k
 *  files are not opened. DSGD_EINPUT with a sentence. Caller: dsgd_dataset_destroy. */
enum dsgd_status dsgd_idx_load(const struct dsgd_idx_source *source, const struct dsgd_dataset_args *args,
                               struct dsgd_dataset **out);

/** Where dsgd_idx_load looks, and what each of the four files is. DSGD_EINPUT if the data folder's path is too long. */
enum dsgd_status dsgd_idx_survey(const struct dsgd_idx_source *source, const struct dsgd_dataset_args *args,
                                 struct dsgd_data_survey *out);

#endif

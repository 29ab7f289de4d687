/* dataset.h - what a classification dataset is, and the registry of the datasets. */
#ifndef DSGD_DATASETS_DATASET_H
#define DSGD_DATASETS_DATASET_H

#include <stddef.h>
#include <stdint.h>
#include "sim/param.h"
#include "sim/status.h"

/** Images or feature vectors of bytes, with labels. Feature value = byte / 255. */
struct dsgd_split {
    size_t n;               /* examples */
    const uint8_t *feature; /* [n][features], row-major */
    const uint8_t *label;   /* [n], in [0, classes) */
};

/** A loaded dataset. */
struct dsgd_dataset {
    char name[32];          /* registry name, as in results paths */
    char title[96];         /* for logs, tables, captions: "MNIST", "Fashion-MNIST (clothes), not MNIST" */
    size_t features;        /* 784 */
    size_t classes;         /* 10 */
    struct dsgd_split train, test;
    void *owned[4];         /* the arrays behind feature and label that dsgd_dataset_destroy frees; NULL if borrowed */
    char sha256[65];        /* of the decompressed files that were read, one after another: train images, labels, test images, labels */
};

/** `folder` is the user's data folder (--data), or NULL: then $DSGD_DATA, then data/. */
struct dsgd_dataset_args {
    const void *config;  /* the dataset's config struct, NULL if it has no keys */
    const char *folder;
};

enum { DSGD_DATA_PLACES = 2, DSGD_DATA_FILES = 4, DSGD_DATA_PATH = 1024, DSGD_DATA_PROBLEM = 256 };

/** One file of a dataset, as `dsgd data` tells about it. */
struct dsgd_data_file {
    const char *name;          /* without .gz; static storage */
    const char *published;     /* SHA-256 of the published bytes, unpacked; static storage */
    char path[DSGD_DATA_PATH]; /* "" if it is missing */
    char sha256[65];           /* of its unpacked bytes; "" if it is missing or damaged */
    char problem[DSGD_DATA_PROBLEM]; /* why it is damaged, else "" */
    char passed_over[DSGD_DATA_PROBLEM]; /* why the plain file is used and not <path>.gz, which is there too; else "" */
};

/** Where a dataset was looked for, and what is there. */
struct dsgd_data_survey {
    int places; /* folders, in the order in which they are tried */
    char place[DSGD_DATA_PLACES][DSGD_DATA_PATH];
    int found;  /* the place that is used, or -1 */
    struct dsgd_data_file file[DSGD_DATA_FILES]; /* in that place */
    const char *command; /* what to type if there are no files; static storage */
};

/** The contract of a dataset: one file exports one of these. */
struct dsgd_dataset_ops {
    const char *name, *title, *reference;
    const struct dsgd_param *params;
    size_t config_size;
    /** Loads and checks everything. DSGD_EINPUT (what is in a file) or DSGD_EIO (it cannot be read) with a sentence that names
     *  the file. Caller: dsgd_dataset_destroy. */
    enum dsgd_status (*load)(const struct dsgd_dataset_args *args, struct dsgd_dataset **out);
    /** Looks for the files and reads those that are there; NULL for a dataset without files. Missing and damaged files
     *  are news in `out`, not failures; DSGD_ENOMEM is one. */
    enum dsgd_status (*survey)(const struct dsgd_dataset_args *args, struct dsgd_data_survey *out);
};

/** Frees a dataset; accepts NULL and half-built ones. */
void dsgd_dataset_destroy(struct dsgd_dataset *data);

/** The registry: entry i, or NULL past the end. */
const struct dsgd_dataset_ops *dsgd_dataset_at(size_t i);
/** The entry called name, or NULL. */
const struct dsgd_dataset_ops *dsgd_dataset_find(const char *name);
/** Adds one from outside the tree, and takes back the one that was added last; as for algorithms. */
enum dsgd_status dsgd_dataset_register(const struct dsgd_dataset_ops *dataset);
void dsgd_dataset_take_back(const struct dsgd_dataset_ops *dataset);

#endif

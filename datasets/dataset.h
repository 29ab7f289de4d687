/* dataset.h - what a dataset is (examples with labels, or pairs of sentences), and the registry of the datasets. */
#ifndef DSGD_DATASETS_DATASET_H
#define DSGD_DATASETS_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sim/param.h"
#include "sim/status.h"

/** What the rows of a split are. A number of a row is `unit` times the feature's value: 255 for bytes, 1 for floats and sparse rows. */
enum dsgd_form {
    DSGD_ROWS_BYTES,  /* value = byte / 255 */
    DSGD_ROWS_FLOATS, /* the value itself, finite */
    DSGD_ROWS_SPARSE, /* the same; a column that a row does not have is 0 */
    DSGD_PAIRS,       /* no rows and no labels: a sentence in each of two languages */
};

/** Ids that every vocabulary has, as sentencepiece numbers them with --pad_id=0 --unk_id=1 --bos_id=2 --eos_id=3. A sentence of a dataset
 *  holds words alone, and DSGD_ID_UNKNOWN; whoever makes batches adds the others (datasets/bins.h). */
enum { DSGD_ID_PAD, DSGD_ID_UNKNOWN, DSGD_ID_BEGIN, DSGD_ID_END, DSGD_ID_WORDS /* the first id of a word */ };
enum { DSGD_VOCABULARY_MAX = 1 << 24, DSGD_SENTENCE_MAX = 1 << 20 /* ids */ };

/** Sentences, one after another. */
struct dsgd_sentences {
    const size_t *start; /* [n + 1], ascending: sentence i is id[start[i]] .. id[start[i + 1] - 1], one id or more */
    const uint32_t *id;  /* [start[n]] */
};

/** Texts, one after another, UTF-8 without a zero byte or an end of line. */
struct dsgd_lines {
    const size_t *start; /* [n + 1], not descending: text i is byte[start[i]] .. byte[start[i + 1] - 1]; NULL: there are none */
    const char *byte;    /* [start[n]] */
};

/** Ids 0 .. size - 1 and the piece of a text that each stands for (datasets/vocabulary.h). */
struct dsgd_vocabulary {
    size_t size; /* at least DSGD_ID_WORDS + 1 */
    struct dsgd_lines piece; /* [size] */
};

/** Examples: a row of features each, and a label, or a pair of sentences. The arrays of the other forms are NULL. */
struct dsgd_split {
    size_t n;               /* examples */
    const uint8_t *feature; /* bytes: [n][features], row-major */
    const uint8_t *label;   /* [n], in [0, classes) */
    enum dsgd_form form;
    const float *real;      /* floats: [n][features], row-major */
    const size_t *start;    /* sparse: [n + 1], not descending; row i has the entries start[i] .. start[i + 1] - 1. start[0] may be above 0,
                             * where a split begins amid the rows of another */
    const uint32_t *column; /* sparse: [start[n]], in [0, features), ascending within a row */
    const float *value;     /* sparse: [start[n]], finite; an entry may be 0 */
    struct dsgd_sentences source, target; /* pairs: [n] each; sentence i of the one is a translation of sentence i of the other */
    struct dsgd_lines reference; /* pairs: optional, [n]: the target sentences as they were written, for BLEU; none: the target's pieces are */
};

/** How many times the values the numbers of a row are. */
static inline double dsgd_form_unit(enum dsgd_form form)
{
    return form == DSGD_ROWS_BYTES ? 255.0 : 1.0;
}

/** How the features of a row lie: [channels][height][width], the last dimension fastest, so that a picture has one plane a channel. */
struct dsgd_shape {
    size_t channels; /* 1: grey; 3: red, green, blue */
    size_t height, width; /* pixels; features that are no picture are one row of them: height 1, width = features */
};

enum { DSGD_DATASET_CLASSES = 256 /* labels are bytes: a dataset of more classes is refused */, DSGD_DATASET_ARRAYS = 24 };

/** A loaded dataset. */
struct dsgd_dataset {
    char name[32];          /* registry name, as in results paths */
    char title[96];         /* for logs, tables, captions: "MNIST", "Fashion-MNIST (clothes), not MNIST" */
    size_t features;        /* 784 */
    struct dsgd_shape shape; /* of features in all: 1 x 28 x 28 */
    size_t classes;         /* 10 */
    struct dsgd_split train, test; /* of one form */
    struct dsgd_split validation;  /* pairs alone: for choosing settings */
    struct dsgd_vocabulary source, target; /* pairs alone, which have no features and no classes: both are 0 */
    void *owned[DSGD_DATASET_ARRAYS]; /* the arrays of all splits that dsgd_dataset_destroy frees, in any order; NULL if borrowed */
    char sha256[65];        /* of the decompressed files that were read, one after another, in the order of `dsgd data`; of rows that are made,
                             * of floats, of sparse rows and of pairs what dsgd_dataset_hash says */
};

/** Writes a file whole, `head` and then `rest`; a failure is no one's but the writer's. */
typedef void dsgd_keep(void *context, const char *path, const void *head, size_t head_size, const void *rest, size_t rest_size);

/** `folder` is the user's data folder (--data), or NULL: then $DSGD_DATA, then data/. */
struct dsgd_dataset_args {
    const void *config;  /* the dataset's config struct, NULL if it has no keys */
    const char *folder;
    const char *unpacked; /* folder of published files that were unpacked before (idx_unpacked.h), or NULL: none is read or kept */
    dsgd_keep *keep;      /* writes there; NULL: nothing is written */
    void *keep_context;   /* handed to it */
};

enum { DSGD_DATA_PLACES = 2, DSGD_DATA_FILES = 12 /* at most */, DSGD_DATA_PATH = 1024, DSGD_DATA_PROBLEM = 256 };

/** One file of a dataset, as `dsgd data` tells about it. */
struct dsgd_data_file {
    const char *name;          /* without .gz; static storage */
    char published[65];        /* sum of the published bytes, unpacked, or of those that a list beside them names */
    const char *published_by;  /* which sum that is, "SHA-256" or "SHA-1"; static storage */
    bool as_published;         /* its unpacked bytes are */
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
    int files;  /* of the dataset */
    struct dsgd_data_file file[DSGD_DATA_FILES]; /* in that place */
    const char *command; /* what to type if there are no files; static storage */
    bool listed;         /* the sums are those of a list in the folder, not published ones */
};

/** The contract of a dataset: one file exports one of these. */
struct dsgd_dataset_ops {
    const char *name, *title, *reference;
    const struct dsgd_param *params;
    size_t config_size;
    bool pairs; /* its examples are pairs of sentences, not rows with labels */
    /** Loads and checks everything. DSGD_EINPUT (what is in a file) or DSGD_EIO (it cannot be read) with a sentence that names
     *  the file. Caller: dsgd_dataset_destroy. */
    enum dsgd_status (*load)(const struct dsgd_dataset_args *args, struct dsgd_dataset **out);
    /** Looks for the files and reads those that are there; NULL for a dataset without files. Missing and damaged files
     *  are news in `out`, not failures; DSGD_ENOMEM is one. */
    enum dsgd_status (*survey)(const struct dsgd_dataset_args *args, struct dsgd_data_survey *out);
};

/** Loads a dataset and checks it (dsgd_dataset_check). Caller: dsgd_dataset_destroy. */
enum dsgd_status dsgd_dataset_load(const struct dsgd_dataset_ops *dataset, const struct dsgd_dataset_args *args, struct dsgd_dataset **out);
/** Whether a dataset is what the comments above say: shapes, labels, ascending columns in range, finite values; of pairs lengths, ids in
 *  range, and an example in each of three splits. A pass over the data; a
 *  reader that knows files and lines calls it where it has no better sentence. DSGD_EINPUT with a sentence that names dataset and example. */
enum dsgd_status dsgd_dataset_check(const struct dsgd_dataset *data);
/** Fills data->sha256. Bytes: of train features, train labels, test features, test labels. Floats and sparse rows: of both splits, one
 *  after the other, each as n and features (64-bit), then the floats (IEEE 754, 32-bit), or the number of entries of each row (64-bit), all
 *  columns (32-bit) and all values; then the labels. Pairs: of the source and of the target vocabulary the size and the texts; of training,
 *  validation and test examples n, then of sources and targets all lengths and all ids (32-bit), then the texts of the references; of texts
 *  all lengths, then all bytes. Numbers are little-endian, of 64 bits where nothing is said; a split without examples has no part in it. */
void dsgd_dataset_hash(struct dsgd_dataset *data);
/** Whether a problem that wants pairs of sentences (or, pairs = false, rows with labels) has them here: DSGD_EINPUT with a sentence that
 *  names both; `problem` is its name. */
enum dsgd_status dsgd_dataset_fits(const struct dsgd_dataset *data, const char *problem, bool pairs);
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

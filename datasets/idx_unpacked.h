/* idx_unpacked.h - published files of a dataset that an earlier run has unpacked: what gzip takes most of a short run's time for. Internal.
 *
 * unpacked-<16 digits>-<16 digits>.idx is a plain IDX file. The first digits begin the SHA-256 of the packed file as it is, which is computed
 * each time, so that another packed file is another name; the second ones begin the published SHA-256 of its unpacked bytes. What was read is
 * believed only if the sum over all of the dataset's files, which is computed in any case, is the published one; else everything is read
 * from the packed files. So what is damaged here costs time and nothing else. Only published files are kept; nothing is ever removed.
 */
#ifndef DSGD_DATASETS_IDX_UNPACKED_H
#define DSGD_DATASETS_IDX_UNPACKED_H

#include "datasets/dataset.h"
#include "datasets/idx.h"

struct dsgd_unpacked {
    const char *folder;                /* NULL: nothing is looked for or kept */
    dsgd_keep *keep;
    void *keep_context;
    const char *const *published;      /* [DSGD_IDX_FILES] SHA-256 of the unpacked bytes */
    int used;                          /* files that came from the folder */
    char missing[DSGD_IDX_FILES][DSGD_DATA_PATH]; /* where a file that was unpacked now would be kept; else "" */
};

/** Puts the place of file f, if it has been unpacked, in the place of its packed file path[0]. */
void dsgd_unpacked_look(struct dsgd_unpacked *unpacked, int f, char path[2][DSGD_DATA_PATH]);
/** Keeps the files of a published dataset that were unpacked now. side: rows and columns of an image. */
void dsgd_unpacked_keep(const struct dsgd_unpacked *unpacked, const struct dsgd_dataset *data, const size_t side[2]);

#endif

/* id_files.h - text files of sentences as ids, of lines, and of sums: what scripts/make-parallel.sh writes. Internal.
 *
 * A file of ids has one sentence a line: decimal ids separated by one blank each, as spm_encode --output_format=id prints them. A file of lines is any
 * UTF-8 without zero bytes. Both end with an end of line. Plain or gzip (unpack.h); everything is read to the last byte and summed up (SHA-256,
 * of the unpacked bytes). Failures are DSGD_EINPUT, DSGD_EIO or DSGD_ENOMEM with a sentence that begins with the path.
 */
#ifndef DSGD_DATASETS_ID_FILES_H
#define DSGD_DATASETS_ID_FILES_H

#include "datasets/dataset.h"

/** What a file holds; start and what it points into are of malloc, and the caller's also after a failure. Begin with {0}. */
struct dsgd_id_file {
    size_t n;      /* sentences or lines */
    size_t *start; /* [n + 1] */
    uint32_t *id;  /* [start[n]] of a file of ids */
    char *byte;    /* [start[n]] of a file of lines, without the ends of line */
    char sha256[65];
    size_t starts, items; /* room */
};

/** Reads a file of ids; each must be DSGD_ID_UNKNOWN or in [DSGD_ID_WORDS, vocabulary), and no sentence is empty. */
enum dsgd_status dsgd_ids_read(const char *path, size_t vocabulary, struct dsgd_id_file *out);
/** Reads a file of lines. */
enum dsgd_status dsgd_lines_read(const char *path, struct dsgd_id_file *out);
/** Makes the lines of a vocabulary its pieces: what stands before the first tab (spm_train writes a score behind it). The first four must be
 *  <pad>, <unk>, <s> and </s>; DSGD_EINPUT. */
enum dsgd_status dsgd_pieces_of(const char *path, struct dsgd_id_file *lines);
/** The sum of a file's bytes alone. */
enum dsgd_status dsgd_sum_read(const char *path, char sha256[65]);
/** The sum of `name` in the lines of a list as sha256sum prints it ("SUM  NAME"); DSGD_EINPUT if there is none, or no sum. */
enum dsgd_status dsgd_sum_listed(const char *path, const struct dsgd_id_file *list, const char *name, char sha256[65]);

void dsgd_id_file_clear(struct dsgd_id_file *file);

#endif

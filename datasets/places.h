/* places.h - where the files of a dataset lie, and which form of each is read: the gzip, or the plain file beside it. Internal. */
#ifndef DSGD_DATASETS_PLACES_H
#define DSGD_DATASETS_PLACES_H

#include "datasets/dataset.h"

/** The files of a dataset. */
struct dsgd_files {
    const char *const *name; /* [files], without .gz */
    int files;               /* at most DSGD_DATA_FILES */
    const char *subfolder;   /* looked for in <data folder>/<subfolder> ... */
    const char *system_folder; /* ... then here, if not NULL */
};

/** Folders that may hold them, in the order in which they are tried. */
struct dsgd_places {
    int places, found; /* found: the one that is used, or -1 */
    char place[DSGD_DATA_PLACES][DSGD_DATA_PATH];
};

/** The gzip of a file in a folder, then the file itself: those that are there, and their number. An over-long path counts as absent. */
int dsgd_places_find(const char *folder, const char *name, char path[2][DSGD_DATA_PATH]);

/** Looks for the first folder that holds any of the files, so that a missing one is reported and not hidden by a
 *  fallback. `data_folder` as in dsgd_dataset_args. DSGD_EINPUT if its path is too long. */
enum dsgd_status dsgd_places_look(const struct dsgd_files *files, const char *data_folder, struct dsgd_places *out);
/** The same as the beginning of a survey; its other fields stay. */
enum dsgd_status dsgd_places_tell(const struct dsgd_files *files, const char *data_folder, struct dsgd_data_survey *out);

/** Reads one file: DSGD_OK, or a status with a sentence that begins with the path. Begins anew at each call. */
typedef enum dsgd_status dsgd_places_reader(void *context, const char *path);

/** Reads the first of these paths that can be used: a broken gzip does not hide an intact plain file. If none can, the sentence is
 *  about the first. *used is the one that was read, and `passed_over`, if given, why it is not the first. */
enum dsgd_status dsgd_places_read(char path[2][DSGD_DATA_PATH], int paths, dsgd_places_reader *read, void *context, int *used,
                                  char *passed_over /* [DSGD_MESSAGE_MAX] */);

/** Fills path, problem and passed_over of a file that is there, and says whether it could be read (*usable); DSGD_ENOMEM and failures of
 *  the caller alone are failures. */
enum dsgd_status dsgd_places_survey(char path[2][DSGD_DATA_PATH], int paths, dsgd_places_reader *read, void *context,
                                    struct dsgd_data_file *file, bool *usable);

/** The sentence about a file that is not there while others are. */
enum dsgd_status dsgd_places_missing(const char *folder, const char *name);

#endif

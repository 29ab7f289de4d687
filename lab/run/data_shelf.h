/* data_shelf.h - what the datasets of several runs hold, each read once by a process.
 *
 * The hash of the data is part of a result's name (dsgd_spec_path), so many commands need it for many runs. The data of the
 * newest hash stay in memory: runs beside each other mostly share them.
 */
#ifndef DSGD_LAB_RUN_DATA_SHELF_H
#define DSGD_LAB_RUN_DATA_SHELF_H

#include "lab/config/spec.h"

struct data_shelf_entry;

/** All zero at first, but `folder`. */
struct data_shelf {
    const char *folder; /* --data, or NULL */
    struct data_shelf_entry *entry;
    size_t entries;
    struct dsgd_dataset *data; /* of entry `held` */
    size_t held;
};

/** SHA-256 (hex) of the dataset of a run, "none" without one. DSGD_EINPUT with the dataset's sentence if it cannot be
 *  loaded; asked again, the same answer without another look. */
enum dsgd_status dsgd_data_shelf_hash(struct data_shelf *shelf, const struct dsgd_spec *spec, char sha256[65]);

/** The dataset itself, NULL without one; the shelf's, until it is asked for another. */
enum dsgd_status dsgd_data_shelf_load(struct data_shelf *shelf, const struct dsgd_spec *spec, const struct dsgd_dataset **out);

/** The default place of a run's result with the data that are at hand. */
enum dsgd_status dsgd_data_shelf_path(struct data_shelf *shelf, const struct dsgd_spec *spec, char *path, size_t size);

void dsgd_data_shelf_clear(struct data_shelf *shelf);

#endif

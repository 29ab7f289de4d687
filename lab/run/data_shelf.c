/* data_shelf.c - datasets and their hashes, found by configuration. Interface: data_shelf.h. */
#include "lab/run/data_shelf.h"
#include "lab/run/unpacked.h"

#include <stdlib.h>
#include <string.h>

struct data_shelf_entry {
    const struct dsgd_dataset_ops *ops;
    void *config; /* owned; ops->config_size bytes, zeroed before they were filled: equal keys are equal bytes */
    enum dsgd_status status;
    char sha256[65];
    char *message; /* owned; why it cannot be loaded */
};

static enum dsgd_status no_memory(void)
{
    return dsgd_fail(DSGD_ENOMEM, "no memory for a dataset's hash");
}

static enum dsgd_status load(const struct data_shelf *shelf, const struct dsgd_spec *spec, struct dsgd_dataset **out)
{
    const struct dsgd_dataset_args args = {.config = spec->dataset_config, .folder = shelf->folder, .unpacked = dsgd_unpacked_folder()};
    return dsgd_dataset_load(spec->dataset, &args, out);
}

static struct data_shelf_entry *find(const struct data_shelf *shelf, const struct dsgd_spec *spec)
{
    for (size_t j = 0; j < shelf->entries; ++j) {
        struct data_shelf_entry *e = &shelf->entry[j];
        const size_t size = e->ops->config_size;
        if (e->ops == spec->dataset && (size == 0 || memcmp(e->config, spec->dataset_config, size) == 0)) { return e; }
    }
    return NULL;
}

/* Takes the data in the place of those that were held. */
static void hold(struct data_shelf *shelf, size_t entry, struct dsgd_dataset *data)
{
    dsgd_dataset_destroy(shelf->data);
    shelf->data = data;
    shelf->held = entry;
}

static enum dsgd_status add(struct data_shelf *shelf, const struct dsgd_spec *spec, struct data_shelf_entry **out)
{
    struct data_shelf_entry *grown = realloc(shelf->entry, (shelf->entries + 1) * sizeof *grown);
    if (!grown) { return no_memory(); }
    shelf->entry = grown;
    struct data_shelf_entry *e = *out = &grown[shelf->entries];
    const size_t size = spec->dataset->config_size;
    *e = (struct data_shelf_entry){.ops = spec->dataset, .config = malloc(size + 1)};
    if (!e->config) { return no_memory(); }
    if (size > 0) { memcpy(e->config, spec->dataset_config, size); }
    ++shelf->entries;
    struct dsgd_dataset *data = NULL;
    e->status = load(shelf, spec, &data);
    if (e->status != DSGD_OK) {
        dsgd_dataset_destroy(data);
        e->message = strdup(dsgd_error());
        return e->message ? DSGD_OK : no_memory();
    }
    strcpy(e->sha256, data->sha256);
    hold(shelf, shelf->entries - 1, data);
    return DSGD_OK;
}

enum dsgd_status dsgd_data_shelf_hash(struct data_shelf *shelf, const struct dsgd_spec *spec, char sha256[65])
{
    strcpy(sha256, "none");
    if (!spec->dataset) { return DSGD_OK; }
    struct data_shelf_entry *e = find(shelf, spec);
    if (!e) { DSGD_TRY(add(shelf, spec, &e)); }
    if (e->status != DSGD_OK) { return dsgd_fail(e->status, "%s", e->message); }
    strcpy(sha256, e->sha256);
    return DSGD_OK;
}

enum dsgd_status dsgd_data_shelf_load(struct data_shelf *shelf, const struct dsgd_spec *spec, const struct dsgd_dataset **out)
{
    char sha256[65];
    *out = NULL;
    DSGD_TRY(dsgd_data_shelf_hash(shelf, spec, sha256));
    if (!spec->dataset) { return DSGD_OK; }
    const struct data_shelf_entry *e = find(shelf, spec);
    const size_t at = (size_t)(e - shelf->entry);
    if (!shelf->data || shelf->held != at) {
        struct dsgd_dataset *data = NULL;
        DSGD_TRY(load(shelf, spec, &data));
        if (strcmp(data->sha256, sha256) != 0) {
            dsgd_dataset_destroy(data);
            return dsgd_fail(DSGD_EINPUT, "dataset %s has changed while the command ran: expected files that stay", spec->dataset->name);
        }
        hold(shelf, at, data);
    }
    *out = shelf->data;
    return DSGD_OK;
}

enum dsgd_status dsgd_data_shelf_path(struct data_shelf *shelf, const struct dsgd_spec *spec, char *path, size_t size)
{
    char sha256[65];
    DSGD_TRY(dsgd_data_shelf_hash(shelf, spec, sha256));
    return dsgd_spec_path(spec, sha256, path, size);
}

void dsgd_data_shelf_clear(struct data_shelf *shelf)
{
    for (size_t j = 0; j < shelf->entries; ++j) {
        free(shelf->entry[j].config);
        free(shelf->entry[j].message);
    }
    free(shelf->entry);
    dsgd_dataset_destroy(shelf->data);
    *shelf = (struct data_shelf){.folder = shelf->folder};
}

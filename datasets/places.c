/* places.c - finds the files of a dataset in the data folders, and reads the first form of each that can be used. Interface: places.h. */
#include "datasets/places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = DSGD_DATA_PATH };

/* Is there anything of this name? A dangling link is, and so is what a folder without the right to look hides: the reader then
 * says what is wrong. */
static bool is_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 || (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG);
}

int dsgd_places_find(const char *folder, const char *name, char path[2][PATH_SIZE])
{
    int found = 0;
    for (int zip = 1; zip >= 0; --zip) {
        const int length = snprintf(path[found], PATH_SIZE, "%s/%s%s", folder, name, zip ? ".gz" : "");
        if (length > 0 && length < PATH_SIZE && is_there(path[found])) { ++found; }
    }
    return found;
}

static int count_files(const struct dsgd_files *files, const char *folder)
{
    char path[2][PATH_SIZE];
    int found = 0;
    for (int f = 0; f < files->files; ++f) { found += dsgd_places_find(folder, files->name[f], path) > 0; }
    return found;
}

enum dsgd_status dsgd_places_look(const struct dsgd_files *files, const char *data_folder, struct dsgd_places *out)
{
    if (!data_folder) { data_folder = getenv("DSGD_DATA"); }
    if (!data_folder || !*data_folder) { data_folder = "data"; }
    const int length = snprintf(out->place[0], PATH_SIZE, "%s/%s", data_folder, files->subfolder);
    if (length < 0 || length >= PATH_SIZE) {
        return dsgd_fail(DSGD_EINPUT, "data folder: a path of %d bytes, expected at most %d", length, PATH_SIZE - 1);
    }
    out->places = 1;
    if (files->system_folder) { snprintf(out->place[out->places++], PATH_SIZE, "%s", files->system_folder); }
    out->found = -1;
    for (int p = out->places - 1; p >= 0; --p) {
        if (count_files(files, out->place[p]) > 0) { out->found = p; }
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_places_tell(const struct dsgd_files *files, const char *data_folder, struct dsgd_data_survey *out)
{
    struct dsgd_places look;
    DSGD_TRY(dsgd_places_look(files, data_folder, &look));
    out->files = files->files;
    out->places = look.places;
    out->found = look.found;
    for (int p = 0; p < look.places; ++p) { memcpy(out->place[p], look.place[p], PATH_SIZE); }
    return DSGD_OK;
}

enum dsgd_status dsgd_places_read(char path[2][PATH_SIZE], int paths, dsgd_places_reader *read, void *context, int *used, char *passed_over)
{
    enum dsgd_status first = DSGD_OK;
    char why[DSGD_MESSAGE_MAX] = "";
    for (*used = 0; *used < paths; ++*used) {
        const enum dsgd_status status = read(context, path[*used]);
        if (status == DSGD_OK && passed_over) { snprintf(passed_over, DSGD_MESSAGE_MAX, "%s", why); }
        if (status == DSGD_OK || status == DSGD_ENOMEM) { return status; }
        if (*used == 0) {
            first = status;
            snprintf(why, sizeof why, "%s", dsgd_error());
        }
    }
    *used = 0;
    return dsgd_fail(first, "%s", why);
}

/* A sentence without the path that begins it, which is told anyway. */
static void without_path(const char *sentence, const char *path, char problem[DSGD_DATA_PROBLEM])
{
    const size_t length = strlen(path);
    const bool named = strncmp(sentence, path, length) == 0 && strncmp(sentence + length, ": ", 2) == 0;
    snprintf(problem, DSGD_DATA_PROBLEM, "%.*s", DSGD_DATA_PROBLEM - 1, named ? sentence + length + 2 : sentence);
}

enum dsgd_status dsgd_places_survey(char path[2][PATH_SIZE], int paths, dsgd_places_reader *read, void *context, struct dsgd_data_file *file,
                                    bool *usable)
{
    char passed_over[DSGD_MESSAGE_MAX] = "";
    int used;
    const enum dsgd_status status = dsgd_places_read(path, paths, read, context, &used, passed_over);
    snprintf(file->path, sizeof file->path, "%s", path[used]);
    *usable = status == DSGD_OK;
    if (status == DSGD_ENOMEM) { return status; }
    if (*usable) {
        without_path(passed_over, path[0], file->passed_over);
    } else {
        without_path(dsgd_error(), path[used], file->problem);
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_places_missing(const char *folder, const char *name)
{
    return dsgd_fail(DSGD_EINPUT,
                     "%s/%s[.gz]: missing, although other files of this dataset are there; dsgd data tells what to "
                     "type",
                     folder, name);
}

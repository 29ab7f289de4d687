/* folders.c - mkdir -p of the folders above a file. */
#include "record/folders.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "record/replace.h"

enum dsgd_status dsgd_make_folders(const char *path)
{
    char folder[DSGD_PATH_MAX];
    struct stat there;
    if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder) {
        return dsgd_fail(DSGD_EINPUT, "output path %.64s... is too long: expected at most %d characters", path, DSGD_PATH_MAX - 1);
    }
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const bool exists = stat(folder, &there) == 0;
        /* A new folder in the root is a typing error, and only the superuser's is not refused by the system. */
        if (!exists && errno == ENOENT && *folder == '/' && !strchr(folder + 1, '/')) {
            return dsgd_fail(DSGD_EINPUT, "output path %s: there is no folder %s; expected an existing one", path, folder);
        }
        if (!exists && mkdir(folder, 0777) != 0 && errno != EEXIST) {
            return dsgd_fail(DSGD_EIO, "cannot make folder %s: %s; expected a writable place for %s", folder, strerror(errno), path);
        }
        *slash = '/';
    }
    return DSGD_OK;
}

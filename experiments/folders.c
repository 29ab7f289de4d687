/* folders.c - mkdir -p of the folders above a file. */
#include "experiments/folders.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum dsgd_status make_folders(const char *path)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0755) != 0 && errno != EEXIST) {
            return dsgd_fail(DSGD_EIO, "cannot make folder %s: %s; expected a writable place for %s", folder, strerror(errno), path);
        }
        *slash = '/';
    }
    return DSGD_OK;
}

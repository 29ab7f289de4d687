/* input.c - one file in shared memory for the life of the process, overwritten by every input. (HDF5 does not open what has
 * no name in a folder, so memfd_create will not do.) */
#include "tests/fuzz/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[512];

static void remove_file(void)
{
    unlink(path);
}

const char *fuzz_folder(void)
{
    const char *folder = getenv("DSGD_FUZZ_TMP");
    return folder ? folder : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    if (fd < 0) {
        snprintf(path, sizeof path, "%s/dsgd-fuzz-XXXXXX", fuzz_folder());
        fd = mkstemp(path);
        atexit(remove_file);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) { abort(); }
    return path;
}

/* replay.c - the main of a fuzzer's test: gives every file of the named folders to the function once.
 *
 * A file that must be refused and one that must be accepted look alike here: it is enough that nothing breaks.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/input.h"

static int replay(const char *path)
{
    static uint8_t data[1 << 20];
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "%s: cannot be opened\n", path);
        return 1;
    }
    const size_t size = fread(data, 1, sizeof data, file);
    fclose(file);
    uint8_t *copy = malloc(size ? size : 1); /* of the exact size: the address sanitizer sees a byte too far */
    if (!copy) { return 1; }
    for (size_t i = 0; i < size; ++i) { copy[i] = data[i]; }
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    return 0;
}

int main(int argc, char **argv)
{
    int files = 0, failures = 0;
    for (int j = 1; j < argc; ++j) {
        struct dirent **entry = NULL;
        const int n = scandir(argv[j], &entry, NULL, alphasort);
        for (int k = 0; k < n; ++k) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[j], entry[k]->d_name);
            if (entry[k]->d_name[0] != '.') {
                ++files;
                failures += replay(path);
            }
            free(entry[k]);
        }
        free(entry);
    }
    printf("%d inputs replayed\n", files);
    return files == 0 || failures > 0;
}

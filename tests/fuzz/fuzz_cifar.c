/* fuzz_cifar.c - any bytes as a file of CIFAR-10 with one or two images, plain or gzip: refused with a sentence, or every label and pixel is
 * there. Options: -max_len=7000 */
#include <stdlib.h>
#include <string.h>

#include "datasets/cifar.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    for (size_t records = 1; records <= 2; ++records) {
        uint8_t *feature = malloc(records * DSGD_CIFAR_FEATURES), *label = malloc(records); /* as long as said: a sanitizer sees one byte more */
        if (!feature || !label) { abort(); }
        if (dsgd_cifar_read(path, records, NULL, NULL, feature, label) == DSGD_OK) {
            volatile uint8_t sum = 0;
            for (size_t j = 0; j < records * DSGD_CIFAR_FEATURES; ++j) { sum = (uint8_t)(sum + feature[j]); }
            for (size_t i = 0; i < records; ++i) {
                if (label[i] >= DSGD_CIFAR_CLASSES) { abort(); }
            }
        } else if (!strstr(dsgd_error(), path)) {
            abort(); /* a failure names the file */
        }
        free(feature);
        free(label);
    }
    return 0;
}

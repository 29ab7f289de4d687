/* fuzz_idx.c - any bytes as an IDX file, plain or gzip: refused with a sentence, or exactly what the header announced.
 * Options: -max_len=1024 */
#include <stdlib.h>
#include <string.h>

#include "datasets/idx.h"
#include "tests/fuzz/input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int dimensions[] = {DSGD_IDX_LABELS, DSGD_IDX_IMAGES};
    const char *path = fuzz_file(data, size);
    for (int j = 0; j < 2; ++j) {
        struct dsgd_idx idx;
        const enum dsgd_status status = dsgd_idx_read(path, dimensions[j], NULL, &idx);
        if (status == DSGD_OK) {
            volatile uint8_t sum = 0; /* every announced byte is there */
            for (size_t i = 0; i < idx.n * idx.rows * idx.cols; ++i) { sum = (uint8_t)(sum + idx.payload[i]); }
            free(idx.payload);
        } else if (idx.payload || !strstr(dsgd_error(), path)) {
            abort(); /* a failure leaves nothing and names the file */
        }
    }
    return 0;
}

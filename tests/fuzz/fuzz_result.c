/* fuzz_result.c - a finished result whose bytes were changed and sealed anew: refused with a sentence that names it, or a run
 * that a digest can be made of, twice the same. Options: -max_len=256
 *
 * The seal keeps accidents from HDF5, not intent: whoever changes a file can seal it, and --unsealed
 * reads it without. The format below is HDF5's, and version
 * 1.10 has faults of its own with damaged files; tests/fuzz/run.sh sorts them from ours. Input: tests/fuzz/near.h.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/input.h"
#include "tests/fuzz/near.h"

enum { RUNS = 3 };

static const char *const text[RUNS] = {
    "problem = quadratic\nquadratic { d = 3 }\nalgorithm = sgd\nworkers = 2\nsteps = 3\nstep { constant = 0.02 }\nlabel = \"plain\"\n",
    "problem = quadratic\nquadratic { d = 12 sigma = 1 }\nalgorithm = sketched_sgd\nsketched_sgd { rows = 3 cols = 4 k = 2 }\nworkers = 2\n"
    "steps = 3\nstep { constant = 0.01 }\naverage = uniform\nlog { oracle = true }\n",
    "problem = softmax\ndataset = synthetic\nsynthetic { n = 12 n_test = 10 features = 2 classes = 2 }\nalgorithm = local_topk\nlocal_topk { k = 2 }\n"
    "workers = 2\nsteps = 2\nstep { constant = 0.1 }\nlog { optimum = false }\n",
};
static struct near_run run[RUNS];

static void look_at(const char *path, enum dsgd_status status, struct dsgd_runfile *file)
{
    char hex[65], again[65];
    if (status == DSGD_OK) {
        dsgd_runfile_digest(file, hex);
        dsgd_runfile_digest(file, again);
        if (strlen(hex) != 64 || strcmp(hex, again) != 0 || strlen(file->config) > 1 << 20) { abort(); }
    } else if (file || !strstr(dsgd_error(), path)) {
        abort(); /* a failure leaves nothing and names the file */
    }
    dsgd_runfile_destroy(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int j = 0; j < RUNS && !run[j].bytes; ++j) { near_open(&run[j], text[j], 3, false); }
    struct near_input input;
    struct dsgd_runfile *file = NULL;
    near_make(run, RUNS, data, size, &input);
    enum dsgd_status status = dsgd_runfile_read(input.path, &file);
    look_at(input.path, status, file);
    if (!input.sealed) {
        file = NULL;
        status = dsgd_runfile_read_unsealed(input.path, &file);
        look_at(input.path, status, file);
    }
    return 0;
}

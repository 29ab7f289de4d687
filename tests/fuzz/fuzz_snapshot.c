/* fuzz_snapshot.c - a snapshot whose bytes were changed and sealed anew: read as a result, and restored into the engine that it
 * belongs to: refused with a sentence that names it, or an engine that runs to its end. Options: -max_len=256
 *
 * The file format below is HDF5's. Version 1.10 has faults of its own with damaged files; what is found inside libhdf5 is
 * not ours to repair (docs/errors.md says what that means for files from strangers). Input: tests/fuzz/near.h.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/input.h"
#include "tests/fuzz/near.h"

enum { RUNS = 3 };

/* State of different kinds: nothing but momentum; error memories and averages; models of workers. */
static const char *const text[RUNS] = {
    "problem = quadratic\nquadratic { d = 3 }\nalgorithm = sgd\nsgd { momentum = 0.5 }\nworkers = 2\n"
    "steps = 5\nstep { constant = 0.02 }\naverage = uniform\nlog { oracle = false optimum = false }\n",
    "problem = quadratic\nquadratic { d = 12 sigma = 1 }\nalgorithm = sketched_sgd\nsketched_sgd { rows = 3 cols = 4 k = 2 }\nworkers = 3\n"
    "steps = 5\nstep { constant = 0.01 }\naverage = uniform\nlog { oracle = true }\n",
    "problem = quadratic\nquadratic { d = 4 sigma = 1 }\nalgorithm = local_sgd\nlocal_sgd { local_steps = 2 momentum = 0.9 }\nworkers = 2\n"
    "steps = 5\nstep { constant = 0.01 }\n",
};
static struct near_run run[RUNS];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int j = 0; j < RUNS && !run[j].bytes; ++j) { near_open(&run[j], text[j], 3, true); }
    struct near_input input;
    near_make(run, RUNS, data, size, &input);
    struct dsgd_runfile *file = NULL;
    char hex[65];
    if (dsgd_runfile_read(input.path, &file) == DSGD_OK) {
        dsgd_runfile_digest(file, hex);
    } else if (file || !strstr(dsgd_error(), input.path)) {
        abort();
    }
    dsgd_runfile_destroy(file);
    struct dsgd_engine *engine = NULL;
    if (dsgd_engine_create(&run[input.base].session.args, &engine) != DSGD_OK) { abort(); }
    if (dsgd_runfile_restore(input.path, engine) == DSGD_OK) {
        while (dsgd_engine_status(engine) == DSGD_RUNNING && dsgd_engine_step(engine) == DSGD_OK) {}
    } else if (!*dsgd_error()) {
        abort();
    }
    dsgd_engine_destroy(engine);
    return 0;
}

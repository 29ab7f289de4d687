/* fuzz_snapshot.c - any bytes as a result and as a snapshot: refused with a sentence, or a run that a digest can be made of.
 *
 * The file format below is HDF5's. Version 1.10 has faults of its own with damaged files; what is found inside libhdf5 is
 * not ours to repair (docs/errors.md says what that means for files from strangers).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "experiments/session.h"
#include "tests/fuzz/input.h"

/* The engine that the corpus' snapshots belong to; tests/fuzz/make_snapshot.sh makes them with the same text. */
static const char text[] = "problem = quadratic\nquadratic { d = 3 }\nalgorithm = sgd\nsgd { momentum = 0.5 }\nworkers = 2\n"
                           "steps = 5\nstep { constant = 0.02 }\naverage = uniform\nlog { oracle = false optimum = false }\n";
static struct spec spec;
static struct session session;

static void resolve(void)
{
    char path[] = "/tmp/dsgd-fuzz-XXXXXX";
    const int fd = mkstemp(path);
    if (fd < 0 || write(fd, text, sizeof text - 1) != sizeof text - 1) { abort(); }
    close(fd);
    const struct session_options options = {NULL, "/nonexistent", 1, true, true, NULL};
    enum dsgd_status status = spec_load(path, NULL, 0, &spec);
    unlink(path);
    if (status == DSGD_OK) { status = session_open(&spec, &options, &session); }
    if (status != DSGD_OK) { abort(); }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!session.spec) { resolve(); }
    const char *path = fuzz_file(data, size);
    struct dsgd_runfile *run = NULL;
    char hex[65];
    if (dsgd_runfile_read(path, &run) == DSGD_OK) {
        dsgd_runfile_digest(run, hex);
    } else if (run || !strstr(dsgd_message(), path)) {
        abort();
    }
    dsgd_runfile_destroy(run);
    struct dsgd_engine *engine = NULL;
    if (dsgd_engine_create(&session.args, &engine) != DSGD_OK) { abort(); }
    if (dsgd_runfile_restore(path, engine) == DSGD_OK) {
        while (dsgd_engine_status(engine) == DSGD_RUNNING && dsgd_engine_step(engine) == DSGD_OK) {}
    }
    dsgd_engine_destroy(engine);
    return 0;
}

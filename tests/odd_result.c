/* odd_result.c - writes a sealed result of a short run whose texts are what the arguments say: for tests/outputs.sh.
 *
 *     odd_result FILE.h5 SEED NAME=TEXT...     NAME: an attribute, or "column" (a column of /trace is called so)
 */
#include "tests/harness.h"

enum { ATTRIBUTES = 12 };

static void replace(struct dsgd_attribute *attribute, struct dsgd_engine *engine, const char *argument)
{
    const char *equals = strchr(argument, '=');
    const size_t length = equals ? (size_t)(equals - argument) : 0;
    bool known = false;
    if (equals && strncmp(argument, "column=", 7) == 0) {
        struct dsgd_table *trace = (struct dsgd_table *)(uintptr_t)dsgd_engine_table(engine, 0); /* a test may */
        snprintf(trace->column[1].name, sizeof trace->column[1].name, "%s", equals + 1);
        known = true;
    }
    for (int j = 0; equals && j < ATTRIBUTES; ++j) {
        if (strlen(attribute[j].name) == length && strncmp(attribute[j].name, argument, length) == 0 && attribute[j].text) {
            attribute[j].text = equals + 1;
            known = true;
        }
    }
    if (!known) {
        fprintf(stderr, "odd_result: %s: expected an attribute=text\n", argument);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct harness h;
    char text[256], hash[65];
    if (argc < 3) { return 2; }
    const long seed = strtol(argv[2], NULL, 10);
    snprintf(text, sizeof text, "problem = quadratic\nquadratic { d = 20 kappa = 4 sigma = 1 }\nalgorithm = sgd\nsteps = 30\nseed = %ld\nstep { constant = 0.02 }\n", seed);
    if (harness_open(&h, text, NULL, 1) != DSGD_OK) {
        fprintf(stderr, "odd_result: %s\n", dsgd_error());
        return 1;
    }
    while (dsgd_engine_status(h.engine) == DSGD_RUNNING) {
        if (dsgd_engine_step(h.engine) != DSGD_OK) { return 1; }
    }
    uint64_t number = 14695981039346656037u; /* FNV-1a of the arguments: different runs have different hashes */
    for (int j = 1; j < argc; ++j) {
        for (const char *c = argv[j]; *c; ++c) { number = (number ^ (unsigned char)*c) * 1099511628211u; }
    }
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)number);
    struct dsgd_attribute attribute[ATTRIBUTES] = {
        {.name = "config_sha256", .text = hash}, {.name = "dataset_sha256", .text = "none"}, {.name = "problem", .text = "quadratic"},
        {.name = "dataset", .text = "none"}, {.name = "dataset_title", .text = "none"}, {.name = "algorithm", .text = "sgd"},
        {.name = "label", .text = "plain"}, {.name = "config", .text = h.spec.text},
        {.name = "schema_version", .is_integer = true, .integer = DSGD_SCHEMA_VERSION},
        {.name = "results_version", .is_integer = true, .integer = DSGD_RESULTS_VERSION},
        {.name = "seed", .is_integer = true, .integer = seed}, {.name = "steps", .is_integer = true, .integer = 30},
    };
    for (int j = 3; j < argc; ++j) { replace(attribute, h.engine, argv[j]); }
    const struct dsgd_runfile_args args = {attribute, ATTRIBUTES, &h.session.stored, NULL};
    const enum dsgd_status status = dsgd_runfile_write(argv[1], h.engine, &args, false);
    if (status != DSGD_OK) { fprintf(stderr, "odd_result: %s\n", dsgd_error()); }
    harness_close(&h);
    return status == DSGD_OK ? 0 : 1;
}

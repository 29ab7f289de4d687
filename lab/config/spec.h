/* spec.h - a run, resolved: defaults < included files < file < --set, checked against the plug-ins' parameter tables. */
#ifndef DSGD_LAB_CONFIG_SPEC_H
#define DSGD_LAB_CONFIG_SPEC_H

#include "datasets/dataset.h"
#include "sim/algorithm.h"
#include "sim/problem.h"
#include "sim/run_config.h"

struct dsgd_spec {
    struct dsgd_run_config run;
    const struct dsgd_dataset_ops *dataset; /* NULL if the problem needs none */
    const struct dsgd_problem_ops *problem;
    const struct dsgd_algorithm *algorithm;
    void *dataset_config, *problem_config, *algorithm_config; /* owned */
    char *name;       /* the file's name without folder and ".conf"; "run" without a file */
    char *text;       /* resolved configuration: canonical order, every key that matters to the result */
    char plugins[512]; /* what of it comes from plug-ins, "ROLE NAME SHA256" and a line end each; "" */
    char sha256[65];   /* of text, DSGD_RESULTS_VERSION and plugins */
};

/** Reads `path` (NULL: no file, all defaults) and applies `set` ("key=value" or "section.key=value", in order). DSGD_EINPUT with a sentence that names
 *  file, line or key, the value and what was expected (for an unknown key the nearest known one). Caller: dsgd_spec_clear. */
enum dsgd_status dsgd_spec_load(const char *path, const char *const *set, size_t sets, struct dsgd_spec *out);
/** The same from one text of words "key=value" with blanks between them (lab/config/words.h), no file. */
enum dsgd_status dsgd_spec_words(const char *words, struct dsgd_spec *out);
void dsgd_spec_clear(struct dsgd_spec *spec); /* accepts an all-zero spec */

/** The default place of the result: results/<dataset or problem>/<name>-T<steps>-s<seed>-<8 digits>.h5. The digits begin the
 *  SHA-256 of sha256 (configuration and results version) and the dataset's ("none" without one): what decides about the bits
 *  of a result is in its name. dataset_sha256 NULL: ???????? in their place, all results of the configuration. */
enum dsgd_status dsgd_spec_path(const struct dsgd_spec *spec, const char *dataset_sha256, char *path, size_t size);

/** A section of the configuration and its table, for `dsgd list` and suggestions: i-th of engine (step, log), then
 *  datasets, problems, algorithms. False past the end. */
bool dsgd_spec_section(size_t i, const char **name, const struct dsgd_param **table);

#endif

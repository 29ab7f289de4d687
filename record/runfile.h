/* runfile.h - one run is one HDF5 file; while it runs, a snapshot of the same layout with the state of every party.
 *
 * Layout: root attributes = whole configuration and provenance; groups trace, ledger, oracle, time with
 * 1-D columns over the dimension scale `step`; model/x, model/output; optimum attributes; state/... in snapshots only.
 * A file is written whole under another name, synced and renamed: whatever name exists is complete. Behind HDF5's data
 * stands its seal, length and SHA-256 of all bytes (record/seal.h); a file without is not read.
 */
#ifndef DSGD_RECORD_RUNFILE_H
#define DSGD_RECORD_RUNFILE_H

#include "sim/engine.h"

/** One root attribute (text, number or integer), in the order it is written. */
struct dsgd_attribute {
    const char *name;
    const char *text;  /* text if not NULL */
    bool is_integer;
    int64_t integer;
    double number;
};

/** What a file says about its minimiser; NaN where unknown. */
struct dsgd_run_reference {
    struct dsgd_constants constants;
    double f_star, gap;
    const char *certificate, *solver; /* "" if unknown */
    int metrics;
    const struct dsgd_metric *metric;      /* [metrics] */
    double metric_value[DSGD_COLUMNS_MAX]; /* the metrics at w* */
};

/** What a file holds beside the engine's tables and model. */
struct dsgd_runfile_args {
    const struct dsgd_attribute *attribute; /* [attributes]; must contain config_sha256, schema_version, results_version */
    int attributes;
    const struct dsgd_run_reference *reference;
    const char *replaces; /* a snapshot's attribute of this name; NULL: "" */
};

/** Writes `path` with the engine's tables and model; with the whole state if `snapshot`. Its folder exists; whatever has the name
 *  is replaced, a symbolic link itself, and stays as it was on failure. DSGD_EIO with a sentence (disk full, not writable). */
enum dsgd_status dsgd_runfile_write(const char *path, struct dsgd_engine *engine, const struct dsgd_runfile_args *args,
                                    bool snapshot);

/** Restores an engine of the same configuration from a snapshot: state, tables, scalars. DSGD_EINPUT with a sentence if
 *  the file is not a snapshot of this engine's shape; the engine is then unusable. */
enum dsgd_status dsgd_runfile_restore(const char *path, struct dsgd_engine *engine);

/** Bytes of one row of an array of the state, and host memory for one row of any of them: caller frees. */
size_t dsgd_runfile_row_bytes(const struct dsgd_saved *saved);
enum dsgd_status dsgd_runfile_row(const struct dsgd_saved saved[], int arrays, void **row);

/** SHA-256 (hex) of a snapshot: arrays of the state (name with its zero byte, rows one behind the other), then all tables. Stored
 *  beside it and compared when it is restored. `row`: from dsgd_runfile_row. */
enum dsgd_status dsgd_runfile_state_sha256(struct dsgd_engine *engine, const struct dsgd_saved saved[], int arrays, void *row, char hex[65]);

/** A result or snapshot, read back. */
struct dsgd_runfile {
    char *path;
    char config_sha256[65], dataset_sha256[65], status[16]; /* status: running | complete | diverged */
    char problem[64], dataset[64], dataset_title[128], algorithm[64], label[64];
    char *config; /* the resolved configuration */
    char plugins[512]; /* what came from plug-ins: "ROLE NAME SHA256" and a line end each; "" */
    char problem_library[64]; /* whose arithmetic a deep model has; "" for other problems, and in files of earlier programs */
    char hash_family[16]; /* of the algorithm's sketch: "textbook", "block", "none"; "" in files of earlier programs */
    int64_t schema_version, results_version, seed, steps; /* steps: as configured */
    char replaces[65]; /* snapshots: SHA-256 (hex) of the earlier file that the result will replace; "": there was none */
    bool sealed; /* false: read in spite of a missing or broken seal, and to be marked so */
    double f_star, f_star_gap, mu, L, xi;
    size_t d;                    /* extent of model/x */
    double *x, *output;          /* [d] */
    struct dsgd_table table[DSGD_TABLES];
    int optimum_metrics;         /* metrics at w* */
    char optimum_metric[DSGD_COLUMNS_MAX][32];
    double optimum_value[DSGD_COLUMNS_MAX];
};

/** Reads everything but the state. DSGD_EINPUT with a sentence (missing, no intact seal, not HDF5, not a run, impossible
 *  rows), DSGD_EIO where the disk fails. Caller: dsgd_runfile_destroy. Columns: step, then by name. */
enum dsgd_status dsgd_runfile_read(const char *path, struct dsgd_runfile **out);
/** The same for a file whose seal is missing or broken, by the user's wish: HDF5 1.10 may crash or hang at it. */
enum dsgd_status dsgd_runfile_read_unsealed(const char *path, struct dsgd_runfile **out);
void dsgd_runfile_destroy(struct dsgd_runfile *run); /* accepts NULL */

/** Does an open file end in the seal of its bytes? */
bool dsgd_runfile_whole(int fd);

/** Table "trace", "ledger", "oracle" or "time". */
const struct dsgd_table *dsgd_runfile_table(const struct dsgd_runfile *run, const char *name);

/** SHA-256 (hex) of trace, ledger, oracle and model: columns with names, values bit for bit (all NaN alike). Not of
 *  time, host, dates, attributes. */
void dsgd_runfile_digest(const struct dsgd_runfile *run, char hex[65]);

#endif

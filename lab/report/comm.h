/* comm.h - communication of a run per worker and step, read from the columns of its ledger and from nothing else.
 *
 * `values` is the paper's count: payload of tables, values and dense vectors in 32-bit words. `wire` is every byte. The
 * last row holds totals since step 0, worker_steps there is the divisor. What no compression costs is 2 d values or 8 d
 * bytes (a gradient up, a model down, 4 bytes a coordinate), so the ratios are 2 d/values and 8 d/wire.
 */
#ifndef DSGD_LAB_REPORT_COMM_H
#define DSGD_LAB_REPORT_COMM_H

#include "sim/table.h"

struct comm {
    double worker_steps;                   /* participations in all steps */
    double values_up, values_down, values; /* 32-bit words per worker and step; values = up + down */
    double wire_up, wire_down, wire;       /* bytes per worker and step; wire = up + down */
    double broadcast;                      /* bytes down a step if every answer were sent once */
    double values_least, values_most;      /* words per worker, extremes over all steps */
    double wire_least, wire_most;
    double ratio_values, ratio_wire; /* compression */
};

/** Numbers are NaN if the ledger has no step yet. DSGD_EINPUT with a sentence if a column is missing.
 *  @param d  number of parameters: the extent of model/x */
enum dsgd_status dsgd_comm_from_ledger(const struct dsgd_table *ledger, size_t d, struct comm *out);

/** Words of values per worker since step 0, both ways, in a row of the ledger; NaN where a column is missing. */
double dsgd_comm_words(const struct dsgd_table *ledger, size_t row);
/** The same for all bytes. */
double dsgd_comm_bytes(const struct dsgd_table *ledger, size_t row);

#endif

/* labels.h - what curves are called, and their order.
 *
 * A curve is called what its configuration calls it, else after its algorithm; of several with one name each gets the keys in which they
 * differ: "local_topk k=20". Names and order are made when a table or a picture is, never by running anything again.
 */
#ifndef DSGD_LAB_REPORT_LABELS_H
#define DSGD_LAB_REPORT_LABELS_H

#include "lab/report/curves.h"

/** Names all curves of a set; dsgd_curve_set_create does it. Two that differ in no key are told apart by " #2". */
void dsgd_curve_labels(struct curve_set *set);

/** rename: "OLD=NEW"; OLD is a label as it would be printed, or a prefix that one curve alone begins with. DSGD_EINPUT with a sentence if it is none. */
enum dsgd_status dsgd_curve_rename(struct curve_set *set, const char *rename);

/** Order by: "given" (as they came), "label", a key of the configurations ("workers", "local_topk.k", "k": of the curve's own algorithm), or
 *  a column of /trace (its median in the last rows); numbers as numbers, ascending, with "-" in front descending; what has no value comes
 *  last; equal ones stay as they were. DSGD_EINPUT with a sentence for anything else. */
enum dsgd_status dsgd_curve_sort(struct curve_set *set, const char *by);

#endif

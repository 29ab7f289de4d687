/* table_text.h - what a resolved configuration says, in few words. */
#ifndef DSGD_LAB_REPORT_TABLE_TEXT_H
#define DSGD_LAB_REPORT_TABLE_TEXT_H

#include <stddef.h>
#include "lab/report/curves.h"

/** "algorithm key=value ...": keys of the algorithm that are not at their defaults, then engine and problem keys in which the
 *  methods of the table differ; without seeds and step.constant. Caller frees. DSGD_ENOMEM. */
enum dsgd_status dsgd_table_text_keys(const struct curve_set *set, int method, char **text);

#endif

/* table.h - rows as lines of tab-separated text, and back; the table that people read. */
#ifndef DSGD_VERIFY_TABLE_H
#define DSGD_VERIFY_TABLE_H

#include <stdio.h>
#include "verify/verify.h"

/** Columns of a line: id statement verdict value low high relation bound upper trivial control digest config setting quantity
 *  command. `config` is the beginning of the SHA-256 of `setting`; `command` makes the row again. */
extern const char verify_columns[];

/** One line without its end. `seed` and `full` are those of the row's context. */
void verify_row_print(FILE *out, const struct verify_row *row, const char *check, uint32_t seed, bool full);
/** Reads such a line, with or without its end, and changes it; false if it is none. Nothing is rounded or cut: numbers are as
 *  verify_row_print writes them ("nan" where nothing is known), texts fit their fields, `config` is that of the setting. The verdict is
 *  judged anew and must agree with what stands there. */
bool verify_row_parse(char *line, struct verify_row *row);

/** What a reader wants: "at most 0.25", "from 0.9 to 1.1". */
void verify_claim_text(const struct verify_row *row, char *text, size_t size);
/** bound / value for THEORY_AT_MOST, value / bound for THEORY_AT_LEAST, else NaN. */
double verify_slack(const struct verify_row *row);

#endif

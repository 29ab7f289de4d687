/* verify_tables.h - all rows of `dsgd verify`: as a table, and as an exit code. */
#ifndef DSGD_COMMAND_VERIFY_TABLES_H
#define DSGD_COMMAND_VERIFY_TABLES_H

#include <stdbool.h>
#include <stdint.h>
#include "verify/verify.h"

enum { VERIFY_CHECKS_MAX = 64 };

/** All rows of one table, one block of VERIFY_ROWS_MAX a check. */
struct verify_rows {
    int checks;
    const struct verify_check *check[VERIFY_CHECKS_MAX];
    struct verify_row *row; /* [checks][VERIFY_ROWS_MAX] */
    int count[VERIFY_CHECKS_MAX];
    enum dsgd_status status[VERIFY_CHECKS_MAX];
    char message[VERIFY_CHECKS_MAX][DSGD_MESSAGE_MAX];
};

/** Prints the first of `seeds` tables, with how many of the others have another verdict, and a summary (not in Markdown). */
void verify_tables_print(const struct verify_rows *tables, int64_t seeds, bool markdown);

/** Prints all rows of all tables as JSON: {"rows": [{"seed", "check", "class", "id", ...}]}. seed: of the first table. */
enum dsgd_status verify_tables_json(const struct verify_rows *tables, int64_t seeds, int64_t seed, bool full);

/** Is every verdict of every table as expected: no statement violated but known findings (verify_finding_at), every control violated? If not,
 *  says on stderr which ones. Undecided statements are no violation. `seed`: of the first table. */
bool verify_tables_judge(const struct verify_rows *tables, int64_t seeds, int64_t seed);

/** Says on stderr which known findings are there and not violated; no failure. */
void verify_tables_news(const struct verify_rows *tables, int64_t seeds, int64_t seed);

#endif

/* table.c - rows as tab-separated text. Interface: table.h. */
#include "verify/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sha256.h"

const char verify_columns[] = "id\tstatement\tverdict\tvalue\tlow\thigh\trelation\tbound\tupper\ttrivial\tcontrol\tdigest\tconfig\tsetting\tquantity\tcommand";

static const char *const relation_name[] = {"at most", "at least", "within"};

void verify_row_print(FILE *out, const struct verify_row *row, const char *check, uint32_t seed, bool full)
{
    char hash[9];
    dsgd_sha256_hex(row->setting, strlen(row->setting), 8, hash);
    fprintf(out, "%s\t%s\t%s\t%.17g\t%.17g\t%.17g\t%s\t%.17g\t%.17g\t%.17g\t%s\t%s\t%s\t%s\t%s\tdsgd verify --only %s --seed %u%s", row->id,
            row->statement, theory_verdict_name(row->verdict), row->measured.value, row->measured.low, row->measured.high,
            relation_name[row->relation], row->bound, row->upper, row->trivial, row->control ? "yes" : "no", row->digest, hash,
            row->setting, row->quantity, check, seed, full ? " --full" : "");
}

/* The number that a cell is, if it is what verify_row_print writes for it: no blanks, no other base, no rounding. */
static bool number(const char *cell, double *out)
{
    char again[40];
    char *end = NULL;
    *out = strtod(cell, &end);
    snprintf(again, sizeof again, "%.17g", *out);
    return end != cell && strcmp(cell, again) == 0;
}

/* A text that fits its field; what does not is not cut but refused. Rows are ASCII. */
static bool text(const char *cell, char *field, size_t size)
{
    const size_t length = strlen(cell);
    for (const char *c = cell; *c; ++c) {
        if (*c < ' ' || *c > '~') { return false; }
    }
    if (length == 0 || length >= size) { return false; }
    memcpy(field, cell, length + 1);
    return true;
}

static int index_of(const char *cell, const char *const *name, int names)
{
    for (int n = 0; n < names; ++n) {
        if (strcmp(cell, name[n]) == 0) { return n; }
    }
    return -1;
}

static bool is_hex(const char *cell, size_t digits)
{
    return strlen(cell) == digits && strspn(cell, "0123456789abcdef") == digits;
}

/* dsgd verify --only CHECK --seed N [--full] */
static bool is_command(const char *cell)
{
    static const char begin[] = "dsgd verify --only ";
    char check[64], command[128];
    unsigned seed = 0;
    if (strncmp(cell, begin, sizeof begin - 1) != 0 || sscanf(cell + sizeof begin - 1, "%63[a-z0-9-] --seed %10u", check, &seed) != 2) { return false; }
    snprintf(command, sizeof command, "%s%s --seed %u", begin, check, seed);
    const size_t length = strlen(command);
    return strncmp(cell, command, length) == 0 && (cell[length] == '\0' || strcmp(cell + length, " --full") == 0);
}

bool verify_row_parse(char *line, struct verify_row *row)
{
    enum { COLUMNS = 16 };
    static const char *const yes_no[] = {"no", "yes"};
    char *cell[COLUMNS], hash[9];
    int cells = 0;
    const size_t length = strlen(line);
    if (length > 0 && line[length - 1] == '\n') { line[length - 1] = '\0'; }
    for (char *at = line; at; ++cells) {
        if (cells == COLUMNS) { return false; }
        cell[cells] = at;
        at = strchr(at, '\t');
        if (at) { *at++ = '\0'; }
    }
    if (cells != COLUMNS) { return false; }
    memset(row, 0, sizeof *row);
    const int relation = index_of(cell[6], relation_name, 3), control = index_of(cell[10], yes_no, 2);
    if (!text(cell[0], row->id, sizeof row->id) || !text(cell[1], row->statement, sizeof row->statement) ||
        !number(cell[3], &row->measured.value) || !number(cell[4], &row->measured.low) || !number(cell[5], &row->measured.high) || relation < 0 ||
        !number(cell[7], &row->bound) || !number(cell[8], &row->upper) || !number(cell[9], &row->trivial) || control < 0 ||
        !is_hex(cell[11], sizeof row->digest - 1) || !text(cell[13], row->setting, sizeof row->setting) ||
        !text(cell[14], row->quantity, sizeof row->quantity) || !is_command(cell[15])) {
        return false;
    }
    memcpy(row->digest, cell[11], sizeof row->digest);
    row->relation = (enum theory_relation)relation;
    row->control = control == 1;
    dsgd_sha256_hex(row->setting, strlen(row->setting), 8, hash);
    row->verdict = theory_judge(row->relation, row->measured, row->bound, row->upper, row->trivial);
    return strcmp(cell[12], hash) == 0 && strcmp(cell[2], theory_verdict_name(row->verdict)) == 0;
}

void verify_claim_text(const struct verify_row *row, char *text, size_t size)
{
    if (row->relation == THEORY_WITHIN) {
        snprintf(text, size, "from %.4g to %.4g", row->bound, row->upper);
    } else {
        snprintf(text, size, "%s %.4g", relation_name[row->relation], row->bound);
    }
}

double verify_slack(const struct verify_row *row)
{
    return row->relation == THEORY_AT_MOST ? row->bound / row->measured.value
         : row->relation == THEORY_AT_LEAST ? row->measured.value / row->bound : (double)NAN;
}

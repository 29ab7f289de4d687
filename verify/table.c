/* table.c - rows as tab-separated text. Interface: table.h. */
#include "verify/table.h"

#include <math.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

const char verify_columns[] = "id\tstatement\tverdict\tvalue\tlow\thigh\trelation\tbound\tupper\ttrivial\tcontrol\tdigest\tconfig\tsetting\tquantity\tcommand";

static const char *const relation_name[] = {"at most", "at least", "within"};

static void config_hash(const char *setting, char hex[9])
{
    struct sha256_ctx sha;
    uint8_t bytes[SHA256_DIGEST_SIZE];
    sha256_init(&sha);
    sha256_update(&sha, strlen(setting), (const uint8_t *)setting);
    sha256_digest(&sha, sizeof bytes, bytes);
    for (int i = 0; i < 4; ++i) { snprintf(hex + 2 * i, 3, "%02x", bytes[i]); }
}

void verify_row_print(FILE *out, const struct verify_row *row, const char *check, uint32_t seed, bool full)
{
    char hash[9];
    config_hash(row->setting, hash);
    fprintf(out, "%s\t%s\t%s\t%.17g\t%.17g\t%.17g\t%s\t%.17g\t%.17g\t%.17g\t%s\t%s\t%s\t%s\t%s\tdsgd verify --only %s --seed %u%s", row->id,
            row->statement, theory_verdict_name(row->verdict), row->measured.value, row->measured.low, row->measured.high,
            relation_name[row->relation], row->bound, row->upper, row->trivial, row->control ? "yes" : "no", row->digest, hash,
            row->setting, row->quantity, check, seed, full ? " --full" : "");
}

bool verify_row_parse(char *line, struct verify_row *row)
{
    enum { COLUMNS = 16 };
    char *cell[COLUMNS];
    int cells = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *at = line; at && cells < COLUMNS; ++cells) {
        cell[cells] = at;
        at = strchr(at, '\t');
        if (at) { *at++ = '\0'; }
    }
    if (cells != COLUMNS) { return false; }
    memset(row, 0, sizeof *row);
    snprintf(row->id, sizeof row->id, "%s", cell[0]);
    snprintf(row->statement, sizeof row->statement, "%s", cell[1]);
    row->measured = (struct theory_interval){strtod(cell[3], NULL), strtod(cell[4], NULL), strtod(cell[5], NULL)};
    int relation = -1;
    for (int r = 0; r < 3; ++r) { relation = strcmp(cell[6], relation_name[r]) == 0 ? r : relation; }
    if (relation < 0) { return false; }
    row->relation = (enum theory_relation)relation;
    row->bound = strtod(cell[7], NULL);
    row->upper = strtod(cell[8], NULL);
    row->trivial = strtod(cell[9], NULL);
    row->control = strcmp(cell[10], "yes") == 0;
    snprintf(row->digest, sizeof row->digest, "%s", cell[11]);
    snprintf(row->setting, sizeof row->setting, "%s", cell[13]);
    snprintf(row->quantity, sizeof row->quantity, "%s", cell[14]);
    row->verdict = theory_judge(row->relation, row->measured, row->bound, row->upper, row->trivial);
    return strcmp(cell[2], theory_verdict_name(row->verdict)) == 0;
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
